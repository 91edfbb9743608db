import DosetteCore
import DosetteStore
import Testing

// What the reconciler, the pages and the office ask of a store.
extension StoreConformance {
    func verifyClinics() async throws {
        try await anOrderIsFoundByWhatItRefersTo()
        try await settledOrdersAreWatchedUntilTheirTime()
        try await aListIsReadFromItsNewestEnd()
        try await clinicsAreAddedChangedAndRemoved()
    }

    private func anOrderIsFoundByWhatItRefersTo() async throws {
        let owned = try await open()
        let client = OrderReference(.client, 7)
        let invoice = OrderReference(.invoice, 7)
        let first = owned.newOrder()
        var other = owned.newOrder()
        other.clinic = "baltic-vets"
        let second = owned.newOrder()
        for order in [first, other, second] {
            try await owned.store.commit(
                order.commit(epoch: owned.epoch, references: [client, client])
            )
        }
        let more = first.commit(expecting: 1, epoch: owned.epoch, references: [client, invoice])
        try await owned.store.commit(more)
        func found(_ reference: OrderReference, _ clinic: String) async throws -> [StreamID] {
            let query = OrderQuery(selection: .refersTo(reference), clinic: clinic, limit: 10)
            return try await owned.store.orders(query).map(\.stream)
        }
        #expect(try await found(client, "nordic-vets") == [first.stream, second.stream])
        #expect(try await found(client, "baltic-vets") == [other.stream])
        #expect(try await found(invoice, "nordic-vets") == [first.stream])
        #expect(try await found(invoice, "baltic-vets") == [])
        #expect(try await found(OrderReference(.patient, 7), "nordic-vets") == [])
    }

    private func settledOrdersAreWatchedUntilTheirTime() async throws {
        let owned = try await open()
        var order = owned.newOrder()
        order.isOpen = false
        order.watchedUntil = StoreSamples.start.advanced(by: .seconds(10))
        try await owned.take(order)
        var other = owned.newOrder()
        other.isOpen = false
        try await owned.take(other)
        func watched(after seconds: Int64) async throws -> [StreamID] {
            let time = StoreSamples.start.advanced(by: .seconds(seconds))
            let query = OrderQuery(selection: .watchedSettled(at: time), limit: 10)
            return try await owned.store.orders(query).map(\.stream)
        }
        #expect(try await watched(after: 9) == [order.stream])
        #expect(try await watched(after: 10) == [])
        let open = OrderQuery(selection: .watchedOpen, limit: 10)
        #expect(try await owned.store.orders(open).isEmpty)
    }

    private func aListIsReadFromItsNewestEnd() async throws {
        let owned = try await open()
        let orders = (0..<3).map { _ in owned.newOrder() }
        for order in orders { try await owned.take(order) }
        func page(after: StreamID?) async throws -> [StreamID] {
            let query = OrderQuery(after: after, isNewestFirst: true, limit: 2)
            return try await owned.store.orders(query).map(\.stream)
        }
        #expect(try await page(after: nil) == [orders[2].stream, orders[1].stream])
        #expect(try await page(after: orders[1].stream) == [orders[0].stream])
        #expect(try await page(after: orders[0].stream) == [])
    }

    private func clinicsAreAddedChangedAndRemoved() async throws {
        let owned = try await open()
        func commit(_ change: ClinicChange) async throws {
            let version = try await owned.store.events(of: .engine, from: 0, limit: 100).count
            let event = EngineEvent.started(epoch: owned.epoch, software: "conformance")
            try await owned.store.commit(
                Commit(
                    stream: .engine,
                    expectedVersion: version,
                    epoch: owned.epoch,
                    events: [EventCodec.encode(event, version: version, at: StoreSamples.start)],
                    order: nil,
                    work: [],
                    clinic: change
                )
            )
        }
        func row(_ id: String, isDisabled: Bool = false) -> ClinicRow {
            ClinicRow(id: id, settings: "{\"a\":1}", sealed: "x", isDisabled: isDisabled)
        }
        #expect(try await owned.store.clinics().isEmpty)
        try await commit(.put(row("b")))
        try await commit(.put(row("a")))
        #expect(try await owned.store.clinics() == [row("a"), row("b")])
        try await commit(.put(row("b", isDisabled: true)))
        #expect(try await owned.store.clinics() == [row("a"), row("b", isDisabled: true)])
        try await commit(.remove("a"))
        #expect(try await owned.store.clinics() == [row("b", isDisabled: true)])
    }
}
