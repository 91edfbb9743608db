import DosetteCore
import DosetteEngine
import DosetteSimulator
import Foundation

/// What people do with orders, and what is seen of them.
extension ClinicSideAct {
    static let person = "Aino (pharmacist)"
    /// The longest wait for one thing.
    static let waitMaximum = Duration.seconds(20)
    static let pause = Duration.milliseconds(20)
    private static let validDays = 180

    /// Today at the clinic.
    static var today: CalendarDate {
        get throws {
            guard let calendar = ClinicCalendar(timeZone: ActStage.timeZone) else {
                throw Failure("no time zone \(ActStage.timeZone)")
            }
            return calendar.day(of: SystemClock().now())
        }
    }

    static var lastDay: String {
        get throws { try today.adding(days: validDays).text }
    }

    /// Looks again and again until there is something.
    ///
    /// - Throws: ``Failure`` when there is nothing in time.
    func wait<Value>(
        for what: String,
        within limit: Duration = waitMaximum,
        _ look: () async throws -> Value?
    ) async throws -> Value {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if let value = try await look() { return value }
            try await Task.sleep(for: Self.pause)
        }
        throw Failure("\(what) was not seen within \(limit.words)")
    }

    // MARK: - Orders

    /// Hands an order in as a shop does.
    ///
    /// - Returns: Its name.
    mutating func submit(client: Int, clinic: String, dispenses: Int = 1) async throws -> String {
        let id = "ACT-\(orders.count + 1)"
        let document: JSON = [
            "order_id": .string(id), "source": "webshop", "clinic": .string(clinic),
            "prescription": [
                "client_id": JSON(client), "department_id": 1, "prescriber_id": 1,
                "issue_time": .string(SystemClock().now().text),
                "prescription_items": [
                    [
                        "name": "Meloxicam", "patients": [JSON(client * 10 + 1)],
                        "strength": "1.5 mg/ml", "instructions": "once a day with food",
                        "quantity_packages": 1, "valid_until": .string(try Self.lastDay),
                        "repeat_number": JSON(dispenses),
                    ]
                ],
            ],
        ]
        let answer = try await stage.api.post("/v1/orders", document)
        try due(answer.status == 202, "the order was not taken: \(answer.problemText)")
        orders.append("webshop/\(id)")
        return "webshop/\(id)"
    }

    func view(_ order: String) async throws -> JSON {
        try await stage.api.get("/v1/orders/\(order)").object()
    }

    /// Waits until an order's view is as it should be.
    @discardableResult
    func wait(
        _ order: String,
        for what: String,
        _ isThere: (JSON) -> Bool
    ) async throws -> JSON {
        try await wait(for: "\(order) \(what)") {
            let view = try await view(order)
            return isThere(view) ? view : nil
        }
    }

    func signal(_ name: String, _ order: String) async throws {
        let body: JSON = [
            "signal": .string(name), "reason": "checked", "by": .string(Self.person),
        ]
        let answer = try await stage.api.post("/v1/orders/\(order)/signals", body)
        try due(answer.status == 202, "\(name) was not taken: \(answer.problemText)")
    }

    /// Lets the pharmacist accept an order as soon as it is there, and waits for the fee.
    ///
    /// - Returns: The order's view with its fee charged.
    @discardableResult
    func acceptAndCharge(_ order: String) async throws -> JSON {
        try await wait(order, for: "at the pharmacy") {
            $0["prescription"]?["state"] == "sent"
        }
        try await signal("accept", order)
        return try await wait(order, for: "with its fee charged") {
            $0["fee"]?["state"] == "charged"
        }
    }

    /// Hands over one dispense of the order's first item.
    func dispense(_ order: String, _ number: Int) async throws {
        let body: JSON = [
            "dispense_id": .string("d\(number)"), "item": 0, "quantity_packages": 1,
            "dispensed_on": .string(try Self.today.text), "by": .string(Self.person),
        ]
        let answer = try await stage.api.post("/v1/orders/\(order)/dispenses", body)
        try due(answer.status == 201, "dispense \(number) was refused: \(answer.problemText)")
    }

    // MARK: - The simulated Provet

    /// Lets somebody act at the simulated Provet.
    @discardableResult
    func control(_ path: String, _ body: JSON) async throws -> JSON {
        let answer = try await stage.provet.post("/_simulator/\(path)", body)
        try due(answer.status == 200, "/_simulator/\(path): \(answer.problemText)")
        return answer.json ?? .null
    }

    func webhooks() async throws -> JSON {
        try await stage.provet.get("/_simulator/webhooks").object()
    }

    /// Waits until Provet has told everything that it has to tell.
    func waitForQuietWebhooks() async throws {
        _ = try await wait(for: "the end of the webhooks' calls") {
            try await webhooks()["waiting"] == 0 ? true : nil
        }
    }

    /// Waits until one more webhook of this trigger was delivered.
    func waitForWebhook(_ trigger: Int, after count: Int) async throws {
        _ = try await wait(for: "webhook \(trigger)") {
            try await delivered(trigger) > count ? true : nil
        }
    }

    func delivered(_ trigger: Int) async throws -> Int {
        let rows = try await webhooks()["deliveries"]?.arrayValue ?? []
        return rows.count { $0["trigger"]?.intValue == trigger && $0["status"] == 200 }
    }

    /// Where the ledger ends now.
    func mark() async throws -> Int { try await stage.ledger().count }

    /// What the ledger says since then.
    func ledger(since mark: Int = 0) async throws -> [LedgerEntry] {
        Array(try await stage.ledger().dropFirst(mark))
    }

    /// Checks that effects took place exactly so often, and no others of these kinds.
    func due(_ counts: [LedgerEntry.Effect: Int], in entries: [LedgerEntry]) throws {
        try ActCheck.due(counts, in: entries)
    }
}

/// What the ledger must say.
enum ActCheck {
    /// What one charged fee is at Provet.
    static let charge: [LedgerEntry.Effect: Int] = [
        .saleCreated: 1, .saleItemAdded: 1, .saleFinalized: 1, .paymentAdded: 1,
    ]

    /// Checks that effects took place exactly so often, and no others of these kinds.
    ///
    /// - Throws: ``ClinicSideAct/Failure`` with the first that did not.
    static func due(_ counts: [LedgerEntry.Effect: Int], in entries: [LedgerEntry]) throws {
        for (effect, count) in counts {
            let real = entries.count { $0.effect == effect }
            guard real == count else {
                throw ClinicSideAct.Failure(
                    "Provet's ledger has \(real) of \(effect.rawValue), not \(count)"
                )
            }
        }
    }
}
