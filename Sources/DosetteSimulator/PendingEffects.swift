/// What will take place later: requests whose connection was cut, and the clinic's own acts.
struct PendingEffects: Sendable {
    /// How many may wait at once.
    static let countMaximum = 10_000

    /// What takes place.
    enum Action: Hashable, Sendable {
        case request(SimulatedRequest, Operation, id: Int)
        case clinicCancel(prescription: Int)
    }

    /// One action, its place and its time.
    struct Entry: Hashable, Sendable {
        let due: Int64
        let installation: Int
        let action: Action
    }

    /// Sorted by due time; of equal times the one that was added first is first.
    private var entries: [Entry] = []

    var isFull: Bool { entries.count >= Self.countMaximum }

    /// Adds `entry`, unless too many wait already.
    ///
    /// - Parameter entry: What to do later.
    /// - Returns: Whether it was taken.
    mutating func add(_ entry: Entry) -> Bool {
        guard !isFull else { return false }
        let place = entries.lastIndex { $0.due <= entry.due }.map { $0 + 1 } ?? 0
        entries.insert(entry, at: place)
        return true
    }

    /// Removes and returns the next action that is due at `now`.
    mutating func next(dueAt now: Int64) -> Entry? {
        guard let first = entries.first, first.due <= now else { return nil }
        return entries.removeFirst()
    }
}
