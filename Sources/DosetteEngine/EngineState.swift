import DosetteCore
import DosetteStore
import Synchronization

/// What an engine is doing, for metrics and for the question "are you ready?".
package struct EngineCounters: Hashable, Sendable {
    package var accepted = 0
    package var repeated = 0
    package var refusedIntake = 0
    package var events = 0
    package var commits = 0
    package var conflicts = 0
    package var reminders = 0
    package var reconciled = 0
    package var differences = 0
    /// Words from Provet that something may have changed.
    package var hints = 0
    /// Of these, how many were told already or were too many.
    package var hintsDropped = 0
    /// How attempts ended, by action and outcome.
    package var outcomes: [OutcomeKey: Int] = [:]

    package struct OutcomeKey: Hashable, Comparable, Sendable {
        package let action: String
        package let outcome: String

        package static func < (lhs: OutcomeKey, rhs: OutcomeKey) -> Bool {
            (lhs.action, lhs.outcome) < (rhs.action, rhs.outcome)
        }
    }

    package init() {}
}

/// Why an engine stopped by itself.
package struct EngineFailure: Error, Sendable, CustomStringConvertible {
    package let reason: String

    package init(reason: String) {
        self.reason = reason
    }

    package var description: String { reason }
}

/// The parts of an engine's state that several tasks touch.
final class EngineState: Sendable {
    private struct Value {
        var epoch: Int?
        /// Events in the engine's own stream.
        var engineVersion = 0
        var queuedCount = 0
        var isDraining = false
        var isRunning = false
        var failure: EngineFailure?
        var counters = EngineCounters()
        var setAside: Set<StreamID> = []
    }

    private let value = Mutex(Value())
    /// Called whenever the journal has grown.
    let grown = WakeUp()

    /// The number under which this engine owns the journal; nothing before it has begun.
    var epoch: Int? { value.withLock { $0.epoch } }
    var isDraining: Bool { value.withLock { $0.isDraining } }
    var failure: EngineFailure? { value.withLock { $0.failure } }
    var queuedCount: Int { value.withLock { $0.queuedCount } }
    var counters: EngineCounters { value.withLock { $0.counters } }

    /// Whether orders are worked on.
    var isRunning: Bool {
        value.withLock { $0.isRunning && !$0.isDraining && $0.failure == nil }
    }

    /// The number of the next event in the engine's own stream.
    func nextEngineVersion() -> Int { value.withLock { $0.engineVersion } }

    func addEngineEvent() { value.withLock { $0.engineVersion += 1 } }

    func begin(epoch: Int, queuedCount: Int, engineVersion: Int) {
        value.withLock { value in
            value.engineVersion = engineVersion
            value.epoch = epoch
            value.queuedCount = queuedCount
        }
    }

    func setRunning(_ isRunning: Bool) {
        value.withLock { $0.isRunning = isRunning }
    }

    func drain() {
        value.withLock { $0.isDraining = true }
    }

    /// Stops the engine; the first reason stays.
    func fail(_ reason: String) {
        value.withLock { value in
            value.failure = value.failure ?? EngineFailure(reason: reason)
        }
    }

    /// Leaves an order alone that cannot be read, until the next start.
    func setAside(_ stream: StreamID) {
        value.withLock { _ = $0.setAside.insert(stream) }
    }

    func isSetAside(_ stream: StreamID) -> Bool {
        value.withLock { $0.setAside.contains(stream) }
    }

    var setAsideCount: Int { value.withLock { $0.setAside.count } }

    func count(_ change: (inout EngineCounters) -> Void) {
        value.withLock { change(&$0.counters) }
    }

    /// Takes a place in the queue of orders that are not begun, if one is free.
    func enterQueue(limit: Int) -> Bool {
        value.withLock { value in
            guard value.queuedCount < limit else { return false }
            value.queuedCount += 1
            return true
        }
    }

    func leaveQueue() {
        value.withLock { $0.queuedCount -= 1 }
    }
}

/// Wakes whoever waits; a wake-up that comes before the wait is not lost.
///
/// Not an `AsyncStream`: that one ends for good when a task that waits for it is cancelled, and every
/// later wait would return at once.
final class WakeUp: Sendable {
    private struct State {
        /// Somebody called while nobody waited.
        var isCalled = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextNumber = 0
        /// Calls so far.
        var callCount = 0
        /// Until when is waited; nothing while nobody does.
        var waitsUntil: Timestamp?
        /// The earliest time that was asked for while nobody waited.
        var askedFor: Timestamp?
    }

    private let state = Mutex(State())

    init() {}

    func wake() {
        let waiters = state.withLock { state in
            state.callCount += 1
            state.isCalled = state.waiters.isEmpty
            defer { state.waiters = [:] }
            // In the order in which they came: nothing may depend on how a dictionary is laid out.
            return state.waiters.sorted { $0.key < $1.key }.map(\.value)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Wakes whoever would otherwise wait beyond `time`.
    func wake(by time: Timestamp) {
        let isLate = state.withLock { state in
            if let waitsUntil = state.waitsUntil { return time < waitsUntil }
            state.askedFor = min(state.askedFor ?? time, time)
            return false
        }
        if isLate { wake() }
    }

    /// Returns at a wake-up, when `clock` has reached `time`, or when the task is cancelled.
    ///
    /// For one that waits alone: ``wake(by:)`` counts for it only.
    func wait(until time: Timestamp, clock: some EngineClock) async {
        let time = state.withLock { state in
            let earliest = min(time, state.askedFor ?? time)
            state.askedFor = nil
            state.waitsUntil = earliest
            return earliest
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(until: time) }
            group.addTask { await self.waitForCall() }
            await group.next()
            group.cancelAll()
        }
        state.withLock { $0.waitsUntil = nil }
    }

    /// Calls so far; see ``wait(after:until:clock:)``.
    var callCount: Int { state.withLock { $0.callCount } }

    /// Returns at a wake-up after `count` calls, when `clock` has reached `time`, or when the task is cancelled.
    ///
    /// For several that wait for one thing: each takes ``callCount`` before it looks whether it has to wait, so that a
    /// call in between is lost for none of them.
    func wait(after count: Int, until time: Timestamp, clock: some EngineClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(until: time) }
            group.addTask { await self.waitForCall(after: count) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForCall(after count: Int? = nil) async {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if register(continuation, number, count) { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// Answers whether the wait is over before it began.
    private func register(
        _ continuation: CheckedContinuation<Void, Never>,
        _ number: Int,
        _ count: Int?
    ) -> Bool {
        state.withLock { state in
            if Task.isCancelled { return true }
            if let count {
                if state.callCount != count { return true }
            } else if state.isCalled {
                state.isCalled = false
                return true
            }
            state.waiters[number] = continuation
            return false
        }
    }
}
