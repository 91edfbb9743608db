import Logging
import ServiceLifecycle
import Testing

/// Runs a service that listens, and shuts it down when the body is over.
enum LiveServer {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with the port of the service that `make` makes.
    ///
    /// The service calls what `make` is given once it listens; `ending` lets go whom it still
    /// waits for.
    static func run(
        _ make: (@escaping @Sendable (Int) async -> Void) -> any Service,
        _ body: (Int) async throws -> Void,
        ending: @Sendable () -> Void = {}
    ) async throws {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let service = make { announce.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: service)], logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            defer { ending() }
            let port = try #require(await ports.first { _ in true })
            try await body(port)
            ending()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
