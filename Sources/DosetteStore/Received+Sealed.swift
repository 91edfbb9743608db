package import DosetteCore

extension OrderRow {
    /// Whether its client was forgotten, and what it was about with it.
    package var isForgotten: Bool { contentDigest == PersonalFields.placeholder }
}

extension Received {
    /// Whether it was read without its client's record: placeholders stand for all that is personal.
    package var isClosed: Bool { contentDigest == PersonalFields.placeholder }

    /// Whether placeholders stand for the rest: remarks, and what the order marks.
    package var isPartlyClosed: Bool {
        let content: JSON = ["prescription": .object(prescription), "delivery": JSON(delivery)]
        let pointers = PersonalFields.restTexts + personal
        return pointers.contains { content.value(at: $0) == .string(PersonalFields.placeholder) }
    }
}

extension EventCodec {
    /// How facts of an order read without keys: without the rest's, without both.
    package static func closings(of order: Order) -> [@Sendable (Fact) -> Fact] {
        let key = order.received.key
        let readings: [Set<PersonalClass>] = [[.rest], Set(PersonalClass.allCases)]
        return readings.map { classes in
            { @Sendable fact in closed(fact, classes, key) ?? fact }
        }
    }

    private static func closed(
        _ fact: Fact,
        _ classes: Set<PersonalClass>,
        _ key: OrderKey
    ) -> Fact? {
        let encoded = encode(
            fact,
            stream: .engine,
            version: 0,
            key: key,
            closing: classes
        )
        return try? self.fact(encoded.entry(at: 0))
    }
}

extension JSON {
    fileprivate init(_ object: JSONObject?) {
        self = object.map { .object($0) } ?? .null
    }
}
