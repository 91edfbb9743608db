import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@Suite("How often an item may be dispensed")
struct RepeatPlanTests {
    typealias Dispense = RepeatPlan.Dispense
    typealias Interval = RepeatPlan.Interval

    /// Three dispenses of at most two packages, from 20 August 2025 to 20 August 2026.
    private var plan: RepeatPlan
    private let today: CalendarDate

    init() throws {
        plan = try Self.plan()
        today = try day("2025-12-31")
    }

    private static func plan(
        allowed: Int = 3,
        interval: Interval? = nil
    ) throws -> RepeatPlan {
        let item = RepeatPlan.Item(
            allowedCount: allowed,
            packagesMaximum: 2,
            lastDay: try day("2026-08-20"),
            interval: interval
        )
        return RepeatPlan(items: [item], issueDay: try day("2025-08-20"))
    }

    private func judge(
        _ dispense: Dispense,
        _ prescription: PrescriptionLifecycle.State = .accepted,
        in plan: RepeatPlan? = nil,
        today: CalendarDate? = nil
    ) -> String {
        do throws(RepeatPlan.Refusal) {
            let answer = try (plan ?? self.plan).decide(
                dispense,
                prescription: prescription,
                today: today ?? self.today
            )
            return "\(answer)"
        } catch {
            return error.rawValue
        }
    }

    // MARK: - Each rule

    @Test(arguments: [
        ("d1 item 0, 1 package on 2025-09-01", "recorded"),
        ("d1 item 0, 2 package on 2025-09-01", "recorded"),
        ("d1 item 0, 3 package on 2025-09-01", "too_many_packages"),
        ("d1 item 1, 1 package on 2025-09-01", "no_such_item"),
        ("d1 item -1, 1 package on 2025-09-01", "no_such_item"),
        ("d1 item 0, 1 package on 2025-08-20", "recorded"),
        ("d1 item 0, 1 package on 2025-08-19", "before_issue"),
        ("d1 item 0, 1 package on 2025-12-31", "recorded"),
        ("d1 item 0, 1 package on 2026-01-01", "in_the_future"),
    ])
    func `a dispense is judged by its item, packages and day`(text: String, answer: String) throws {
        let dispense = try dispense(text)
        #expect(judge(dispense) == answer)
    }

    @Test func `the last day counts and the day after does not`() throws {
        let late = try day("2027-01-01")
        let last = try dispense("d1 item 0, 1 package on 2026-08-20")
        let after = try dispense("d1 item 0, 1 package on 2026-08-21")
        #expect(judge(last, today: late) == "recorded")
        #expect(judge(after, today: late) == "too_late")
    }

    @Test func `only an accepted prescription is dispensed`() throws {
        let dispense = try dispense("d1 item 0, 1 package on 2025-09-01")
        for state in PrescriptionLifecycle.known + [.unknown(status: 42)] {
            let expected = state.isAccepted ? "recorded" : "not_accepted"
            #expect(judge(dispense, state) == expected, "\(state)")
        }
    }

    @Test func `no more than allowed`() throws {
        let full = try recorded("2025-09-01", "2025-09-02", "2025-09-03")
        let fourth = try dispense("d4 item 0, 1 package on 2025-09-04")
        #expect(judge(fourth, in: full) == "none_remaining")
        #expect(full.remainingCount(of: 0) == 0)
        #expect(full.dispensedCount(of: 0) == 3)
        #expect(full.isExhausted)
    }

    @Test func `a withdrawn prescription has nothing left, whatever its state says`() throws {
        var withdrawn = try recorded("2025-09-01")
        withdrawn.isWithdrawn = true
        let second = try dispense("d2 item 0, 1 package on 2025-09-04")
        #expect(judge(second, in: withdrawn) == "not_accepted")
        #expect(withdrawn.remainingCount(of: 0) == 0)
        #expect(withdrawn.dispensedCount(of: 0) == 1, "what happened still shows")
    }

    @Test func `a dispense of no package is none`() throws {
        let none = try dispense("d1 item 0, 0 package on 2025-09-01")
        let less = try dispense("d1 item 0, -1 package on 2025-09-01")
        #expect(judge(none) != "recorded")
        #expect(judge(less) != "recorded")
    }

    @Test func `items are counted apart`() throws {
        let items = try [1, 2].map { allowed in
            let single = try Self.plan(allowed: allowed)
            return single.items[0]
        }
        var plan = RepeatPlan(items: items, issueDay: try day("2025-08-20"))
        plan.record(try dispense("d1 item 0, 1 package on 2025-09-01"))
        #expect([0, 1].map(plan.remainingCount) == [0, 2])
        #expect(!plan.isExhausted)
        let other = try dispense("d2 item 1, 1 package on 2025-09-01")
        let same = try dispense("d3 item 0, 1 package on 2025-09-01")
        #expect(judge(other, in: plan) == "recorded")
        #expect(judge(same, in: plan) == "none_remaining")
    }

    // MARK: - The same id again

    @Test func `the same dispense again is known already, even when nothing is left`() throws {
        let full = try recorded("2025-09-01", "2025-09-02", "2025-09-03")
        let first = try dispense("d1 item 0, 1 package on 2025-09-01")
        #expect(judge(first, in: full) == "repeated")
        #expect(judge(first, .canceled, in: full) == "repeated", "a late copy after a cancel")
    }

    @Test(arguments: [
        "d1 item 0, 2 package on 2025-09-01", "d1 item 0, 1 package on 2025-09-02",
        "d1 item 1, 1 package on 2025-09-01", "d1 item 0, 1 package on 2025-09-01 batch B",
    ])
    func `the same id for anything else is refused`(text: String) throws {
        let plan = try recorded("2025-09-01")
        let other = try dispense(text)
        #expect(judge(other, in: plan) == "dispense_id_reused")
    }

    // MARK: - Reversal

    @Test func `a reversal gives the dispense back`() throws {
        var full = try recorded("2025-09-01", "2025-09-02", "2025-09-03")
        #expect(try full.decideReversal(of: "d2") == .recorded)
        full.reverse("d2")
        #expect(full.remainingCount(of: 0) == 1)
        #expect(!full.isExhausted)
        let fourth = try dispense("d4 item 0, 1 package on 2025-09-04")
        #expect(judge(fourth, in: full) == "recorded")
    }

    @Test func `a second reversal of the same dispense changes nothing`() throws {
        var plan = try recorded("2025-09-01")
        plan.reverse("d1")
        #expect(try plan.decideReversal(of: "d1") == .repeated)
        let before = plan
        plan.reverse("d1")
        #expect(plan == before)
        #expect(plan.remainingCount(of: 0) == 3, "never more than was allowed")
    }

    @Test func `what was never dispensed is not reversed`() throws {
        #expect(throws: RepeatPlan.Refusal.noSuchDispense) {
            try plan.decideReversal(of: "d9")
        }
        var same = plan
        same.reverse("d9")
        #expect(same == plan)
    }

    @Test func `a reversed dispense no longer keeps others away`() throws {
        let weekly = Interval(count: 1, unit: .week)
        var plan = try recorded("2025-09-10", interval: weekly)
        let near = try dispense("d2 item 0, 1 package on 2025-09-12")
        #expect(judge(near, in: plan) == "too_early")
        plan.reverse("d1")
        #expect(judge(near, in: plan) == "recorded")
    }

    // MARK: - The least interval

    @Test(arguments: [
        ("1 day after 2025-09-01", "2025-09-02"), ("28 day after 2024-02-01", "2024-02-29"),
        ("1 week after 2025-12-29", "2026-01-05"), ("4 week after 2025-02-01", "2025-03-01"),
        ("1 month after 2025-01-31", "2025-02-28"), ("1 month after 2024-01-31", "2024-02-29"),
        ("1 month after 2025-02-28", "2025-03-28"), ("3 month after 2025-11-30", "2026-02-28"),
        ("12 month after 2024-02-29", "2025-02-28"), ("48 month after 2024-02-29", "2028-02-29"),
        ("1 month after 2025-12-31", "2026-01-31"), ("0 day after 2025-09-01", "2025-09-01"),
    ])
    func `the first day after an interval`(text: String, first: String) throws {
        let words = text.split(separator: " ").map(String.init)
        let count = try #require(Int(words[0]))
        let unit = try #require(Interval.Unit(rawValue: words[1]))
        let interval = Interval(count: count, unit: unit)
        #expect(interval.firstDay(after: try day(words[3])).text == first)
    }

    @Test(arguments: [
        // A dispense on the last of January stands; one month is kept.
        ("2025-02-27", "too_early"), ("2025-02-28", "recorded"), ("2025-01-31", "too_early"),
        // Days before it count as well: from the second day on, the first is one month away.
        ("2025-01-01", "too_early"), ("2024-12-31", "recorded"), ("2025-01-30", "too_early"),
    ])
    func `the interval is kept to both sides`(text: String, answer: String) throws {
        let monthly = Interval(count: 1, unit: .month)
        let item = RepeatPlan.Item(
            allowedCount: 9,
            packagesMaximum: 1,
            lastDay: try day("2026-01-01"),
            interval: monthly
        )
        var plan = RepeatPlan(items: [item], issueDay: try day("2024-01-01"))
        plan.record(try dispense("d1 item 0, 1 package on 2025-01-31"))
        let other = try dispense("d2 item 0, 1 package on \(text)")
        #expect(judge(other, in: plan) == answer)
    }

    @Test func `a dispense between two others is far enough from both or refused`() throws {
        let weekly = Interval(count: 1, unit: .week)
        let plan = try recorded("2025-09-01", "2025-09-15", interval: weekly)
        let answers = try (1...20).map { number in
            let text = "d9 item 0, 1 package on 2025-09-\(number < 10 ? "0" : "")\(number)"
            return judge(try dispense(text), in: plan) == "recorded" ? "\(number)" : "-"
        }
        #expect(answers.filter { $0 != "-" } == ["8"])
    }

    // MARK: - Always

    /// Random dispenses, copies and reversals on random plans.
    @Test func `no path dispenses more than was allowed or nearer than the interval`() throws {
        var count = Walk.Count()
        for seed in UInt64(1)...1_000 {
            var walk = Walk(seed: seed, issueDay: try day("2025-01-01"))
            for _ in 0..<30 { walk.step() }
            #expect(walk.broken == [], "seed \(seed)")
            count.add(walk.count)
        }
        #expect(count.exhausted >= 200, "too few walks used up an item: \(count)")
        #expect(count.tooEarly >= 250, "too few intervals were tried: \(count)")
        #expect(count.reversed >= 1_000, "too few reversals: \(count)")
        #expect(count.repeated >= 500, "too few copies: \(count)")
    }

    private func recorded(_ days: String..., interval: Interval? = nil) throws -> RepeatPlan {
        var plan = try Self.plan(interval: interval)
        for (index, day) in days.enumerated() {
            plan.record(try dispense("d\(index + 1) item 0, 1 package on \(day)"))
        }
        return plan
    }
}

/// A random life of a plan, and the rules that it must never break.
private struct Walk {
    struct Count {
        var recorded = 0
        var repeated = 0
        var reversed = 0
        var tooEarly = 0
        var exhausted = 0

        mutating func add(_ other: Count) {
            recorded += other.recorded
            repeated += other.repeated
            reversed += other.reversed
            tooEarly += other.tooEarly
            exhausted += other.exhausted
        }
    }

    private var random: SeededRandom
    private var plan: RepeatPlan
    private let today: CalendarDate
    private(set) var count = Count()
    private(set) var broken: [String] = []

    init(seed: UInt64, issueDay: CalendarDate) {
        var random = SeededRandom(seed: seed)
        today = issueDay.adding(days: 90)
        let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            RepeatPlan.Item(
                allowedCount: .random(in: 1...4, using: &random),
                packagesMaximum: 2,
                lastDay: issueDay.adding(days: .random(in: 30...120, using: &random)),
                interval: Self.interval(&random)
            )
        }
        plan = RepeatPlan(items: items, issueDay: issueDay)
        self.random = random
    }

    private static func interval(_ random: inout SeededRandom) -> RepeatPlan.Interval? {
        let unit = RepeatPlan.Interval.Unit.allCases.randomElement(using: &random)
        return [unit, nil].randomElement(using: &random)?
            .map { RepeatPlan.Interval(count: .random(in: 1...2, using: &random), unit: $0) }
    }

    mutating func step() {
        if let entry = plan.entries.randomElement(using: &random), Bool.random(using: &random) {
            if Bool.random(using: &random) { tryDispense(entry.dispense) } else { reverse(entry) }
        } else {
            tryDispense(newDispense())
        }
        check()
    }

    private mutating func newDispense() -> RepeatPlan.Dispense {
        RepeatPlan.Dispense(
            id: "d\(plan.entries.count)",
            item: .random(in: 0..<plan.items.count, using: &random),
            packages: .random(in: 1...3, using: &random),
            day: plan.issueDay.adding(days: .random(in: -5...125, using: &random)),
            batch: nil
        )
    }

    private mutating func tryDispense(_ dispense: RepeatPlan.Dispense) {
        let before = plan
        do throws(RepeatPlan.Refusal) {
            switch try plan.decide(dispense, prescription: .accepted, today: today) {
            case .recorded:
                plan.record(dispense)
                count.recorded += 1
                if plan.remainingCount(of: dispense.item) == 0 { count.exhausted += 1 }
            case .repeated:
                count.repeated += 1
                if !before.entries.contains(where: { $0.dispense == dispense }) {
                    broken.append("\(dispense.id) is taken for another")
                }
            }
        } catch {
            if error == .tooEarly { count.tooEarly += 1 }
        }
    }

    private mutating func reverse(_ entry: RepeatPlan.Entry) {
        guard (try? plan.decideReversal(of: entry.dispense.id)) == .recorded else { return }
        plan.reverse(entry.dispense.id)
        count.reversed += 1
    }

    private mutating func check() {
        for (index, item) in plan.items.enumerated() {
            let standing = plan.entries
                .filter { $0.dispense.item == index && !$0.isReversed }
                .map(\.dispense)
            if standing.count > item.allowedCount { broken.append("item \(index): too many") }
            if standing.count + plan.remainingCount(of: index) != item.allowedCount {
                broken.append("item \(index): the count does not add up")
            }
            checkDays(standing, item)
        }
        if Set(plan.entries.map(\.dispense.id)).count != plan.entries.count {
            broken.append("an id stands twice")
        }
    }

    private mutating func checkDays(_ standing: [RepeatPlan.Dispense], _ item: RepeatPlan.Item) {
        let days = standing.map(\.day).sorted()
        for dispense in standing where dispense.day < plan.issueDay || dispense.day > item.lastDay {
            broken.append("\(dispense.id): outside the validity")
        }
        guard let interval = item.interval else { return }
        for (first, second) in zip(days, days.dropFirst())
        where interval.firstDay(after: first) > second {
            broken.append("\(first.text) and \(second.text) are too near")
        }
    }
}
