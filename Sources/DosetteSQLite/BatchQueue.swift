import Dispatch
import DosetteStore
import Foundation
import Synchronization

/// Gathers what callers hand over into batches that share a transaction and a flush, on a thread of its own.
///
/// Each caller waits for its own answer. What else is to be done on that thread has its turn behind the
/// batch that is being written.
final class BatchQueue<Item: Sendable, Value: Sendable>: Sendable {
    typealias Answer = Result<Value, StoreError>
    /// Writes a batch; an answer for each item, in order.
    typealias Write = @Sendable ([Item]) -> [Answer]

    private struct Waiting: Sendable {
        let item: Item
        let continuation: CheckedContinuation<Answer, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isDraining = false
        /// Who waits for the thread behind the batches.
        var otherCount = 0
        var isClosed = false
    }

    /// What becomes of an item that is handed over.
    private enum Place {
        case drain
        case wait
        case refuse(StoreError)
    }

    private let thread: DispatchQueue
    private let batchMaximum: Int
    private let waitingMaximum: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - label: The thread's name.
    ///   - batchMaximum: Items in one batch at the most.
    ///   - waitingMaximum: Items that may wait; more are refused.
    init(label: String, batchMaximum: Int, waitingMaximum: Int) {
        thread = DispatchQueue(label: label)
        self.batchMaximum = batchMaximum
        self.waitingMaximum = waitingMaximum
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Refuses whatever comes from now on.
    func close() { state.withLock { $0.isClosed = true } }

    /// Hands an item over and waits until its batch is written.
    func write(_ item: Item, by write: @escaping Write) async -> Answer {
        await withCheckedContinuation { continuation in
            enqueue(Waiting(item: item, continuation: continuation), write)
        }
    }

    /// Does something on the thread, behind the batch that is being written.
    func perform<Outcome: Sendable>(
        _ body: @escaping @Sendable () -> Outcome
    ) async -> Outcome {
        await withCheckedContinuation { continuation in
            state.withLock { $0.otherCount += 1 }
            thread.async {
                self.state.withLock { $0.otherCount -= 1 }
                continuation.resume(returning: body())
            }
        }
    }

    /// Does something behind all batches that wait, for a caller that cannot wait otherwise.
    func performNow(_ body: () -> Void) { thread.sync(execute: body) }

    private func enqueue(_ waiting: Waiting, _ write: @escaping Write) {
        let place = state.withLock { state -> Place in
            if state.isClosed { return .refuse(StoreError(.unavailable, "the store is closed")) }
            guard state.waiting.count < waitingMaximum else {
                return .refuse(StoreError(.overloaded, "too many changes wait to be written"))
            }
            state.waiting.append(waiting)
            if state.isDraining { return .wait }
            state.isDraining = true
            return .drain
        }
        switch place {
        case .drain: thread.async { self.drain(write) }
        case .wait: break
        case .refuse(let error): waiting.continuation.resume(returning: .failure(error))
        }
    }

    private func drain(_ write: @escaping Write) {
        while let batch = takeBatch() {
            let began = DispatchTime.now().uptimeNanoseconds
            let answers = write(batch.map(\.item))
            precondition(answers.count == batch.count, "each change has its answer")
            let took = DispatchTime.now().uptimeNanoseconds - began
            // Those that wait already, and those who get their answer now.
            let (expected, isAwaited) = state.withLock { state in
                // Of a queue that is closed the last batches come before whatever else is to be done.
                (state.waiting.count + batch.count, state.otherCount > 0 && !state.isClosed)
            }
            for (waiting, answer) in zip(batch, answers) {
                waiting.continuation.resume(returning: answer)
            }
            guard !isAwaited else {
                // Batches that never end would keep others from the thread for ever: they have a turn now.
                return thread.async { self.drain(write) }
            }
            gather(expected, within: took / BatchGathering.share)
        }
    }

    private func takeBatch() -> [Waiting]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                return nil
            }
            let batch = Array(state.waiting.prefix(batchMaximum))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    /// Gives those whose changes were just written a moment to come with their next ones.
    ///
    /// Without it the first of them would have a flush of its own, and the others would wait for it. Whoever is alone
    /// waits for nobody, and nobody waits for longer than a part of what a flush takes.
    private func gather(_ count: Int, within nanoseconds: UInt64) {
        guard (2...BatchGathering.countMaximum).contains(count) else { return }
        let limit = min(nanoseconds, BatchGathering.nanosecondsMaximum)
        let end = DispatchTime.now().uptimeNanoseconds + limit
        while state.withLock({ $0.waiting.count < count }),
            DispatchTime.now().uptimeNanoseconds < end
        {
            sched_yield()
        }
    }
}

/// How long the next batch is gathered.
private enum BatchGathering {
    /// The part of a batch's time, one in so many, that is waited for the next one at the most.
    static let share: UInt64 = 4
    static let nanosecondsMaximum: UInt64 = 1_000_000
    /// Changes that are waited for at the most: of more, some are better made while others are written.
    static let countMaximum = 128
}
