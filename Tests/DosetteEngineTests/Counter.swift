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

/// What was done, how often, by name; each time gets a number of its own.
final class Tally: Sendable {
    private let times = Mutex<[String: [Int]]>([:])
    private let numbers = Mutex(1_000)

    func add(_ name: String) -> Int {
        let number = numbers.withLock { number in
            number += 1
            return number
        }
        times.withLock { $0[name, default: []].append(number) }
        return number
    }

    func count(_ name: String) -> Int { times.withLock { $0[name]?.count ?? 0 } }

    func last(_ name: String) -> Int { times.withLock { $0[name]?.last ?? 0 } }
}
