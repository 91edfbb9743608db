package import CoreMetrics
package import DosetteCore
package import DosetteDefinitions
package import DosetteStore
package import Logging
package import Tracing

/// What an engine is made of.
package struct EngineParts: Sendable {
    package var store: any Store
    /// Where the clients' keys are; nothing leaves what is personal in plain text.
    package var vault: (any ClientVault)?
    package var performers: [any ActionPerformer]
    package var observer: (any ClinicObserver)?
    /// What may be called how often; nothing for budgets of the engine's own.
    package var budgets: Budgets?
    /// The clinics; nothing for those of the configuration.
    package var directory: ClinicDirectory?
    package var setup: (any ClinicSetup)?
    /// Where the clinics' home-delivery orders are read.
    package var homeDelivery: (any HomeDeliveryReader)?
    package var sources: [WorkflowSource]
    /// What the codes of `repeat_timeunit` mean.
    package var intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)]
    package var clock: any EngineClock
    package var random: RandomSource
    /// What checkpoints are made with; nothing where none are made.
    package var audit: AuditParts?
    /// Where is kept what is recorded; nowhere unless somebody says so.
    package var metrics: any MetricsFactory
    /// Who is told what was done for orders, and when; nobody unless somebody says so.
    package var tracer: any Tracer
    /// Who is told of events.
    package var webhooks: [WebhookEndpoint]
    package var logger: Logger

    package init(
        store: any Store,
        vault: (any ClientVault)? = nil,
        performers: [any ActionPerformer],
        observer: (any ClinicObserver)? = nil,
        budgets: Budgets? = nil,
        directory: ClinicDirectory? = nil,
        setup: (any ClinicSetup)? = nil,
        homeDelivery: (any HomeDeliveryReader)? = nil,
        sources: [WorkflowSource],
        intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)],
        clock: any EngineClock = SystemClock(),
        random: RandomSource = RandomSource(SystemRandomNumberGenerator()),
        audit: AuditParts? = nil,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        tracer: any Tracer = NoOpTracer(),
        webhooks: [WebhookEndpoint] = [],
        logger: Logger
    ) {
        self.store = store
        self.vault = vault
        self.performers = performers
        self.observer = observer
        self.budgets = budgets
        self.directory = directory
        self.setup = setup
        self.homeDelivery = homeDelivery
        self.sources = sources
        self.intervalUnits = intervalUnits
        self.clock = clock
        self.random = random
        self.audit = audit
        self.metrics = metrics
        self.tracer = tracer
        self.webhooks = webhooks
        self.logger = logger
    }
}
