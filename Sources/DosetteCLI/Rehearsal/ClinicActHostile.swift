import DosetteCore
import DosetteSimulator
import Foundation

/// What must not work, and how it is answered.
extension ClinicSideAct {
    private static let foreignOrigin = "https://evil.example"

    mutating func playHostile() async {
        await step("g1", "a launch with a bad hash") { try await $0.badHash() }
        await step("g2", "a launch that is replayed") { try await $0.replayedLaunch() }
        await step("g3", "a foreign origin") { try await $0.foreignOrigin() }
        await step("g4", "forged webhooks") { try await $0.forgedWebhooks() }
        await step("g5", "items without a fee") { try await $0.itemsWithoutFee() }
    }

    // MARK: - Launches

    private func badHash() async throws -> String {
        let launch = try await launch("client", of: 20)
        let url = launch["url"]?.stringValue ?? ""
        let body = launch["body"]?.stringValue ?? ""
        let last = body.hasSuffix("0") ? "1" : "0"
        let forged = try await visitor.post(url, form: body.dropLast() + last)
        try due(forged.status == 403, "a bad hash got \(forged.status)")
        let other = body.replacing("id=20", with: "id=21")
        try due(other != body, "the launch does not name its client: \(body)")
        let moved = try await visitor.post(url, form: other)
        try due(moved.status == 403, "another client's hash got \(moved.status)")
        let unknown = url.replacing("/\(ActStage.clinic)/", with: "/no-such-clinic/")
        let nobody = try await visitor.post(unknown, form: body)
        try due(nobody.text == forged.text, "an unknown clinic is told from a known one")
        return "403; another client's hash: 403; an unknown clinic: the same page"
    }

    private func replayedLaunch() async throws -> String {
        let launch = try await launch("patient", of: 211)
        let url = launch["url"]?.stringValue ?? ""
        let body = launch["body"]?.stringValue ?? ""
        let first = try await visitor.post(url, form: body)
        try due(first.status == 303, "the first launch got \(first.status)")
        let second = try await visitor.post(url, form: body)
        try due(second.status == 409, "the replayed launch got \(second.status)")
        let more = try await visitor.post(url, form: body + "&nothing=1")
        try due(more.status == 409, "the replayed launch with one pair more got \(more.status)")
        return "303, then 409; with one pair more: 409"
    }

    private mutating func foreignOrigin() async throws -> String {
        let launch = try await launch("patient", of: 221)
        let url = launch["url"]?.stringValue ?? ""
        let opened = try await visitor.post(url, form: launch["body"]?.stringValue ?? "")
        let page = address + (opened.location ?? "")
        let shown = try await visitor.get(page)
        try due(shown.status == 200, "the page got \(shown.status)")
        let ancestors = shown.frameAncestors ?? "missing"
        try due(ancestors == stage.provet.base, "the page may be shown in frames of \(ancestors)")
        let form = shown.text.firstMatch(of: /name="form" value="([^"]*)"/)?.1 ?? ""
        let body = FormText.encode([("form", String(form)), ("items", "1")])
        let sent = try await visitor.post(page, form: body, origin: Self.foreignOrigin)
        try due(sent.status == 403, "a form of a foreign site got \(sent.status)")
        let seen = try await browseForeignPage()
        return "frames: \(ancestors) only; a form that a foreign site sends: 403; \(seen)"
    }

    // MARK: - Webhooks

    private mutating func forgedWebhooks() async throws -> String {
        let order = try await submit(client: 16, clinic: ActStage.clinic)
        let view = try await acceptAndCharge(order)
        try await waitForQuietWebhooks()
        let mark = try await mark()
        let path = "/v1/clinics/\(ActStage.clinic)/webhooks"
        let real = try await stage.api.get(path).object()["url"]?.stringValue ?? ""
        let guess = real.dropLast() + (real.hasSuffix("A") ? "B" : "A")
        let wrong = try await visitor.post(String(guess), json: ["client_id": 16])
        try due(wrong.status == 404, "a wrong token got \(wrong.status)")
        for lie in lies(view) {
            let answer = try await visitor.post(real, json: lie)
            try due(answer.status == 200, "\(lie.text) got \(answer.status)")
        }
        let garbage = try await visitor.post(real, form: "client_id=16&x=%00&client_id=\(Int.max)")
        try due(garbage.status < 500, "garbage got \(garbage.status)")
        try await Task.sleep(for: ActStage.reconcileInterval)
        let after = try await self.view(order)
        try due(after["version"] == view["version"], "the lies have moved \(order)")
        let entries = try await ledger(since: mark)
        try due(entries.isEmpty, "the lies had \(entries.count) effects at Provet")
        return "a wrong token: 404; five lies with the right one: 200, no event, no effect"
    }

    private func lies(_ view: JSON) -> [JSON] {
        [
            ["client_id": 16],
            ["invoicepayment_id": view["fee"]?["payment_id"] ?? .null],
            ["invoice_id": view["fee"]?["invoice_id"] ?? .null],
            ["home_delivery_order_id": 999_999],
            ["client_id": "16; delete everything", "order": ["state": "canceled"]],
        ]
    }

    // MARK: - Items without a fee

    /// Settings that name two items, and one that names an item that the clinic does not sell.
    private mutating func itemsWithoutFee() async throws -> String {
        let mark = try await mark()
        try await setFeeItem([501, 502])
        let first = try await submit(client: 17, clinic: ActStage.clinic)
        let ambiguous = try await parkedReason(first)
        try due(ambiguous.contains("more than once (501, 502)"), "it parks with “\(ambiguous)”")
        try await setFeeItem(999)
        // What was refused because of the settings is tried again, and meets the new ones.
        try await wait(first, for: "without a fee") { $0["fee"]?["state"] == "not_charged" }
        let entries = try await ledger(since: mark)
        try due([.paymentAdded: 0, .saleFinalized: 0, .saleItemAdded: 0], in: entries)
        let left =
            entries.count { $0.effect == .saleCreated }
            - entries.count { $0.effect == .saleDeleted }
        try due(left == 0, "\(left) sale is left behind")
        try await setFeeItem(501)
        return "two items: “\(ambiguous)”; an item that is not sold: the sale is taken back, "
            + "nothing is charged"
    }
}
