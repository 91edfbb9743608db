/// What all installations share: the faults in force, the ledger, and what is still to come.
struct SharedWorld: Sendable {
    var faults: FaultProfile
    var ledger = EffectLedger()
    var pending = PendingEffects()
    private var faultCounts: [FaultKind: Int] = [:]

    init(faults: FaultProfile) {
        self.faults = faults
    }

    mutating func count(_ fault: FaultKind) {
        faultCounts[fault, default: 0] += 1
    }

    func count(of fault: FaultKind) -> Int {
        faultCounts[fault, default: 0]
    }
}
