import DosetteCore
import DosetteSimulator

/// What a clinic changes by itself: its mind, and its settings.
extension ClinicSideAct {
    /// How late after a round the change may be seen here: the round's own calls, and this machine.
    private static let noticeMargin = Duration.milliseconds(1_500)
    private static let settingsTrigger = 63

    // MARK: - Step c

    mutating func clinicCancels() async throws -> String {
        let order = try await submit(client: 12, clinic: ActStage.clinic)
        let before = try await acceptAndCharge(order)
        let prescription = before["prescription"]?["provet_id"]?.intValue ?? 0
        // The fee's own webhooks make the order be looked at: those are waited out.
        try await waitForQuietWebhooks()
        let mark = try await mark()
        let calls = try await webhooks()["delivered"]?.intValue ?? 0
        try await control(
            "clinic",
            [
                "installation": .string(ActStage.installation), "action": "cancel",
                "prescription": JSON(prescription),
            ]
        )
        let noticed = try await notice(order, calls)
        try await wait(order, for: "paid back") { $0["fee"]?["state"] == "refunded" }
        try due(
            [.prescriptionStatus: 1, .invoiceRefunded: 1, .paymentCancelled: 1],
            in: try await ledger(since: mark)
        )
        return "\(order): noticed \(noticed.words) after the clinic's cancel (interval "
            + "\(ActStage.reconcileInterval.words), margin \(Self.noticeMargin.words)) "
            + "without a webhook, payment canceled and invoice refunded, once each"
    }

    /// Waits until Dosette knows of the cancel, and checks that no webhook told it.
    private func notice(_ order: String, _ callsBefore: Int) async throws -> Duration {
        let begin = ContinuousClock.now
        var calls = callsBefore
        let took = try await wait(for: "the clinic's cancel") { () -> Duration? in
            let view = try await view(order)
            if view["prescription"]?["state"] == "canceled" { return ContinuousClock.now - begin }
            calls = try await webhooks()["delivered"]?.intValue ?? 0
            return nil
        }
        try due(calls == callsBefore, "a webhook was delivered before the cancel was noticed")
        try due(
            took <= ActStage.reconcileInterval + Self.noticeMargin,
            "the cancel was noticed only after \(took.words)"
        )
        return took
    }

    // MARK: - Step d

    mutating func settingsChange() async throws -> String {
        try await setFeeItem(.null)
        let order = try await submit(client: 13, clinic: ActStage.clinic)
        let reason = try await parkedReason(order)
        try due(
            reason.contains("prescription_fee_item of department 1"),
            "the order parks with “\(reason)”"
        )
        let mark = try await mark()
        try await setFeeItem(502)
        try await wait(order, for: "going on by itself") { $0["fee"]?["state"] == "charged" }
        let entries = try await ledger(since: mark)
        try due(ActCheck.charge, in: entries)
        let sum = entries.first { $0.effect == .saleItemAdded }?.sum
        try due(sum == "6.50", "the fee was \(sum ?? "nothing"), not item 502's 6.50")
        try await setFeeItem(501)
        return "\(order) parked: “\(reason)”; filled in with item 502, webhook 63, went on by "
            + "itself and charged 6.50"
    }

    /// Lets the clinic change its fee item, and waits until Dosette was told.
    func setFeeItem(_ item: JSON) async throws {
        let count = try await delivered(Self.settingsTrigger)
        try await control(
            "settings",
            [
                "installation": .string(ActStage.installation), "department": 1,
                "prescription_fee_item": item,
            ]
        )
        try await waitForWebhook(Self.settingsTrigger, after: count)
    }

    /// Accepts an order and waits until it is parked.
    func parkedReason(_ order: String) async throws -> String {
        try await wait(order, for: "at the pharmacy") { $0["prescription"]?["state"] == "sent" }
        try await signal("accept", order)
        let view = try await wait(order, for: "parked") { $0["parked"]?.objectValue != nil }
        return view["parked"]?["reason"]?.stringValue ?? ""
    }
}
