package import CoreMetrics
package import DosetteCore
package import DosetteDefinitions
package import DosetteEngine
package import DosetteKeys
import DosetteProvet
import DosetteSQLite
package import DosetteStore
import DosetteWorkflows
package import Foundation
import Instrumentation
package import Logging
package import Tracing

/// An engine with its Provet adapter, put together from a configuration.
package struct Composition: Sendable {
    package let engine: Engine
    /// What is derived from the installation's one secret.
    package let keys: MasterKey
    package let records: any ClinicRecords
    package let office: any ClinicOffice
    /// Where the clients' keys are.
    package let vault: any ClientVault
    private let store: any Store
    private let transport: HTTPTransport
    private let logger: Logger

    /// What besides the configuration goes into an engine.
    package struct Extras: Sendable {
        package var performers: [any ActionPerformer] = []
        package var sources: [WorkflowSource] = []
        /// Takes the place of the configured way to the pharmacy.
        package var transmit: (@Sendable (ActionRequest) async -> EffectProtocol.Outcome)?
        package var clock: any EngineClock = SystemClock()
        /// Where is kept what is recorded; for an embedder what its program was set up with.
        package var metrics: any MetricsFactory = MetricsSystem.factory
        /// Who is told what is done for orders; for an embedder what its program was set up with.
        package var tracer: any Tracer = InstrumentationSystem.tracer
        /// Stands between the engine and Provet: how tests plant a mistake that must be found.
        package var wrapProvet: (@Sendable (any ActionPerformer) -> any ActionPerformer)?

        package init() {}
    }

    /// Puts an engine together; it is not started.
    ///
    /// - Throws: ``YAMLProblems``, ``KeyFailure`` and whatever ``Engine/init(_:_:)`` throws.
    package init(
        _ configuration: Configuration,
        store: any Store,
        extras: Extras = Extras(),
        logger: Logger
    ) throws {
        let assumptions = try ProvetAssumptions(configuration.assumptions)
        let sources = try Self.sources(in: configuration.workflow.directory) + extras.sources
        let clinics = try ClinicDirectory(configuration.clinics)
        let vault = try Self.vault(configuration, extras.metrics)
        self.vault = vault
        let audit = try Evidence.parts(configuration)
        let far = FarSide(configuration, clinics, assumptions, extras.clock)
        transport = far.transport
        let way = Self.way(configuration.pharmacy, extras, far.transport)
        let transmitter = PharmacyTransmitter(
            way,
            clock: extras.clock,
            instrument: extras.tracer
        )
        engine = try Engine(
            configuration,
            EngineParts(
                store: store,
                vault: vault,
                performers: [extras.wrapProvet?(far.actions) ?? far.actions, transmitter]
                    + extras.performers,
                observer: far.actions,
                budgets: far.budgets,
                directory: clinics,
                setup: far.setup,
                homeDelivery: far.actions,
                sources: sources,
                intervalUnits: assumptions.intervalUnits,
                clock: extras.clock,
                audit: audit?(far.transport),
                metrics: extras.metrics,
                tracer: extras.tracer,
                webhooks: configuration.webhooks.map { [transport = far.transport] in
                    WebhookEndpoint($0, transport: transport)
                },
                logger: logger
            )
        )
        keys = try Self.keys(configuration)
        records = far.records
        office = ClinicAdministration(
            engine: engine,
            setup: far.setup,
            keys: keys,
            publicURL: configuration.publicURL,
            hookup: configuration.hookup,
            logger: logger
        )
        self.store = store
        self.logger = logger
    }

    /// Takes the journal over, with the clinics that were added before; see ``Engine/start(_:)``.
    ///
    /// When it throws, everything is closed, and nothing else can be done with this composition.
    package func start(_ start: EngineStart = .ordinary) async throws {
        do {
            try await ClinicAdministration.load(
                into: engine.clinics,
                from: store,
                keys: keys,
                logger: logger
            )
            try await engine.start(start)
            try await engine.recallProposals()
        } catch {
            await close()
            throw error
        }
    }

    /// The key's file, made when it is missing; without a data directory a key that ends with the process.
    private static func keys(_ configuration: Configuration) throws -> MasterKey {
        if let file = configuration.keyFile { return try MasterKey.readOrCreate(file: file) }
        guard !configuration.dataDirectory.isEmpty else { return MasterKey() }
        let directory = URL(filePath: configuration.dataDirectory).appending(path: "keys")
        try FileManager.default.createDirectory(
            at: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return try MasterKey.readOrCreate(file: directory.appending(path: "master.key").path)
    }

    /// The clients' keys beside the master key; without a data directory they end with the process.
    private static func vault(
        _ configuration: Configuration,
        _ metrics: any MetricsFactory
    ) throws -> any ClientVault {
        guard let file = clientKeyFile(configuration) else { return InMemoryVault() }
        return try ClientKeyFile(file: file, metrics: metrics)
    }

    /// Where the clients' keys are; nothing without a data directory.
    package static func clientKeyFile(_ configuration: Configuration) -> URL? {
        if let file = configuration.personalData.keyFile { return URL(filePath: file) }
        guard !configuration.dataDirectory.isEmpty else { return nil }
        return URL(filePath: configuration.dataDirectory).appending(path: "keys")
            .appending(path: ClientKeyFile.fileName)
    }

    private static func way(
        _ pharmacy: TransmissionConfiguration,
        _ extras: Extras,
        _ transport: HTTPTransport
    ) -> PharmacyTransmitter.Way {
        if let transmit = extras.transmit { return .handler(transmit) }
        guard let url = pharmacy.transmitURL, let secret = pharmacy.transmitSecret else {
            return .handedOver
        }
        return .webhook(url: url, secret: secret.text, transport: transport)
    }

    /// The definitions that Dosette carries, and the pharmacy's own from a directory.
    package static func sources(in directory: String?) throws -> [WorkflowSource] {
        let embedded = EmbeddedWorkflow.all.map { WorkflowSource(file: $0.file, text: $0.text) }
        guard let directory else { return embedded }
        let url = URL(filePath: directory)
        let files = try FileManager.default.contentsOfDirectory(
            at: url,
            includingPropertiesForKeys: nil
        )
        let own = files.filter { ["yaml", "yml"].contains($0.pathExtension) }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        return embedded
            + (try own.map { file in
                let text = try String(contentsOf: file, encoding: .utf8)
                return WorkflowSource(file: file.lastPathComponent, text: text)
            })
    }

    /// Closes the connections to Provet; the engine must have stopped.
    package func close() async {
        // Nothing is lost when a connection does not close in order.
        try? await transport.shutdown()
        (vault as? ClientKeyFile)?.close()
    }
}

/// Everything that speaks with the clinics' Provet, over one transport and within one set of budgets.
private struct FarSide {
    let transport = HTTPTransport()
    let budgets: Budgets
    let actions: ProvetActions
    let records: ProvetRecords
    let setup: ProvetSetup

    init(
        _ configuration: Configuration,
        _ clinics: ClinicDirectory,
        _ assumptions: ProvetAssumptions,
        _ clock: any EngineClock
    ) {
        let transport = transport
        budgets = Budgets(configuration.limits, clinics)
        let clients = ProvetClients(
            clinics,
            assumptions: assumptions,
            transport: transport,
            clock: clock
        )
        let settings = SettingsCache()
        let allowance = CallAllowance(budgets, clock: clock)
        let deadline = configuration.timing.deadline
        actions = ProvetActions(assumptions: assumptions, settings: settings) {
            clients.client($0)
        }
        records = ProvetRecords(allowance: allowance, clock: clock, deadline: deadline) {
            clients.client($0)
        }
        setup = ProvetSetup(
            settings: settings,
            allowance: allowance,
            clock: clock,
            deadline: deadline,
            clients: { clients.client($0) },
            making: { clinic in
                ProvetClient(
                    clinic: clinic,
                    assumptions: assumptions,
                    transport: transport,
                    clock: clock
                )
            }
        )
    }
}
