import DosetteCore
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation
import GRDB
import Testing

/// What the writer says when it cannot even begin.
@Suite struct LockedJournalTests {
    @Test(.timeLimit(.minutes(1)))
    func `all whose batch could not begin are told so, and later ones are written`() async throws {
        let journal = try JournalFile()
        var options = StoreOptions()
        options.busySeconds = 0.05
        let store = try SQLiteStore(directory: journal.url, options: options)
        try await store.take(SampleOrder(store.nextStream()))
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: journal.file.path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let orders = (0..<20).map { _ in SampleOrder(store.nextStream()) }
        let codes = await withTaskGroup(of: StoreError.Code?.self) { group in
            for order in orders {
                group.addTask { await Self.code(of: order, in: store) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == Array(repeating: .unavailable, count: orders.count))
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(await Self.code(of: orders[0], in: store) == nil)
        store.close()
    }

    private static func code(
        of order: SampleOrder,
        in store: SQLiteStore
    ) async -> StoreError.Code? {
        do throws(StoreError) {
            try await store.commit(order.commit(epoch: 1))
            return nil
        } catch {
            return error.code
        }
    }
}
