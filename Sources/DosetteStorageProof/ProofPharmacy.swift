import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteWorkflows
import Foundation
import Logging

/// The pharmacy of these proofs: one clinic, home delivery, and a pharmacist who accepts at once.
enum ProofPharmacy {
    static let clinic = "nordic-vets"
    static let source = "webshop"
    static let sources = EmbeddedWorkflow.all.map { WorkflowSource(file: $0.file, text: $0.text) }

    static func configuration(freeDiskBytes: Int64 = 0) -> Configuration {
        let clinic = ClinicConfiguration(
            id: clinic,
            baseURL: "http://127.0.0.1:1/4/api/0.1",
            tokenURL: "http://127.0.0.1:1/4/oauth2/token/",
            clientID: "dosette",
            clientSecret: Secret("secret"),
            timeZone: "Europe/Helsinki"
        )
        var configuration = Configuration(dataDirectory: "", clinics: [clinic])
        configuration.pharmacy.decision = .accept
        configuration.limits.freeDiskBytes = freeDiskBytes
        return configuration
    }

    static func engine(
        _ store: any Store,
        _ performer: any ActionPerformer,
        clock: any EngineClock,
        logger: Logger
    ) throws -> Engine {
        try Engine(
            configuration(),
            EngineParts(
                store: store,
                performers: [performer],
                sources: sources,
                intervalUnits: [("D", .day), ("V", .week), ("M", .month)],
                clock: clock,
                logger: logger
            )
        )
    }

    static func key(_ id: String) throws -> OrderKey {
        guard let key = OrderKey(source: source, orderID: id) else { throw Mistake.badID(id) }
        return key
    }

    enum Mistake: Error {
        case badID(String)
    }

    /// An order document; each order has a client of its own, so that their sales do not wait for
    /// one another.
    static func order(_ id: String, client: Int, issuedAt: Timestamp) -> JSON {
        [
            "order_id": .string(id), "source": .string(source), "clinic": .string(clinic),
            "prescription": [
                "client_id": JSON(client), "department_id": 1, "prescriber_id": 1,
                "issue_time": .string(issuedAt.text),
                "prescription_items": [
                    [
                        "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                        "instructions": "lorem ipsum", "quantity_packages": 2,
                        "valid_until": .string(validUntil(issuedAt).text), "repeat_number": 1,
                    ]
                ],
            ],
        ]
    }

    private static func validUntil(_ issuedAt: Timestamp) -> CalendarDate {
        let day = CalendarDate(daysSinceEpoch: Int(issuedAt.milliseconds / 86_400_000))
        return day.adding(days: 180)
    }
}

/// A clock that goes faster than the machine's, so that quarantines and pauses are soon over.
struct FastClock: EngineClock {
    /// The machine's time, in milliseconds since 1970, at which both agree.
    let origin: Int64
    let factor: Int64

    private static var machine: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    static func standard(factor: Int64) -> FastClock {
        FastClock(origin: machine, factor: factor)
    }

    func now() -> Timestamp {
        Timestamp(milliseconds: origin + (Self.machine - origin) * factor)
    }

    func sleep(until time: Timestamp) async throws {
        while true {
            let rest = time.since(now())
            guard rest > .zero else { return }
            let wait = min(1_000, max(1, rest.milliseconds / factor))
            try await Task.sleep(for: .milliseconds(wait))
        }
    }
}
