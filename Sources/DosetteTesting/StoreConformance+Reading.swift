import DosetteCore
import DosetteStore
import Testing

// The journal, the orders and their work, as they are read back.

// MARK: - The journal

extension StoreConformance {
    func whatIsCommittedIsReadBack() async throws {
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

    func aStreamIsReadInPages() async throws {
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

    func theJournalIsReadInPages() async throws {
        let owned = try await open()
        for _ in 0..<3 { try await owned.take(owned.newOrder(), eventCount: 2) }
        let all = try await owned.store.events(from: 0, limit: 100)
        #expect(all.map(\.position) == Array(0..<8))
        #expect(try await owned.store.events(from: 0, limit: 3) == Array(all[..<3]))
        #expect(try await owned.store.events(from: 3, limit: 3) == Array(all[3..<6]))
        #expect(try await owned.store.events(from: 6, limit: 3) == Array(all[6...]))
        #expect(try await owned.store.events(from: 8, limit: 3).isEmpty)
    }

    func definitionsAreKeptInOrder() async throws {
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

    func aMeasureCounts() async throws {
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
    func anOrderIsFoundByItsKey() async throws {
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

    func aListShowsWhatIsSelected() async throws {
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

    func aListIsReadInPages() async throws {
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
    func anAgendaNamesEachLaneOnce() async throws {
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

    func urgentWorkComesFirstThenTheLongestDue() async throws {
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

    func onlyWhatIsDueInItsLaneIsAnswered() async throws {
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

    func askingForWorkChangesNothing() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order, work: [order.work()])
        let first = try await owned.due()
        #expect(first == [order.work()])
        #expect(try await owned.due() == first)
        #expect(try await owned.store.work(of: order.stream) == first)
    }

    func workIsReplacedAsAWhole() async throws {
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
