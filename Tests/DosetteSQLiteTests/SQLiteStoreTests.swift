import DosetteCore
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import GRDB
import Testing

@Suite("A journal on disk")
struct SQLiteStoreTests {
    private let journal: JournalFile

    init() throws {
        journal = try JournalFile()
    }

    /// What a connection is set to only it can tell, so the writer is made to write it down.
    @Test(.timeLimit(.minutes(1)))
    func `the writer flushes fully and keeps a write-ahead log`() async throws {
        try journal.open().close()
        try journal.make(
            "CREATE TABLE seen (synchronous INTEGER, mode TEXT)",
            """
            CREATE TRIGGER look AFTER INSERT ON journal BEGIN
                INSERT INTO seen SELECT synchronous, journal_mode
                FROM pragma_synchronous, pragma_journal_mode;
            END
            """
        )
        let store = try journal.open()
        try await store.take(SampleOrder(store.nextStream()))
        store.close()
        let seen = try journal.withQueue { database in
            try Row.fetchAll(database, sql: "SELECT synchronous, mode FROM seen")
        }
        // The start, the definition and the order's two events.
        #expect(seen.map { $0["synchronous"] as Int? } == [2, 2, 2, 2])
        #expect(seen.map { $0["mode"] as String? } == ["wal", "wal", "wal", "wal"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `everything is there after reopening`() async throws {
        let store = try journal.open()
        var order = SampleOrder(store.nextStream())
        order.priority = .urgent
        order.parkedKind = "in_doubt"
        let work = [order.work(wants: "client/1"), order.work(part: 1, holds: "client/2")]
        try await store.take(order, work: work)
        let before = try await Everything(in: store, of: order)
        store.close()
        let again = try journal.open()
        #expect(try await Everything(in: again, of: order) == before)
        #expect(before.events.count == 4)
        #expect(before.row == order.row(version: 2))
        #expect(before.work == work)
        again.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `what was acknowledged is there though nobody closed the store`() async throws {
        let store = try journal.open()
        let order = SampleOrder(store.nextStream())
        try await store.take(order)
        let copy = try copyOfFiles()
        let other = try copy.open()
        #expect(try await other.order(order.key) == order.row(version: 2))
        #expect(try await other.events(from: 0, limit: 10).count == 4)
        other.close()
        store.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `numbers and epochs go on after reopening`() async throws {
        let store = try journal.open()
        #expect(store.nextStream() == StreamID(1))
        _ = store.nextStream()
        let last = store.nextStream()
        let first = try await store.take(SampleOrder(last))
        store.close()
        let again = try journal.open()
        #expect(again.nextStream() > last)
        let second = try await again.beginEpoch(at: StoreSamples.start, software: "test")
        #expect(second.epoch > first.epoch)
        // Two starts and a definition.
        #expect(second.engineVersion == 3)
        let late = SampleOrder(last).commit(expecting: 2, epoch: first.epoch)
        #expect(await again.refusal(of: late) == .fenced)
        again.close()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a closed store takes and answers nothing`() async throws {
        let store = try journal.open()
        let order = SampleOrder(store.nextStream())
        let owner = try await store.take(order)
        let before = try journal.entries()
        store.close()
        store.close()
        let commit = order.commit(expecting: 2, epoch: owner.epoch)
        #expect(await store.refusal(of: commit) == .unavailable)
        await #expect { try await store.order(order.key) } throws: { $0.isUnavailable }
        await #expect { try await store.events(from: 0, limit: 1) } throws: { $0.isUnavailable }
        await #expect { try await store.measure() } throws: { $0.isUnavailable }
        await #expect {
            try await store.beginEpoch(at: StoreSamples.start, software: "late")
        } throws: { $0.isUnavailable }
        #expect(try journal.entries() == before)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a close lets what was handed over end, one way or the other`() async throws {
        let store = try journal.open()
        let owner = try await store.take()
        let commits = (0..<100).map { _ in
            SampleOrder(store.nextStream()).commit(epoch: owner.epoch)
        }
        let codes = await withTaskGroup(of: StoreError.Code?.self) { group in
            for commit in commits {
                group.addTask { await store.refusal(of: commit) }
            }
            group.addTask {
                store.close()
                return nil
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.allSatisfy { $0 == nil || $0 == .unavailable })
        // One more than the commits: the close itself; two events are the engine's.
        let takenCount = codes.count { $0 == nil } - 1
        #expect(try journal.entries().count == takenCount + 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a close brings the log into the file`() async throws {
        let store = try journal.open()
        try await store.take(SampleOrder(store.nextStream()))
        #expect(try await store.measure().logBytes > 0)
        #expect(try await store.measure().freeBytes ?? 0 > 0)
        store.close()
        let log = journal.url.appending(path: SQLiteStore.fileName + "-wal")
        let attributes = try? FileManager.default.attributesOfItem(atPath: log.path)
        #expect((attributes?[.size] as? NSNumber)?.intValue ?? 0 == 0)
    }

    /// The files as a process that is killed now would leave them.
    private func copyOfFiles() throws -> JournalFile {
        let copy = try JournalFile()
        for suffix in ["", "-wal"] {
            let name = SQLiteStore.fileName + suffix
            try FileManager.default.copyItem(
                at: journal.url.appending(path: name),
                to: copy.url.appending(path: name)
            )
        }
        return copy
    }
}

/// What a store answers of one order and of the whole.
private struct Everything: Equatable {
    let events: [RecordedEvent]
    let row: OrderRow?
    let work: [WorkRow]
    let agenda: [LaneHead]
    let definitions: [DefinitionRow]
    let counts: [Int]

    init(in store: SQLiteStore, of order: SampleOrder) async throws {
        events = try await store.events(from: 0, limit: 1_000)
        row = try await store.order(order.key)
        work = try await store.work(of: order.stream)
        agenda = try await store.agenda()
        definitions = try await store.definitions()
        let measure = try await store.measure()
        counts = [
            Int(measure.eventCount), measure.orderCount, measure.queuedCount, measure.openCount,
            measure.parkedCount,
        ]
    }
}

extension Error {
    fileprivate var isUnavailable: Bool { (self as? StoreError)?.code == .unavailable }
}
