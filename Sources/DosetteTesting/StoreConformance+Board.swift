import DosetteCore
import DosetteStore
import Testing

// Counts, hours and searches.
extension StoreConformance {
    func verifyBoard() async throws {
        try await everyOrderIsCountedWhereItStands()
        try await anHourTellsWhatHappenedInIt()
        try await aTimeOfSendingHasItsPlace()
        try await aSecondSendingIsNotCounted()
        try await hoursAreReadFromOneToAnother()
        try await aSearchFindsWhatIsMeant()
        try await aSearchByTimeGoesByTheClock()
        try await aSearchByNameFindsItsBeginning()
        try await aSearchIsReadInPages()
        try await whatEndsSoonIsFound()
        try await theOldestThatWaitsIsKnown()
    }

    private var start: Timestamp { StoreSamples.start }

    // MARK: - Counts

    private func everyOrderIsCountedWhereItStands() async throws {
        let owned = try await open()
        let board = owned.store.board
        #expect(try await board.tally(.together).isEmpty)
        let orders = try await owned.takeFiveKinds()
        func tally(_ scope: TallyScope) async throws -> [String] {
            try await board.tally(scope).map { tally in
                let names = [
                    tally.clinic, tally.prescriptionState, tally.parkedKind,
                    tally.isOpen ? "open" : "settled",
                ]
                return names.compactMap(\.self).joined(separator: " ") + " \(tally.count)"
            }
        }
        #expect(
            try await tally(.together)
                == ["draft open 2", "rejected settled 1", "sent open 1", "sent in_doubt open 1"]
        )
        #expect(try await tally(.clinic("baltic-vets")) == ["baltic-vets sent in_doubt open 1"])
        #expect(try await tally(.clinic("nobody")) == [])
        var one = orders[2]
        one.parkedKind = nil
        one.state = "accepted"
        one.isOpen = false
        try await owned.take(one, expecting: 1)
        try await owned.take(orders[0], expecting: 1)
        #expect(
            try await tally(.eachClinic) == [
                "baltic-vets accepted settled 1", "nordic-vets draft open 2",
                "nordic-vets rejected settled 1", "nordic-vets sent open 1",
            ]
        )
        let measure = try await owned.store.measure()
        #expect(measure.orderCount == 5 && measure.openCount == 3 && measure.parkedCount == 0)
        #expect(
            try await board.tally(.together).allSatisfy {
                $0.workflowDigest == StoreSamples.definition.digest
            }
        )
    }

    // MARK: - Hours

    /// Everything that happened, in one hour of all time.
    private func whole(_ owned: OwnedStore<S>, clinic: String? = nil) async throws -> OrderHour {
        let all = try await owned.store.board.hours(
            from: Timestamp(milliseconds: 0),
            before: start.advanced(by: .days(365)),
            clinic: clinic
        )
        var sum = OrderHour(start: start)
        for hour in all {
            sum.received += hour.received
            sum.accepted += hour.accepted
            sum.rejected += hour.rejected
            sum.settled += hour.settled
            sum.sendingTimes.merge(hour.sendingTimes, uniquingKeysWith: +)
        }
        return sum
    }

    /// Brings an order into these states, one after the other, each some seconds after it was received.
    private func move(
        _ order: SampleOrder,
        _ owned: OwnedStore<S>,
        through states: [(state: String, seconds: Int)]
    ) async throws {
        try await owned.take(order)
        var moved = order
        for (index, (state, seconds)) in states.enumerated() {
            moved.state = state
            moved.changedAfter = seconds
            moved.isOpen = !["accepted", "rejected"].contains(state)
            try await owned.take(moved, expecting: index + 1)
        }
    }

    private func anHourTellsWhatHappenedInIt() async throws {
        let owned = try await open()
        // The samples begin 39 minutes before a full hour.
        try await move(
            owned.newOrder(),
            owned,
            through: [
                ("sending", 3), ("sent", 40), ("accepted_warning", 2_000), ("accepted", 3_000),
            ]
        )
        var other = owned.newOrder()
        other.clinic = "baltic-vets"
        try await move(other, owned, through: [("sent", 3_000), ("rejected", 3_100)])
        let hours = try await owned.store.board.hours(
            from: Timestamp(milliseconds: 0),
            before: start.advanced(by: .days(1)),
            clinic: nil
        )
        try #require(hours.count == 2)
        #expect(hours[0].start <= start && start < hours[1].start)
        #expect(hours[1].start.since(hours[0].start) == .hours(1))
        #expect(hours[0].received == 2 && hours[1].received == 0)
        #expect(hours[0].sendingTimes == [.minute: 1] && hours[1].sendingTimes == [.hour: 1])
        #expect(hours[0].accepted == 1 && hours[1].accepted == 0)
        #expect(hours[0].rejected == 0 && hours[1].rejected == 1)
        #expect(hours[0].settled == 0 && hours[1].settled == 2)
        let baltic = try await whole(owned, clinic: "baltic-vets")
        #expect(baltic.received == 1 && baltic.sent == 1 && baltic.rejected == 1)
        #expect(baltic.accepted == 0)
    }

    private func aTimeOfSendingHasItsPlace() async throws {
        let owned = try await open()
        let longest = SendingTime.allCases.compactMap { $0.longest?.milliseconds }
        #expect(longest == longest.sorted() && longest.count == SendingTime.allCases.count - 1)
        for milliseconds in longest {
            #expect(milliseconds % 1_000 == 0)
            for seconds in [Int(milliseconds / 1_000), Int(milliseconds / 1_000) + 1] {
                try await move(owned.newOrder(), owned, through: [("sent", seconds)])
            }
        }
        // At its end and a second behind it: two of each, but one of the first and the last.
        let times = try await whole(owned).sendingTimes
        for time in SendingTime.allCases {
            let isOuter = time == .tenSeconds || time == .later
            #expect(times[time] == (isOuter ? 1 : 2), "\(time)")
        }
    }

    private func aSecondSendingIsNotCounted() async throws {
        let owned = try await open()
        try await move(
            owned.newOrder(),
            owned,
            through: [
                ("sending", 1), ("sent", 2), ("error", 3), ("sending", 4), ("sent", 5_000),
            ]
        )
        #expect(try await whole(owned).sendingTimes == [.tenSeconds: 1])
    }

    private func hoursAreReadFromOneToAnother() async throws {
        let owned = try await open()
        try await owned.take(owned.newOrder())
        let number = OrderHour.number(of: start)
        let hour = OrderHour(number: number).start
        func count(_ from: Timestamp, _ before: Timestamp) async throws -> Int {
            try await owned.store.board.hours(from: from, before: before, clinic: nil).count
        }
        let next = hour.advanced(by: .hours(1))
        #expect(try await count(hour, next) == 1)
        #expect(try await count(hour, hour.advanced(by: .milliseconds(1))) == 1)
        #expect(try await count(hour, hour) == 0)
        #expect(try await count(hour.advanced(by: .milliseconds(1)), next) == 0)
        #expect(try await count(next, next.advanced(by: .hours(1))) == 0)
    }

    // MARK: - Searches

    private func indices(
        _ owned: OwnedStore<S>,
        _ orders: [SampleOrder],
        _ change: (inout OrderSearch) -> Void
    ) async throws -> [Int] {
        var search = OrderSearch(limit: 100)
        search.isNewestFirst = false
        change(&search)
        let page = try await owned.store.board.find(search)
        #expect(page.next == nil && !page.isCut)
        return page.rows.compactMap { row in orders.firstIndex { $0.stream == row.stream } }
    }

    private func aSearchFindsWhatIsMeant() async throws {
        let owned = try await open()
        #expect(try await owned.store.board.find(OrderSearch(limit: 1)) == FoundOrders(rows: []))
        let orders = try await owned.takeFiveKinds()
        func found(_ change: (inout OrderSearch) -> Void) async throws -> [Int] {
            try await indices(owned, orders, change)
        }
        #expect(try await found { _ in } == [0, 1, 2, 3, 4])
        #expect(try await found { $0.isNewestFirst = true } == [4, 3, 2, 1, 0])
        #expect(try await found { $0.isOpen = true } == [0, 1, 2, 4])
        #expect(try await found { $0.isOpen = false } == [3])
        #expect(try await found { $0.parked = .every } == [2])
        #expect(try await found { $0.parked = .one("in_doubt") } == [2])
        #expect(try await found { $0.parked = .one("conflict") } == [])
        #expect(try await found { $0.prescriptionState = "sent" } == [1, 2])
        #expect(try await found { $0.source = "telephone" } == [4])
        #expect(try await found { $0.clinic = "baltic-vets" } == [2])
        #expect(
            try await found { $0.workflowDigest = orders[0].row(version: 1).workflowDigest }.count
                == 5
        )
        #expect(try await found { $0.workflowDigest = "another" } == [])
        #expect(
            try await found {
                $0.clinic = "nordic-vets"
                $0.prescriptionState = "sent"
                $0.isOpen = true
            } == [1]
        )
        #expect(
            try await found {
                $0.clinic = "nordic-vets"
                $0.parked = .every
            } == []
        )
    }

    private func aSearchByTimeGoesByTheClock() async throws {
        let owned = try await open()
        // The third one came when the clock had jumped back by two hours.
        let seconds = [0, 4_000, -7_200, 8_000, 90_000]
        var orders: [SampleOrder] = []
        for after in seconds {
            var order = owned.newOrder()
            order.receivedAfter = after
            order.changedAfter = after
            try await owned.take(order)
            orders.append(order)
        }
        func found(_ from: Int64?, _ before: Int64?) async throws -> [Int] {
            try await indices(owned, orders) { search in
                search.receivedFrom = from.map { start.advanced(by: .seconds($0)) }
                search.receivedBefore = before.map { start.advanced(by: .seconds($0)) }
            }
        }
        #expect(try await found(nil, 0) == [2])
        #expect(try await found(0, nil) == [0, 1, 3, 4])
        #expect(try await found(0, 4_000) == [0])
        #expect(try await found(0, 4_001) == [0, 1])
        #expect(try await found(-8_000, 8_001) == [0, 1, 2, 3])
        #expect(try await found(200_000, nil) == [])
        #expect(
            try await indices(owned, orders) {
                $0.receivedFrom = start
                $0.clinic = "nobody"
            } == []
        )
    }

    private func aSearchByNameFindsItsBeginning() async throws {
        let owned = try await open()
        var orders = (0..<4).map { _ in owned.newOrder() }
        for (index, id) in ["HD-1", "HD-10", "HD-2", "HD-1"].enumerated() {
            orders[index].orderID = id
        }
        orders[3].source = "telephone"
        orders[3].clinic = "baltic-vets"
        let spoken: [[OrderReference]] = [
            [.init(.client, 7), .init(.patient, 8)], [.init(.client, 7)], [.init(.patient, 7)],
            [.init(.client, 7)],
        ]
        for (order, references) in zip(orders, spoken) {
            try await owned.store.commit(order.commit(epoch: owned.epoch, references: references))
        }
        func found(_ change: (inout OrderSearch) -> Void) async throws -> [Int] {
            try await indices(owned, orders, change)
        }
        #expect(try await found { $0.orderID = "HD-1" } == [0, 1, 3])
        #expect(try await found { $0.orderID = "HD-10" } == [1])
        #expect(try await found { $0.orderID = "HD-3" } == [])
        #expect(try await found { $0.orderID = "D-1" } == [])
        #expect(
            try await found {
                $0.orderID = "HD-1"
                $0.source = "webshop"
            } == [0, 1]
        )
        #expect(try await found { $0.references = [.init(.client, 7)] } == [0, 1, 3])
        #expect(
            try await found {
                $0.references = [.init(.client, 7)]
                $0.clinic = "nordic-vets"
            } == [0, 1]
        )
        #expect(
            try await found { $0.references = [.init(.client, 7), .init(.patient, 8)] } == [0]
        )
        #expect(
            try await found {
                $0.references = [.init(.client, 7)]
                $0.orderID = "HD-10"
            } == [1]
        )
        #expect(try await found { $0.references = [.init(.sale, 7)] } == [])
    }

    private func aSearchIsReadInPages() async throws {
        let owned = try await open()
        let orders = (0..<5).map { _ in owned.newOrder() }
        for order in orders { try await owned.take(order) }
        let streams = orders.map(\.stream)
        func page(
            _ after: StreamID?,
            _ change: (inout OrderSearch) -> Void = { _ in }
        ) async throws
            -> FoundOrders
        {
            var search = OrderSearch(limit: 2)
            search.after = after
            change(&search)
            return try await owned.store.board.find(search)
        }
        let first = try await page(nil)
        #expect(first.rows.map(\.stream) == [streams[4], streams[3]])
        #expect(first.next == streams[3])
        let second = try await page(first.next)
        #expect(second.rows.map(\.stream) == [streams[2], streams[1]])
        let third = try await page(second.next) { $0.isOpen = true }
        #expect(third.rows.map(\.stream) == [streams[0]])
        #expect(third.next == nil)
        #expect(try await page(streams[0]).rows.isEmpty)
        let back = try await page(streams[2]) { $0.isNewestFirst = false }
        #expect(back.rows.map(\.stream) == [streams[3], streams[4]])
        #expect(back.next == nil)
        let named = try await page(streams[4]) { $0.orderID = "HD-" }
        #expect(named.rows.map(\.stream) == [streams[3], streams[2]] && named.next == streams[2])
    }

    // MARK: - What is soon

    private func whatEndsSoonIsFound() async throws {
        let owned = try await open()
        var orders = (0..<4).map { _ in owned.newOrder() }
        orders[0].state = "accepted"
        orders[1].state = "accepted_warning"
        orders[1].priority = .urgent
        orders[3].state = "accepted"
        let lane = WorkRow.timerLane
        for (order, seconds) in zip(orders, [50, 40, 30, 90] as [Int64]) {
            let work = order.work(part: 2, lane: lane, dueAfter: seconds)
            try await owned.take(order, work: [work])
        }
        func soon(_ from: Int64, _ before: Int64, limit: Int = 10) async throws -> [StreamID] {
            try await owned.store.board.expiring(
                from: start.advanced(by: .seconds(from)),
                before: start.advanced(by: .seconds(before)),
                limit: limit
            ).map(\.row.stream)
        }
        #expect(try await soon(0, 90) == [orders[1].stream, orders[0].stream])
        #expect(try await soon(0, 91, limit: 1) == [orders[1].stream])
        #expect(try await soon(41, 91) == [orders[0].stream, orders[3].stream])
        #expect(try await soon(91, 100) == [])
    }

    private func theOldestThatWaitsIsKnown() async throws {
        let owned = try await open()
        #expect(try await owned.store.board.oldestQueued() == nil)
        var first = owned.newOrder()
        first.receivedAfter = 5
        try await owned.take(first)
        try await owned.take(owned.newOrder())
        let due = start.advanced(by: .seconds(5))
        #expect(try await owned.store.board.oldestQueued() == due)
        first.isQueued = false
        try await owned.take(first, expecting: 1)
        #expect(try await owned.store.board.oldestQueued() == start)
    }
}
