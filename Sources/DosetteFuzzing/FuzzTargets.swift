/// The targets that need nothing but the core, the definitions, the store and the engine.
package enum FuzzTargets {
    package static let inner: [FuzzTarget] =
        [
            OrderTargets.json, OrderTargets.order, DefinitionTargets.workflow,
            DefinitionTargets.configuration, JournalTargets.entry, JournalTargets.journal,
            TimeTarget.times,
        ] + EvidenceTargets.all

    /// Parsers with a mistake put in on purpose: the driver must find it.
    package static let planted: [FuzzTarget] = PlantedTargets.all
}
