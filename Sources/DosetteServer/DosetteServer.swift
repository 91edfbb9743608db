package import DosetteEngine
package import DosetteTelemetry
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP API over an engine: the outer contract for other programs.
///
/// What it answers with 200, 201 or 202 to a change is on disk. It keeps nothing itself.
package struct DosetteServer: Service {
    private let engine: Engine
    private let configuration: ServerConfiguration
    private let clinicSide: ClinicSide?
    private let metrics: MetricRegistry
    private let logger: Logger
    private let onReady: @Sendable (Int) async -> Void

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - engine: The engine; calls before its start are answered with 503.
    ///   - configuration: Where to listen, and whom to let in.
    ///   - clinicSide: What the clinics' side needs; its paths lead nowhere without it.
    ///   - metrics: What is recorded elsewhere and shown on the page for Prometheus.
    ///   - logger: Where start and trouble are logged; requests at debug, without what they say.
    ///   - onReady: Called once with the port, when connections are accepted.
    package init(
        _ engine: Engine,
        _ configuration: ServerConfiguration,
        clinicSide: ClinicSide? = nil,
        metrics: MetricRegistry = MetricRegistry(),
        logger: Logger,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.engine = engine
        self.configuration = configuration
        self.clinicSide = clinicSide
        self.metrics = metrics
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until the service is shut down; requests that have begun are answered.
    ///
    /// - Throws: ``ServerFailure`` when it would let in everybody from everywhere, ``TLSFailure``, or what keeps
    ///   it from listening.
    package func run() async throws {
        if let refusal { throw refusal }
        let certificates = try configuration.tls.map { files throws(TLSFailure) in
            try CertificateDesk(
                files,
                lookPause: configuration.certificateLookPause,
                logger: logger
            )
        }
        let plain = Self.plain
        let transport = try certificates.map { try $0.wrap(plain) } ?? plain
        try await application(over: transport, certificates).run()
    }

    /// Why the server does not begin: it would let in everybody.
    var refusal: ServerFailure? {
        guard !configuration.tokens.asksForTokens else { return nil }
        guard LocalHost.includes(configuration.host) else {
            return ServerFailure(reason: "to listen off loopback, tokens are needed")
        }
        // What forwards the clinics' calls may forward all others too, under a name of this machine.
        let outside = clinicSide?.publicURL.flatMap(PublicAddress.init)?.authority
        guard let outside, !LocalHost.includes(outside) else { return nil }
        return ServerFailure(reason: "with a public URL, tokens are needed")
    }

    private func responder(
        _ checks: JournalCheckDesk,
        _ certificates: CertificateDesk?
    ) -> ServerResponder {
        let gate = Gate(
            tokens: configuration.tokens,
            doors: DoorWatch(),
            hasTLS: configuration.tls != nil,
            proxy: configuration.proxy
        )
        let gauge = StoreGauge(engine.store)
        return ServerResponder(
            api: API(
                engine: engine,
                counts: RequestCounts(metrics),
                gauge: gauge,
                metrics: metrics,
                certificates: certificates,
                clinics: clinicSide.map { ClinicAPI(side: $0, engine: engine, logger: logger) },
                copies: CopyDesk(directory: configuration.copyDirectory),
                console: ConsoleAPI(
                    engine: engine,
                    gate: gate,
                    gauge: gauge,
                    setting: configuration.console,
                    checks: checks,
                    logger: logger
                ),
                answers: KeptAnswers(
                    store: engine.store,
                    clock: engine.clock,
                    keys: clinicSide?.keys
                )
            ),
            gate: gate,
            logger: logger,
            isSecure: isSecure
        )
    }

    /// The server over plain HTTP, whatever its configuration says of TLS.
    package func application() -> some ApplicationProtocol {
        application(over: Self.plain, nil)
    }

    private static var plain: HTTPServerBuilder {
        .http1(
            configuration: .init(
                idleTimeout: ServerLimits.idleTime,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: ServerLimits.headerBytesMaximum,
                    maxHeaderListSize: ServerLimits.headerBytesMaximum,
                    maxHeaderFieldCount: ServerLimits.headerCountMaximum
                )
            )
        )
    }

    /// Whether browsers are told to come by https alone.
    private var isSecure: Bool {
        configuration.tls != nil || clinicSide?.publicURL?.hasPrefix("https://") == true
    }

    private func application(
        over transport: HTTPServerBuilder,
        _ certificates: CertificateDesk?
    ) -> some ApplicationProtocol {
        let checks = JournalCheckDesk(engine.store, engine.clock, logger)
        return Application(
            responder: responder(checks, certificates),
            server: transport,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(
                    ServerLimits.connectionsMaximum,
                    logger: logger
                )
            ),
            services: [checks],
            onServerRunning: { [logger, onReady] channel in
                guard let port = channel.localAddress?.port else { return }
                logger.notice("server listens", metadata: [LogKey.address: "port \(port)"])
                await onReady(port)
            },
            logger: logger
        )
    }
}
