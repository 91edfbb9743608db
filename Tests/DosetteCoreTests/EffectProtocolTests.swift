import DosetteCore
import Testing

@Suite("How an effect on the outside world is made durable")
struct EffectProtocolTests {
    typealias Class = EffectProtocol.Class
    typealias Input = EffectProtocol.Input

    private static let receipt = Receipt(["id": 7])

    /// All that can come to pass, in words.
    private static let inputs: [(name: String, input: Input)] = [
        ("begin", .begin(epoch: 1)), ("answered confirmed", .answered(.confirmed(receipt))),
        ("answered refused", .answered(.refused(reason: "400"))),
        ("answered not processed", .answered(.notProcessed(retryAfter: nil, reason: "503"))),
        ("answered 429, 20 s", .answered(.notProcessed(retryAfter: .seconds(20), reason: "429"))),
        ("answered unknown", .answered(.unknown(reason: "timeout"))),
        ("answered conflict", .answered(.conflict(seen: 6, reason: "canceled"))),
        ("recovered", .recovered), ("looked: found", .probed(.found(receipt))),
        ("looked: absent", .probed(.absent)), ("looked: unclear", .probed(.unclear(reason: "two"))),
        ("looked: unreachable", .probed(.unreachable(retryAfter: nil, reason: "cut"))),
        (
            "looked: unreachable, 20 s",
            .probed(.unreachable(retryAfter: .seconds(20), reason: "429"))
        ),
        ("adopt", .person(.adopt(receipt))), ("resend", .person(.resend)),
        ("retry", .person(.retry)), ("give up", .person(.giveUp)),
    ]

    /// Every place in which an effect can be, five seconds after it came there.
    private static func places(_ effectClass: Class) throws -> [(name: String, story: EffectStory)] {
        var places: [(String, EffectStory)] = [("ready", EffectStory(effectClass))]
        var later = EffectStory(effectClass)
        try later.send()
        try later.take(.answered(.notProcessed(retryAfter: .seconds(60), reason: "429")))
        places.append(("ready later", later))
        for attempt in [1, 3] {
            var sent = EffectStory(effectClass)
            try sent.send(attempt)
            sent.pass(.seconds(5))
            places.append(("sent, attempt \(attempt)", sent))
        }
        var longAgo = EffectStory(effectClass)
        try longAgo.send()
        longAgo.pass(.hours(2))
        places.append(("sent 2 h ago", longAgo))
        return try places + uncertainPlaces(effectClass) + parkedPlaces(effectClass)
    }

    private static func uncertainPlaces(_ effectClass: Class) throws -> [(String, EffectStory)] {
        guard effectClass.isProbed else { return [] }
        var places: [(String, EffectStory)] = []
        for attempt in [1, 3] {
            var early = EffectStory(effectClass)
            try early.send(attempt)
            try early.take(.answered(.unknown(reason: "timeout")))
            var due = early
            due.passUntilDue()
            var absentOnce = due
            try absentOnce.take(.probed(.absent))
            absentOnce.passUntilDue()
            if attempt == 1 { places.append(("unknown, too early", early)) }
            places.append(("unknown, attempt \(attempt)", due))
            places.append(("absent once, attempt \(attempt)", absentOnce))
        }
        var longAgo = places[1].1
        longAgo.pass(.hours(2))
        places.append(("unknown for 2 h", longAgo))
        return places
    }

    private static func parkedPlaces(_ effectClass: Class) throws -> [(String, EffectStory)] {
        [EffectProtocol.Event.inDoubt(reason: ""), .exhausted(reason: "")].map { event in
            var story = EffectStory(effectClass)
            story.state = EffectProtocol.State(readyAt: story.now)
            story.state?.phase = .parked(event == .inDoubt(reason: "") ? .inDoubt : .poison)
            story.state?.attemptCount = 1
            return (event == .inDoubt(reason: "") ? "in doubt" : "exhausted", story)
        }
    }

    /// One line for each place and input that goes together.
    private func table(_ effectClass: Class) throws -> [String] {
        var lines: [String] = []
        for (place, story) in try Self.places(effectClass) {
            for (name, input) in Self.inputs {
                guard let events = try? story.decide(input) else { continue }
                let words = events.map { $0.words(from: story.now) }.joined(separator: "; ")
                lines.append("\(place) | \(name) | \(words)")
            }
        }
        return lines
    }

    @Test func printTable() throws {
        for c in Class.allCases {
            print("== \(c)")
            let base = try table(.taggedCreate)
            for line in try table(c) where c == .taggedCreate || !base.contains(line) { print("                \"\(line)\",") }
        }
    }
}
