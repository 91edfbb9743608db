package import DosetteCore
package import DosetteDefinitions
package import DosetteEngine
import DosetteProvet
package import DosetteStore
import DosetteWorkflows
import Foundation
package import Logging

/// An engine with its Provet adapter, put together from a configuration.
package struct Composition: Sendable {
    package let engine: Engine
    private let transport: HTTPTransport

    /// What besides the configuration goes into an engine.
    package struct Extras: Sendable {
        package var performers: [any ActionPerformer] = []
        package var sources: [WorkflowSource] = []
        /// Takes the place of the configured way to the pharmacy.
        package var transmit: (@Sendable (ActionRequest) async -> EffectProtocol.Outcome)?
        package var clock: any EngineClock = SystemClock()
        /// Stands between the engine and Provet: how tests plant a mistake that must be found.
        package var wrapProvet: (@Sendable (any ActionPerformer) -> any ActionPerformer)?

        package init() {}
    }

    /// Puts an engine together; it is not started.
    ///
    /// - Throws: ``YAMLProblems`` and whatever ``Engine/init(_:_:)`` throws.
    package init(
        _ configuration: Configuration,
        store: any Store,
        extras: Extras = Extras(),
        logger: Logger
    ) throws {
        let assumptions = try ProvetAssumptions(configuration.assumptions)
        let sources =
            try Self.sources(in: configuration.workflow.directory) + extras.sources
        let transport = HTTPTransport()
        self.transport = transport
        let clients = configuration.clinics.map { clinic in
            ProvetClient(
                clinic: clinic,
                assumptions: assumptions,
                transport: transport,
                clock: extras.clock
            )
        }
        let provet = ProvetActions(clients, assumptions: assumptions)
        let way = Self.way(configuration.pharmacy, extras, transport)
        let transmitter = PharmacyTransmitter(way, clock: extras.clock)
        engine = try Engine(
            configuration,
            EngineParts(
                store: store,
                performers: [extras.wrapProvet?(provet) ?? provet, transmitter]
                    + extras.performers,
                observer: provet,
                homeDelivery: provet,
                sources: sources,
                intervalUnits: assumptions.intervalUnits,
                clock: extras.clock,
                logger: logger
            )
        )
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
    }
}
