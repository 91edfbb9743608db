import Synchronization

/// Counts what happens in many tasks.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() {
        count.withLock { $0 += 1 }
    }
}

/// Something that is on or off, for all tasks at once.
final class Switch: Sendable {
    private let value = Mutex(false)

    var isOn: Bool { value.withLock { $0 } }

    func turn(on isOn: Bool) {
        value.withLock { $0 = isOn }
    }
}
