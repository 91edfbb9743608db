import DosetteCore
package import DosetteStore
import Testing

/// The promises that every ``Store`` keeps, in memory or on disk.
///
/// What needs a disk that fails (`full`, `outcomeUnknown`) is tested where the disk is.
package struct StoreConformance<S: Store> {
    let makeStore: () async throws -> S

    /// Creates the suite.
    ///
    /// - Parameter makeStore: Makes a store with an empty journal at each call.
    package init(_ makeStore: @escaping () async throws -> S) {
        self.makeStore = makeStore
    }

    /// Checks every promise, each on a store of its own.
    package func verify() async throws {
        try await verifyOwnership()
        try await verifyRefusals()
        try await verifyExclusiveKeys()
        try await verifyManyWritersAtOnce()
        try await verifyJournal()
        try await verifyOrders()
        try await verifyClinics()
        try await verifyForgetting()
        try await verifyBoard()
        try await verifyWork()
        try await verifyEvidence()
        try await verifyNotices()
    }

    private func verifyOwnership() async throws {
        try await aNewOwnerHasAHigherNumber()
        try await anEarlierOwnerIsFenced()
        try await streamNumbersIncrease()
        try await streamNumbersAreNeverGivenTwice()
    }

    private func verifyRefusals() async throws {
        try await aWriterThatIsLateIsToldSo()
        try await theSameCommitAgainIsAConflict()
        try await twoOrdersNeverHaveOneKey()
        try await anEntryThatIsTooLongIsRefused()
    }

    private func verifyExclusiveKeys() async throws {
        try await twoOrdersNeverHoldOneKey()
        try await aHeldKeyIsFreeAgainAfterItsRelease()
        try await workWaitsForTheKeyThatItWants()
    }

    private func verifyManyWritersAtOnce() async throws {
        try await positionsAndVersionsAreGapless()
        try await oneOfManyWritersOfAStreamWins()
        try await aFailingCommitLeavesItsNeighboursAlone()
    }

    private func verifyJournal() async throws {
        try await whatIsCommittedIsReadBack()
        try await aStreamIsReadInPages()
        try await theJournalIsReadInPages()
        try await definitionsAreKeptInOrder()
        try await aMeasureCounts()
    }

    private func verifyOrders() async throws {
        try await anOrderIsFoundByItsKey()
        try await aListShowsWhatIsSelected()
        try await aListIsReadInPages()
    }

    private func verifyWork() async throws {
        try await anAgendaNamesEachLaneOnce()
        try await urgentWorkComesFirstThenTheLongestDue()
        try await onlyWhatIsDueInItsLaneIsAnswered()
        try await askingForWorkChangesNothing()
        try await workIsReplacedAsAWhole()
    }

    /// A fresh store as an engine has it after its start.
    func open() async throws -> OwnedStore<S> {
        let store = try await makeStore()
        let ownership = try await store.beginEpoch(at: StoreSamples.start, software: "conformance")
        let owned = OwnedStore(store: store, epoch: ownership.epoch)
        try await store.commit(
            StoreSamples.commit(
                of: StoreSamples.definition,
                expecting: ownership.engineVersion,
                epoch: ownership.epoch
            )
        )
        return owned
    }
}

// MARK: - Owners and numbers

extension StoreConformance {
    private func aNewOwnerHasAHigherNumber() async throws {
        let store = try await makeStore()
        var owners: [Ownership] = []
        for start in 1...3 {
            owners.append(
                try await store.beginEpoch(at: StoreSamples.start, software: "software \(start)")
            )
        }
        #expect(owners.map(\.engineVersion) == [1, 2, 3])
        #expect(owners[0].epoch < owners[1].epoch && owners[1].epoch < owners[2].epoch)
        let starts = try await store.events(of: .engine, from: 0, limit: 10).map { recorded in
            try EngineEvent(EventCodec.envelope(recorded.entry))
        }
        let expected = zip(owners, 1...).map { owner, start in
            EngineEvent.started(epoch: owner.epoch, software: "software \(start)")
        }
        #expect(starts == expected)
    }

    private func anEarlierOwnerIsFenced() async throws {
        let owned = try await open()
        let store = owned.store
        let newer = try await store.beginEpoch(at: StoreSamples.start, software: "newer")
        let before = try await owned.journal()
        let order = owned.newOrder()
        #expect(await owned.refusal(of: order.commit(epoch: owned.epoch)) == .fenced)
        #expect(try await owned.journal() == before)
        #expect(try await store.order(order.key) == nil)
        #expect(await owned.refusal(of: order.commit(epoch: newer.epoch)) == nil)
    }

    private func streamNumbersIncrease() async throws {
        let owned = try await open()
        var last = owned.store.nextStream()
        #expect(last > .engine)
        for _ in 0..<10 {
            let next = owned.store.nextStream()
            #expect(next > last)
            last = next
        }
        try await owned.take(SampleOrder(last))
        #expect(owned.store.nextStream() > last)
    }

    private func streamNumbersAreNeverGivenTwice() async throws {
        let owned = try await open()
        let numbers = await withTaskGroup(of: StreamID.self) { group in
            for _ in 0..<200 {
                group.addTask { owned.store.nextStream() }
            }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(numbers.count == 200)
    }
}

// MARK: - What is refused

extension StoreConformance {
    private func aWriterThatIsLateIsToldSo() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order, eventCount: 3)
        let before = try await owned.journal()
        for version in [0, 1, 2, 4] {
            let late = order.commit(expecting: version, epoch: owned.epoch, work: [order.work()])
            #expect(await owned.refusal(of: late) == .conflict, "expecting \(version)")
        }
        #expect(try await owned.journal() == before)
        #expect(try await owned.store.order(order.key) == order.row(version: 3))
        #expect(try await owned.store.work(of: order.stream).isEmpty)
    }

    private func theSameCommitAgainIsAConflict() async throws {
        let owned = try await open()
        let commit = owned.newOrder().commit(epoch: owned.epoch)
        #expect(await owned.refusal(of: commit) == nil)
        #expect(await owned.refusal(of: commit) == .conflict)
        #expect(try await owned.store.events(of: commit.stream, from: 0, limit: 10).count == 1)
    }

    private func twoOrdersNeverHaveOneKey() async throws {
        let owned = try await open()
        let first = owned.newOrder()
        try await owned.take(first)
        let before = try await owned.journal()
        var second = owned.newOrder()
        second.orderID = first.orderID
        let work = [second.work()]
        #expect(
            await owned.refusal(of: second.commit(epoch: owned.epoch, work: work)) == .duplicate
        )
        #expect(try await owned.journal() == before)
        #expect(try await owned.store.order(first.key) == first.row(version: 1))
        #expect(try await owned.store.work(of: second.stream).isEmpty)
        second.source = "telephone"
        try await owned.take(second)
        #expect(try await owned.store.order(second.key) == second.row(version: 1))
    }

    private func anEntryThatIsTooLongIsRefused() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        let before = try await owned.journal()
        let room = EventCodec.entryBytesMaximum - order.event(at: 0, reason: "").byteCountMaximum
        let reason = String(repeating: "x", count: room)
        func commit(_ reason: String) -> Commit {
            Commit(
                stream: order.stream,
                expectedVersion: 0,
                epoch: owned.epoch,
                events: [order.event(at: 0, reason: reason), order.event(at: 1)],
                order: order.row(version: 2),
                work: []
            )
        }
        #expect(await owned.refusal(of: commit(reason + "x")) == .tooLarge)
        #expect(try await owned.journal() == before)
        #expect(try await owned.store.order(order.key) == nil)
        #expect(await owned.refusal(of: commit(reason)) == nil)
    }
}

/// A store with its owner's number, and the steps that the promises are made of.
struct OwnedStore<S: Store> {
    let store: S
    let epoch: Int

    func newOrder() -> SampleOrder { SampleOrder(store.nextStream()) }

    func take(
        _ order: SampleOrder,
        expecting version: Int = 0,
        eventCount: Int = 1,
        work: [WorkRow] = []
    ) async throws {
        try await store.commit(
            order.commit(expecting: version, epoch: epoch, eventCount: eventCount, work: work)
        )
    }

    /// The code with which the store refuses `commit`; nothing when it takes it.
    func refusal(of commit: Commit) async -> StoreError.Code? {
        do {
            try await store.commit(commit)
            return nil
        } catch {
            return error.code
        }
    }

    /// What comes of each commit, in order, when all are made at once.
    func refusals(of commits: [Commit]) async -> [StoreError.Code?] {
        await withTaskGroup(of: (Int, StoreError.Code?).self) { group in
            for (index, commit) in commits.enumerated() {
                group.addTask { (index, await refusal(of: commit)) }
            }
            var codes = [StoreError.Code?](repeating: nil, count: commits.count)
            for await (index, code) in group { codes[index] = code }
            return codes
        }
    }

    func journal() async throws -> [RecordedEvent] {
        try await store.events(from: 0, limit: 10_000)
    }

    func due(
        in lane: String = "nordic-vets",
        after seconds: Int64 = 1_000,
        limit: Int = 100
    ) async throws -> [WorkRow] {
        let now = StoreSamples.start.advanced(by: .seconds(seconds))
        return try await store.due(in: lane, at: now, limit: limit)
    }

    /// Five orders, each of another kind, in the order of their numbers.
    func takeFiveKinds() async throws -> [SampleOrder] {
        var orders = (0..<5).map { _ in newOrder() }
        orders[1].state = "sent"
        orders[1].watchedUntil = StoreSamples.start
        orders[2].state = "sent"
        orders[2].watchedUntil = StoreSamples.start
        orders[2].parkedKind = "in_doubt"
        orders[2].clinic = "baltic-vets"
        orders[3].state = "rejected"
        orders[3].isOpen = false
        orders[4].source = "telephone"
        for order in orders { try await take(order) }
        return orders
    }
}
