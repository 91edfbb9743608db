import DosetteAudit
import DosetteCore
import DosetteStore
import Testing

// The tree over the journal, and the checkpoints that are made of it.
extension StoreConformance {
    func verifyEvidence() async throws {
        try await theTreeIsThatOfTheEntries()
        try await proofsAreThoseOfTheEntries()
        try await refusedCommitsLeaveNoLeaf()
        try await checkpointsOnlyGrow()
        try await aLogThatBeganAnewHasSizesOfItsOwn()
        try await cosignaturesAreKeptOnce()
    }

    private func theTreeIsThatOfTheEntries() async throws {
        let store = try await makeStore()
        #expect(try await store.treeHead() == TreeHead(size: 0, root: .empty))
        #expect(try await store.tile(level: 0, index: 0) == nil)
        let owned = try await open()
        for count in [1, 120, 133, 134, 2, 200] {
            try await owned.take(owned.newOrder(), eventCount: count)
            try await owned.expectTree()
        }
        // 592 events: two full tiles of leaves.
        #expect(try await owned.store.treeHead().size == 592)
        #expect(try await owned.store.tile(level: 0, index: 1)?.count == 256)
        #expect(try await owned.store.tile(level: 0, index: 2)?.count == 80)
        #expect(try await owned.store.tile(level: 1, index: 0)?.count == 2)
        for (level, index) in [(0, 3), (1, 1), (2, 0), (7, 0), (8, 0), (0, UInt64.max)] {
            #expect(try await owned.store.tile(level: level, index: index) == nil)
        }
    }

    private func proofsAreThoseOfTheEntries() async throws {
        let owned = try await open()
        for _ in 0..<6 { try await owned.take(owned.newOrder(), eventCount: 100) }
        let naive = NaiveTree(entries: try await owned.journal().map(\.entry))
        let tiles = StoreTiles(owned.store)
        let sizes = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, naive.leaves.count]
        for size in sizes {
            let root = try await MerkleProof.root(of: UInt64(size), from: tiles)
            #expect(root == naive.root(of: size), "\(size) leaves")
            for old in sizes where old <= size {
                let proof = try await MerkleProof.consistency(
                    from: UInt64(old),
                    to: UInt64(size),
                    from: tiles
                )
                #expect(proof == naive.consistency(from: old, to: size), "\(old) to \(size)")
                let index = old - 1
                let path = try await MerkleProof.inclusion(
                    of: UInt64(index),
                    in: UInt64(size),
                    from: tiles
                )
                #expect(path == naive.inclusion(of: index, in: 0..<size), "\(index) in \(size)")
            }
        }
    }

    private func refusedCommitsLeaveNoLeaf() async throws {
        let owned = try await open()
        let holder = owned.newOrder()
        try await owned.take(holder, work: [holder.work(holds: "client/1")])
        let commits = (0..<400).map { mixedCommit($0, besides: holder, owned) }
        #expect(await owned.refusals(of: commits).contains { $0 != nil })
        try await owned.expectTree()
        _ = try await owned.store.beginEpoch(at: StoreSamples.start, software: "newer")
        try await owned.expectTree()
    }

    private func checkpointsOnlyGrow() async throws {
        let owned = try await open()
        try await owned.take(owned.newOrder(), eventCount: 10)
        let store = owned.store
        #expect(try await store.newestCheckpoint() == nil)
        let made = try await [4, 7, 9].asyncMap { size in
            let row = try await owned.checkpoint(size, after: Int64(size))
            try await store.keep(row)
            return row
        }
        #expect(try await store.newestCheckpoint() == made[2])
        #expect(try await store.checkpoints(from: 0, limit: 2) == Array(made[..<2]))
        #expect(try await store.checkpoints(from: 2, limit: 2) == [made[2]])
        #expect(try await store.checkpoints(from: 3, limit: 2) == [])
        let refused = [
            try await owned.checkpoint(9, after: 20), try await owned.checkpoint(8, after: 20),
            try await owned.checkpoint(10, after: 8),
            CheckpointRow(
                origin: "test",
                size: 13,
                root: .empty,
                note: "beyond",
                madeAt: StoreSamples.start.advanced(by: .seconds(20))
            ),
        ]
        for row in refused { #expect(await owned.refusal(of: row) == .conflict, "\(row.size)") }
        #expect(try await store.checkpoints(from: 0, limit: 10) == made)
        #expect(try await owned.refusal(of: owned.checkpoint(10, after: 9)) == nil)
    }

    private func aLogThatBeganAnewHasSizesOfItsOwn() async throws {
        let owned = try await open()
        try await owned.take(owned.newOrder(), eventCount: 10)
        try await owned.store.keep(try await owned.checkpoint(9, after: 1))
        let next = try await owned.checkpoint(5, after: 2, origin: "test/2")
        try await owned.store.keep(next)
        #expect(try await owned.store.newestCheckpoint() == next)
        let small = try await owned.checkpoint(5, after: 3, origin: "test/2")
        #expect(await owned.refusal(of: small) == .conflict)
    }

    private func cosignaturesAreKeptOnce() async throws {
        let owned = try await open()
        let store = owned.store
        try await store.keep(try await owned.checkpoint(2, after: 1))
        func row(_ line: String, size: UInt64 = 2) -> CosignatureRow {
            CosignatureRow(origin: "test", size: size, name: "witness", line: line)
        }
        for line in ["a", "b", "a"] { try await store.keep(row(line)) }
        #expect(try await store.cosignatures(of: "test", size: 2) == [row("a"), row("b")])
        #expect(try await store.cosignatures(of: "test", size: 1) == [])
        #expect(try await store.cosignatures(of: "other", size: 2) == [])
        do throws(StoreError) {
            try await store.keep(row("a", size: 1))
            Issue.record("a line under no checkpoint was kept")
        } catch {
            #expect(error.code == .conflict)
        }
    }
}

extension OwnedStore {
    /// Expects head and tiles to be those that the entries make.
    func expectTree() async throws {
        let naive = NaiveTree(entries: try await journal().map(\.entry))
        let size = naive.leaves.count
        let head = TreeHead(size: UInt64(size), root: naive.root(of: size))
        #expect(try await store.treeHead() == head)
        for level in 0...1 {
            for index in 0...(size >> (8 * level)) / 256 {
                let hashes = try await store.tile(level: level, index: UInt64(index))
                let expected = naive.tile(level: level, index: index)
                #expect(hashes ?? [] == expected, "tile \(index) of level \(level)")
            }
        }
    }

    /// A checkpoint that nobody signed.
    func checkpoint(
        _ size: Int,
        after seconds: Int64,
        origin: String = "test"
    ) async throws -> CheckpointRow {
        CheckpointRow(
            origin: origin,
            size: UInt64(size),
            root: try await MerkleProof.root(of: UInt64(size), from: StoreTiles(store)),
            note: "note \(size) \(seconds)",
            madeAt: StoreSamples.start.advanced(by: .seconds(seconds))
        )
    }

    func refusal(of checkpoint: CheckpointRow) async -> StoreError.Code? {
        do {
            try await store.keep(checkpoint)
            return nil
        } catch {
            return error.code
        }
    }
}

extension Array {
    fileprivate func asyncMap<Value>(
        _ change: (Element) async throws -> Value
    ) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await change(element)) }
        return values
    }
}
