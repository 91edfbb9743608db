/// The decision that recorded events came from, found again.
///
/// Events are legal when somebody who may, could have given the order as it was a command that is decided into
/// exactly these events: none missing, none too many, by the same authors, for the same reasons. The rules are
/// ``OrderDecision``'s own. What came from settings or chance is taken from the events and held against
/// ``EngineHabits``.
package struct Redecision: Sendable {
    /// The command that must have been given.
    package let command: OrderCommand
    /// How many of the events it caused.
    package let count: Int
    /// Who accepts prescriptions, where the events show it.
    let decision: PharmacyDecision?

    /// Events that no command causes there.
    package struct Illegal: Error, Hashable {
        /// The first event that is not as it must be, counted from the first one given.
        package let offset: Int
        /// Why, in one sentence without personal data.
        package let problem: String
    }

    /// A command that may have been given, and what the settings must have been.
    struct Candidate {
        let command: OrderCommand
        var policy = Self.anyPolicy
        /// Whether somebody outside gave it, in his own name.
        var isCalled = false

        /// For decisions that ask for none.
        static let anyPolicy = ActionPolicy(
            effect: EffectProtocol.Policy(
                effectClass: .taggedCreate,
                retry: .standard,
                deadline: .zero,
                serverBound: .zero,
                probeInterval: .zero,
                outageMaximum: .zero
            ),
            makesID: false
        )
    }

    /// Puts placeholders in the place of what is personal.
    package typealias Closing = @Sendable (Fact) -> Fact

    /// Waits that settings can ask for, at the most: a deadline and a server's bound of 30 days each.
    static let waitMaximum = TimeSpan.days(60)

    /// Finds the decision that the first of `facts` comes from.
    ///
    /// - Parameters:
    ///   - facts: Events that stand together, at least one.
    ///   - order: The order before them.
    ///   - habits: What is known of the engine that wrote them.
    ///   - isCut: Whether the last decision may be incomplete, because nothing behind it was read.
    ///   - closings: What each puts placeholders in the place of: facts that were read without what is
    ///     personal are compared without it.
    /// - Returns: The decision that comes to what stands there.
    /// - Throws: ``Illegal``.
    package static func find(
        _ facts: ArraySlice<Fact>,
        on order: Order,
        by habits: EngineHabits,
        isCut: Bool = false,
        closings: [Closing] = []
    ) throws(Illegal) -> Redecision {
        let search = Search(
            order: order,
            facts: facts,
            habits: habits,
            isCut: isCut,
            closings: closings
        )
        return try search.run()
    }
}

extension Redecision {
    /// One search for the decision behind some facts.
    struct Search {
        let order: Order
        let facts: ArraySlice<Fact>
        let habits: EngineHabits
        let isCut: Bool
        let closings: [Closing]

        /// How far a candidate agrees with what stands there.
        private struct Match {
            let count: Int
            /// What is wrong behind it; nothing when all of the decision agrees.
            let problem: String?
        }

        func run() throws(Illegal) -> Redecision {
            guard let first = facts.first else { throw Illegal(offset: 0, problem: "no events") }
            var nearest: Illegal?
            for candidate in try candidates(first) {
                if candidate.isCalled, let problem = callerProblem(candidate.command, first) {
                    nearest = nearest ?? Illegal(offset: 0, problem: problem)
                    continue
                }
                let matches = decisions.map { ($0, match(candidate, $0)) }
                let best = matches.filter { $0.1.problem == nil }.max { $0.1.count < $1.1.count }
                if let best {
                    let isUnsure = matches.allSatisfy { $0.1.count == best.1.count }
                    return Redecision(
                        command: candidate.command,
                        count: best.1.count,
                        decision: isUnsure ? habits.decision : best.0
                    )
                }
                for (_, match) in matches where match.count > nearest?.offset ?? -1 {
                    guard let problem = match.problem else { continue }
                    nearest = Illegal(offset: match.count, problem: problem)
                }
            }
            throw nearest ?? Illegal(offset: 0, problem: Self.nothingCauses(first))
        }

        private static func nothingCauses(_ fact: Fact) -> String {
            "nothing causes \(fact.event.name) there"
        }

        private var decisions: [PharmacyDecision] {
            habits.decision.map { [$0] } ?? PharmacyDecision.allCases
        }

        private func match(_ candidate: Candidate, _ decision: PharmacyDecision) -> Match {
            guard let first = facts.first else { return Match(count: 0, problem: "no events") }
            var idempotency: Idempotency?
            if case .asked = first.event { idempotency = first.idempotency }
            let context = DecisionContext(
                now: first.at,
                actor: candidate.isCalled ? first.actor : .dosette,
                reason: candidate.isCalled ? first.reason : nil,
                idempotency: idempotency,
                jitter: 1,
                decision: decision,
                policy: { _ in candidate.policy }
            )
            do {
                let decided = try OrderDecision.decide(candidate.command, for: order, in: context)
                return compare(decided.facts, isCalled: candidate.isCalled)
            } catch {
                let problem = "\(first.event.name) cannot happen there: \(error.rule)"
                return Match(count: 0, problem: problem)
            }
        }

        private func compare(_ decided: [Fact], isCalled: Bool) -> Match {
            guard let first = facts.first else { return Match(count: 0, problem: "no events") }
            guard !decided.isEmpty else {
                return Match(count: 0, problem: Self.nothingCauses(first))
            }
            for (offset, due) in decided.enumerated() {
                guard offset < facts.count else {
                    if isCut { break }
                    return Match(count: offset, problem: "\(due.event.name) is missing there")
                }
                let fact = facts[facts.startIndex + offset]
                let isLast = offset == decided.count - 1
                if let problem = difference(fact, due) ?? keyProblem(fact, isLast && isCalled) {
                    return Match(count: offset, problem: problem)
                }
            }
            return Match(count: min(decided.count, facts.count), problem: nil)
        }

        /// Whether a fact that was read with placeholders is the one that is due, as far as it can be read.
        private func isSameClosed(_ fact: Fact, _ due: Fact) -> Bool {
            closings.contains { close in
                let closed = close(fact)
                return closed.event == fact.event && closed.reason == fact.reason
                    && close(due).event == fact.event && close(due).reason == fact.reason
            }
        }

        /// How a recorded event differs from the one that is due.
        private func difference(_ fact: Fact, _ due: Fact) -> String? {
            guard fact.event.name == due.event.name else {
                return "\(fact.event.name) stands where \(due.event.name) is due"
            }
            let name = fact.event.name
            if fact.at != due.at { return "\(name) has another time than what it follows from" }
            if fact.actor != due.actor {
                return fact.actor.kind == due.actor.kind
                    ? "\(name) is of another \(fact.actor.kind.rawValue)"
                    : "\(name) is of \(fact.actor.kind.rawValue) and must be of \(due.actor.kind.rawValue)"
            }
            if isSameClosed(fact, due) { return nil }
            if fact.reason != due.reason { return "\(name) has another reason than was given" }
            return fact.event == due.event ? nil : "\(name) says something else than was decided"
        }

        /// A caller's key stands on the last event of what the caller asked for, once in an order.
        private func keyProblem(_ fact: Fact, _ mayHave: Bool) -> String? {
            guard let key = fact.idempotency?.key else { return nil }
            if !mayHave { return "\(fact.event.name) bears a caller's key and no caller asked" }
            return order.keyUses[key] == nil ? nil : "a caller's key is used a second time"
        }
    }
}

extension Order {
    /// Folds events that were recorded one right after the other, and looks whether each was a legal decision.
    ///
    /// - Parameters:
    ///   - run: All events of the order that stand together and have one time.
    ///   - habits: What is known of the engine that wrote them; what they show is added.
    ///   - isCut: Whether the last decision may be incomplete.
    ///   - closings: See ``Redecision/find(_:on:by:isCut:closings:)``.
    /// - Returns: How many decisions were found, and what is wrong, with the event's index in `run`; an event
    ///   that cannot be folded is left out.
    package mutating func replay(
        _ run: [Fact],
        by habits: inout EngineHabits,
        isCut: Bool = false,
        closings: [Redecision.Closing] = []
    ) -> (decisionCount: Int, problems: [Redecision.Illegal]) {
        var problems: [Redecision.Illegal] = []
        var decisionCount = 0
        var index = 0
        var isLegal = true
        while index < run.count {
            var count = 1
            if isLegal {
                do throws(Redecision.Illegal) {
                    let found = try Redecision.find(
                        run[index...],
                        on: self,
                        by: habits,
                        isCut: isCut,
                        closings: closings
                    )
                    if let decision = found.decision { habits.decision = decision }
                    count = found.count
                    decisionCount += 1
                } catch {
                    problems.append(.init(offset: index + error.offset, problem: error.problem))
                    // What follows from it says nothing new.
                    isLegal = false
                }
            }
            for offset in index..<index + count {
                problems += fold(run[offset], &habits).map { .init(offset: offset, problem: $0) }
            }
            index += count
        }
        return (decisionCount, problems)
    }

    private mutating func fold(_ fact: Fact, _ habits: inout EngineHabits) -> [String] {
        var problems: [String] = []
        if case .effect(let effect) = fact.event {
            let state = parts.lazy.compactMap(\.effect).first { $0.number == effect.number }?.state
            if let problem = habits.note(effect, from: state, at: fact.at) {
                problems.append("\(fact.event.name): \(problem)")
            }
        }
        do throws(Damage) {
            try evolve(fact)
        } catch {
            problems.append(error.problem)
        }
        return problems
    }
}

extension OrderEvent {
    /// What happened, in the words of the journal, without personal data.
    package var name: String {
        switch self {
        case .received: "order.received"
        case .entered(let entered): "\(entered.part).\(entered.state)"
        case .signaled(let signaled): "signal \(signaled.name)"
        case .effect(let effect): "effect.\(effect.event.name) of \(effect.action)"
        case .parked(let parked): "order.parked (\(parked.kind.rawValue))"
        case .unparked(_, let action): "order.unparked (\(action.rawValue))"
        case .turnedBack: "saga.turned_back"
        case .reminded: "order.reminded"
        case .observed: "clinic.observed"
        case .noticed(let notice): "clinic.noticed (\(notice.subject.rawValue))"
        case .dispensed: "dispense.recorded"
        case .dispenseReversed: "dispense.reversed"
        case .asked: "order.asked"
        }
    }
}

extension EffectProtocol.Event {
    var name: String {
        switch self {
        case .intended: "intended"
        case .confirmed: "confirmed"
        case .adopted: "adopted"
        case .refused: "refused"
        case .conflicted: "conflicted"
        case .postponed: "postponed"
        case .becameUnknown: "unknown"
        case .absent: "absent"
        case .probeFailed: "probe_failed"
        case .inDoubt: "in_doubt"
        case .exhausted: "exhausted"
        case .resumed: "resumed"
        case .givenUp: "given_up"
        }
    }
}
