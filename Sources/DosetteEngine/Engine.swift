import DosetteCore
package import DosetteDefinitions
package import DosetteStore
package import Instrumentation
import Logging
import ServiceLifecycle

/// The engine: takes orders in, carries them through their workflows, and remembers all of it.
///
/// Create it, call ``start()``, then ``run()``; orders and signals are taken as soon as it has started,
/// whether it runs or not.
package final class Engine: Service {
    /// The version that stands in the journal.
    package static let software = "dosette 0.1"

    package let store: any Store
    package let library: WorkflowLibrary
    package let loader: OrderLoader
    package let registry: ActionRegistry
    package let hub = OrderHub()
    package let clock: any EngineClock
    /// The clinics; they may change while the engine runs.
    package let clinics: ClinicDirectory
    let state = EngineState()
    let gate = ClientGate()
    let stream: EngineStream
    /// Forgets people; nothing where there are no clients' keys.
    package let clients: ClientDesk?
    /// What needs a second person, and what was proposed.
    package let proposals: ProposalDesk
    let desk: OrderDesk
    let intake: Intake
    let budgets: Budgets
    let scheduler: Scheduler
    private let deadlines: DeadlineWatch
    let reconciler: Reconciler?
    /// Takes in the clinics' home-delivery orders, where anything reads them.
    package let homeDelivery: HomeDeliverySource?
    let observerCalls: [EndpointUse]
    let reconcileInterval: TimeSpan
    let hints: HintDesk?
    let reads: ReadMemory?
    let wakeUp = WakeUp()
    /// Nothing where no checkpoints are made.
    let checkpointer: Checkpointer?
    /// Tells the pharmacy's own systems of events.
    package let webhooks: WebhookDesk
    private let logger: Logger
    /// Reads of a request which span its sender is in.
    package let instrument: any Instrument
    /// What the clocks showed when the engine was put together.
    let clockStart: ClockStart

    /// Puts an engine together; nothing is read or written yet.
    ///
    /// - Throws: ``YAMLProblems`` when a definition is wrong or asks for an action that nobody
    ///   performs, ``ActionRegistry/Ambiguous``, ``EngineFailure``.
    package init(_ configuration: Configuration, _ parts: EngineParts) throws {
        store = parts.store
        clock = parts.clock
        instrument = parts.tracer
        clockStart = ClockStart(parts.clock)
        logger = parts.logger
        registry = try ActionRegistry(parts.performers, timing: configuration.timing)
        library = try WorkflowLibrary(parts.sources, performed: registry.names)
        loader = OrderLoader(store: store, library: library, vault: parts.vault)
        clinics = try parts.directory ?? ClinicDirectory(configuration.clinics)
        guard library.offered(configuration.workflow.use) != nil else {
            let names = library.offeredNames.joined(separator: ", ")
            throw EngineFailure(
                reason:
                    "workflow.use: no definition \(configuration.workflow.use); there are \(names)"
            )
        }
        stream = EngineStream(store: store, state: state, clock: clock, wakeUp: wakeUp)
        reads = configuration.personalData.recordsReads ? ReadMemory() : nil
        let limits = configuration.limits
        budgets = parts.budgets ?? Budgets(limits, clinics)
        desk = OrderDesk(
            store: store,
            loader: loader,
            registry: registry,
            state: state,
            clock: clock,
            random: parts.random,
            decision: configuration.pharmacy.decision,
            hub: hub,
            wakeUp: wakeUp,
            vault: parts.vault,
            tracer: OrderTracer(parts.tracer)
        )
        intake = Self.intake(configuration, parts, desk, library, clinics, gate)
        deadlines = DeadlineWatch(clock)
        let meters = EngineMeters(registry, parts.metrics)
        scheduler = Scheduler(
            runner: Self.runner(parts, desk, registry, budgets, clinics, deadlines, meters),
            desk: desk,
            registry: registry,
            budgets: budgets,
            clinics: clinics,
            wakeUp: wakeUp,
            placesMaximum: limits.callsInFlight,
            logger: logger
        )
        homeDelivery = Self.homeDelivery(configuration, parts, desk, intake, budgets, clinics)
        checkpointer = Self.checkpointer(parts, stream, state)
        observerCalls = parts.observer?.calls ?? []
        reconcileInterval = configuration.timing.reconcileInterval
        let watch = Self.watch(configuration, parts, desk, budgets, clinics, homeDelivery)
        reconciler = watch?.reconciler
        hints = watch?.hints
        clients = Self.clients(configuration, parts, desk, library, gate, stream)
        proposals = ProposalDesk(
            ProposalDesk.Parts(
                store: parts.store,
                orders: desk,
                clients: clients,
                stream: stream,
                clock: parts.clock,
                random: parts.random,
                logger: parts.logger
            ),
            configuration.fourEyes
        )
        webhooks = Self.webhooks(parts, stream, state)
    }

    private static func webhooks(
        _ parts: EngineParts,
        _ stream: EngineStream,
        _ state: EngineState
    ) -> WebhookDesk {
        let lane = WebhookLane.Parts(
            store: parts.store,
            state: state,
            clock: parts.clock,
            random: parts.random,
            logger: parts.logger
        )
        return WebhookDesk(parts.webhooks, lane, stream)
    }

    private static func runner(
        _ parts: EngineParts,
        _ desk: OrderDesk,
        _ registry: ActionRegistry,
        _ budgets: Budgets,
        _ clinics: ClinicDirectory,
        _ deadlines: DeadlineWatch,
        _ meters: EngineMeters
    ) -> Runner {
        Runner(
            desk: desk,
            registry: registry,
            budgets: budgets,
            clinics: clinics,
            deadlines: deadlines,
            meters: meters,
            logger: parts.logger
        )
    }

    private static func clients(
        _ configuration: Configuration,
        _ parts: EngineParts,
        _ desk: OrderDesk,
        _ library: WorkflowLibrary,
        _ gate: ClientGate,
        _ stream: EngineStream
    ) -> ClientDesk? {
        parts.vault.map { vault in
            ClientDesk(
                ClientDesk.Parts(
                    store: desk.store,
                    loader: desk.loader,
                    library: library,
                    gate: gate,
                    stream: stream,
                    clock: desk.clock,
                    logger: parts.logger
                ),
                vault: vault,
                configuration: configuration.personalData,
                needsSecond: configuration.fourEyes.deeds.contains(.forget)
            )
        }
    }

    private static func checkpointer(
        _ parts: EngineParts,
        _ stream: EngineStream,
        _ state: EngineState
    ) -> Checkpointer? {
        parts.audit.map { audit in
            Checkpointer(
                audit,
                store: parts.store,
                stream: stream,
                engine: state,
                clock: parts.clock,
                logger: parts.logger
            )
        }
    }

    /// What looks at the clinics' own doings, where anything can look.
    private static func watch(
        _ configuration: Configuration,
        _ parts: EngineParts,
        _ desk: OrderDesk,
        _ budgets: Budgets,
        _ clinics: ClinicDirectory,
        _ homeDelivery: HomeDeliverySource?
    ) -> (reconciler: Reconciler, hints: HintDesk)? {
        guard let observer = parts.observer else { return nil }
        let eye = ClinicEye(
            desk: desk,
            budgets: budgets,
            observer: observer,
            isHeldBack: { clinics.isDisabled($0) },
            deadline: configuration.timing.deadline,
            logger: parts.logger
        )
        let fees = parts.setup.map { ParkedFees(eye: eye, directory: clinics, setup: $0) }
        let reconciler = Reconciler(
            desk: desk,
            eye: eye,
            fees: fees,
            directory: clinics,
            interval: configuration.timing.reconcileInterval
        )
        let hints = HintDesk(eye: eye, directory: clinics, fees: fees) { homeDelivery?.hint($0) }
        return (reconciler, hints)
    }

    private static func intake(
        _ configuration: Configuration,
        _ parts: EngineParts,
        _ desk: OrderDesk,
        _ library: WorkflowLibrary,
        _ clinics: ClinicDirectory,
        _ gate: ClientGate
    ) -> Intake {
        Intake(
            desk: desk,
            library: library,
            clinics: clinics,
            clients: gate,
            intervalUnits: parts.intervalUnits,
            workflowName: configuration.workflow.use,
            queuedMaximum: configuration.limits.queuedOrders,
            freeBytesMinimum: configuration.limits.freeDiskBytes
        )
    }

    // MARK: - Life

    /// Takes the journal over.
    ///
    /// When this returns, earlier engines can no longer write, definitions on offer stand in
    /// the journal, and orders are taken.
    ///
    /// - Parameter start: What a person has decided about log and key, if anything.
    /// - Throws: ``JournalLoss`` when entries are missing, before anything is written; ``StoreError``,
    ///   ``EngineFailure``, ``YAMLProblems`` when a definition in the journal cannot be read.
    package func start(_ start: EngineStart = .ordinary) async throws {
        let plan = try await checkpointer?.examine(start)
        try await clients?.settle()
        let ownership = try await store.beginEpoch(at: clock.now(), software: Self.software)
        try library.adopt(try await store.definitions())
        let version = try await journalDefinitions(ownership)
        let measure = try await store.measure()
        try await recallCalls(measure)
        state.begin(
            epoch: ownership.epoch,
            queuedCount: measure.queuedCount,
            engineVersion: version
        )
        if let plan { try await checkpointer?.begin(plan) }
        logger.notice("engine started", metadata: [LogKey.epoch: "\(ownership.epoch)"])
    }

    /// Reads what was proposed lately, and does what was confirmed and not done; to be called after ``start(_:)``.
    ///
    /// - Throws: ``StoreError``.
    package func recallProposals() async throws(StoreError) {
        try await proposals.recall(eventCount: state.nextEngineVersion())
        await proposals.finishConfirmed()
    }

    /// Answers how many events the engine's own stream has then.
    private func journalDefinitions(_ ownership: Ownership) async throws -> Int {
        let known = Set(try await store.definitions().map(\.digest))
        var version = ownership.engineVersion
        for row in library.offeredRows where !known.contains(row.digest) {
            let event = EngineEvent.workflowDefined(row)
            let commit = Commit(
                stream: .engine,
                expectedVersion: version,
                epoch: ownership.epoch,
                events: [EventCodec.encode(event, version: version, at: clock.now())],
                order: nil,
                work: [],
                definition: row
            )
            try await store.commit(commit)
            version += 1
        }
        return version
    }

    /// Works until it is asked to stop, then finishes the calls that are out and returns.
    ///
    /// - Throws: ``EngineFailure`` when the journal fails or a newer engine has taken it over.
    package func run() async throws {
        state.setRunning(true)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.deadlines.run() }
                group.addTask { await self.proposals.run() }
                if webhooks.hasEndpoints { group.addTask { await self.webhooks.run() } }
                await self.work()
                webhooks.stop()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.drain()
        }
        await checkpointer?.finish()
        state.setRunning(false)
        hub.close()
        logger.notice("engine stopped")
        if let failure = state.failure { throw failure }
    }

    private func work() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.scheduler.run() }
            if let reconciler { group.addTask { await reconciler.run() } }
            if let hints { group.addTask { await hints.run() } }
            if let homeDelivery { group.addTask { await homeDelivery.run() } }
            if let clients { group.addTask { await clients.run() } }
            if let checkpointer { group.addTask { await checkpointer.run() } }
            await group.next()
            // Each of them ends only when the engine does.
            reconciler?.stop()
            hints?.stop()
            homeDelivery?.stop()
            clients?.stop()
            checkpointer?.stop()
            wakeUp.wake()
        }
    }

    /// Takes no more orders and begins no more calls; ``run()`` returns when those out have ended.
    package func drain() {
        state.drain()
        logger.notice(
            "engine is stopping",
            metadata: [LogKey.count: "\(scheduler.runningCount)"]
        )
        reconciler?.stop()
        hints?.stop()
        homeDelivery?.stop()
        clients?.stop()
        webhooks.stop()
        wakeUp.wake()
    }
}
