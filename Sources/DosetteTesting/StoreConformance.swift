import DosetteCore
package import DosetteStore
import Testing

/// The promises that every ``Store`` keeps, in memory or on disk.
///
/// What needs a disk that fails (`full`, `outcomeUnknown`) is tested where the disk is.
package struct StoreConformance<S: Store> {
    private let makeStore: () async throws -> S

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
        try await verifyWork()
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

// MARK: - Keys that one order holds

extension StoreConformance {
    private func twoOrdersNeverHoldOneKey() async throws {
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

    private func aHeldKeyIsFreeAgainAfterItsRelease() async throws {
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

    private func workWaitsForTheKeyThatItWants() async throws {
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
    private func positionsAndVersionsAreGapless() async throws {
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

    private func oneOfManyWritersOfAStreamWins() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order)
        let commits = (0..<200).map { _ in order.commit(expecting: 1, epoch: owned.epoch) }
        let refusals = await owned.refusals(of: commits)
        #expect(refusals.count { $0 == nil } == 1)
        #expect(refusals.count { $0 == .conflict } == 199)
        #expect(try await owned.store.events(of: order.stream, from: 0, limit: 300).count == 2)
    }

    private func aFailingCommitLeavesItsNeighboursAlone() async throws {
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
    private func mixedCommit(
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

// MARK: - The journal

extension StoreConformance {
    private func whatIsCommittedIsReadBack() async throws {
        let owned = try await open()
        let position = Int64(try await owned.journal().count)
        let order = owned.newOrder()
        let events = [
            order.event(at: 0), order.event(at: 1, reason: StoreSamples.awkwardText),
        ]
        let work = [order.work(part: 0, wants: "client/1"), order.work(part: 2, holds: "client/2")]
        let commit = Commit(
            stream: order.stream,
            expectedVersion: 0,
            epoch: owned.epoch,
            events: events,
            order: order.row(version: 2),
            work: work
        )
        try await owned.store.commit(commit)
        let expected = events.enumerated().map { index, event in
            RecordedEvent(
                position: position + Int64(index),
                stream: order.stream,
                version: index,
                entry: event.entry(at: position + Int64(index))
            )
        }
        #expect(try await owned.store.events(of: order.stream, from: 0, limit: 10) == expected)
        #expect(try await owned.store.events(from: position, limit: 10) == expected)
        #expect(try EventCodec.fact(expected[1].entry).reason == StoreSamples.awkwardText)
        #expect(try await owned.store.order(order.key) == order.row(version: 2))
        #expect(try await owned.store.work(of: order.stream) == work)
    }

    private func aStreamIsReadInPages() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order, eventCount: 5)
        try await owned.take(owned.newOrder(), eventCount: 5)
        func versions(from version: Int, limit: Int) async throws -> [Int] {
            let events = try await owned.store.events(of: order.stream, from: version, limit: limit)
            #expect(events.allSatisfy { $0.stream == order.stream })
            return events.map(\.version)
        }
        #expect(try await versions(from: 0, limit: 2) == [0, 1])
        #expect(try await versions(from: 2, limit: 2) == [2, 3])
        #expect(try await versions(from: 4, limit: 2) == [4])
        #expect(try await versions(from: 5, limit: 2) == [])
        let nobody = owned.store.nextStream()
        #expect(try await owned.store.events(of: nobody, from: 0, limit: 2).isEmpty)
    }

    private func theJournalIsReadInPages() async throws {
        let owned = try await open()
        for _ in 0..<3 { try await owned.take(owned.newOrder(), eventCount: 2) }
        let all = try await owned.store.events(from: 0, limit: 100)
        #expect(all.map(\.position) == Array(0..<8))
        #expect(try await owned.store.events(from: 0, limit: 3) == Array(all[..<3]))
        #expect(try await owned.store.events(from: 3, limit: 3) == Array(all[3..<6]))
        #expect(try await owned.store.events(from: 6, limit: 3) == Array(all[6...]))
        #expect(try await owned.store.events(from: 8, limit: 3).isEmpty)
    }

    private func definitionsAreKeptInOrder() async throws {
        let owned = try await open()
        let second = StoreSamples.definition(named: "counter_pickup", digit: "f")
        let third = StoreSamples.definition(named: "a_third", digit: "0")
        for (definition, version) in [(second, 2), (third, 3)] {
            let commit = StoreSamples.commit(
                of: definition,
                expecting: version,
                epoch: owned.epoch
            )
            try await owned.store.commit(commit)
        }
        #expect(try await owned.store.definitions() == [StoreSamples.definition, second, third])
    }

    private func aMeasureCounts() async throws {
        let owned = try await open()
        let empty = try await owned.store.measure()
        #expect(empty.eventCount == 2)
        #expect(
            [empty.orderCount, empty.queuedCount, empty.openCount, empty.parkedCount] == [
                0, 0, 0, 0,
            ]
        )
        var parked = owned.newOrder()
        parked.parkedKind = "in_doubt"
        parked.isQueued = false
        var ended = owned.newOrder()
        ended.isOpen = false
        ended.isQueued = false
        for order in [owned.newOrder(), parked, ended] {
            try await owned.take(order, eventCount: 2)
        }
        let measure = try await owned.store.measure()
        #expect(measure.eventCount == 8)
        #expect(measure.orderCount == 3)
        #expect(measure.queuedCount == 1)
        #expect(measure.openCount == 2)
        #expect(measure.parkedCount == 1)
    }
}

// MARK: - Orders

extension StoreConformance {
    private func anOrderIsFoundByItsKey() async throws {
        let owned = try await open()
        var order = owned.newOrder()
        #expect(try await owned.store.order(order.key) == nil)
        order.priority = .urgent
        try await owned.take(order)
        #expect(try await owned.store.order(order.key) == order.row(version: 1))
        order.state = "sent"
        order.parkedKind = "conflict"
        order.isQueued = false
        order.watchedUntil = StoreSamples.start
        try await owned.take(order, expecting: 1)
        #expect(try await owned.store.order(order.key) == order.row(version: 2))
        order.parkedKind = nil
        order.isOpen = false
        try await owned.take(order, expecting: 2)
        #expect(try await owned.store.order(order.key) == order.row(version: 3))
    }

    private func aListShowsWhatIsSelected() async throws {
        let owned = try await open()
        let orders = try await owned.takeFiveKinds()
        func indices(
            _ selection: OrderQuery.Selection,
            clinic: String? = nil,
            source: String? = nil
        ) async throws -> [Int?] {
            let query = OrderQuery(selection: selection, clinic: clinic, source: source, limit: 100)
            return try await owned.store.orders(query).map { row in
                orders.firstIndex { $0.row(version: 1) == row }
            }
        }
        #expect(try await indices(.all) == [0, 1, 2, 3, 4])
        #expect(try await indices(.open) == [0, 1, 2, 4])
        #expect(try await indices(.parked) == [2])
        #expect(try await indices(.watchedOpen) == [1, 2])
        #expect(try await indices(.watchedSettled(at: StoreSamples.start)) == [])
        #expect(try await indices(.prescription("sent")) == [1, 2])
        #expect(try await indices(.prescription("error")) == [])
        #expect(try await indices(.all, clinic: "baltic-vets") == [2])
        #expect(try await indices(.open, source: "telephone") == [4])
        #expect(try await indices(.watchedOpen, clinic: "nordic-vets", source: "webshop") == [1])
        #expect(try await indices(.parked, clinic: "nordic-vets") == [])
    }

    private func aListIsReadInPages() async throws {
        let owned = try await open()
        let orders = (0..<5).map { _ in owned.newOrder() }
        // A list goes by number, however late an order was written.
        for order in orders.reversed() { try await owned.take(order) }
        func page(after: StreamID?) async throws -> [StreamID] {
            let query = OrderQuery(selection: .open, after: after, limit: 2)
            return try await owned.store.orders(query).map(\.stream)
        }
        let streams = orders.map(\.stream)
        #expect(try await page(after: nil) == Array(streams[0...1]))
        #expect(try await page(after: streams[1]) == Array(streams[2...3]))
        #expect(try await page(after: streams[3]) == [streams[4]])
        #expect(try await page(after: streams[4]) == [])
    }
}

// MARK: - Work

extension StoreConformance {
    private func anAgendaNamesEachLaneOnce() async throws {
        let owned = try await open()
        #expect(try await owned.store.agenda().isEmpty)
        var urgent = owned.newOrder()
        urgent.priority = .urgent
        let normal = owned.newOrder()
        try await owned.take(
            urgent,
            work: [urgent.work(part: 0, lane: "a", dueAfter: 9), urgent.work(part: 1, lane: "b")]
        )
        try await owned.take(
            normal,
            work: [
                normal.work(part: 0, lane: "a", dueAfter: 5),
                normal.work(part: 1, lane: "c", dueAfter: 7),
            ]
        )
        func heads() async throws -> [String: Timestamp] {
            let agenda = try await owned.store.agenda()
            return Dictionary(uniqueKeysWithValues: agenda.map { ($0.lane, $0.dueAt) })
        }
        let start = StoreSamples.start
        let later = [5, 7, 9].map { start.advanced(by: .seconds($0)) }
        #expect(try await heads() == ["a": later[0], "b": start, "c": later[1]])
        try await owned.take(normal, expecting: 1, work: [])
        #expect(try await heads() == ["a": later[2], "b": start])
    }

    private func urgentWorkComesFirstThenTheLongestDue() async throws {
        let owned = try await open()
        var expected: [WorkRow] = []
        for (priority, delays) in [(Priority.normal, [4, 1, 3]), (.urgent, [5, 2])] {
            for delay in delays {
                var order = owned.newOrder()
                order.priority = priority
                let row = order.work(dueAfter: Int64(delay))
                try await owned.take(order, work: [row])
                expected.append(row)
            }
        }
        expected.sort { ($0.priority.rank, $0.dueAt) < ($1.priority.rank, $1.dueAt) }
        #expect(expected.map(\.priority) == [.urgent, .urgent, .normal, .normal, .normal])
        for limit in 1...6 {
            #expect(try await owned.due(limit: limit) == Array(expected.prefix(limit)))
        }
    }

    private func onlyWhatIsDueInItsLaneIsAnswered() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        let rows = [
            order.work(part: 0, dueAfter: 10),
            order.work(part: 1, dueAfter: 11),
            order.work(part: 2, lane: "baltic-vets"),
        ]
        try await owned.take(order, work: rows)
        #expect(try await owned.due(after: 9) == [])
        #expect(try await owned.due(after: 10) == [rows[0]])
        #expect(try await owned.due(after: 11) == [rows[0], rows[1]])
        #expect(try await owned.due(in: "baltic-vets") == [rows[2]])
        #expect(try await owned.due(in: "nobody") == [])
    }

    private func askingForWorkChangesNothing() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order, work: [order.work()])
        let first = try await owned.due()
        #expect(first == [order.work()])
        #expect(try await owned.due() == first)
        #expect(try await owned.store.work(of: order.stream) == first)
    }

    private func workIsReplacedAsAWhole() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        let other = owned.newOrder()
        try await owned.take(other, work: [other.work()])
        try await owned.take(order, work: [order.work(part: 0), order.work(part: 1)])
        let next = [order.work(part: 1, dueAfter: 30), order.work(part: 2, lane: "baltic-vets")]
        try await owned.take(order, expecting: 1, work: next)
        #expect(try await owned.store.work(of: order.stream) == next)
        #expect(try await owned.due() == [other.work(), next[0]])
        try await owned.take(order, expecting: 2, work: [])
        #expect(try await owned.store.work(of: order.stream) == [])
        #expect(try await owned.store.work(of: other.stream) == [other.work()])
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
