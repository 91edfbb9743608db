import DosetteDeterminism

/// Chance, as plans and worlds need it.
struct Dice: Sendable {
    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func next() -> UInt64 { random.next() }

    mutating func number(in range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    mutating func happens(_ count: Int, in total: Int) -> Bool {
        number(in: 1...total) <= count
    }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[number(in: 0...values.count - 1)]
    }

    /// Ten-thousandths: nothing at all, or seldom, now and then, often.
    mutating func rate(_ count: Int, in total: Int) -> Int {
        happens(count, in: total) ? pick([50, 300, 1_500]) : 0
    }

    /// Whether something happens whose rate is in ten-thousandths.
    mutating func strikes(_ rate: Int) -> Bool {
        rate > 0 && number(in: 0...9_999) < rate
    }
}

extension Dice {
    /// A generator of its own, for an engine's jitter and identities.
    static func generator(seed: UInt64) -> some RandomNumberGenerator & Sendable {
        SeededRandom(seed: seed)
    }
}
