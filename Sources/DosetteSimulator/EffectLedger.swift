/// All effects of all installations, in the order in which they took place.
struct EffectLedger: Sendable {
    /// How many effects are kept.
    ///
    /// A full ledger takes no more, and then nothing takes effect any more: a truth with holes
    /// would be worse than a simulator that stops.
    static let entriesMaximum = 1_000_000

    private let capacity: Int
    private(set) var entries: [LedgerEntry] = []
    private var counts: [LedgerEntry.Effect: Int] = [:]
    /// The request that is being carried out.
    var request: String?

    /// Creates an empty ledger that takes `capacity` entries.
    init(capacity: Int = EffectLedger.entriesMaximum) {
        self.capacity = capacity
    }

    var isFull: Bool { entries.count >= capacity }

    /// Adds `entry` with the next number.
    ///
    /// - Parameters:
    ///   - entry: What took place.
    ///   - installation: Where.
    ///   - now: When, in milliseconds.
    mutating func append(_ entry: LedgerEntry, in installation: String, at now: Int64) {
        precondition(!isFull, "an effect took place that the ledger cannot hold")
        var entry = entry
        entry.sequence = entries.count + 1
        entry.at = now
        entry.installation = installation
        entry.request = request
        entries.append(entry)
        counts[entry.effect, default: 0] += 1
    }

    /// Returns at most `limit` entries that come after number `sequence`, in order.
    func entries(after sequence: Int, limit: Int) -> [LedgerEntry] {
        let start = min(max(0, sequence), entries.count)
        return Array(entries[start...].prefix(max(0, limit)))
    }

    func count(of effect: LedgerEntry.Effect) -> Int {
        counts[effect, default: 0]
    }
}
