package import DosetteEngine
package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP API over an engine: the outer contract for other programs.
///
/// What it answers with 200, 201 or 202 to a change is on disk. It keeps nothing itself.
package struct DosetteServer: Service {
    private let engine: Engine
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let onReady: @Sendable (Int) async -> Void

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - engine: The engine; calls before its start are answered with 503.
    ///   - configuration: Where to listen, and whom to let in.
    ///   - logger: Where start and trouble are logged; requests at debug, without what they say.
    ///   - onReady: Called once with the port, when connections are accepted.
    package init(
        _ engine: Engine,
        _ configuration: ServerConfiguration,
        logger: Logger,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.engine = engine
        self.configuration = configuration
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until the service is shut down; requests that have begun are answered.
    ///
    /// - Throws: ``ServerFailure`` when it would let in everybody from everywhere, or what keeps it
    ///   from listening.
    package func run() async throws {
        guard !configuration.tokens.isEmpty || LocalHost.includes(configuration.host) else {
            throw ServerFailure(reason: "to listen off loopback, tokens are needed")
        }
        try await application().run()
    }

    package func application() -> some ApplicationProtocol {
        Application(
            responder: ServerResponder(
                api: API(
                    engine: engine,
                    counts: RequestCounts(),
                    gauge: StoreGauge(engine.store)
                ),
                gate: Gate(tokens: configuration.tokens),
                logger: logger
            ),
            server: .http1(
                configuration: .init(
                    idleTimeout: ServerLimits.idleTime,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: ServerLimits.headerBytesMaximum,
                        maxHeaderListSize: ServerLimits.headerBytesMaximum,
                        maxHeaderFieldCount: ServerLimits.headerCountMaximum
                    )
                )
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(
                    ServerLimits.connectionsMaximum,
                    logger: logger
                )
            ),
            onServerRunning: { [logger, onReady] channel in
                guard let port = channel.localAddress?.port else { return }
                logger.notice("server listens", metadata: [LogKey.address: "port \(port)"])
                await onReady(port)
            },
            logger: logger
        )
    }
}
