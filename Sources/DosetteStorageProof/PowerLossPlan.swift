import DosetteDeterminism
import DosetteTesting

/// Which moments the power is cut at, and how many states are drawn of each.
struct PowerLossPlan: Sendable {
    /// What was going on at a cut.
    enum Kind: String, CaseIterable, Sendable {
        case migration, opening, commit, checkpoint, closing
    }

    struct Cut: Sendable {
        /// The step after which the power goes.
        let step: Int
        let kind: Kind
        /// The number of its first state.
        let firstState: Int
        let stateCount: Int
    }

    let cuts: [Cut]

    /// A file whose bytes are on their way into place: a checkpoint is under way.
    private static let journalFile = "data/journal.sqlite"
    /// Pending things above which a cut gets no larger share.
    private static let weightMaximum = 256

    /// Spreads `stateCount` states over all moments at which something had changed.
    ///
    /// Every kind of moment gets a tenth at the least; within a kind, a moment at which more was
    /// uncertain gets more.
    init(_ recording: Recording, stateCount: Int) throws(UnreadableLog) {
        var disk = Disk()
        var found: [(step: Int, kind: Kind, pending: Int)] = []
        for (index, step) in recording.steps.enumerated() {
            if let operation = step.operation { try disk.apply(operation) }
            guard Self.changes(step.operation) else { continue }
            let kind = Self.kind(step.phase, isCheckpoint: disk.isPending(Self.journalFile))
            found.append((index, kind, min(disk.pendingCount, Self.weightMaximum)))
        }
        let weights = found.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 + $1.pending }
        let whole = weights.values.reduce(0, +)
        let floor = 0.1
        var next = 0
        cuts = found.map { step, kind, pending in
            let weight = 1 + pending
            let share =
                floor * Double(weight) / Double(weights[kind] ?? 1)
                + (1 - floor * Double(weights.count)) * Double(weight) / Double(whole)
            // Of little that is uncertain there are few states: drawing more repeats them.
            let sensible = 2 << min(pending, 32)
            let count = min(sensible, max(1, Int((share * Double(stateCount)).rounded(.up))))
            defer { next += count }
            return Cut(step: step, kind: kind, firstState: next, stateCount: count)
        }
    }

    var stateCount: Int { cuts.last.map { $0.firstState + $0.stateCount } ?? 0 }

    private static func kind(_ phase: Recording.Phase, isCheckpoint: Bool) -> Kind {
        switch phase {
        case .migrating: .migration
        case .opening: .opening
        case .working: isCheckpoint ? .checkpoint : .commit
        case .closing, .closed: .closing
        }
    }

    /// Whether the step may have changed what a power cut leaves, or what must be there.
    private static func changes(_ operation: DiskOperation?) -> Bool {
        switch operation {
        case .start, .close, .duplicate: false
        case .open(_, _, let creates, let truncates): creates || truncates
        case .write, .sync, .syncFailed, .truncate, .unlink, .rename, .makeDirectory, nil: true
        }
    }

    /// The randomness of one state: of nothing but the seed and its number.
    static func random(seed: UInt64, state: Int) -> SeededRandom {
        var mixer = SeededRandom(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(state))
        return SeededRandom(seed: mixer.next())
    }
}
