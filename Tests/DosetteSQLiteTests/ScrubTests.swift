import DosetteCore
import DosetteDeterminism
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import Testing

@Suite("What is forgotten in the file", .timeLimit(.minutes(1)))
struct ScrubTests {
    private let journal: JournalFile
    private static let word = "owner-Maija-Meikalainen"

    init() throws {
        journal = try JournalFile()
    }

    /// Files of the directory in which the word stands.
    private func places() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: journal.url.path).filter { name in
            let data = try? Data(contentsOf: journal.url.appending(path: name))
            return data?.range(of: Data(Self.word.utf8)) != nil
        }
    }

    /// Orders whose views name somebody, written again and again in other lengths, between others.
    private func fill(_ store: SQLiteStore, _ owner: Ownership) async throws -> [SampleOrder] {
        var random = SeededRandom(seed: 7)
        var orders: [SampleOrder] = []
        for _ in 0..<60 {
            var order = SampleOrder(store.nextStream())
            order.isOpen = false
            try await store.commit(order.commit(epoch: owner.epoch))
            for version in 1..<4 {
                let count = Int.random(in: 1...300, using: &random)
                order.words = ",\"why\":\"" + String(repeating: Self.word, count: count) + "\""
                try await store.commit(order.commit(expecting: version, epoch: owner.epoch))
            }
            orders.append(order)
        }
        return orders
    }

    private func forget(
        _ orders: [SampleOrder],
        _ store: SQLiteStore,
        _ owner: Ownership
    ) async throws {
        let version = try await store.events(of: .engine, from: 0, limit: 100).count
        let event = EngineEvent.client(.forgotten(.record), subject: "s")
        let rows = orders.map { order in
            var shown = order
            shown.words = ""
            return shown.row(version: 4)
        }
        try await store.commit(
            Commit(
                stream: .engine,
                expectedVersion: version,
                epoch: owner.epoch,
                events: [EventCodec.encode(event, version: version, at: StoreSamples.start)],
                order: nil,
                work: [],
                personal: .erased(.record, subject: "s", at: StoreSamples.start, rows: rows)
            )
        )
    }

    @Test func `no byte of a view stays behind in the file or its log`() async throws {
        let store = try journal.open()
        let owner = try await store.take()
        let orders = try await fill(store, owner)
        #expect(!(try places()).isEmpty, "the search finds what is there")
        try await forget(orders, store, owner)
        #expect(!(try places()).isEmpty, "the log still has it")
        try await store.scrub()
        #expect(try places() == [])
        store.close()
        #expect(try places() == [])
    }
}
