import DosetteCore
import DosetteStore
import Testing

// What a store keeps about clients, and how it forgets them.
extension StoreConformance {
    func verifyForgetting() async throws {
        try await whatIsToBeForgottenIsKept()
        try await theEarlierTimeStays()
        try await aForgottenOrderIsShownAnewAndFoundNoMore()
        try await anOrderThatChangedMeanwhileIsAConflict()
        try await aHoldLastsUntilItIsReleased()
    }

    private var now: Timestamp { StoreSamples.start }

    /// Commits a change with an event of the engine's own stream.
    private func change(_ change: PersonalChange, in owned: OwnedStore<S>) async throws {
        let version = try await owned.store.events(of: .engine, from: 0, limit: 100).count
        let event = EngineEvent.client(.held, subject: "s")
        try await owned.store.commit(
            Commit(
                stream: .engine,
                expectedVersion: version,
                epoch: owned.epoch,
                events: [EventCodec.encode(event, version: version, at: now)],
                order: nil,
                work: [],
                personal: change
            )
        )
    }

    private func asked(_ subject: String, after seconds: Int64) -> Forgetting {
        let due = now.advanced(by: .seconds(seconds))
        return Forgetting(subject: subject, personalClass: .record, dueAt: due)
    }

    private func whatIsToBeForgottenIsKept() async throws {
        let owned = try await open()
        let rest = Forgetting(subject: "b", personalClass: .rest, dueAt: now)
        try await change(.asked([asked("b", after: 1), rest]), in: owned)
        try await change(.asked([asked("a", after: 2)]), in: owned)
        let all = try await owned.store.forgettings(after: nil, limit: 10)
        #expect(all == [asked("a", after: 2), asked("b", after: 1), rest])
        #expect(try await owned.store.forgettings(after: "a", limit: 1) == [asked("b", after: 1)])
        let at = now.advanced(by: .seconds(5))
        try await change(.erased(.record, subject: "b", at: at, rows: []), in: owned)
        let erased = try await owned.store.forgettings(after: "a", limit: 1).first
        #expect(erased?.erasedAt == at)
        #expect(erased?.dueAt == now.advanced(by: .seconds(1)))
        // What is gone is gone, whoever asks again.
        try await change(.asked([asked("b", after: 0)]), in: owned)
        #expect(try await owned.store.forgettings(after: "a", limit: 1).first == erased)
    }

    private func theEarlierTimeStays() async throws {
        let owned = try await open()
        for seconds in [5, 3, 9] as [Int64] {
            try await change(.asked([asked("a", after: seconds)]), in: owned)
        }
        #expect(try await owned.store.forgettings(after: nil, limit: 9) == [asked("a", after: 3)])
    }

    private func aForgottenOrderIsShownAnewAndFoundNoMore() async throws {
        let owned = try await open()
        var order = owned.newOrder()
        order.isOpen = false
        order.words = ",\"reason\":\"owner Maija\""
        let client = OrderReference(.client, 7)
        let sale = OrderReference(.sale, 8)
        try await owned.store.commit(
            order.commit(epoch: owned.epoch, references: [client, sale, .init(.patient, 9)])
        )
        var shown = order
        shown.words = ""
        let erased = PersonalChange.erased(
            .record,
            subject: "a",
            at: now,
            rows: [shown.row(version: 1)]
        )
        try await change(erased, in: owned)
        #expect(try await owned.store.order(order.key) == shown.row(version: 1))
        func found(_ reference: OrderReference) async throws -> Int {
            let query = OrderQuery(
                selection: .refersTo(reference),
                clinic: order.clinic,
                limit: 10
            )
            return try await owned.store.orders(query).count
        }
        #expect(try await found(client) == 0)
        #expect(try await found(.init(.patient, 9)) == 0)
        #expect(try await found(sale) == 1)
        try await owned.store.scrub()
    }

    private func anOrderThatChangedMeanwhileIsAConflict() async throws {
        let owned = try await open()
        let order = owned.newOrder()
        try await owned.take(order, eventCount: 2)
        let before = try await owned.journal()
        let late = PersonalChange.erased(
            .record,
            subject: "a",
            at: now,
            rows: [order.row(version: 1)]
        )
        await #expect(throws: StoreError.self) { try await change(late, in: owned) }
        #expect(try await owned.journal() == before)
        #expect(try await owned.store.forgettings(after: nil, limit: 9).isEmpty)
    }

    private func aHoldLastsUntilItIsReleased() async throws {
        let owned = try await open()
        try await change(.held(subject: "a"), in: owned)
        try await change(.held(subject: "a"), in: owned)
        try await change(.held(subject: "b"), in: owned)
        #expect(try await owned.store.holds() == ["a", "b"])
        try await change(.released(subject: "a"), in: owned)
        #expect(try await owned.store.holds() == ["b"])
    }
}
