import ArgumentParser
import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteServer
import DosetteStore
import DosetteTelemetry
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the engine and its HTTP API until SIGTERM.",
        discussion: """
            SIGTERM and SIGINT drain: no order is taken any more, the calls that are out end, and the \
            exit code is 0.
            """
    )

    /// How long a stop may take before tasks are cancelled.
    private static let drainMaximum = Duration.seconds(120)

    @Option(name: .shortAndLong, help: "The configuration file.") var config = "dosette.yaml"
    @Option(help: "trace, debug, info, notice, warning or error.") var logLevel = "notice"
    @Option(help: "How lines of the log are written: text or json.") var logFormat = LogFormat.text
    @Option(
        help: """
            Seconds to add to the machine's clock: a rehearsal in another time. Only with clinics on \
            this machine.
            """
    )
    var clockOffset: Int64 = 0
    @Option(help: .hidden) var plantedFault: PlantedFault?
    /// The process ends itself with SIGKILL there: `POINT:N`.
    @Option(help: .hidden) var crashAt: CrashPlace?
    @Option(help: .hidden) var checkpointPages: Int?

    func run() async throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw Stop(.usage, "--log-level: trace, debug, info, notice, warning or error")
        }
        let configuration = try readConfiguration()
        let logger = DosetteCLI.Logging.server(level: level, format: logFormat)
        let crash = crashAt.map(CrashSwitch.init)
        let metrics = MetricRegistry()
        let doors = try Doors(configuration, logger)
        let store = try open(configuration, crash, metrics)
        let tracing = configuration.tracing.map { ServerTracing($0, metrics, logger) }
        let composition = try await compose(configuration, store, crash, metrics, logger)
        let outcome = await serve(composition, configuration, doors, metrics, tracing, logger)
        // Behind what people decided and read while the engine stopped.
        await composition.engine.finishEvidence()
        await tracing?.close()
        ServerRecord.remove(from: configuration.dataDirectory)
        await composition.close()
        store.close()
        if let outcome { throw outcome }
    }

    private func readConfiguration() throws -> Configuration {
        let configuration: Configuration
        do {
            configuration = try ConfigurationReader.read(
                file: URL(filePath: config),
                environment: ProcessInfo.processInfo.environment
            )
        } catch {
            throw Stop(.refused, "\(error)")
        }
        if plantedFault != nil, !PlantedBug.canPlant {
            throw Stop(.usage, "a release build makes no mistakes on purpose")
        }
        if let checkpointPages, checkpointPages < 1 {
            throw Stop(.usage, "--checkpoint-pages: at least 1")
        }
        if clockOffset != 0 || plantedFault != nil || crashAt != nil || checkpointPages != nil {
            let hosts = configuration.clinics.map { URL(string: $0.baseURL)?.host() ?? "" }
            guard hosts.allSatisfy(Loopback.includes) else {
                throw Stop(.usage, "a rehearsal needs every clinic's base_url on this machine")
            }
        }
        return configuration
    }

    private func open(
        _ configuration: Configuration,
        _ crash: CrashSwitch?,
        _ metrics: MetricRegistry
    ) throws -> SQLiteStore {
        var options = StoreOptions()
        if let checkpointPages { options.checkpointPages = checkpointPages }
        if let crash, crashAt?.point.isInStore == true {
            options.observer = { crash.note($0) }
        }
        do {
            let directory = URL(filePath: configuration.dataDirectory)
            return try SQLiteStore(directory: directory, options: options, metrics: metrics)
        } catch {
            throw Stop(.unavailable, error.summary)
        }
    }

    private func compose(
        _ configuration: Configuration,
        _ store: SQLiteStore,
        _ crash: CrashSwitch?,
        _ metrics: MetricRegistry,
        _ logger: Logger
    ) async throws -> Composition {
        var extras = Composition.Extras()
        extras.metrics = metrics
        extras.clock = SystemClock(offset: .seconds(clockOffset))
        extras.wrapProvet = { wrap($0, crash) }
        do {
            let composition = try Composition(
                configuration,
                store: wrap(store, crash),
                extras: extras,
                logger: logger
            )
            try await composition.start()
            return composition
        } catch let error as StoreError {
            store.close()
            throw Stop(.unavailable, error.summary)
        } catch let loss as JournalLoss {
            store.close()
            throw Stop(.unavailable, "\(loss)")
        } catch {
            store.close()
            throw Stop(.refused, "\(error)")
        }
    }

    private func wrap(_ store: any Store, _ crash: CrashSwitch?) -> any Store {
        let whole = plantedFault?.wrap(store) ?? store
        return crash.map { CrashingStore(base: whole, crash: $0) } ?? whole
    }

    private func wrap(
        _ performer: any ActionPerformer,
        _ crash: CrashSwitch?
    ) -> any ActionPerformer {
        let whole = plantedFault?.wrap(performer) ?? performer
        return crash.map { CrashingPerformer(base: whole, crash: $0) } ?? whole
    }

    /// What decides who comes in: looked at before anything begins.
    private struct Doors {
        let tokens: TokenBook
        /// The name that the certificate proves; nothing without TLS.
        let certificateName: String?

        /// - Throws: A ``Stop`` that says all that is wrong with the files.
        init(_ configuration: Configuration, _ logger: Logger) throws {
            do {
                tokens =
                    try configuration.tokensFile.map { try TokenBook(file: $0, logger: logger) }
                    ?? TokenBook([])
                certificateName = try configuration.tls.map {
                    try ServerCertificate.read($0).name ?? "localhost"
                }
            } catch {
                throw Stop(.refused, "\(error)")
            }
        }
    }

    /// Runs until a signal or a failure; answers what to say at the end, if anything.
    private func serve(
        _ composition: Composition,
        _ configuration: Configuration,
        _ doors: Doors,
        _ metrics: MetricRegistry,
        _ tracing: ServerTracing?,
        _ logger: Logger
    ) async -> Stop? {
        let server = makeServer(composition, configuration, doors, metrics, logger)
        var group = ServiceGroupConfiguration(
            // What comes first is stopped last: whoever calls while the engine drains is told so, and its last
            // spans are sent, too.
            services: (tracing.map { [.init(service: $0.exporter)] } ?? [])
                + [.init(service: server), .init(service: composition.engine)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = Self.drainMaximum
        do {
            try await ServiceGroup(configuration: group).run()
            return nil
        } catch {
            return Stop(.unavailable, "the server stops: \(error)")
        }
    }

    private func makeServer(
        _ composition: Composition,
        _ configuration: Configuration,
        _ doors: Doors,
        _ metrics: MetricRegistry,
        _ logger: Logger
    ) -> DosetteServer {
        let listen = configuration.listen
        let directory = configuration.dataDirectory
        var server = ServerConfiguration(
            host: listen.host,
            port: listen.port,
            book: doors.tokens,
            copyDirectory: URL(filePath: directory).appending(path: "copies").path
        )
        server.console = ConsoleSetting(
            publicURL: configuration.publicURL,
            hasTLS: configuration.tls != nil,
            settings: SettingsSection.all(
                of: configuration,
                version: DosetteCommand.configuration.version
            )
        )
        server.tls = configuration.tls
        server.proxy = configuration.singleSignOn.flatMap(TrustedProxy.init)
        let name = doors.certificateName
        return DosetteServer(
            composition.engine,
            server,
            clinicSide: ClinicSide(composition, configuration),
            metrics: metrics,
            logger: logger,
            onReady: { port in
                let address = ListenAddress(host: listen.host, port: port).text
                do {
                    try ServerRecord.write(address, name: name, in: directory)
                } catch {
                    logger.warning("the address could not be written down")
                }
                let scheme = name == nil ? "http" : "https"
                Terminal.announce("dosette listens on \(scheme)://\(address)")
                ServiceNotice.send(ServiceNotice.ready)
            }
        )
    }
}
