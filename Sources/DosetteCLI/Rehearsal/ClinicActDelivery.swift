import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteSimulator

/// Home delivery as the clinic orders it, and the end of the act.
extension ClinicSideAct {
    private static let statusAccepted = 2
    private static let statusDelivered = 6
    private static let quantity = 2

    // MARK: - Step f

    mutating func homeDelivery() async throws -> String {
        let mark = try await mark()
        let begin = ContinuousClock.now
        let made = try await control(
            "home_delivery",
            [
                "installation": .string(ActStage.installation), "client": 15, "patient": 151,
                "items": [
                    ["item": 502, "name": "Joint food 3 kg", "quantity": JSON(Self.quantity)]
                ],
            ]
        )
        let order = "provet-home-delivery/HDO-\(ActStage.clinic)-\(made["order"]?.intValue ?? 0)"
        _ = try await wait(for: order) {
            try await stage.api.get("/v1/orders/\(order)").status == 200 ? true : nil
        }
        let took = ContinuousClock.now - begin
        orders.append(order)
        for (signal, state) in [
            ("accept", "accepted"), ("pack", "packed"), ("ship", "shipped"),
            ("deliver", "delivered"),
        ] {
            try await self.signal(signal, order)
            try await wait(order, for: state) { $0["delivery"]?["state"]?.stringValue == state }
        }
        let statuses = try await deliveryStatuses(since: mark)
        let page = try await clientsPage("patient", of: 151)
        try due(page.contains("Home delivery: delivered."), "the client's page does not tell of it")
        return "\(order) came in after \(took.words); Provet shows the statuses \(statuses)"
    }

    /// Waits until Provet shows the item as delivered; answers how it got there.
    private func deliveryStatuses(since mark: Int) async throws -> String {
        let entries = try await wait(for: "the delivery at Provet") { () -> [LedgerEntry]? in
            let entries = try await ledger(since: mark).filter { $0.effect == .homeDeliveryStatus }
            return entries.last?.statusNew == Self.statusDelivered ? entries : nil
        }
        let statuses = entries.compactMap(\.statusNew)
        try due(statuses == statuses.sorted(), "the statuses went back: \(statuses)")
        try due(Set(statuses).count == statuses.count, "a status was told twice: \(statuses)")
        try due(statuses.first == Self.statusAccepted, "it was never accepted: \(statuses)")
        try due(entries.last?.quantity == Self.quantity, "not all was delivered")
        return statuses.map(String.init).joined(separator: ", ")
    }

    // MARK: - The end

    /// Stops the server in order and compares what is left.
    mutating func reckon() async throws -> String {
        let exit = stage.stopServer()
        try due(exit == 0, "the server ended with \(exit)")
        let entries = try await stage.ledger()
        let store: SQLiteStore
        let replay: AuditReplay.Report
        do {
            store = try SQLiteStore(readingFrom: stage.data)
            replay = try await AuditReplay.run(
                store,
                options: .init(opening: PharmacyAccess.opening(data: stage.data))
            )
            store.close()
        } catch {
            throw Failure("the journal cannot be read: \(error)")
        }
        try due(replay.problemCount == 0, "the replay differs: \(replay.problems)")
        try due(
            replay.orderCount == orders.count,
            "the journal has \(replay.orderCount) orders, not \(orders.count)"
        )
        let markers = entries.filter { $0.effect == .prescriptionCreated }.map { $0.marker ?? "" }
        try due(Set(markers).count == markers.count, "a prescription was made twice")
        return "\(replay.orderCount) orders and \(replay.eventCount) events replayed without a "
            + "difference; \(entries.count) effects at Provet, no prescription twice"
    }
}
