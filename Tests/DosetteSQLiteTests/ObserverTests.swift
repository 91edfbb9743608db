import DosetteCore
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Synchronization
import Testing

@Suite("Watching a journal file")
struct ObserverTests {
    private final class Moments: Sendable {
        private let all = Mutex<[StoreMoment]>([])

        var list: [StoreMoment] { all.withLock { $0 } }

        func options(checkpointPages: Int) -> StoreOptions {
            var options = StoreOptions()
            options.checkpointPages = checkpointPages
            options.observer = { moment in self.all.withLock { $0.append(moment) } }
            return options
        }
    }

    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
    }

    @Test func `a new file's steps are told of in their order, and only then`() throws {
        let first = Moments()
        try SQLiteStore(directory: journal.url, options: first.options(checkpointPages: 8_000))
            .close()
        let steps: [StoreMoment] = [.migrationBegins, .migrationIsWritten, .migrationEnds]
        #expect(first.list.starts(with: steps))
        let second = Moments()
        try SQLiteStore(directory: journal.url, options: second.options(checkpointPages: 8_000))
            .close()
        #expect(second.list == [.checkpointBegins, .checkpointEnds], "the one of closing")
    }

    @Test func `checkpoints come as often as their pages say, and what was written stays`()
        async throws
    {
        let moments = Moments()
        let store = try SQLiteStore(
            directory: journal.url,
            options: moments.options(checkpointPages: 16)
        )
        let before = moments.list.count
        try await store.take(
            SampleOrder(StreamID(1)),
            SampleOrder(StreamID(2)),
            SampleOrder(StreamID(3)),
            SampleOrder(StreamID(4))
        )
        let told = moments.list.dropFirst(before)
        #expect(told.count { $0 == .checkpointBegins } >= 2)
        #expect(told.count { $0 == .checkpointBegins } == told.count { $0 == .checkpointEnds })
        #expect(try await store.order(SampleOrder(StreamID(4)).key)?.version == 2)
        store.close()
        #expect(try journal.entries().count >= 9)
    }
}
