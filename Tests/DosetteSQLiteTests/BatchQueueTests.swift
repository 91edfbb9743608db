import Synchronization
import Testing

@testable import DosetteSQLite

@Suite("Batches of changes", .timeLimit(.minutes(1)))
struct BatchQueueTests {
    /// A number that several tasks change.
    private final class Shared: Sendable {
        let number = Mutex(0)
    }

    private typealias Queue = BatchQueue<Int, Int>

    private func queue() -> Queue {
        Queue(label: "test", batchMaximum: 8, waitingMaximum: 1_000)
    }

    /// Writes again and again, so that something always waits, until it is told to end.
    private func load(_ queue: Queue, _ isOver: @escaping @Sendable () -> Bool) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    var count = 0
                    while !isOver() {
                        let answer = await queue.write(count) { items in
                            items.map { .success($0) }
                        }
                        guard case .success(count) = answer else { return 0 }
                        count += 1
                    }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
    }

    @Test func `whoever writes without a pause does not keep others from the thread`() async {
        let queue = queue()
        let over = Shared()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let count = await load(queue) { over.number.withLock { $0 > 0 } }
                #expect(count > 0)
            }
            group.addTask {
                for number in 0..<50 {
                    #expect(await queue.perform { number } == number)
                }
                over.number.withLock { $0 = 1 }
            }
        }
    }

    @Test func `what waits when it is closed is written before the end`() async {
        let queue = queue()
        let written = Shared()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let answer = await queue.write(number) { items in
                        written.number.withLock { $0 += items.count }
                        return items.map { .success($0) }
                    }
                    if case .success = answer { return true }
                    return false
                }
            }
            group.addTask {
                await queue.perform { true }
            }
            queue.close()
            var seen = 0
            queue.performNow { seen = written.number.withLock { $0 } }
            let taken = await group.reduce(-1) { $0 + ($1 ? 1 : 0) }
            #expect(seen == taken, "all that was taken was written before the last turn")
        }
    }
}
