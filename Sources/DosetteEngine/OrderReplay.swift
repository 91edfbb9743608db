import DosetteCore
import DosetteStore

/// Events of one order that stand together in the journal and have one time: one commit, or several at once.
struct RecordedRun {
    let stream: StreamID
    /// As the entries name the order.
    let key: OrderKey?
    private(set) var facts: [Fact]
    private(set) var positions: [Int64]

    init(_ fact: Fact, at position: Int64, of stream: StreamID, _ key: OrderKey?) {
        self.stream = stream
        self.key = key
        facts = [fact]
        positions = [position]
    }

    /// Takes an event in that belongs to the run; answers whether it does.
    mutating func take(_ fact: Fact, at position: Int64, of stream: StreamID) -> Bool {
        guard stream == self.stream, fact.at == facts.last?.at,
            position == (positions.last ?? 0) + 1
        else { return false }
        facts.append(fact)
        positions.append(position)
        return true
    }
}

/// Something that is not as it should be, and at which event.
package struct AuditFinding: Hashable, Sendable, CustomStringConvertible {
    package let position: Int64
    package let problem: String

    package var description: String { "event \(position): \(problem)" }
}

/// One order, derived anew from its events, each held against what could be decided there.
struct OrderReplay {
    private(set) var order: Order
    private(set) var decisionCount = 0

    /// Begins an order with a run whose first event must take it in.
    ///
    /// - Returns: Nothing when it cannot begin like that.
    static func begin(
        _ run: RecordedRun,
        _ history: inout EngineHistory,
        isCut: Bool
    ) -> (replay: OrderReplay?, findings: [AuditFinding]) {
        guard let first = run.facts.first, let position = run.positions.first else {
            return (nil, [])
        }
        do {
            let order = try OrderLoader.begin(first, history.library)
            var findings = ReceivedCheck.problems(of: first, order)
                .map { AuditFinding(position: position, problem: $0) }
            if history.habits.epoch == nil {
                let problem = "an order before any engine started"
                findings.append(AuditFinding(position: position, problem: problem))
            }
            var replay = OrderReplay(order: order, decisionCount: 1)
            findings += replay.fold(run, from: 1, &history, isCut: isCut)
            return (replay, findings)
        } catch {
            return (nil, [AuditFinding(position: position, problem: "\(error)")])
        }
    }

    /// Goes on with the next run.
    ///
    /// - Returns: What is wrong with it.
    mutating func take(
        _ run: RecordedRun,
        _ history: inout EngineHistory,
        isCut: Bool
    ) -> [AuditFinding] {
        fold(run, from: 0, &history, isCut: isCut)
    }

    private mutating func fold(
        _ run: RecordedRun,
        from start: Int,
        _ history: inout EngineHistory,
        isCut: Bool
    ) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        if let at = run.facts.first?.at, at < order.changedAt {
            let problem = "its time lies before the one before it"
            findings.append(AuditFinding(position: run.positions[0], problem: problem))
        }
        let facts = Array(run.facts[start...])
        let closings = order.received.subject == nil ? [] : EventCodec.closings(of: order)
        let outcome = order.replay(
            facts,
            by: &history.habits,
            isCut: isCut,
            closings: closings
        )
        decisionCount += outcome.decisionCount
        findings += outcome.problems.map { problem in
            // What is missing is missing behind the last event that is there.
            let index = min(start + problem.offset, run.positions.count - 1)
            return AuditFinding(position: run.positions[index], problem: problem.problem)
        }
        return findings
    }
}
