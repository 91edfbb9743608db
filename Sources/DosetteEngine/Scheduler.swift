import DosetteCore
import DosetteStore
import Logging
import Synchronization

/// Brings due work to free places: round robin between clinics, urgent first, within the budgets.
///
/// Memory holds what runs. What waits stands in the store, in lanes; a lane whose budget is spent is not
/// looked into, so a million waiting orders cost nothing here.
final class Scheduler: Sendable {
    /// The longest time without a look at the agenda.
    static let idleMaximum = TimeSpan.seconds(30)
    /// How long the agenda rests after the store could not be read.
    static let failurePause = TimeSpan.seconds(1)
    /// How long the scheduler rests at most when it could not start all that is due.
    static let fullPause = TimeSpan.milliseconds(5)
    /// The part of all places, one in so many, that is free before it looks again when all were taken.
    private static let freeShare = 8
    /// How long work rests that was due and of which nothing could be done.
    static let fruitlessPause = TimeSpan.seconds(1)

    private struct Key: Hashable {
        let stream: StreamID
        let part: Int
    }

    private struct Running {
        var keys: Set<Key> = []
        /// Work that was just tried in vain, and until when it rests: an engine that no longer
        /// owns the journal must not go round in circles over what others have changed.
        var resting: [Key: Timestamp] = [:]
        /// Where the round robin goes on.
        var turn = 0
        /// Whether the last round ended for want of places.
        var isFull = false
    }

    private let runner: Runner
    private let desk: OrderDesk
    private let registry: ActionRegistry
    private let budgets: Budgets
    private let clinics: ClinicDirectory
    private let wakeUp: WakeUp
    private let logger: Logger
    private let placesMaximum: Int
    private let running = Mutex(Running())

    init(
        runner: Runner,
        desk: OrderDesk,
        registry: ActionRegistry,
        budgets: Budgets,
        clinics: ClinicDirectory,
        wakeUp: WakeUp,
        placesMaximum: Int,
        logger: Logger
    ) {
        self.runner = runner
        self.desk = desk
        self.registry = registry
        self.budgets = budgets
        self.clinics = clinics
        self.wakeUp = wakeUp
        self.placesMaximum = placesMaximum
        self.logger = logger
    }

    var runningCount: Int { running.withLock { $0.keys.count } }

    /// Rows that may stand in lanes and are not to be started now.
    private var occupiedCount: Int {
        // An order that is set aside may stand there with each of its parts.
        running.withLock { $0.keys.count + $0.resting.count } + 4 * desk.state.setAsideCount
    }

    /// Works until the engine drains or fails; then waits for what is under way.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !desk.state.isDraining, desk.state.failure == nil, !Task.isCancelled {
                let wakeAt = await round(&group)
                await wakeUp.wait(until: wakeAt, clock: desk.clock)
            }
        }
    }

    /// Starts what can be started.
    ///
    /// - Returns: When to look again if nobody calls.
    private func round(_ group: inout DiscardingTaskGroup) async -> Timestamp {
        let now = desk.clock.now()
        let wakeAt = await look(at: now, &group)
        let isFull = running.withLock { running in
            running.isFull = running.keys.count >= placesMaximum
            return running.isFull
        }
        return isFull ? min(wakeAt, now.advanced(by: Self.fullPause)) : wakeAt
    }

    /// Looks at the agenda and starts what there are places for.
    private func look(at now: Timestamp, _ group: inout DiscardingTaskGroup) async -> Timestamp {
        var wakeAt = now.advanced(by: Self.idleMaximum)
        guard runningCount < placesMaximum else { return wakeAt }
        let heads: [LaneHead]
        do {
            heads = try await desk.store.agenda()
        } catch {
            logger.error("agenda not readable", metadata: [LogKey.errorCode: "\(error.code)"])
            return now.advanced(by: Self.failurePause)
        }
        for (head, lane) in inTurn(heads) {
            let free = placesMaximum - runningCount
            // The lanes that were not visited may have work.
            guard free > 0 else { return min(wakeAt, now.advanced(by: Self.fullPause)) }
            guard head.dueAt <= now else {
                wakeAt = min(wakeAt, head.dueAt)
                continue
            }
            switch allowance(lane, at: now) {
            case .none:
                continue
            case .wait(let until):
                wakeAt = min(wakeAt, until)
            case .now(let count):
                let limit = min(free, count, share(of: heads.count))
                let isMore = await start(lane, limit: limit, at: now, &group)
                if isMore { wakeAt = min(wakeAt, now.advanced(by: Self.fullPause)) }
            }
        }
        return min(wakeAt, restEnd(after: now) ?? wakeAt)
    }

    /// Places for one lane in one round: all get some before one gets all.
    private func share(of laneCount: Int) -> Int {
        max(1, placesMaximum / max(1, laneCount))
    }

    /// The lanes, beginning with another clinic each time.
    private func inTurn(_ heads: [LaneHead]) -> [(LaneHead, Lane)] {
        let lanes = heads.compactMap { head in Lane(text: head.lane).map { (head, $0) } }
        let shared = lanes.filter { $0.1.clinic == nil }
        let clinics = lanes.compactMap(\.1.clinic).reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        guard !clinics.isEmpty else { return shared }
        let turn = running.withLock { running in
            running.turn = (running.turn + 1) % clinics.count
            return running.turn
        }
        let order = clinics[turn...] + clinics[..<turn]
        // Looks come before sends: what is unknown is settled before anything new is begun.
        return shared
            + order.flatMap { clinic in lanes.filter { $0.1.clinic == clinic }.reversed() }
    }

    private enum Allowance {
        case none
        case now(Int)
        case wait(until: Timestamp)
    }

    private func allowance(_ lane: Lane, at now: Timestamp) -> Allowance {
        if let clinic = lane.clinic, clinics.isDisabled(clinic) { return .none }
        switch lane {
        case .timer:
            return .now(placesMaximum)
        case .out(let epoch):
            return epoch == desk.state.epoch ? .none : .now(placesMaximum)
        case .send(let clinic, let action):
            guard let specification = registry.specification(of: action) else { return .now(1) }
            return allowance(specification.calls, clinic, specification, now)
        case .probe(let clinic, let action):
            guard let specification = registry.specification(of: action) else { return .none }
            return allowance(specification.probeCalls, clinic, specification, now)
        }
    }

    private func allowance(
        _ calls: [EndpointUse],
        _ clinic: String,
        _ specification: ActionSpecification,
        _ now: Timestamp
    ) -> Allowance {
        let answer = budgets.look(
            calls,
            clinic: clinic,
            throughBreaker: specification.isAtClinic,
            at: now
        )
        switch answer {
        case .free(let count): return .now(count)
        case .wait(let until): return .wait(until: until)
        case .waitForTrial: return .none
        }
    }

    /// Starts what is due in a lane; answers whether there may be more of it.
    private func start(
        _ lane: Lane,
        limit: Int,
        at now: Timestamp,
        _ group: inout DiscardingTaskGroup
    ) async -> Bool {
        // Rows that run already, rest or are set aside may still stand in the lane, before others.
        let asked = limit + occupiedCount
        let rows = (try? await desk.store.due(in: lane.text, at: now, limit: asked)) ?? []
        var started = 0
        for row in rows where started < limit {
            guard claim(row, at: now) else { continue }
            started += 1
            group.addTask {
                let isDone = await self.runner.run(row.stream, part: row.part)
                self.release(row, isDone: isDone)
            }
        }
        return started == limit
    }

    private func claim(_ row: WorkRow, at now: Timestamp) -> Bool {
        guard !desk.state.isSetAside(row.stream) else { return false }
        let key = Key(stream: row.stream, part: row.part)
        return running.withLock { running in
            guard running.keys.count < placesMaximum else { return false }
            if let until = running.resting[key] {
                // A clock that was set back must not let it rest for long.
                if now < until, until.since(now) <= Self.fruitlessPause { return false }
                running.resting[key] = nil
            }
            return running.keys.insert(key).inserted
        }
    }

    private func release(_ row: WorkRow, isDone: Bool) {
        let key = Key(stream: row.stream, part: row.part)
        let mayLook = running.withLock { running in
            running.keys.remove(key)
            if !isDone {
                running.resting[key] = desk.clock.now().advanced(by: Self.fruitlessPause)
            }
            // A look for each place that becomes free would cost more than what it starts.
            let free = placesMaximum - running.keys.count
            return !running.isFull || free >= max(1, placesMaximum / Self.freeShare)
        }
        if mayLook { wakeUp.wake() }
    }

    /// When the first work that rests may be tried again.
    private func restEnd(after now: Timestamp) -> Timestamp? {
        running.withLock { running in
            running.resting = running.resting.filter { $0.value > now }
            return running.resting.values.min()
        }
    }
}
