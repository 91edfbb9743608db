import Testing

@testable import DosetteSimulator

@Suite("Webhooks")
struct WebhookTests {
    private static let target = "http://127.0.0.1:9/hooks/4/token"

    private var clinic: Clinic

    init() throws {
        clinic = try Clinic()
    }

    @discardableResult
    private func register(
        _ trigger: WebhookTrigger,
        type: Int = 2,
        isActive: Bool = true
    ) -> Clinic.Reply {
        clinic.send(
            "POST",
            "hook/webhook/",
            [
                "trigger": .integer(trigger.rawValue), "content_type": .integer(type),
                "url_to_call": .string(Self.target), "active": .bool(isActive),
            ]
        )
    }

    private func take() -> [WebhookDelivery] {
        clinic.provet.takeDeliveries(now: clinic.now)
    }

    private func act(_ act: ClinicAct) throws -> Int {
        try clinic.provet.clinicDoes(act, installation: "4", now: clinic.now).get()
    }

    @Test func `a webhook is registered, read, listed and deleted`() throws {
        let made = register(.payment)
        #expect(made.status == 201)
        let id = try #require(made.id)
        let row = clinic.send("GET", "hook/webhook/\(id)/").json
        #expect(row == made.json)
        #expect(row?["url_to_call"] == .string(Self.target))
        #expect(row?["trigger"] == 11)
        #expect(row?["active"] == true)
        #expect(clinic.send("GET", "hook/webhook/").ids == [id])
        #expect(clinic.send("GET", "hook/webhook/?trigger__is=1").ids == [])
        #expect(clinic.send("DELETE", "hook/webhook/\(id)/").status == 204)
        #expect(clinic.send("GET", "hook/webhook/\(id)/").status == 404)
        #expect(clinic.send("DELETE", "hook/webhook/\(id)/").status == 404)
        #expect(clinic.effects == [.webhookCreated, .webhookDeleted])
    }

    @Test(
        arguments: [
            ("trigger", .string("x")), ("trigger", 0), ("content_type", 3), ("content_type", .null),
            ("url_to_call", "ftp://x"), ("url_to_call", ""), ("active", "yes"),
        ] as [(String, JSON)]
    )
    func `a webhook that makes no sense is refused`(name: String, value: JSON) {
        let body: JSON = [
            "trigger": 1, "content_type": 1, "url_to_call": .string(Self.target), "active": true,
        ]
        #expect(clinic.send("POST", "hook/webhook/", body.with(name, value)).status == 400)
        #expect(clinic.effects == [])
    }

    @Test func `there are not too many webhooks`() throws {
        var configuration = SimulatorConfiguration()
        configuration.limitsPerMinute = 10_000
        let clinic = try Clinic(configuration)
        let body: JSON = [
            "trigger": 1, "content_type": 1, "url_to_call": .string(Self.target),
        ]
        for _ in 0..<WebhookRow.countMaximum {
            #expect(clinic.send("POST", "hook/webhook/", body).status == 201)
        }
        #expect(clinic.send("POST", "hook/webhook/", body).status == 400)
    }

    @Test(arguments: [
        (1, "application/x-www-form-urlencoded", "client_id=7"),
        (2, "application/json", #"{"client_id":7}"#),
    ])
    func `a body has one key`(type: Int, contentType: String, body: String) throws {
        register(.client, type: type)
        _ = try act(.changeClient(7))
        let delivery = try #require(take().first)
        #expect(delivery.contentType == contentType)
        #expect(String(decoding: delivery.body, as: UTF8.self) == body)
        #expect(delivery.url == Self.target)
    }

    @Test func `every trigger fires for what it is about`() throws {
        for trigger in WebhookTrigger.allCases { register(trigger, type: 1) }
        let sale = try clinic.finalizedSale()
        let payment = try act(.payInvoice(sale.invoice, paymentType: 1))
        _ = try act(.changeClient(7))
        _ = try act(.changePatient(71))
        _ = try act(.deleteClient(8))
        _ = try act(.changeOrganization(3))
        let isSet = clinic.provet.setPrescriptionFeeItem(502, department: 2, installation: "4")
        #expect(isSet)
        let draft = HomeDeliveryDraft(client: 7, items: [.init(item: 502, quantity: 1)])
        let made = try clinic.provet.createHomeDelivery(
            draft,
            installation: "4",
            now: clinic.now
        ).get()
        let item = made.items[0]
        _ = clinic.send("PUT", "home_delivery/item/\(item)/update_status/", ["status": 2])
        _ = clinic.provet.replaceHomeDelivery(
            item: item,
            name: "Other",
            quantity: 1,
            installation: "4",
            now: clinic.now
        )
        let invoice = "invoice_id=\(sale.invoice)"
        let bodies = take().map { String(decoding: $0.body, as: UTF8.self) }
        #expect(
            bodies == [
                invoice, invoice, invoice, "invoicepayment_id=\(payment)", "client_id=7",
                "patient_id=71", "client_id=8", "organization_id=3", "department_id=2",
                "home_delivery_order_id=\(made.order)", "home_delivery_item_id=\(item)",
                "home_delivery_item_id=\(item)",
            ]
        )
    }

    @Test func `only active webhooks of the same installation are called`() throws {
        register(.client, isActive: false)
        register(.payment)
        _ = try act(.changeClient(7))
        let other = clinic.provet.clinicDoes(
            .changeClient(7),
            installation: "5",
            now: clinic.now
        )
        #expect(try other.get() == 7)
        #expect(take().isEmpty)
        register(.client)
        register(.client)
        _ = try act(.changeClient(7))
        #expect(take().count == 2)
    }

    @Test mutating func `a call that fails twice is made a third time, after pauses`() throws {
        register(.client)
        _ = try act(.changeClient(7))
        for (pause, status) in [(0, 500), (1000, nil), (2000, 200)] as [(Int64, Int?)] {
            clinic.now += pause - 1
            if pause > 0 { #expect(take().isEmpty) }
            clinic.now += 1
            let delivery = try #require(take().first)
            clinic.provet.finishDelivery(delivery.number, status: status, now: clinic.now)
        }
        let report = clinic.provet.webhookReport(now: clinic.now)
        #expect(report.delivered == 1)
        #expect(report.failed == 0)
        #expect(report.waiting == 0)
        #expect(report.deliveries.map(\.tries) == [3])
        #expect(report.deliveries.map(\.status) == [200])
    }

    @Test mutating func `a call that always fails is dropped after ten more tries`() throws {
        register(.client)
        _ = try act(.changeClient(7))
        var pauses: [Int64] = []
        var last = clinic.now
        while clinic.provet.webhookReport(now: clinic.now).waiting > 0 {
            if let delivery = take().first {
                pauses.append((clinic.now - last) / 1000)
                last = clinic.now
                clinic.provet.finishDelivery(delivery.number, status: 404, now: clinic.now)
            } else {
                clinic.now += 1000
            }
        }
        #expect(pauses == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
        let report = clinic.provet.webhookReport(now: clinic.now)
        #expect(report.failed == 1)
        #expect(report.deliveries.map(\.status) == [404])
    }

    @Test func `what is taken is not taken again, and what was not taken is ignored`() throws {
        register(.client)
        _ = try act(.changeClient(7))
        let delivery = try #require(take().first)
        #expect(take().isEmpty)
        clinic.provet.finishDelivery(delivery.number + 1, status: 200, now: clinic.now)
        #expect(clinic.provet.webhookReport(now: clinic.now).waiting == 1)
        clinic.provet.finishDelivery(delivery.number, status: 200, now: clinic.now)
        clinic.provet.finishDelivery(delivery.number, status: 200, now: clinic.now)
        #expect(clinic.provet.webhookReport(now: clinic.now).delivered == 1)
    }

    @Test func `the queue, the flight and the memory are bounded`() {
        let webhook = WebhookRow(
            id: 1,
            createdAt: 0,
            trigger: 1,
            contentType: .form,
            target: Self.target,
            isActive: true
        )
        var queue = WebhookQueue()
        for _ in 0...WebhookQueue.waitingMaximum {
            queue.add(.client, 7, to: webhook, in: "4", at: 0)
        }
        #expect(queue.report.waiting == WebhookQueue.waitingMaximum)
        #expect(queue.report.failed == 1)
        let first = queue.take(dueAt: 0)
        #expect(first.map(\.number) == Array(1...WebhookQueue.flightMaximum))
        #expect(queue.take(dueAt: 0).isEmpty)
        var taken = first
        while !taken.isEmpty {
            for delivery in taken { queue.finish(delivery.number, status: 200, at: 0) }
            taken = queue.take(dueAt: 0)
        }
        #expect(queue.report.delivered == WebhookQueue.waitingMaximum)
        #expect(queue.report.deliveries.count == WebhookQueue.historyMaximum)
    }

    @Test(
        arguments: [
            ("hook/webhook/", ["trigger": 1, "content_type": 1, "url_to_call": "http://a/"]),
            (
                "custom_integration/",
                [
                    "name": "x", "visible_page": 1, "action": 0, "method": 0, "url": "http://a/",
                    "id_parameter": "id",
                ]
            ),
        ] as [(String, JSON)]
    )
    func `the ledger tells which request made what, whatever came back`(
        path: String,
        body: JSON
    ) throws {
        let token = try #require(clinic.signIn().json?["access_token"]?.text)
        clinic.provet.setFaults(.always(.cutAfter))
        let request = SimulatedRequest(
            "POST",
            "/api/0.1/" + path,
            authorization: "Bearer \(token)",
            body: body.bytes,
            requestID: "setup-1"
        )
        let reply = clinic.provet.handle(request, installation: "4", now: clinic.now)
        #expect(reply.answer == nil)
        #expect(clinic.ledger.map(\.request) == ["setup-1"])
    }

    @Test func `a refused write fires nothing`() throws {
        register(.invoice)
        register(.payment)
        #expect(clinic.send("POST", "invoicepayment/", Clinic.payment(3001)).status == 400)
        #expect(clinic.send("POST", "countersale/2001/finalize/").status == 404)
        #expect(take().isEmpty)
    }
}
