import DosetteAudit
import DosetteCore
import DosetteStore
import Testing

/// The stories of the golden journals; together they have every kind of event.
enum GoldenStories {
    static let all: [(name: String, write: @Sendable (GoldenWriter) async throws -> Void)] = [
        ("prescriptions", prescriptions), ("trouble", trouble), ("clinic", clinic),
        ("deliveries", deliveries), ("engines", engines), ("people", people),
    ]

    /// What the engine's own stream tells of clients, readers and the log.
    @Sendable private static func people(_ writer: GoldenWriter) async throws {
        let aino = Actor(.person, name: "Aino")
        let (key, next) = ("dosette.local/a+00000000+AQ==", "dosette.local/a+00000001+AQ==")
        try await writer.record(.keyAdded(key: key, origin: "dosette.local/a"))
        try await accept("P-1", client: 7, writer)
        try await writer.record(
            .client(.held, subject: "s1"),
            by: aino,
            reason: "case 17/2026",
            personal: .held(subject: "s1")
        )
        try await writer.record(
            .client(.released, subject: "s1"),
            by: aino,
            reason: "closed",
            personal: .released(subject: "s1")
        )
        writer.pass(.seconds(1))
        let asked = EngineEvent.ClientEvent.forgetAsked(record: writer.now, rest: writer.now)
        let rows = PersonalClass.allCases.map {
            Forgetting(subject: "s1", personalClass: $0, dueAt: writer.now)
        }
        try await writer.record(
            .client(asked, subject: "s1"),
            by: aino,
            reason: "asked for it",
            personal: .asked(rows)
        )
        for (personalClass, actor) in [(PersonalClass.rest, aino), (.record, .dosette)] {
            let gone = PersonalChange.erased(
                personalClass,
                subject: "s1",
                at: writer.now,
                rows: []
            )
            let event = EngineEvent.client(.forgotten(personalClass), subject: "s1")
            try await writer.record(event, by: actor, personal: gone)
        }
        try await writer.record(.read(what: "history", of: "webshop/P-1"), by: aino)
        try await writer.record(
            .keyAdded(key: next, origin: "dosette.local/a"),
            by: aino,
            reason: "the old one is a year old"
        )
        try await writer.record(.keyRetired(key: key), by: aino, reason: "a year old")
        try await writer.record(
            .logRestarted(
                LogRestart(
                    origin: "dosette.local/a/2",
                    previous: "dosette.local/a",
                    checkpoint: "dosette.local/a\n900\n",
                    size: 900
                )
            ),
            by: aino,
            reason: "the disk was lost"
        )
    }

    private static let (prescription, fee, dispensing) = (0, 1, 2)
    private static let pay = "provet.add_payment"

    private static func slip(_ id: String, client: Int, repeats: Int = 2) -> JSON {
        Slip(id: id, client: client, remarks: "Ring the bell.", repeats: repeats).json
    }

    /// Up to and with the pharmacist's decision.
    private static func accept(
        _ id: String,
        client: Int,
        _ writer: GoldenWriter
    ) async throws {
        try await writer.take(slip(id, client: client))
        try await writer.settle(id)
        try await writer.say("accept", to: id, remarks: "ready on Friday", key: "accept-\(id)")
    }

    private static func dispense(
        _ number: Int,
        _ id: String,
        _ writer: GoldenWriter
    ) async throws {
        let day = try #require(CalendarDate(text: "2025-08-21"))
        let dispense = RepeatPlan.Dispense(
            id: "D-\(number)",
            item: 0,
            packages: 1,
            day: day,
            batch: "L-7"
        )
        let person = Actor(.person, name: "Aino")
        try await writer.apply(
            .dispense(dispense, today: day),
            to: id,
            by: person,
            key: "dispense-\(number)-\(writer.now.milliseconds)"
        )
    }

    // MARK: - Prescriptions

    /// Charged and dispensed; rejected; refunded; canceled while the fee was charged; without a fee.
    private static func prescriptions(_ writer: GoldenWriter) async throws {
        try await accept("dispensed", client: 1, writer)
        try await writer.settle("dispensed")
        writer.pass(.days(1))
        try await dispense(1, "dispensed", writer)
        try await dispense(1, "dispensed", writer)  // Asked again: nothing is new but the key.
        try await dispense(2, "dispensed", writer)
        try await writer.apply(
            .reverse(dispenseID: "D-1"),
            to: "dispensed",
            by: Actor(.person, name: "Aino"),
            reason: "wrong package"
        )
        try await writer.say(Signal.remark, to: "dispensed", remarks: "call before you come")
        try await writer.settle("dispensed")

        try await writer.take(slip("rejected", client: 2))
        try await writer.settle("rejected")
        try await writer.ring("rejected", part: prescription)
        try await writer.say("reject", to: "rejected", remarks: "too old")
        try await writer.settle("rejected")

        try await accept("refunded", client: 3, writer)
        try await writer.settle("refunded")
        try await writer.say("cancel", to: "refunded", remarks: "moved away")
        try await writer.settle("refunded")

        try await accept("turned-back", client: 4, writer)
        for _ in 0..<4 {
            try await writer.answer(
                writer.send("turned-back", part: try #require(try due("turned-back", writer))),
                of: "turned-back"
            )
        }
        let call = try await writer.send("turned-back", part: fee)
        try await writer.say("cancel", to: "turned-back", key: "cancel-1")
        try await writer.answer(call, of: "turned-back")
        try await writer.settle("turned-back")
        try await writer.say("retry", to: "turned-back")

        try await writer.take(slip("remembered", client: 5))
        let create = try await writer.send("remembered", part: prescription)
        try await writer.say("cancel", to: "remembered", key: "cancel-2")
        try await writer.say("cancel", to: "remembered", key: "cancel-3")
        try await writer.answer(create, of: "remembered")
        try await writer.settle("remembered")

        try await writer.take(slip("free", client: 6), charging: .nothing)
        try await writer.settle("free")
        try await writer.say("accept_with_warning", to: "free", remarks: "with food")
        try await writer.settle("free")
        try await writer.ring("free", part: dispensing)
    }

    /// The first part that has something to be sent.
    private static func due(_ id: String, _ writer: GoldenWriter) throws -> Int? {
        let order = try writer.order(id)
        return order.parts.indices.first { part in
            guard let work = order.work(of: part), case .send = work.kind else { return false }
            return true
        }
    }

    // MARK: - Trouble

    /// In doubt, absent, looked for in vain, turned away, exhausted, refused; and what people made of it.
    private static func trouble(_ writer: GoldenWriter) async throws {
        let create = "provet.create_prescription"
        try await writer.take(slip("adopted", client: 1))
        writer.script(create, .unknown(reason: "connection lost"))
        try await writer.answer(writer.send("adopted", part: prescription), of: "adopted")
        let away = EffectProtocol.Finding.unreachable(retryAfter: .seconds(90), reason: "429")
        try await writer.look("adopted", part: prescription, away)
        try await writer.look("adopted", part: prescription, .absent)
        try await writer.look("adopted", part: prescription, .absent)
        writer.script(create, .unknown(reason: "no answer within the deadline"))
        try await writer.answer(writer.send("adopted", part: prescription), of: "adopted")
        try await writer.look(
            "adopted",
            part: prescription,
            .unclear(reason: "two bear the marker")
        )
        try await writer.say("retry", to: "adopted")
        try await writer.look(
            "adopted",
            part: prescription,
            .unclear(reason: "two bear the marker")
        )
        try await writer.say("adopt", to: "adopted", receipt: Receipt(["id": 77]))
        try await writer.settle("adopted")

        try await writer.take(slip("found", client: 2))
        writer.script(create, .unknown(reason: "503"))
        try await writer.answer(writer.send("found", part: prescription), of: "found")
        try await writer.look(
            "found",
            part: prescription,
            .found(Receipt(["id": 78, "status": 1]))
        )
        try await writer.settle("found")

        try await writer.take(slip("resent", client: 3))
        writer.script(create, .unknown(reason: "503"))
        try await writer.answer(writer.send("resent", part: prescription), of: "resent")
        try await writer.look("resent", part: prescription, .unclear(reason: "not to be told"))
        try await writer.say("resend", to: "resent")
        writer.script(create, .refused(reason: "Provet answers 400"))
        try await writer.answer(writer.send("resent", part: prescription), of: "resent")
        try await writer.say("give_up", to: "resent")
        try await writer.settle("resent")

        try await accept("exhausted", client: 4, writer)
        let fetch = "provet.fetch_fee_item"
        writer.script(fetch, .notProcessed(retryAfter: .seconds(30), reason: "429"))
        for _ in 0..<8 { writer.script(fetch, .unknown(reason: "500")) }
        try await writer.settle("exhausted")
        try await writer.say("retry", to: "exhausted")
        try await writer.settle("exhausted")

        try await accept("refused", client: 5, writer)
        writer.script("provet.finalize_counter_sale", .refused(reason: "Provet answers 422"))
        try await writer.settle("refused")

        try await accept("payment", client: 6, writer)
        writer.script(pay, .unknown(reason: "cut"))
        try await writer.settle("payment")
        try await writer.look("payment", part: fee, .unclear(reason: "several payments"))
        try await writer.say("give_up", to: "payment")
        writer.script("provet.refund_invoice", .refused(reason: "the books are closed"))
        try await writer.settle("payment")
        try await writer.say("adopt", to: "payment")
        try await writer.settle("payment")
    }

    // MARK: - The clinic

    /// What the clinic did by itself, and conflicts with it.
    private static func clinic(_ writer: GoldenWriter) async throws {
        func see(_ id: String, _ change: (inout ClinicSight) -> Void) async throws {
            var sight = ClinicSight()
            change(&sight)
            writer.pass(.minutes(5))
            try await writer.apply(.see(sight), to: id)
        }
        let patch = "provet.patch_status"
        try await accept("canceled", client: 1, writer)
        try await writer.settle("canceled")
        try await see("canceled") { $0.status = 6 }
        try await writer.settle("canceled")

        try await writer.take(slip("conflict", client: 2))
        try await writer.settle("conflict")
        writer.script(patch, .conflict(seen: 5, reason: "Provet shows 5 where 3 was known"))
        try await writer.say("accept", to: "conflict")
        try await writer.settle("conflict")
        try await writer.say("give_up", to: "conflict")
        try await writer.settle("conflict")

        try await writer.take(slip("seen", client: 3))
        try await writer.settle("seen")
        try await see("seen") { $0.status = 99 }
        try await see("seen") { $0.status = 3 }
        try await see("seen") {
            $0.remarks = .init(digest: String(repeating: "a", count: 64), text: "x")
        }
        try await see("seen") { sight in
            sight.isArchived = true
            sight.remarks = .init(digest: Self.digest, text: Self.remarks)
        }
        try await writer.say("retry", to: "seen")
        try await see("seen") { $0.isArchived = false }
        try await see("seen") { $0.isClientGone = true }
        try await writer.say("cancel", to: "seen")
        try await writer.settle("seen")

        try await accept("by-hand", client: 4, writer)
        writer.script(pay, .confirmed(Receipt(["id": 41, "by_hand": true])))
        try await writer.settle("by-hand")
        try await see("by-hand") { $0.fee = FeeSight(isPaymentCanceled: true) }
        try await writer.say("retry", to: "by-hand")
        try await see("by-hand") { $0.fee = FeeSight(isCredited: true) }

        try await accept("settings", client: 5, writer)
        writer.script("provet.fetch_fee_item", .refused(reason: "the department has no fee item"))
        try await writer.settle("settings")
        try await writer.apply(.settingsChanged(action: "provet.fetch_fee_item"), to: "settings")
        try await writer.settle("settings")

        try await accept("credited", client: 6, writer)
        try await writer.settle("credited")
        try await writer.say("refund", to: "credited")
        writer.script("provet.cancel_payment", .confirmed(Receipt()))
        writer.script("provet.refund_invoice", .unknown(reason: "cut"))
        try await writer.settle("credited")
        try await writer.look("credited", part: fee, .unclear(reason: "several credit notes"))
        try await see("credited") { $0.fee = FeeSight(isCredited: true) }
        try await writer.settle("credited")
    }

    private static let remarks = "by the clinic"
    /// SHA-256 of ``remarks``.
    private static let digest = HexDigest.of(remarks.utf8)

    // MARK: - Home delivery

    private static func delivery(_ id: Int) -> JSON {
        [
            "order_id": .string("HDO-\(id)"), "source": "provet",
            "clinic": .string(GoldenWriter.clinic),
            "delivery": [
                "home_delivery_order_id": JSON(id), "client_id": 7, "department_id": 1,
                "address": "Teststreet 1",
                "items": [
                    [
                        "home_delivery_item_id": JSON(id * 10), "item_id": 5, "name": "Lorem",
                        "quantity": 2,
                    ],
                    [
                        "home_delivery_item_id": JSON(id * 10 + 1), "item_id": 6, "name": "Ipsum",
                        "quantity": 1,
                    ],
                ],
            ],
        ]
    }

    private static func deliveries(_ writer: GoldenWriter) async throws {
        let clinic = Actor(.clinic, name: GoldenWriter.clinic)
        let seen = "seen in Provet's home delivery"
        try await writer.take(delivery(1))
        try await writer.ring("HDO-1", part: 0)
        try await writer.say("accept", to: "HDO-1")
        try await writer.settle("HDO-1")
        try await writer.say(
            "substitute",
            to: "HDO-1",
            items: [.init(item: 1, change: .substitute("Dolor"))]
        )
        try await writer.settle("HDO-1")
        for word in ["pack", "ship"] {
            try await writer.say(word, to: "HDO-1")
            try await writer.settle("HDO-1")
        }
        try await writer.say(
            "deliver_part",
            to: "HDO-1",
            items: [.init(item: 0, change: .delivered(1))]
        )
        try await writer.settle("HDO-1")
        for word in ["pack", "ship", "deliver"] {
            try await writer.say(word, to: "HDO-1")
            try await writer.settle("HDO-1")
        }

        try await writer.take(delivery(2))
        let changed = Signal(name: "clinic_changed", items: [.init(item: 0, change: .ordered(5))])
        try await writer.apply(.signal(changed), to: "HDO-2", by: clinic, reason: seen)
        writer.script("provet.report_home_delivery", .refused(reason: "an item was replaced"))
        try await writer.say("accept", to: "HDO-2")
        try await writer.settle("HDO-2")
        let withdrew = Signal(name: "clinic_withdrew")
        try await writer.apply(.signal(withdrew), to: "HDO-2", by: clinic, reason: seen)
        try await writer.settle("HDO-2")
    }

    // MARK: - Engines

    /// Engines that follow one another, an attempt that the first one left, clinics, and a pharmacy that accepts by itself.
    private static func engines(_ writer: GoldenWriter) async throws {
        let person = Actor(.person, name: "Aino")
        let settings: JSONObject = [
            "base_url": "https://provet.example/4/api/0.1", "time_zone": "Europe/Helsinki",
        ]
        func note(_ event: EngineEvent.ClinicEvent, _ actor: Actor, _ reason: String?) async throws
        {
            writer.pass(.seconds(1))
            try await writer.record(
                .clinic(event, id: "west-vets", settings: settings),
                by: actor,
                reason: reason
            )
        }
        try await note(.added, Actor(.clinic, name: "west-vets"), nil)
        try await note(.changed, person, nil)
        try await writer.take(slip("left", client: 1))
        _ = try await writer.send("left", part: prescription)
        try await writer.take(slip("transmitting", client: 2))
        try await writer.answer(writer.send("transmitting", part: prescription), of: "transmitting")
        _ = try await writer.send("transmitting", part: prescription)
        writer.pass(.minutes(5))
        try await writer.start()
        for id in ["left", "transmitting"] {
            try await writer.apply(
                .recovered(part: prescription, effect: try writer.order(id).effectCount),
                to: id
            )
        }
        try await writer.look("left", part: prescription, .found(Receipt(["id": 9])))
        try await writer.settle("left")
        try await writer.settle("transmitting")
        try await note(.disabled, person, "it does not answer")
        try await note(.enabled, person, "it is back")
        try await note(.disabled, person, "it moves")
        try await note(.removed, person, "it moved")
        writer.pass(.minutes(1))
        try await writer.start()
        try await writer.take(slip("by-rule", client: 3))
        for _ in 0..<16 {
            guard let part = try due("by-rule", writer) else { break }
            let plan = try await writer.send("by-rule", part: part)
            try await writer.apply(
                .answered(
                    part: plan.part,
                    effect: plan.effect,
                    attempt: plan.attempt,
                    .confirmed(Receipt(["id": JSON(plan.effect)]))
                ),
                to: "by-rule",
                decision: .accept
            )
        }
        try await writer.take(slip("late", client: 4))
        try await writer.answer(writer.send("late", part: prescription), of: "late")
        try await writer.ring("late", part: prescription)
    }
}
