import DosetteCore
import DosetteEngine
import Testing

/// An instant `seconds` after the beginning of a second.
private func second(_ seconds: Double) -> Timestamp {
    Timestamp(milliseconds: 1_755_691_200_000 + Int64((seconds * 1_000).rounded()))
}

@Suite("Calls in a rolling minute")
struct CallWindowTests {
    @Test func `so many calls as the limit says, then none`() {
        var window = CallWindow(limit: 3)
        #expect(window.available(at: second(0)) == 3)
        window.spend(2, at: second(0))
        #expect(window.available(at: second(0.5)) == 1)
        window.spend(1, at: second(0.5))
        #expect(window.available(at: second(1)) == 0)
    }

    /// A call counts for a minute from its own moment, so its slot until a minute after the
    /// slot's end.
    @Test(arguments: [0, 0.001, 0.5, 0.999])
    func `a call counts for a full minute and never for two seconds more`(at moment: Double) {
        var window = CallWindow(limit: 1)
        window.spend(1, at: second(moment))
        #expect(window.available(at: second(moment + 60)) == 0)
        #expect(window.available(at: second(60.999)) == 0)
        #expect(window.available(at: second(61)) == 1)
    }

    @Test func `it says when calls are free`() {
        var window = CallWindow(limit: 4)
        window.spend(1, at: second(0.2))
        window.spend(2, at: second(5))
        window.spend(1, at: second(9.9))
        #expect(window.freeAt(1, from: second(10)) == second(61))
        #expect(window.freeAt(2, from: second(10)) == second(66))
        #expect(window.freeAt(3, from: second(10)) == second(66))
        #expect(window.freeAt(4, from: second(10)) == second(70))
        #expect(window.freeAt(1, from: second(61)) == second(61))
    }

    @Test func `whoever comes back when it says finds the calls free`() {
        for start in stride(from: 0.0, to: 3, by: 0.137) {
            var spent = CallWindow(limit: 5)
            for number in 0..<5 { spent.spend(1, at: second(start + Double(number) * 0.7)) }
            let now = second(start + 4)
            for count in 1...5 {
                var window = spent
                let free = window.freeAt(count, from: now)
                let justBefore = free.advanced(by: .milliseconds(-1))
                #expect(window.available(at: justBefore) < count, "\(start) \(count)")
                #expect(window.available(at: free) >= count, "\(start) \(count)")
            }
        }
    }

    @Test func `no rolling minute sees more calls than the limit`() {
        var window = CallWindow(limit: 7)
        var made: [Timestamp] = []
        for step in 0..<3_000 {
            let now = second(Double(step) * 0.1)
            if window.available(at: now) > 0 {
                window.spend(1, at: now)
                made.append(now)
            }
        }
        for (index, time) in made.enumerated() where index >= 7 {
            #expect(time.since(made[index - 7]) >= .minutes(1))
        }
        // The slots of one second cost a second at the most.
        #expect(made.count >= 7 * 4)
    }

    @Test func `a block holds until its time and does not shorten another`() {
        var window = CallWindow(limit: 10)
        window.block(until: second(30))
        window.block(until: second(20))
        #expect(window.available(at: second(29.999)) == 0)
        #expect(window.freeAt(1, from: second(1)) == second(30))
        #expect(window.available(at: second(30)) == 10)
    }

    @Test func `a clock that was set back does not keep calls of the future for ever`() {
        var window = CallWindow(limit: 1)
        window.spend(1, at: second(10_000))
        #expect(window.available(at: second(0)) == 1)
    }
}

@Suite("A clinic that does not answer")
struct BreakerTests {
    private enum Step {
        case fails
        case answers
        case begins
    }

    /// The state after `steps`, each with the second in which it happens, at `time`.
    private func state(_ steps: [(Double, Step)], at time: Double) -> Breaker.State {
        var breaker = Breaker(failuresMaximum: 3, pause: .seconds(15))
        for (moment, step) in steps {
            switch step {
            case .fails: breaker.failed(at: second(moment))
            case .answers: breaker.answered()
            case .begins: breaker.begin(at: second(moment))
            }
        }
        return breaker.state(at: second(time))
    }

    /// The whole table.
    @Test func `opens after failures in a row, and closes after one answer`() {
        let open: [(Double, Step)] = [(0, .fails), (1, .fails), (2, .fails)]
        #expect(state([], at: 0) == .closed)
        #expect(state([(0, .fails), (1, .fails)], at: 2) == .closed)
        #expect(state([(0, .fails), (1, .fails), (1, .answers), (2, .fails)], at: 3) == .closed)
        #expect(state(open, at: 2) == .open(until: second(17)))
        #expect(state(open, at: 16.999) == .open(until: second(17)))
        #expect(state(open, at: 17) == .halfOpen)
        #expect(state(open + [(5, .begins)], at: 17) == .halfOpen)
        #expect(state(open + [(17, .begins)], at: 18) == .trying)
        #expect(state(open + [(17, .begins), (18, .answers)], at: 18) == .closed)
        #expect(
            state(open + [(17, .begins), (18, .fails)], at: 18) == .open(until: second(33))
        )
        #expect(state(open + [(17, .begins), (18, .fails)], at: 33) == .halfOpen)
        // A call that was out when the breaker opened tells as well as a trial does.
        #expect(state(open + [(3, .answers)], at: 3) == .closed)
    }

    @Test func `a trial whose end nobody tells does not last for ever`() {
        let steps: [(Double, Step)] = [(0, .fails), (0, .fails), (0, .fails), (15, .begins)]
        #expect(state(steps, at: 100) == .trying)
        #expect(state(steps, at: 15 + 120) == .halfOpen)
    }
}

@Suite("The budgets of all clinics")
struct BudgetsTests {
    private let list = Endpoint(name: "list", limitPerMinute: 10)
    private let item = Endpoint(name: "item", limitPerMinute: 4)

    private func budgets(_ override: Int? = nil) -> Budgets {
        Budgets(breakerFailures: 2, breakerPause: .seconds(15), override: { _ in override })
    }

    private func free(_ budgets: Budgets, _ uses: [EndpointUse]) -> Budgets.Answer {
        budgets.look(uses, clinic: "a", throughBreaker: true, at: second(1))
    }

    @Test func `looking takes nothing`() {
        let budgets = budgets()
        for _ in 1...20 { #expect(free(budgets, [EndpointUse(list)]) == .free(10)) }
    }

    @Test func `calls are taken all or none`() {
        let budgets = budgets()
        let both = [EndpointUse(list, 2), EndpointUse(item)]
        for left in stride(from: 4, to: 0, by: -1) {
            #expect(free(budgets, both) == .free(left))
            _ = budgets.take(both, clinic: "a", throughBreaker: true, at: second(1))
        }
        let refused = budgets.take(both, clinic: "a", throughBreaker: true, at: second(1))
        #expect(refused == .wait(until: second(62)))
        #expect(free(budgets, [EndpointUse(list)]) == .free(2))
    }

    @Test func `each clinic has its own`() {
        let budgets = budgets(1)
        for clinic in ["a", "b"] {
            let uses = [EndpointUse(list)]
            let first = budgets.take(uses, clinic: clinic, throughBreaker: true, at: second(1))
            let second = budgets.take(uses, clinic: clinic, throughBreaker: true, at: second(1))
            #expect(first == .free(1))
            #expect(second != .free(1))
        }
    }

    @Test func `one number may replace all documented limits`() {
        #expect(free(budgets(3), [EndpointUse(list)]) == .free(3))
        #expect(free(budgets(3), [EndpointUse(item)]) == .free(3))
    }

    @Test func `what an earlier engine spent counts from its own time`() {
        let budgets = budgets()
        budgets.recall([EndpointUse(list, 10)], clinic: "a", at: second(-30))
        #expect(free(budgets, [EndpointUse(list)]) == .wait(until: second(31)))
        #expect(
            budgets.look([EndpointUse(list)], clinic: "a", throughBreaker: true, at: second(31))
                == .free(10)
        )
    }

    @Test func `a block holds back one endpoint of one clinic`() {
        let budgets = budgets()
        budgets.block([EndpointUse(list)], clinic: "a", until: second(90))
        #expect(free(budgets, [EndpointUse(list)]) == .wait(until: second(90)))
        #expect(free(budgets, [EndpointUse(item)]) == .free(4))
        let other = budgets.look(
            [EndpointUse(list)],
            clinic: "b",
            throughBreaker: true,
            at: second(1)
        )
        #expect(other == .free(10))
    }

    @Test func `an open breaker holds back what goes to the clinic, and only that`() {
        let budgets = budgets()
        for _ in 1...2 { budgets.note(answered: .no, clinic: "a", at: second(0)) }
        #expect(free(budgets, []) == .wait(until: second(15)))
        let aside = budgets.look([], clinic: "a", throughBreaker: false, at: second(1))
        #expect(aside == .free(.max))
        #expect(budgets.openBreakers(at: second(1)).map(\.clinic) == ["a"])
        let trial = budgets.take([], clinic: "a", throughBreaker: true, at: second(15))
        let next = budgets.take([], clinic: "a", throughBreaker: true, at: second(15))
        #expect(trial == .free(1))
        #expect(next == .waitForTrial)
        budgets.note(answered: .yes, clinic: "a", at: second(16))
        #expect(budgets.openBreakers(at: second(16)).isEmpty)
    }

    @Test func `an action that needs more than a minute has takes the whole minute`() {
        let budgets = budgets(2)
        let greedy = [EndpointUse(list, 5)]
        #expect(free(budgets, greedy) == .free(1))
        _ = budgets.take(greedy, clinic: "a", throughBreaker: true, at: second(1))
        #expect(free(budgets, greedy) == .wait(until: second(62)))
        #expect(free(budgets, [EndpointUse(list)]) == .wait(until: second(62)))
    }
}
