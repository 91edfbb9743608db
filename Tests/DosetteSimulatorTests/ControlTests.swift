import Foundation
import Testing

@testable import DosetteSimulator

@Suite("The control routes")
struct ControlTests {
    private let clinic: Clinic
    private let control: SimulatorControl

    init() throws {
        clinic = try Clinic()
        control = SimulatorControl(provet: clinic.provet)
    }

    private func send(_ method: String, _ target: String, _ body: JSON? = nil) -> SimulatedAnswer {
        let request = SimulatedRequest(method, target, body: body?.bytes ?? [])
        return control.answer(request, now: clinic.now)
    }

    @Test func `health is always well`() {
        clinic.provet.setFaults(.always(.unavailable))
        #expect(send("GET", "/health").status == 200)
    }

    @Test func `the ledger is NDJSON, after a number and up to a limit`() throws {
        for _ in 0..<3 { _ = try clinic.prescription() }
        let answer = send("GET", "/ledger?after=1&limit=1")
        #expect(answer.header("Content-Type") == "application/x-ndjson")
        let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 1)
        let entry = try JSONDecoder().decode(LedgerEntry.self, from: Data(lines[0].utf8))
        #expect(entry.sequence == 2)
        #expect(send("GET", "/ledger").body.count { $0 == UInt8(ascii: "\n") } == 3)
    }

    @Test func `the summary counts every effect and every fault`() throws {
        clinic.provet.setFaults(.always(.cutAfter))
        _ = clinic.send("POST", "eprescription/prescription/", Clinic.prescription)
        let body = Data(send("GET", "/summary").body)
        let summary = try JSONDecoder().decode(SimulatorSummary.self, from: body)
        #expect(summary.effects[.prescriptionCreated] == 1)
        #expect(summary.faults[.cutAfter] == 1)
        #expect(summary.faults.count == FaultKind.allCases.count)
        #expect(String(decoding: body, as: UTF8.self).contains(#""cut_after":1"#))
    }

    @Test func `a profile is set by its name, and single faults beside it`() {
        #expect(send("POST", "/faults", ["profile": "none", "cut_before": 10_000]).status == 200)
        #expect(clinic.send("GET", "countersale/").isCut)
        #expect(send("POST", "/faults", ["profile": "none"]).status == 200)
        #expect(clinic.send("GET", "countersale/").status == 200)
        #expect(send("POST", "/faults", ["profile": "calm"]).status == 400)
        #expect(send("POST", "/faults", ["late_effect_milliseconds": -1]).status == 400)
    }

    @Test func `the clinic acts by itself`() throws {
        let id = try clinic.prescription(3)
        let base: JSON = ["installation": "4", "prescription": .integer(id)]
        let moved = send("POST", "/clinic", base.with("action", "status").with("status", 8))
        #expect(moved.status == 200)
        #expect(clinic.ledger.last?.statusNew == 8)
        #expect(send("POST", "/clinic", base.with("action", "cancel")).status == 200)
        #expect(clinic.ledger.last?.statusNew == 6)
        #expect(send("POST", "/clinic", base.with("action", "cancel")).status == 409)
        #expect(send("POST", "/clinic", base.with("action", "sing")).status == 400)
        #expect(send("POST", "/clinic", base.with("action", "status")).status == 400)
        let other = base.with("prescription", 1).with("action", "cancel")
        #expect(send("POST", "/clinic", other).status == 404)
    }

    @Test func `the fee item of a department is set and taken away`() {
        let base: JSON = ["installation": "4", "department": 1]
        #expect(send("POST", "/settings", base.with("prescription_fee_item", 502)).status == 200)
        let path = "department/1/settings/"
        #expect(clinic.send("GET", path).json?["prescription_fee_item"] == 502)
        #expect(send("POST", "/settings", base.with("prescription_fee_item", .null)).status == 200)
        #expect(clinic.send("GET", path).json?["prescription_fee_item"] == .null)
        #expect(send("POST", "/settings", base).status == 400)
        let other = base.with("department", 99).with("prescription_fee_item", 1)
        #expect(send("POST", "/settings", other).status == 404)
    }

    @Test(
        arguments: [
            ("remarks", ["prescription": 1001, "remarks": "x"]),
            ("archive", ["prescription": 1001]),
            ("finalize_sale", ["sale": 2002]),
            ("pay_invoice", ["invoice": 3001, "payment_type": 3]),
            ("credit_invoice", ["invoice": 3001]), ("cancel_payment", ["payment": 4001]),
            ("change_client", ["client": 7]), ("delete_client", ["client": 7]),
            ("change_patient", ["patient": 71]), ("change_organization", ["organization": 1]),
        ] as [(String, JSON)]
    )
    func `the clinic acts by hand`(action: String, fields: JSON) throws {
        _ = try clinic.prescription()
        let sale = try clinic.finalizedSale()
        #expect(clinic.send("POST", "invoicepayment/", Clinic.payment(sale.invoice)).status == 201)
        _ = clinic.send("POST", "countersale/", Clinic.sale)
        #expect(clinic.send("POST", "countersale/2002/add_item/", ["item": 501]).status == 201)
        let body = fields.with("installation", "4").with("action", .string(action))
        #expect(send("POST", "/clinic", body).status == 200)
        let nothing = JSON.object([]).with("installation", "4").with("action", .string(action))
        #expect(send("POST", "/clinic", nothing).status == 400)
    }

    @Test func `settings can be ambiguous, locked and open again`() {
        let base: JSON = ["installation": "4", "department": 1]
        let path = "department/1/settings/"
        let several = base.with("prescription_fee_item", [501, 502])
        #expect(send("POST", "/settings", several).status == 200)
        #expect(clinic.send("GET", path).json?["prescription_fee_item"] == [501, 502])
        let lock = base.with("financial_period_lock_date", "2026-01-31")
        #expect(send("POST", "/settings", lock).status == 200)
        let locked = clinic.send("GET", path).json
        #expect(locked?["financial_period_lock_date"] == "2026-01-31")
        #expect(locked?["prescription_fee_item"] == [501, 502])
        let open = base.with("financial_period_lock_date", .null)
        #expect(send("POST", "/settings", open).status == 200)
        #expect(clinic.send("GET", path).json?["financial_period_lock_date"] == .null)
        let nonsense = base.with("financial_period_lock_date", "2026-02-30")
        #expect(send("POST", "/settings", nonsense).status == 400)
    }

    @Test func `home delivery is ordered, changed and replaced`() throws {
        let order = send(
            "POST",
            "/home_delivery",
            [
                "installation": "4", "client": 7, "patient": 71,
                "items": [["item": 502, "quantity": 2], ["item": 9, "name": "x", "quantity": 1]],
            ]
        )
        #expect(order.status == 200)
        #expect(
            String(decoding: order.body, as: UTF8.self) == #"{"order":8001,"items":[9001,9002]}"#
        )
        let base: JSON = ["installation": "4", "item": 9001, "quantity": 3]
        #expect(send("POST", "/home_delivery/change", base).status == 200)
        let replaced = send("POST", "/home_delivery/replace", base.with("name", "Other"))
        #expect(String(decoding: replaced.body, as: UTF8.self) == #"{"item":9003}"#)
        #expect(send("POST", "/home_delivery/change", base.with("item", 1)).status == 404)
        #expect(send("POST", "/home_delivery", ["installation": "4", "client": 7]).status == 400)
    }

    @Test func `rights are taken away and given back`() {
        #expect(send("POST", "/permissions", ["missing": ["users", "items"]]).status == 200)
        #expect(clinic.send("GET", "user/").status == 403)
        #expect(send("POST", "/permissions", ["missing": ["singing"]]).status == 400)
        #expect(send("POST", "/permissions", ["missing": "users"]).status == 400)
        #expect(clinic.send("GET", "user/").status == 403)
        #expect(send("POST", "/permissions", ["missing": []]).status == 200)
        #expect(clinic.send("GET", "user/").status == 200)
    }

    @Test func `webhook calls are told one by one`() throws {
        let hook: JSON = [
            "trigger": 1, "content_type": 2, "url_to_call": "http://127.0.0.1:9/x",
        ]
        #expect(clinic.send("POST", "hook/webhook/", hook).status == 201)
        _ = clinic.provet.clinicDoes(.changeClient(7), installation: "4", now: clinic.now)
        let report = try JSONReader.read(send("GET", "/webhooks").body)
        #expect(report["waiting"] == 1)
        #expect(report["delivered"] == 0)
        guard case .array(let deliveries) = report["deliveries"] else {
            Issue.record("no deliveries")
            return
        }
        #expect(deliveries.first?["trigger"] == 1)
        #expect(deliveries.first?["url"] == "http://127.0.0.1:9/x")
        #expect(deliveries.first?["tries"] == 0)
    }

    @Test func `a button is pressed, and shown on a page`() throws {
        let button: JSON = [
            "name": "Dosette", "visible_page": 1, "action": 2, "method": 1,
            "url": "http://127.0.0.1:9/launch", "id_parameter": "id",
        ]
        let id = try #require(clinic.send("POST", "custom_integration/", button).id)
        let launched = send(
            "POST",
            "/launch",
            ["installation": "4", "integration": .integer(id), "object": 7]
        )
        let text = String(decoding: launched.body, as: UTF8.self)
        #expect(
            text == #"{"method":"POST","url":"http://127.0.0.1:9/launch","#
                + #""body":"id=7&organization=4&department=1&user=1"}"#
        )
        let query = "?installation=4&integration=\(id)&object=7&user=2&frame=1"
        let page = send("GET", "/press" + query)
        #expect(page.header("Content-Type") == "text/html; charset=utf-8")
        #expect(String(decoding: page.body, as: UTF8.self).contains("<iframe"))
        #expect(send("GET", "/press?installation=4&integration=1&object=7").status == 404)
        #expect(send("GET", "/press?installation=4").status == 400)
    }

    @Test func `another route is not found`() {
        #expect(send("GET", "/secrets").status == 404)
        #expect(send("POST", "/health").status == 404)
    }
}
