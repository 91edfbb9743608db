import DosetteCore
import DosetteStore
import Testing

// Many writers, and keys that only one order may hold.

// MARK: - Keys that one order holds

extension StoreConformance {
    func twoOrdersNeverHoldOneKey() async throws {
        let owned = try await open()
        let holder = owned.newOrder()
        try await owned.take(holder, work: [holder.work(holds: "client/1")])
        let before = try await owned.journal()
        let other = owned.newOrder()
        let held = other.commit(epoch: owned.epoch, work: [other.work(holds: "client/1")])
        #expect(await owned.refusal(of: held) == .held)
        #expect(try await owned.journal() == before)
        #expect(try await owned.store.order(other.key) == nil)
        #expect(try await owned.store.work(of: other.stream).isEmpty)
        try await owned.take(other, work: [other.work(holds: "client/2")])
    }

    func aHeldKeyIsFreeAgainAfterItsRelease() async throws {
        let owned = try await open()
        let holder = owned.newOrder()
        try await owned.take(holder, work: [holder.work(holds: "client/1")])
        // Holding on is no conflict with oneself, and neither is handing the key to another part.
        let onward = [holder.work(part: 0), holder.work(part: 1, holds: "client/1")]
        try await owned.take(holder, expecting: 1, work: onward)
        try await owned.take(holder, expecting: 2, work: [holder.work()])
        let other = owned.newOrder()
        try await owned.take(other, work: [other.work(holds: "client/1")])
        let again = holder.commit(
            expecting: 3,
            epoch: owned.epoch,
            work: [holder.work(holds: "client/1")]
        )
        #expect(await owned.refusal(of: again) == .held)
    }

    func workWaitsForTheKeyThatItWants() async throws {
        let owned = try await open()
        let holder = owned.newOrder()
        let waiting = owned.newOrder()
        let free = owned.newOrder()
        let wanted = waiting.work(wants: "client/1")
        let unhindered = free.work(dueAfter: 1, wants: "client/2")
        // A key is held by work that is not due, too.
        try await owned.take(holder, work: [holder.work(dueAfter: 5_000, holds: "client/1")])
        try await owned.take(waiting, work: [wanted])
        try await owned.take(free, work: [unhindered])
        #expect(try await owned.due() == [unhindered])
        #expect(try await owned.store.work(of: waiting.stream) == [wanted])
        try await owned.take(holder, expecting: 1, work: [])
        #expect(try await owned.due() == [wanted, unhindered])
    }
}

// MARK: - Many writers at once

extension StoreConformance {
    func positionsAndVersionsAreGapless() async throws {
        let owned = try await open()
        let startCount = try await owned.journal().count
        let orders = (0..<200).map { _ in owned.newOrder() }
        let commits = orders.enumerated().map { index, order in
            order.commit(epoch: owned.epoch, eventCount: 1 + index % 3)
        }
        #expect(await owned.refusals(of: commits).allSatisfy { $0 == nil })
        let journal = try await owned.journal()
        #expect(journal.count == startCount + commits.map(\.events.count).reduce(0, +))
        #expect(journal.map(\.position) == Array(0..<Int64(journal.count)))
        for (stream, events) in Dictionary(grouping: journal, by: \.stream) {
            #expect(events.map(\.version) == Array(0..<events.count), "stream \(stream)")
        }
        for recorded in journal {
            let envelope = try EventCodec.envelope(recorded.entry)
            #expect(envelope.position == recorded.position)
            #expect(envelope.stream == recorded.stream)
            #expect(envelope.version == recorded.version)
        }
    }

    func oneOfManyWritersOfAStreamWins() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order)
        let commits = (0..<200).map { _ in order.commit(expecting: 1, epoch: owned.epoch) }
        let refusals = await owned.refusals(of: commits)
        #expect(refusals.count { $0 == nil } == 1)
        #expect(refusals.count { $0 == .conflict } == 199)
        #expect(try await owned.store.events(of: order.stream, from: 0, limit: 300).count == 2)
    }

    func aFailingCommitLeavesItsNeighboursAlone() async throws {
        let owned = try await open()
        let holder = owned.newOrder()
        try await owned.take(holder, work: [holder.work(holds: "client/1")])
        let startCount = try await owned.journal().count
        let commits = (0..<200).map { mixedCommit($0, besides: holder, owned) }
        let refusals = await owned.refusals(of: commits)
        #expect(refusals == (0..<200).map { Self.mixedRefusals[$0 % Self.mixedRefusals.count] })
        let journal = try await owned.journal()
        #expect(journal.map(\.position) == Array(0..<Int64(journal.count)))
        let taken = zip(commits, refusals).filter { $0.1 == nil }.map(\.0)
        #expect(journal.count == startCount + taken.map(\.events.count).reduce(0, +))
        for (commit, refusal) in zip(commits, refusals) {
            let events = try await owned.store.events(of: commit.stream, from: 0, limit: 10)
            #expect(events.count == (refusal == nil ? commit.events.count : 0))
            let work = try await owned.store.work(of: commit.stream)
            #expect(work == (refusal == nil ? commit.work : []))
        }
    }

    private static var mixedRefusals: [StoreError.Code?] {
        [nil, .conflict, nil, .duplicate, .held, nil, .fenced]
    }

    /// A commit that has the refusal at `index` in ``mixedRefusals``.
    func mixedCommit(
        _ index: Int,
        besides holder: SampleOrder,
        _ owned: OwnedStore<S>
    ) -> Commit {
        var order = owned.newOrder()
        switch Self.mixedRefusals[index % Self.mixedRefusals.count] {
        case .conflict?:
            return order.commit(expecting: 5, epoch: owned.epoch, work: [order.work()])
        case .duplicate?:
            order.orderID = holder.orderID
            return order.commit(epoch: owned.epoch, eventCount: 2, work: [order.work()])
        case .held?:
            let work = [order.work(part: 0), order.work(part: 1, holds: "client/1")]
            return order.commit(epoch: owned.epoch, eventCount: 2, work: work)
        case .fenced?:
            return order.commit(epoch: owned.epoch - 1, work: [order.work()])
        case .some, nil:
            return order.commit(epoch: owned.epoch, eventCount: 2, work: [order.work()])
        }
    }
}
