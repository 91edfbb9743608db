import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteProvet
import Foundation

/// The ways to a clinic: by the running server, or by the configuration alone.
extension AccessOptions {
    /// The running server, for what only it can do.
    func server() async throws -> APIClient {
        guard case .server(let client) = try await access() else {
            throw Stop(
                .unavailable,
                "no server runs with this configuration; start one with dosette serve"
            )
        }
        return client
    }
}

extension APIClient.Answer {
    /// The answer's object, or the problem as the end of the command.
    func object() throws -> JSON {
        guard (200..<300).contains(status) else {
            throw Stop(status >= 500 ? .unavailable : .refused, problemText)
        }
        return body.isEmpty ? .null : json ?? .null
    }
}

/// A clinic of the configuration, reached without a server.
struct DirectClinic {
    let configuration: ClinicConfiguration
    let records: any ClinicRecords
    let setup: any ClinicSetup

    /// Lends the way to a clinic to `body` and closes it afterwards.
    static func lend<Value>(
        _ id: String,
        of configuration: Configuration,
        _ body: (DirectClinic) async throws -> Value
    ) async throws -> Value {
        guard let clinic = configuration.clinics.first(where: { $0.id == id }) else {
            throw Stop(
                .refused,
                "the configuration has no clinic \(id); one that was added is known to a running server"
            )
        }
        let assumptions: ProvetAssumptions
        do {
            assumptions = try ProvetAssumptions(configuration.assumptions)
        } catch {
            throw Stop(.refused, "\(error)")
        }
        let transport = HTTPTransport()
        let result: Result<Value, any Error>
        do {
            let deadline = configuration.timing.deadline
            let direct = DirectClinic(clinic, assumptions, transport, deadline)
            result = .success(try await body(direct))
        } catch {
            result = .failure(error)
        }
        // Nothing is lost when a connection does not close in order.
        try? await transport.shutdown()
        return try result.get()
    }

    private init(
        _ clinic: ClinicConfiguration,
        _ assumptions: ProvetAssumptions,
        _ transport: HTTPTransport,
        _ deadline: TimeSpan
    ) {
        configuration = clinic
        let clock = SystemClock()
        let allowance = CallAllowance(unlimited: clock)
        let making = { @Sendable (clinic: ClinicConfiguration) in
            ProvetClient(
                clinic: clinic,
                assumptions: assumptions,
                transport: transport,
                clock: clock
            )
        }
        let client = making(clinic)
        records = ProvetRecords(allowance: allowance, clock: clock, deadline: deadline) { _ in
            client
        }
        setup = ProvetSetup(
            settings: SettingsCache(),
            allowance: allowance,
            clock: clock,
            deadline: deadline,
            clients: { _ in client },
            making: making
        )
    }
}

extension Looked {
    /// The value, or why there is none as the end of the command.
    func orStop(_ what: String) throws -> Value {
        switch self {
        case .found(let value): return value
        case .absent: throw Stop(.refused, "Provet has no \(what)")
        case .forbidden(let permission):
            throw Stop(
                .refused,
                "the API user lacks the permission \"\(permission)\": give it to the user in Provet's settings"
            )
        case .unreachable(_, let reason): throw Stop(.unavailable, reason)
        }
    }
}

extension String {
    /// One part of a path, with everything escaped that means something there.
    var pathPart: String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        )
        return addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
