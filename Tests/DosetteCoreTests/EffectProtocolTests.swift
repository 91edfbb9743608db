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
    private static func places(_ effectClass: Class) throws -> [(name: String, story: EffectStory)]
    {
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
        guard [.taggedCreate, .naturalCreate].contains(effectClass) else { return [] }
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

    // MARK: - The whole table

    /// Whatever is not in the table is not awaited there: nothing happens.
    @Test func `an effect that is looked for before it is sent again`() throws {
        #expect(
            try table(.taggedCreate) == [
                "ready | begin | attempt 1: deadline +30s, settles +90s, to be recovered +90s",
                "sent, attempt 1 | answered confirmed | confirmed",
                "sent, attempt 1 | answered refused | refused",
                "sent, attempt 1 | answered not processed | again +1s, turned_away",
                "sent, attempt 1 | answered 429, 20 s | again +20s, turned_away",
                "sent, attempt 1 | answered unknown | unknown, look +85s",
                "sent, attempt 1 | answered conflict | conflicted with 6",
                "sent, attempt 1 | recovered | unknown, look +85s",
                "sent, attempt 3 | answered confirmed | confirmed",
                "sent, attempt 3 | answered refused | refused",
                "sent, attempt 3 | answered not processed | again +1s, turned_away",
                "sent, attempt 3 | answered 429, 20 s | again +20s, turned_away",
                "sent, attempt 3 | answered unknown | unknown, look +85s",
                "sent, attempt 3 | answered conflict | conflicted with 6",
                "sent, attempt 3 | recovered | unknown, look +85s",
                "sent 2 h ago | answered confirmed | confirmed",
                "sent 2 h ago | answered refused | refused",
                "sent 2 h ago | answered not processed | exhausted",
                "sent 2 h ago | answered 429, 20 s | exhausted",
                "sent 2 h ago | answered unknown | unknown, look +60s",
                "sent 2 h ago | answered conflict | conflicted with 6",
                "sent 2 h ago | recovered | unknown, look +0s",
                "unknown, attempt 1 | looked: found | adopted",
                "unknown, attempt 1 | looked: absent | absent 1, next +10s",
                "unknown, attempt 1 | looked: unclear | in doubt",
                "unknown, attempt 1 | looked: unreachable | look failed, again +10s",
                "unknown, attempt 1 | looked: unreachable, 20 s | look failed, again +20s",
                "absent once, attempt 1 | looked: found | adopted",
                "absent once, attempt 1 | looked: absent | absent 2, next +0s; resumed: send",
                "absent once, attempt 1 | looked: unclear | in doubt",
                "absent once, attempt 1 | looked: unreachable | look failed, again +10s",
                "absent once, attempt 1 | looked: unreachable, 20 s | look failed, again +20s",
                "unknown, attempt 3 | looked: found | adopted",
                "unknown, attempt 3 | looked: absent | absent 1, next +10s",
                "unknown, attempt 3 | looked: unclear | in doubt",
                "unknown, attempt 3 | looked: unreachable | look failed, again +10s",
                "unknown, attempt 3 | looked: unreachable, 20 s | look failed, again +20s",
                "absent once, attempt 3 | looked: found | adopted",
                "absent once, attempt 3 | looked: absent | absent 2, next +0s; in doubt",
                "absent once, attempt 3 | looked: unclear | in doubt",
                "absent once, attempt 3 | looked: unreachable | look failed, again +10s",
                "absent once, attempt 3 | looked: unreachable, 20 s | look failed, again +20s",
                "unknown for 2 h | looked: found | adopted",
                "unknown for 2 h | looked: absent | absent 1, next +10s",
                "unknown for 2 h | looked: unclear | in doubt",
                "unknown for 2 h | looked: unreachable | in doubt",
                "unknown for 2 h | looked: unreachable, 20 s | in doubt",
                "in doubt | adopt | adopted",
                "in doubt | resend | resumed: send",
                "in doubt | retry | resumed: probe",
                "in doubt | give up | given up",
                "exhausted | adopt | adopted",
                "exhausted | resend | resumed: send",
                "exhausted | retry | resumed: send",
                "exhausted | give up | given up",
            ]
        )
        #expect(try table(.naturalCreate) == table(.taggedCreate), "both kinds are looked for")
    }

    /// Only the lines in which a class differs from the one above.
    @Test(arguments: [
        (
            Class.assign,
            [
                "sent, attempt 1 | answered unknown | again +85s, counted",
                "sent, attempt 1 | recovered | again +85s, counted",
                "sent, attempt 3 | answered unknown | in doubt",
                "sent, attempt 3 | recovered | in doubt",
                "sent 2 h ago | answered unknown | again +60s, counted",
                "sent 2 h ago | recovered | again +0s, counted",
            ]
        ), (Class.read, repeatable), (Class.blind, repeatable),
    ])
    func `a class that is not looked for goes its own way when nothing is known`(
        effectClass: Class,
        lines: [String]
    ) throws {
        let usual = try table(.taggedCreate)
        let own = try table(effectClass)
        #expect(own.filter { !usual.contains($0) } == lines)
        let missing = usual.filter { !own.contains($0) && !$0.hasPrefix("unknown") }
        let answered = missing.filter { !$0.hasPrefix("absent once") && !$0.hasPrefix("ready |") }
        #expect(answered.count == 6, "only the unknown outcomes differ: \(answered)")
    }

    private static let repeatable = [
        "ready | begin | attempt 1: deadline +30s, settles +90s, to be recovered +0s",
        "sent, attempt 1 | answered unknown | again +1s, counted",
        "sent, attempt 1 | recovered | again +1s, counted",
        "sent, attempt 3 | answered unknown | exhausted", "sent, attempt 3 | recovered | exhausted",
        "sent 2 h ago | answered unknown | again +1s, counted",
        "sent 2 h ago | recovered | again +1s, counted",
    ]

    @Test(arguments: Class.allCases)
    func `what is decided can happen`(effectClass: Class) throws {
        for (_, story) in try Self.places(effectClass) {
            for (_, input) in Self.inputs where (try? story.decide(input)) != nil {
                var next = story
                try next.take(input)
            }
        }
    }

    @Test(arguments: Class.allCases)
    func `every place accepts what moves it on`(effectClass: Class) throws {
        for (name, story) in try Self.places(effectClass) {
            var due = story
            due.passUntilDue()
            for input in try movers(due) {
                #expect(throws: Never.self, "\(effectClass), \(name)") { try due.decide(input) }
            }
        }
    }

    private func movers(_ story: EffectStory) throws -> [Input] {
        switch try #require(story.state).phase {
        case .ready: [.begin(epoch: 1)]
        case .intended: [.answered(.confirmed(Self.receipt)), .recovered]
        case .uncertain: [.probed(.absent), .probed(.found(Self.receipt))]
        case .parked: [.person(.adopt(Self.receipt)), .person(.resend), .person(.giveUp)]
        }
    }

    // MARK: - Single rules

    @Test func `what was turned away does not use up the attempts`() throws {
        var story = EffectStory(.taggedCreate, attempts: 1)
        for _ in 0..<10 {
            story.passUntilDue()
            try story.send()
            try story.take(.answered(.notProcessed(retryAfter: .seconds(30), reason: "429")))
        }
        #expect(story.state?.attemptCount == 10)
        #expect(story.state?.countedAttempts == 0)
    }

    @Test func `an outage is waited for as long as the policy says, then a person looks`() throws {
        var story = EffectStory(.taggedCreate)
        var last: [EffectProtocol.Event] = []
        for _ in 0..<100 where story.dueAt != nil {
            story.passUntilDue()
            try story.send()
            last = try story.take(.answered(.notProcessed(retryAfter: .minutes(5), reason: "503")))
        }
        #expect(last == [.exhausted(reason: "503")])
        #expect(story.state?.phase == .parked(.poison))
        #expect(story.now.since(try #require(story.history.first?.at)) >= .hours(1))
    }

    @Test func `the waits grow while nothing is processed and start anew afterwards`() throws {
        var story = EffectStory(.read, attempts: 8)
        let outcomes: [EffectProtocol.Outcome] = [
            .notProcessed(retryAfter: nil, reason: ""), .notProcessed(retryAfter: nil, reason: ""),
            .notProcessed(retryAfter: nil, reason: ""), .unknown(reason: ""),
            .notProcessed(retryAfter: nil, reason: ""),
        ]
        let waits = try outcomes.map { outcome in
            story.passUntilDue()
            try story.send()
            try story.take(.answered(outcome))
            return try #require(story.dueAt).since(story.now).milliseconds / 1000
        }
        #expect(waits == [1, 2, 4, 1, 1])
    }

    @Test func `absences count only in a row of one attempt`() throws {
        var story = EffectStory(.taggedCreate)
        try story.send()
        try story.take(.answered(.unknown(reason: "timeout")))
        try story.findNothing()
        try story.send()
        #expect(story.state?.absenceCount == 0)
        try story.take(.answered(.unknown(reason: "timeout")))
        story.passUntilDue()
        let events = try story.take(.probed(.absent))
        #expect(events.count == 1, "one look is not enough for a third attempt: \(events)")
    }

    @Test func `a person who says look again does not say send again`() throws {
        var story = EffectStory(.naturalCreate)
        try story.send()
        try story.take(.answered(.unknown(reason: "timeout")))
        story.passUntilDue()
        try story.take(.probed(.unclear(reason: "two candidates")))
        try story.take(.person(.retry))
        #expect(throws: EffectProtocol.Misplaced.self) { try story.decide(.begin(epoch: 2)) }
        try story.findNothing()
        #expect(throws: Never.self) { try story.decide(.begin(epoch: 2)) }
    }

    @Test func `attempts keep their number when a person tries anew`() throws {
        var story = EffectStory(.taggedCreate, attempts: 1)
        try story.send()
        try story.take(.answered(.unknown(reason: "timeout")))
        try story.findNothing()
        #expect(story.state?.phase == .parked(.inDoubt))
        try story.take(.person(.resend))
        let events = try story.take(.begin(epoch: 2))
        #expect(events.first?.words(from: story.now).hasPrefix("attempt 2:") == true)
    }

    /// What a performer is told to be older than "ours" must not be ours.
    @Test func `an effect remembers when it was first tried`() throws {
        var story = EffectStory(.naturalCreate)
        let first = story.now
        try story.send()
        try story.take(.answered(.unknown(reason: "timeout")))
        story.passUntilDue()
        try story.take(.probed(.unclear(reason: "two candidates")))
        story.pass(.hours(3))
        try story.take(.person(.retry))
        #expect(story.state?.firstAt == first)
    }

    @Test func `a value that may still be set is not set again`() throws {
        var story = EffectStory(.assign, attempts: 1)
        try story.send()
        let settlesAt = story.now.advanced(by: .seconds(90))
        try story.take(.answered(.unknown(reason: "connection cut")))
        #expect(story.state?.phase == .parked(.inDoubt))
        try story.take(.person(.retry))
        try story.findNothing()
        let dueAt = try #require(story.dueAt)
        #expect(dueAt >= settlesAt)
    }

    @Test func `a person's retry looks for a value once it can no longer change`() throws {
        var story = EffectStory(.assign, attempts: 1)
        try story.send()
        try story.take(.answered(.unknown(reason: "connection cut")))
        try story.take(.person(.retry))
        let settlesAt = story.now.advanced(by: .seconds(90))
        #expect(story.state?.phase == .uncertain(probeAt: settlesAt))
    }
}
