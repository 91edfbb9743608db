import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import DosetteStore
import Foundation
import Testing

/// What the clinic's side promises, each over real sockets from one end to the other.
@Suite("The clinic's side, whole", .timeLimit(.minutes(1)), .serialized)
struct DoneWhenTests {
    // MARK: - A veterinarian's order

    @Test func `a veterinarian's order goes from the button to its last dispense`() async throws {
        try await LiveStack.run { stack in
            let press = try await stack.press(place: "consultation", object: 70)
            let opened = try await stack.postForm(press.url, press.body)
            #expect(opened.status == 303)
            let path = try #require(opened.location)
            let page = try await stack.get(path)
            #expect(page.status == 200)
            let sent = try await stack.postForm(path, stack.filled(page.text))
            #expect(sent.status == 303, "\(sent.text)")
            let order = try #require(sent.location)
            let id = try #require(order.split(separator: "/").last).description
            let key = try #require(OrderKey(source: "provet-button", orderID: id))
            try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            try await stack.say("accept", to: key)
            try await stack.wait(for: key, "charged") { $0.fee == .charged }
            #expect(try await stack.dispense("d1", of: key) == 201)
            #expect(try await stack.dispense("d2", of: key) == 201)
            let whole = try await stack.wait(for: key, "complete") { !$0.isOpen }
            #expect(whole.prescription == .accepted)
            #expect(try await stack.dispense("d3", of: key) == 409)
            let live = try await stack.get(order)
            #expect(live.status == 200)
            let ledger = try await stack.ledger()
            #expect(ledger.count { $0.effect == .prescriptionCreated } == 1)
            #expect(ledger.count { $0.effect == .paymentAdded } == 1)
            try await stack.checkAudit()
        }
    }

    @Test func `nobody opens a page without the clinic's own hash`() async throws {
        try await LiveStack.run { stack in
            let press = try await stack.press(place: "client", object: 7)
            let launches = press.body.split(separator: "&")
            // Another client under the same hash, and another clinic's launch here.
            let other = launches.map { $0 == "id=7" ? "id=8" : String($0) }.joined(separator: "&")
            #expect(try await stack.postForm(press.url, other).status == 403)
            try await stack.hookUp("9", as: "south-vets")
            let elsewhere = press.url.replacing("/\(LiveStack.clinic)/", with: "/south-vets/")
            #expect(try await stack.postForm(elsewhere, press.body).status == 403)
            let unknown = press.url.replacing("/\(LiveStack.clinic)/", with: "/nobody/")
            #expect(try await stack.postForm(unknown, press.body).status == 403)
            #expect(try await stack.postForm(press.url, press.body).status == 303)
            let again = try await stack.postForm(press.url, press.body)
            #expect((400..<500).contains(again.status), "a replay: \(again.status)")
            #expect(try await stack.engine.orders(OrderQuery(limit: 10)).isEmpty)
        }
    }

    // MARK: - The clinic's cancel

    @Test func `the clinic's cancel is noticed in one round, with its refund`() async throws {
        try await LiveStack.run { stack in
            let (key, _) = try await stack.submit("HD-1")
            let sent = try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            try await stack.say("accept", to: key)
            try await stack.wait(for: key, "charged") { $0.fee == .charged }
            let began = stack.engine.clock.now()
            try await stack.clinicCancels(try #require(sent.provetID))
            let order = try await stack.wait(for: key, "refunded") { $0.fee == .refunded }
            #expect(order.prescription == .canceled)
            let noticed = try #require(try await stack.canceledAt(key))
            // A round, and what a busy machine takes for it.
            let delay = noticed.at.milliseconds - began.milliseconds
            #expect(delay <= LiveStack.interval.milliseconds + 2_000, "\(delay) ms")
            #expect(noticed.by == Actor(.clinic, name: LiveStack.clinic))
            let truth = ClinicTruth(try await stack.ledger())
            #expect(truth.repeated == [])
            #expect(truth.standingSales == [])
            #expect(truth.standingPayments == [])
            try await stack.checkAudit()
        }
    }

    /// Nobody knows here which call is out: whatever it is, the end is the same.
    @Test(arguments: [0, 3, 8, 15, 30])
    func `a cancel in the middle of the charge leaves nothing behind`(pause: Int64) async throws {
        try await LiveStack.run { stack in
            let (key, _) = try await stack.submit("HD-1")
            let sent = try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            try await stack.say("accept", to: key)
            let clock = stack.engine.clock
            try await clock.sleep(until: clock.now().advanced(by: .milliseconds(pause)))
            try await stack.clinicCancels(try #require(sent.provetID))
            let order = try await stack.wait(for: key, "canceled and settled") {
                $0.prescription == .canceled && ($0.fee == .refunded || $0.fee == .notCharged)
            }
            #expect(!order.isOpen)
            let truth = ClinicTruth(try await stack.ledger())
            #expect(truth.repeated == [])
            #expect(truth.overwritten == [])
            #expect(truth.openSales + truth.standingSales + truth.standingPayments == [])
            try await stack.checkAudit()
        }
    }

    // MARK: - Settings

    @Test func `a filled setting lets the parked order go on`() async throws {
        let slow: @Sendable (inout Configuration) -> Void = {
            // Only the webhook can be what reads the settings again.
            $0.timing.reconcileInterval = .hours(1)
            $0.clinics[0].fee.settingsAge = .hours(1)
        }
        try await LiveStack.run(slow) { stack in
            let clinic = LiveStack.clinic
            let made = try await stack.post("/v1/clinics/\(clinic)/webhooks", ["by": "Aino"])
            #expect(made.status == 200, "\(made.text)")
            let settings =
                [
                    "installation": .string(LiveStack.installation), "department": 1,
                ] as JSONObject
            var none = settings
            none["prescription_fee_item"] = .null
            try await stack.provet("/settings", .object(none))
            let (key, _) = try await stack.submit("HD-1")
            try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            try await stack.say("accept", to: key)
            let parked = try await stack.wait(for: key, "parked") { !$0.parkedParts.isEmpty }
            let record = try #require(parked.parkedParts.first?.parked)
            #expect(record.step == "provet.fetch_fee_item")
            #expect(record.reason.contains("prescription_fee_item"), "\(record.reason)")
            // A webhook that nobody of ours made: nothing is read, nothing moves.
            let forged = try await stack.post("/hooks/\(clinic)/forged", ["department_id": 1])
            #expect(forged.status == 404)
            var filled = settings
            filled["prescription_fee_item"] = 501
            try await stack.provet("/settings", .object(filled))
            try await stack.wait(for: key, "charged") { $0.fee == .charged }
            let facts = try await stack.facts(key)
            #expect(
                facts.contains { fact in
                    guard case .noticed(let notice) = fact.event else { return false }
                    return notice.subject == .settingsChanged && fact.actor.kind == .clinic
                }
            )
            try await stack.checkAudit()
        }
    }

    // MARK: - Home delivery

    @Test func `a clinic's sale is delivered`() async throws {
        try await LiveStack.run { stack in
            let made = try await stack.provet(
                "/home_delivery",
                [
                    "installation": .string(LiveStack.installation), "client": 7,
                    "items": [["item": 502, "name": "Collar", "quantity": 2]],
                ]
            )
            let number = try #require(made["order"]?.intValue)
            let key = try #require(
                OrderKey(
                    source: HomeDeliverySource.name,
                    orderID: "HDO-\(LiveStack.clinic)-\(number)"
                )
            )
            try await stack.arrival(of: key)
            for word in ["accept", "pack", "ship", "deliver"] {
                try await stack.say(word, to: key)
            }
            try await stack.wait(for: key, "delivered and told") {
                $0.stateName(of: 0) == "delivered" && $0.parts[0].entries.isEmpty
            }
            let statuses = try await stack.ledger().filter { $0.effect == .homeDeliveryStatus }
            #expect(statuses.last?.statusNew == 6)
            #expect(statuses.last?.quantity == 2)
            try await stack.checkAudit()
        }
    }
}

// MARK: - What these tests do with a stack

extension LiveStack {
    /// Makes the clinic's buttons at Provet and presses one there.
    func press(place: String, object: Int) async throws -> (url: String, body: String) {
        let made = try await post("/v1/clinics/\(Self.clinic)/buttons", ["by": "Aino"])
        let buttons = try #require(made.json?["buttons"]?.arrayValue, "\(made.text)")
        let index = try #require(buttons.firstIndex { $0["place"] == .string(place) })
        #expect(buttons.allSatisfy { $0["state"] == "created" || $0["state"] == "there" })
        let integrations = try await ledger().filter { $0.effect == .integrationCreated }
        let pressed = try await provet(
            "/launch",
            [
                "installation": .string(Self.installation), "object": JSON(object), "user": 2,
                "integration": JSON(integrations[index].object),
            ]
        )
        #expect(pressed["method"] == "POST")
        return (
            try #require(pressed["url"]?.stringValue), try #require(pressed["body"]?.stringValue)
        )
    }

    func clinicCancels(_ prescription: Int) async throws {
        try await provet(
            "/clinic",
            [
                "installation": .string(Self.installation), "action": "cancel",
                "prescription": JSON(prescription),
            ]
        )
    }

    /// The page's form, filled in as a veterinarian does.
    func filled(_ page: String) throws -> String {
        let start = try #require(page.firstRange(of: "name=\"form\" value=\""))
        let identity = page[start.upperBound...].prefix { $0 != "\"" }
        return [
            "form=\(identity)", "items=1", "patients=71", "prescriber=2", "department=1",
            "item-0-name=Lorem+ipsum", "item-0-strength=100+mg", "item-0-instructions=daily",
            "item-0-packages=1", "item-0-dispenses=2", "item-0-valid-until=\(day(ahead: 90))",
            "remarks=", "action=",
        ]
        .joined(separator: "&")
    }

    /// Lets another installation bring its credentials.
    @discardableResult
    func hookUp(
        _ installation: String,
        as name: String,
        secret: String = "south-secret"
    ) async throws -> (status: Int, body: JSON?) {
        let answer = try await provet(
            "/hookup",
            [
                "url": .string("\(root)/hookup/\(Self.hookupToken)/\(name)"),
                "installation": .string(installation), "client_id": "south-client",
                "client_secret": .string(secret),
            ]
        )
        let text = answer["body"]?.stringValue ?? ""
        return (answer["status"]?.intValue ?? 0, try? JSONReader.read(Array(text.utf8)))
    }

    func facts(_ key: OrderKey) async throws -> [Fact] {
        try await engine.events(of: key).map { try EventCodec.fact($0.entry) }
    }

    func canceledAt(_ key: OrderKey) async throws -> (at: Timestamp, by: Actor)? {
        try await facts(key).last { fact in
            guard case .entered(let entered) = fact.event else { return false }
            return entered.part == "prescription" && entered.state == "canceled"
        }
        .map { ($0.at, $0.actor) }
    }

    /// Waits until the order has come in by itself.
    func arrival(of key: OrderKey) async throws {
        let end = engine.clock.now().advanced(by: .seconds(20))
        while (try? await engine.order(key)) == nil {
            guard engine.clock.now() < end else { throw NeverCame(what: "\(key)") }
            try await engine.clock.sleep(
                until: engine.clock.now().advanced(by: .milliseconds(10))
            )
        }
    }

    func checkAudit() async throws {
        let report = try await AuditReplay.run(engine.store)
        #expect(report.problems == [])
        #expect(report.eventCount > 0)
    }
}
