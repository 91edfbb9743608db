import AsyncHTTPClient
import Foundation
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// A simulated Provet behind a real socket.
///
/// Below `/<provet_id>` is the API of an installation, below `/_simulator` are the control
/// routes, which answer callers on this machine only. A delay is really waited for, and a cut
/// connection is really cut.
package struct SimulatedProvetServer: Service {
    /// The address to listen on when none is given: this machine only.
    package static let hostDefault = "127.0.0.1"

    private let provet: SimulatedProvet
    private let host: String
    private let port: Int
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let onReady: @Sendable (Int) async -> Void

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - provet: What is served; it may be looked at while the server runs.
    ///   - host: The address to listen on.
    ///   - port: The port to listen on; 0 for any that is free.
    ///   - logger: Where start and trouble are logged; never a body.
    ///   - now: The time, in UTC milliseconds.
    ///   - onReady: Called once with the port, when connections are accepted.
    package init(
        _ provet: SimulatedProvet,
        host: String = SimulatedProvetServer.hostDefault,
        port: Int,
        logger: Logger,
        now: @escaping @Sendable () -> Int64 = SimulatedProvetServer.systemTime,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.provet = provet
        self.host = host
        self.port = port
        self.logger = logger
        self.now = now
        self.onReady = onReady
    }

    /// The time of this machine, in UTC milliseconds.
    package static let systemTime: @Sendable () -> Int64 = {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
    }

    /// Serves until the service is shut down; requests that have begun are answered.
    ///
    /// Webhooks are sent while it serves. Those that wait when it stops are never sent.
    package func run() async throws {
        let client = HTTPClient(configuration: OutgoingCalls.clientConfiguration)
        let calls = OutgoingCalls(provet: provet, client: client, now: now)
        let outcome = await serve(calls)
        try await client.shutdown()
        try outcome.get()
    }

    /// Serves and sends webhooks; when either ends, so does the other.
    private func serve(_ calls: OutgoingCalls) async -> Result<Void, any Error> {
        let application = Application(
            responder: SimulatorResponder(provet: provet, calls: calls, now: now),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [logger, onReady] channel in
                guard let port = channel.localAddress?.port else { return }
                logger.info("simulator listens", metadata: ["port": "\(port)"])
                await onReady(port)
            },
            logger: logger
        )
        return await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await calls.run() }
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await application.run())
            } catch {
                outcome = .failure(error)
            }
            tasks.cancelAll()
            return outcome
        }
    }
}
