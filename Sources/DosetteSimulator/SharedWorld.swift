/// What all installations share: the faults in force, the ledger, what is still to come, and
/// the webhooks that are to be sent.
struct SharedWorld: Sendable {
    var faults: FaultProfile
    var ledger = EffectLedger()
    var pending = PendingEffects()
    /// Rights that API users lack.
    var permissionsMissing: Set<String>
    var deliveries = WebhookQueue()
    private var faultCounts: [FaultKind: Int] = [:]

    init(faults: FaultProfile, permissionsMissing: [String] = []) {
        self.faults = faults
        self.permissionsMissing = Set(permissionsMissing)
    }

    /// Refuses an act of the clinic when the ledger takes no more.
    func checkLedger() throws(Refusal) {
        guard !ledger.isFull else { throw .ledgerIsFull }
    }

    mutating func count(_ fault: FaultKind) {
        faultCounts[fault, default: 0] += 1
    }

    func count(of fault: FaultKind) -> Int {
        faultCounts[fault, default: 0]
    }
}
