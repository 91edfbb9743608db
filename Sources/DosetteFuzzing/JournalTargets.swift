import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore

/// Entries of the journal, and whole journals that somebody's hand was in.
enum JournalTargets {
    static let entry = FuzzTarget(name: "entry", shape: .json) {
        story.map(\.entry)
    } check: { bytes in
        try checkEntry(bytes)
    }

    static let journal = FuzzTarget(name: "journal", shape: .jsonLines) {
        [lines(story), lines(Array(story.prefix(9)))]
    } check: { bytes in
        try await checkJournal(bytes)
    }

    /// Empty only when these samples are wrong, which a test would tell.
    private static let story = (try? OrderWalk.full().journal()) ?? []
    private static let newline = UInt8(ascii: "\n")

    private static func lines(_ events: [RecordedEvent]) -> [UInt8] {
        events.flatMap { $0.entry + [newline] }
    }

    // MARK: - One entry

    private static func checkEntry(_ bytes: [UInt8]) throws -> FuzzTarget.Traits {
        let envelope: Envelope
        do {
            envelope = try EventCodec.envelope(bytes)
        } catch {
            return [String(error.problem.prefix(40))]
        }
        if let event = try? EngineEvent(envelope) {
            let again = EventCodec.encode(event, version: envelope.version, at: envelope.at)
            let read = try? EngineEvent(EventCodec.envelope(again.entry(at: envelope.position)))
            try hold("an engine's event that was read is written the same", read == event)
            return ["engine \(envelope.kind)"]
        }
        let fact: Fact
        do {
            fact = try EventCodec.fact(envelope)
        } catch {
            return [String(error.problem.prefix(60))]
        }
        _ = OrderStory.line(fact)
        if let key = envelope.order { try checkWritten(fact, envelope, key) }
        let place = try checkInPlace(fact, envelope.version)
        return ["read \(envelope.kind)", "key \(envelope.order != nil)", place]
    }

    /// The order after each of its events, from the journal that nobody touched.
    private static let stages: [Order] = {
        guard let facts = try? OrderWalk.full().facts, let first = facts.first, let library,
            var order = try? OrderLoader.begin(first, library)
        else { return [] }
        var stages = [order]
        for fact in facts.dropFirst() {
            try? order.evolve(fact)
            stages.append(order)
        }
        return stages
    }()

    private static let facts = (try? OrderWalk.full().facts) ?? []

    /// Puts a changed event where the true one stood, and lets the order go on from there.
    private static func checkInPlace(_ fact: Fact, _ version: Int) throws -> String {
        guard let library, stages.indices.contains(version) else { return "nowhere" }
        var order: Order
        do {
            if version == 0 {
                order = try OrderLoader.begin(fact, library)
            } else {
                order = stages[version - 1]
                try order.evolve(fact)
            }
        } catch {
            return "misfit"
        }
        try checkFolded(order)
        for fact in facts.dropFirst(version + 1) {
            guard (try? order.evolve(fact)) != nil else { break }
        }
        try checkFolded(order)
        return "fits, then \(order.version)"
    }

    private static func checkWritten(
        _ fact: Fact,
        _ envelope: Envelope,
        _ key: OrderKey
    ) throws {
        let event = EventCodec.encode(
            fact,
            stream: envelope.stream,
            version: envelope.version,
            key: key
        )
        let written = event.entry(at: envelope.position)
        guard let again = try? EventCodec.envelope(written),
            let read = try? EventCodec.fact(again)
        else { throw PropertyFailure("an event that was read can be written and read") }
        try hold("an event that was read is written the same", read == fact, envelope.kind)
        try hold("its kind stays", again.kind == envelope.kind, envelope.kind)
        try hold(
            "its place stays",
            again.position == envelope.position && again.stream == envelope.stream
                && again.version == envelope.version && again.order == envelope.order
        )
        let json = try? JSONReader.read(written)
        try hold("an entry is canonical", json?.canonicalBytes == written)
        let second = EventCodec.encode(
            read,
            stream: again.stream,
            version: again.version,
            key: key
        )
        try hold("an entry's bytes are stable", second.entry(at: again.position) == written)
    }

    // MARK: - A whole journal

    private static let library = try? OrderWalk.adopted()
    /// The order as its rows show it, from the journal that nobody touched.
    private static let order = try? OrderWalk.full().order

    private static func checkJournal(_ bytes: [UInt8]) async throws -> FuzzTarget.Traits {
        guard let library, let order else { throw PropertyFailure("the samples are right") }
        let events = events(bytes)
        var traits: FuzzTarget.Traits = []
        let own = events.filter { $0.stream == StreamID(1) }
        do {
            let folded = try OrderLoader.fold(own, library)
            try checkFolded(folded)
            traits.insert("folded \(folded.version)")
        } catch let failure as PropertyFailure {
            throw failure
        } catch {
            traits.insert(String("\(error)".suffix(40)))
        }
        let stream = StreamID(1)
        let store = ShownStore(
            journal: events,
            rows: [Projection.row(of: order, stream: stream)],
            work: Projection.work(of: order, stream: stream)
        )
        do {
            let report = try await AuditReplay.run(store)
            try check(report, events)
            traits.insert("problems \(min(report.problemCount, 3))")
        } catch let failure as PropertyFailure {
            throw failure
        } catch {
            throw PropertyFailure("a replay ends with a report", "\(error)")
        }
        return traits
    }

    private static func check(
        _ report: AuditReplay.Report,
        _ events: [RecordedEvent]
    ) throws {
        try hold("a replay counts every event", report.eventCount == Int64(events.count))
        try hold(
            "problems are bounded",
            report.problems.count <= AuditReplay.problemsMaximum
                && report.problemCount >= report.problems.count
        )
        let isUntouched = events == story
        try hold("an untouched journal has no problem", !isUntouched || report.problemCount == 0)
        guard !isUntouched, let untouched else { return }
        try hold("a touched journal has another root", report.root != untouched)
    }

    /// The root of the journal that nobody touched.
    private static let untouched: String? = {
        var tree = Roots()
        for event in story { tree.append(event.entry) }
        return tree.text
    }()

    /// A journal may be folded into an order that no engine would make: it must not stop one.
    private static func checkFolded(_ order: Order) throws {
        let row = Projection.row(of: order, stream: StreamID(1))
        let view = try? JSONReader.read(Array(row.view.utf8))
        try hold("an order's view is JSON", view?.objectValue != nil)
        _ = Projection.work(of: order, stream: StreamID(1))
        let registry = try ActionRegistry([], timing: .standard)
        for command in commands(order) {
            let context = DecisionContext(
                now: order.changedAt.advanced(by: .minutes(10)),
                actor: Actor(.person, name: "Aino"),
                reason: "because",
                policy: { registry.policy(of: $0) }
            )
            guard let decision = try? OrderDecision.decide(command, for: order, in: context) else {
                continue
            }
            let commit = Projection.commit(
                decision.facts,
                to: decision.order,
                stream: StreamID(1),
                epoch: 2
            )
            for (event, fact) in zip(commit.events, decision.facts) {
                let read = try? EventCodec.fact(event.entry(at: 0))
                try hold("what is decided can be written and read", read == fact, event.kind)
            }
        }
    }

    /// What an engine and people may ask of any order.
    private static func commands(_ order: Order) -> [OrderCommand] {
        let day = CalendarDate(daysSinceEpoch: 20_330)
        let dispense = RepeatPlan.Dispense(id: "D-9", item: 0, packages: 1, day: day, batch: nil)
        let signals = [
            "accept", "cancel", "retry", "adopt", "resend", "give_up", "refund", "force_canceled",
            "force_sent",
        ]
        let parts = order.parts.indices.flatMap { part -> [OrderCommand] in
            var commands: [OrderCommand] = [.timer(part: part)]
            if let effect = order.parts[part].effect {
                let attempt = effect.state.attemptCount
                commands += [
                    .begin(part: part, requestDigest: "r", epoch: 2),
                    .answered(
                        part: part,
                        effect: effect.number,
                        attempt: attempt,
                        .confirmed(Receipt())
                    ),
                    .recovered(part: part, effect: effect.number),
                    .probed(part: part, effect: effect.number, .absent),
                ]
            } else {
                commands.append(.begin(part: part, requestDigest: "r", epoch: 2))
            }
            return commands
        }
        return parts + signals.map { .signal(Signal(name: $0)) }
            + [.dispense(dispense, today: day), .reverse(dispenseID: "D-2"), .observe(status: 6)]
    }

    /// The lines as a store would show them: what they say of their own place, or the next one.
    private static func events(_ bytes: [UInt8]) -> [RecordedEvent] {
        var versions: [StreamID: Int] = [:]
        let lines = bytes.split(separator: newline)
        return lines.enumerated().map { index, line in
            let entry = Array(line)
            let envelope = try? EventCodec.envelope(entry)
            let known = index < story.count ? story[index].stream : StreamID(1)
            let stream = envelope?.stream ?? known
            defer { versions[stream, default: 0] += 1 }
            return RecordedEvent(
                position: Int64(index),
                stream: stream,
                version: versions[stream] ?? 0,
                entry: entry
            )
        }
    }
}
