package import DosetteCore
import DosetteDeterminism
import DosetteEngine
package import DosetteStore

/// One seed's run: real engines in a simulated world, looked at after every step.
///
/// Single-threaded and without a real clock: the order of all tasks is drawn from the seed, and time
/// passes only from one waking to the next.
package struct Simulation {
    /// What came of a run.
    package struct Outcome: Sendable {
        package let seed: UInt64
        package let violation: SimulationViolation?
        /// The same for runs that did the same, in every process and on every machine.
        package let fingerprint: UInt64
        package let simulated: TimeSpan
        package let eventCount: Int
        package let engineCount: Int
        package let orderCount: Int
        package let jobCount: Int
        /// The story of the run; empty when nobody asked for it.
        package let trace: [String]
        /// The journal at its end; empty when nobody asked for the story.
        package var journal: [RecordedEvent] = []
    }

    /// Jobs in one moment at the most; more is a loop without a wait.
    static let jobsMaximum = 20_000
    /// Wakings in one run at the most.
    static let stepsMaximum = 400_000
    /// How long it is calm at the end: rounds, each with time for everything to settle.
    static let calmRounds = 12
    static let calmRound = TimeSpan.hours(2)
    private static let restartMaximum = 30_000
    /// Deadlines, outages and slow commits together are far shorter.
    private static let drainMaximum = TimeSpan.minutes(30)

    private let plan: SimulationPlan
    private let world: SimulatedWorld
    private let isTraced: Bool
    private let executor: StepExecutor
    private var inspector: Inspector
    private var nextAct = 0
    private var nextOrder: [SimulationPlan.Order]
    private var restartAt: Timestamp?
    /// When every engine that was asked to stop must have.
    private var drainedBy: Timestamp?
    private var stepCount = 0

    private init(_ plan: SimulationPlan, isTraced: Bool) throws {
        self.plan = plan
        self.isTraced = isTraced
        world = SimulatedWorld(plan, trace: Trace(isOn: isTraced))
        executor = StepExecutor(seed: plan.seed &* 0x9E37_79B9_7F4A_7C15)
        inspector = try Inspector(world)
        nextOrder = plan.orders.sorted { ($0.arrival, $0.number) < ($1.arrival, $1.number) }
    }

    /// Runs `plan` to its end or to the first promise that is not kept.
    package static func run(_ plan: SimulationPlan, isTraced: Bool = false) async -> Outcome {
        do {
            var simulation = try Simulation(plan, isTraced: isTraced)
            return await simulation.run()
        } catch {
            let violation = SimulationViolation(
                rule: "cannot-begin",
                order: nil,
                detail: "\(error)",
                at: SimulationPlan.start
            )
            return Outcome(
                seed: plan.seed,
                violation: violation,
                fingerprint: 0,
                simulated: .zero,
                eventCount: 0,
                engineCount: 0,
                orderCount: 0,
                jobCount: 0,
                trace: []
            )
        }
    }

    private mutating func run() async -> Outcome {
        await withTaskGroup(of: Void.self) { group in
            start(&group)
            let end = SimulationPlan.start.advanced(by: plan.window)
            await live(until: end, &group)
            await calmDown(&group)
            if world.violation == nil { await FinalCheck(inspector).run() }
            for machine in world.machines { machine.kill() }
            group.cancelAll()
            // Tasks that do not come to rest have been told of by then.
            try? executor.run()
        }
        var fingerprint = inspector.fingerprint
        fingerprint.add(executor.jobCount, world.clock.now().milliseconds)
        let journal = isTraced ? try? await world.store.events(from: 0, limit: .max) : nil
        return Outcome(
            seed: plan.seed,
            violation: world.violation,
            fingerprint: fingerprint.value,
            simulated: world.clock.now().since(SimulationPlan.start),
            eventCount: inspector.eventCount,
            engineCount: world.machineCount,
            orderCount: inspector.orders.count,
            jobCount: executor.jobCount,
            trace: world.trace.text(about: world.violation?.order),
            journal: journal ?? []
        )
    }

    // MARK: - Time

    /// Lets time pass until `end`, with a stop wherever something happens.
    private mutating func live(until end: Timestamp, _ group: inout TaskGroup<Void>) async {
        await settle()
        while world.violation == nil {
            let next = [world.nextWaking, nextHappening, restartAt].compactMap { $0 }.min()
            guard let next, next <= end else { break }
            stepCount += 1
            guard stepCount <= Self.stepsMaximum else {
                return world.violate("no-rest", nil, "\(stepCount) wakings, and no end")
            }
            world.set(to: max(next, world.clock.now()))
            happen(&group)
            supervise(&group)
            await settle()
        }
        guard world.violation == nil else { return }
        world.set(to: end)
        await settle()
    }

    /// Runs what can run, then looks at everything.
    private mutating func settle() async {
        do {
            try executor.run(limit: Self.jobsMaximum)
        } catch {
            world.violate("spins", nil, "\(error)")
        }
        await inspector.look()
    }

    private var nextHappening: Timestamp? {
        let act = plan.acts.indices.contains(nextAct) ? plan.acts[nextAct].at : nil
        let times = [act, nextOrder.first?.arrival].compactMap { $0 }
        return times.min().map { SimulationPlan.start.advanced(by: $0) }
    }

    private mutating func happen(_ group: inout TaskGroup<Void>) {
        let now = world.clock.now().since(SimulationPlan.start)
        while let order = nextOrder.first, order.arrival <= now {
            nextOrder.removeFirst()
            let roll = plan.seed &+ UInt64(order.number)
            group.addTask(executorPreference: executor) { [world] in
                await world.handIn(order, .original, roll: roll)
            }
        }
        while plan.acts.indices.contains(nextAct), plan.acts[nextAct].at <= now {
            let act = plan.acts[nextAct]
            nextAct += 1
            if !strike(act, &group) {
                group.addTask(executorPreference: executor) { [world] in await world.act(act) }
            }
        }
    }

    // MARK: - Trouble

    /// Does what fate does; answers whether it was fate.
    private mutating func strike(
        _ act: SimulationPlan.Act,
        _ group: inout TaskGroup<Void>
    ) -> Bool {
        var dice = Dice(seed: act.roll)
        let now = world.clock.now()
        switch act.kind {
        case .pharmacist, .counter, .customer, .operator, .clinic: return false
        case .crash:
            for machine in world.machines { world.crash(machine.number, "is killed") }
        case .drain:
            for machine in world.machines where machine.isServing {
                world.note("engine \(machine.number)", nil, "is asked to stop")
                machine.drain()
                drainedBy = now.advanced(by: Self.drainMaximum)
            }
        case .usurp: start(&group)
        case .jump: jump(&dice)
        case .diskFull: world.fillDisk(until: now.advanced(by: .minutes(5)))
        case .storeOutage:
            world.stopStore(until: now.advanced(by: .seconds(Int64(dice.pick([2, 40, 400])))))
        }
        return true
    }

    /// Sets the machines' clock: far only while nothing is in flight, which docs/effects.md asks for.
    private func jump(_ dice: inout Dice) {
        let isInFlight = world.orders.contains { order in
            order.parts.contains { ($0.effect?.state.attemptCount ?? 0) > 0 }
        }
        let small = plan.smallJump.milliseconds
        let far = [-7_200_000, -60_000, 0, 240_000]
        let near = [-Int(small), 0, Int(small)]
        let target = TimeSpan.milliseconds(Int64(dice.pick(isInFlight ? near : far)))
        let isNear = abs(target.milliseconds - world.offset.milliseconds) <= small
        guard !isInFlight || isNear else { return }
        world.note("clock", nil, "the machines' clock is set \(target.milliseconds) ms off")
        world.jump(to: target)
    }

    // MARK: - Machines

    private func start(_ group: inout TaskGroup<Void>) {
        let number = world.machineCount + 1
        do {
            let machine = try Machine(world, number: number)
            world.add(machine)
            world.note("engine \(number)", nil, "starts")
            group.addTask(executorPreference: executor) { await machine.live() }
        } catch {
            world.violate("cannot-start", nil, "\(error)")
        }
    }

    /// Starts another machine a while after the last one has gone.
    private mutating func supervise(_ group: inout TaskGroup<Void>) {
        let now = world.clock.now()
        if let due = restartAt, due <= now {
            restartAt = nil
            start(&group)
        }
        for machine in world.machines {
            if let end = machine.strangeEnd { world.violate("stopped-by-itself", nil, end) }
        }
        if let due = drainedBy, due <= now, world.machines.contains(where: \.isHanging) {
            world.violate("drain-hangs", nil, "an engine that was asked to stop goes on")
        }
        guard restartAt == nil, !world.machines.contains(where: \.isAlive) else { return }
        let wait = world.draw { $0.number(in: 50...$0.pick([1_000, Self.restartMaximum])) }
        restartAt = now.advanced(by: .milliseconds(Int64(wait)))
    }

    // MARK: - The end

    /// Lets the trouble end, and people bring everything to rest.
    private mutating func calmDown(_ group: inout TaskGroup<Void>) async {
        guard world.violation == nil else { return }
        world.calmDown()
        world.jump(to: .zero)
        for machine in world.machines where machine.isAlive {
            // One healthy engine at the end: whoever is left of a mistaken pair goes.
            world.crash(machine.number, "is stopped for the calm")
        }
        restartAt = world.clock.now()
        for round in 0..<Self.calmRounds where world.violation == nil {
            await live(until: world.clock.now().advanced(by: Self.calmRound), &group)
            guard world.violation == nil, !isAtRest else { return }
            tidy(round, &group)
        }
        await live(until: world.clock.now().advanced(by: Self.calmRound), &group)
    }

    private var isAtRest: Bool {
        nextOrder.isEmpty && plan.orders.allSatisfy { inspector.wasTaken($0.key) }
            && inspector.orders.values.allSatisfy {
                $0.parkedParts.isEmpty && $0.prescription != .sent
            }
    }

    /// Operators and pharmacists go through what is left.
    private mutating func tidy(_ round: Int, _ group: inout TaskGroup<Void>) {
        for (index, kind) in [SimulationPlan.Act.Kind.operator, .pharmacist, .operator].enumerated()
        {
            let act = SimulationPlan.Act(
                number: 1_000 + round * 10 + index,
                at: .zero,
                kind: kind,
                roll: world.draw { $0.next() }
            )
            group.addTask(executorPreference: executor) { [world] in await world.act(act) }
        }
    }
}
