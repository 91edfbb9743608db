import ArgumentParser
import DosetteAudit
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation

/// A journal with many orders, each decided as an engine would decide it.
struct MakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Write a journal of open orders, ten events each.",
        discussion: """
            All but the last ones wait for a person; the last ones have an attempt out, as a killed engine leaves \
            them.
            """
    )

    private static let lanes = 8

    @Argument(help: "A new directory for the journal.") var directory: String
    @Option(help: "Orders.") var orders = 100_000
    @Option(help: "How many of them have an attempt out.") var inFlight = 0

    func run() async throws {
        // Nobody waits for the disk here: the file is whole when the store is closed.
        var options = StoreOptions()
        options.durability = .normal
        let store = try SQLiteStore(directory: URL(filePath: directory), options: options)
        let began = ContinuousClock.now
        let owner = try await store.beginEpoch(at: Pharmacy.now, software: Engine.software)
        let workflow = try await define(in: store, owner)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<Self.lanes {
                group.addTask {
                    let maker = try OrderMaker(workflow: workflow, epoch: owner.epoch)
                    for number in stride(from: lane, to: orders, by: Self.lanes) {
                        let isOut = number >= orders - inFlight
                        let stream = store.nextStream()
                        let commit = try maker.commit(number, stream, until: isOut ? 2 : 3)
                        try await store.commit(commit)
                    }
                }
            }
            try await group.waitForAll()
        }
        let measure = try await store.measure()
        store.close()
        var figures = Figures()
        figures[count: "events"] = Int(measure.eventCount)
        figures[count: "orders"] = measure.orderCount
        figures["seconds"] = (ContinuousClock.now - began) / .seconds(1)
        figures.print()
    }

    private func define(in store: SQLiteStore, _ owner: Ownership) async throws -> Workflow {
        let source = WorkflowSource(file: "bench.yaml", text: Pharmacy.waitingWorkflow)
        let library = try WorkflowLibrary([source], performed: ["bench.nothing"])
        guard let row = library.offeredRows.first, let workflow = library.offered("bench") else {
            throw ValidationError("the definition is not on offer")
        }
        let event = EngineEvent.workflowDefined(row)
        let version = owner.engineVersion
        try await store.commit(
            Commit(
                stream: .engine,
                expectedVersion: version,
                epoch: owner.epoch,
                events: [EventCodec.encode(event, version: version, at: Pharmacy.now)],
                order: nil,
                work: [],
                definition: row
            )
        )
        return workflow
    }
}

/// Decides orders without an engine.
private struct OrderMaker: Sendable {
    let workflow: Workflow
    let epoch: Int
    private let policy: ActionPolicy
    private let rules: OrderRules
    private let calendar: ClinicCalendar
    private let random = RandomSource(SystemRandomNumberGenerator())

    init(workflow: Workflow, epoch: Int) throws {
        self.workflow = workflow
        self.epoch = epoch
        let registry = try ActionRegistry([Nothing()], timing: .standard)
        policy = registry.policy(of: "bench.nothing")
        guard let calendar = ClinicCalendar(timeZone: "Europe/Helsinki") else {
            throw ValidationError("there is no time zone Europe/Helsinki")
        }
        self.calendar = calendar
        let today = calendar.day(of: Pharmacy.now)
        rules = OrderRules(
            clinicNames: [Pharmacy.clinic],
            intervalUnits: Pharmacy.intervalUnits,
            clinic: { _ in OrderRules.Clinic(today: today, day: { calendar.day(of: $0) }) }
        )
    }

    /// An order that has begun so many steps, and ended all but the last, or all when the third is among them.
    func commit(_ number: Int, _ stream: StreamID, until steps: Int) throws -> Commit {
        var clock = Pharmacy.now
        let received = try received(number, at: clock)
        let first = Fact(
            event: .received(received),
            at: clock,
            actor: Actor(.source, name: "webshop")
        )
        var order = try Order(first, workflow: workflow)
        var facts = [first]
        for step in 1...3 {
            clock = clock.advanced(by: .milliseconds(1))
            let begin = OrderCommand.begin(part: 0, requestDigest: "", epoch: epoch)
            let begun = try OrderDecision.decide(begin, for: order, in: context(clock))
            (order, facts) = (begun.order, facts + begun.facts)
            if step > steps { break }
            clock = clock.advanced(by: .milliseconds(1))
            let answer = OrderCommand.answered(
                part: 0,
                effect: step,
                attempt: 1,
                .confirmed(Receipt([:]))
            )
            let answered = try OrderDecision.decide(answer, for: order, in: context(clock))
            (order, facts) = (answered.order, facts + answered.facts)
        }
        return Projection.commit(facts, to: order, stream: stream, epoch: epoch)
    }

    private func context(_ now: Timestamp) -> DecisionContext {
        DecisionContext(now: now, policy: { _ in policy })
    }

    private func received(_ number: Int, at now: Timestamp) throws -> Received {
        let document = try OrderDocument.decode(Pharmacy.order(number), rules: rules)
        let items = document.items.map { item in
            RepeatPlan.Item(
                allowedCount: item.allowedCount,
                packagesMaximum: item.packagesMaximum,
                lastDay: item.lastDay,
                interval: item.interval
            )
        }
        let plan = RepeatPlan(items: items, issueDay: calendar.day(of: document.issueTime ?? now))
        return Received(
            key: document.key,
            clinic: document.clinic,
            priority: document.priority,
            clientID: document.clientID,
            prescription: document.prescription,
            contentDigest: HexDigest.of(document.meaning.canonicalBytes),
            workflowName: workflow.name,
            workflowVersion: workflow.version,
            workflowDigest: workflow.digest,
            marker: "[dosette:\(random.identifier(at: now))]",
            charging: .prescriptionFee,
            plan: plan,
            expiresAt: calendar.end(of: plan.lastDay)
        )
    }
}
