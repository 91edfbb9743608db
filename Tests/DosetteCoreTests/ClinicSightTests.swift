import DosetteCore
import Testing

/// What a look at Provet shows besides the status, in every place that an order can be in.
@Suite("What the clinic did by itself")
struct ClinicSightTests {
    private static let nordic = Actor(.clinic, name: "nordic-vets")

    /// Every place of the prescription's table, and every place of the fee.
    static func places() throws -> [(String, Story)] {
        var refunding = try Story.charged()
        try refunding.signal("refund")
        var parkedRefund = refunding
        try parkedRefund.perform("provet.cancel_payment")
        try parkedRefund.perform("provet.refund_invoice", .refused(reason: "403"))
        var refunded = refunding
        try refunded.drain()
        var busy = try Story.sent()
        try busy.signal("accept")
        try busy.send("provet.patch_status")
        var charging = try Story.charging()
        try charging.perform(["provet.fetch_fee_item", "provet.create_counter_sale"])
        var noFee = try Story.charging()
        try noFee.perform("provet.fetch_fee_item", .refused(reason: "no item"))
        var untold = try Story.accepted()
        try untold.perform("provet.patch_status", .refused(reason: "403"))
        var complete = try Story.charged()
        for number in 1...3 { try complete.dispense("d\(number)") }
        return try OrderDecisionTests.places() + [
            ("untold", untold), ("complete", complete),
            ("refunding", refunding), ("refund parked", parkedRefund), ("refunded", refunded),
            ("write under way", busy), ("charging on", charging), ("fee parked", noFee),
        ]
    }

    private static func remarks(_ text: String) -> ClinicSight {
        var sight = ClinicSight()
        sight.remarks = ClinicSight.Remarks(digest: "digest of \(text)", text: text)
        return sight
    }

    private static var archived: ClinicSight {
        var sight = ClinicSight()
        sight.isArchived = true
        return sight
    }

    private static var restored: ClinicSight {
        var sight = ClinicSight()
        sight.isArchived = false
        return sight
    }

    private static var clientGone: ClinicSight {
        var sight = ClinicSight()
        sight.isClientGone = true
        return sight
    }

    private static func fee(_ fee: FeeSight) -> ClinicSight {
        var sight = ClinicSight()
        sight.fee = fee
        return sight
    }

    // MARK: - In every place

    /// An act is told once: a second look at the same shows nothing new.
    @Test(arguments: [
        ("remarks", remarks("call me")), ("archived", archived), ("client", clientGone),
        ("credited", fee(FeeSight(isCredited: true))),
        ("payment", fee(FeeSight(isPaymentCanceled: true))),
    ])
    func `the same sight is news once`(what: String, sight: ClinicSight) throws {
        for (place, var story) in try Self.places() {
            let facts = try story.when(.see(sight), in: story.context(by: .dosette))
            let isTold = facts.contains { $0.event.isNotice }
            let again = try story.when(.see(sight), in: story.context(by: .dosette))
            if isTold || facts.isEmpty {
                #expect(again.isEmpty, "\(what) in \(place): \(again.map(\.event))")
            }
            for fact in facts where fact.event.isNotice {
                // What was not known before is only read.
                let isRead =
                    fact.event == .noticed(Notice(.remarksRead, digest: story.order.remarksDigest))
                #expect(fact.actor == (isRead ? .dosette : Self.nordic), "\(what) in \(place)")
            }
        }
    }

    @Test func `what nobody looked at changes nothing`() throws {
        for (place, var story) in try Self.places() {
            let sights = [
                ClinicSight(), Self.restored, Self.fee(FeeSight()),
                Self.fee(FeeSight(isCredited: false, isPaymentCanceled: false)),
            ]
            for sight in sights {
                #expect(try story.when(.see(sight)).isEmpty, "\(place): \(sight)")
            }
        }
    }

    // MARK: - Remarks

    @Test func `remarks are told with their text, and the order goes on`() throws {
        for (place, var story) in try Self.places() {
            let (before, parked) = (story.place, story.parked)
            try story.when(.see(Self.remarks("known before")))
            let facts = try story.when(.see(Self.remarks("hello")))
            #expect(story.place == before, "\(place)")
            #expect(story.parked == parked, "\(place)")
            guard let fact = facts.first else { continue }
            #expect(facts.count == 1)
            let notice = Notice(.remarks, text: "hello", digest: "digest of hello")
            #expect(fact.event == .noticed(notice), "\(place)")
            #expect(story.order.remarksDigest == "digest of hello")
        }
    }

    @Test func `remarks are compared with what our own write left`() throws {
        var story = try Story()
        let receipt = Receipt(["id": 1001, "status": 1, "remarks_digest": "digest of ours"])
        try story.perform("provet.create_prescription", .confirmed(receipt))
        #expect(story.order.remarksDigest == "digest of ours")
        #expect(try story.when(.see(Self.remarks("theirs"))).isEmpty, "a write of ours waits")
        try story.perform(["provet.patch_status", "pharmacy.transmit", "provet.patch_status"])
        #expect(try story.when(.see(Self.remarks("ours"))).isEmpty)
        #expect(try story.when(.see(Self.remarks("theirs"))).count == 1)
        #expect(try story.when(.see(Self.remarks("ours"))).count == 1, "back is a change, too")
    }

    // MARK: - Archived

    @Test func `an archived prescription waits for a person while something is to come`() throws {
        var story = try Story.sent()
        try story.when(.see(Self.archived))
        #expect(story.parked == ["conflict: clinic.archived"])
        #expect(story.order.isArchived)
        let record = try #require(story.order.parkedParts.first?.parked)
        #expect(record.seen == nil)
        #expect(record.actions.contains(.retry))
        try story.signal("retry")
        #expect(story.parked == [])
        #expect(try story.when(.see(Self.archived)).isEmpty, "a person has seen it")
        #expect(try story.when(.see(Self.restored)).map(\.event) == [.noticed(Notice(.restored))])
        #expect(!story.order.isArchived)
        try story.when(.see(Self.archived))
        #expect(story.parked == ["conflict: clinic.archived"], "archived anew")
        try story.signal("cancel")
        try story.drain()
        #expect(story.place == "canceled, not_charged, closed")
        #expect(story.parked == [])
    }

    @Test func `while a call of ours is out an archived one is left for the next look`() throws {
        var story = try Story.accepted()
        try story.send("provet.patch_status")
        #expect(try story.when(.see(Self.archived)).isEmpty)
        #expect(!story.order.isArchived)
        try story.answer("provet.patch_status", .confirmed(Receipt()))
        try story.when(.see(Self.archived))
        #expect(story.parked == ["conflict: clinic.archived"])
        // Nothing is charged until somebody has decided.
        #expect(story.actions == [])
        try story.signal("retry")
        try story.perform(Story.feeSteps)
        #expect(story.order.fee == .charged)
    }

    // MARK: - The client

    @Test func `a deleted client stops what is open, and only notes what has ended`() throws {
        for (place, var story) in try Self.places() {
            let isOver = !story.order.isOpen || story.order.prescription?.isFinal == true
            let before = story.parked
            let facts = try story.when(.see(Self.clientGone))
            guard !facts.isEmpty else {
                #expect(story.parked == before)
                continue
            }
            let isParked = story.parked.contains("conflict: clinic.client_deleted")
            #expect(isParked == !isOver, "\(place)")
            #expect(story.order.noticed.contains(.clientDeleted), "\(place)")
        }
    }

    // MARK: - The fee

    @Test func `a credited invoice is a refund by the clinic`() throws {
        for (place, var story) in try Self.places() {
            let before = story.order.fee
            let isParkedUndo = story.parked.contains { $0.hasSuffix("provet.refund_invoice") }
            let facts = try story.when(.see(Self.fee(FeeSight(isCredited: true))))
            switch before {
            case .charged:
                #expect(story.order.fee == .refunded, "\(place)")
                #expect(facts.allSatisfy { $0.actor == Self.nordic }, "\(place)")
                #expect(!story.actions.contains("provet.refund_invoice"), "\(place)")
            case .refunding where isParkedUndo:
                #expect(!story.parked.contains { $0.hasSuffix("provet.refund_invoice") })
                try story.drain()
                #expect(story.order.fee == .refunded, "\(place)")
            default:
                #expect(facts.isEmpty, "\(place): \(facts.map(\.event))")
                #expect(story.order.fee == before, "\(place)")
            }
        }
    }

    @Test func `a charged order that is credited still dispenses`() throws {
        var story = try Story.charged()
        try story.when(.see(Self.fee(FeeSight(isCredited: true))))
        #expect(story.place == "accepted, refunded, open")
        try story.dispense("d1")
        #expect(story.dispensed == 1)
    }

    @Test func `a canceled payment waits for a person, and a credit settles it`() throws {
        var story = try Story.charged()
        try story.when(.see(Self.fee(FeeSight(isPaymentCanceled: true))))
        #expect(story.parked == ["conflict: clinic.payment_canceled"])
        #expect(story.place == "accepted, charged, open")
        var settled = story
        try settled.signal("retry")
        #expect(settled.parked == [])
        #expect(settled.work.allSatisfy { $0.kind == .timer })
        try story.when(.see(Self.fee(FeeSight(isCredited: true, isPaymentCanceled: true))))
        #expect(story.parked == [])
        #expect(story.order.fee == .refunded)
    }

    @Test func `a step that was done by hand is told as the clinic's`() throws {
        var story = try Story.charging()
        try story.perform(Story.feeSteps.dropLast().map(\.self))
        try story.perform("provet.add_payment", .confirmed(Receipt(["id": 41, "by_hand": true])))
        #expect(story.order.fee == .charged)
        let notice = Notice(.doneByHand, text: "provet.add_payment")
        let fact = try #require(story.facts.first { $0.event == .noticed(notice) })
        #expect(fact.actor == Self.nordic)
        try story.signal("refund")
        try story.drain()
        #expect(story.order.fee == .refunded)
    }

    // MARK: - Settings

    @Test func `a changed setting lets go on only what waited for it`() throws {
        let command = OrderCommand.settingsChanged(action: "provet.fetch_fee_item")
        for (place, var story) in try Self.places() {
            let isWaiting = story.parked.contains("refused: provet.fetch_fee_item")
            let (parked, before) = (story.parked, story.place)
            let facts = try story.when(command)
            #expect(facts.isEmpty == !isWaiting, "\(place)")
            #expect(story.place == before, "\(place)")
            if isWaiting {
                #expect(story.parked == [], "\(place)")
                #expect(facts.allSatisfy { $0.actor == Self.nordic })
                try story.perform(Story.feeSteps)
                #expect(story.order.fee == .charged)
            } else {
                #expect(story.parked == parked, "\(place)")
            }
        }
        #expect(try Self.places().contains { $0.1.parked == ["refused: provet.fetch_fee_item"] })
    }

    // MARK: - Our own remarks

    private static func remark(_ text: String) -> OrderCommand {
        .signal(Signal(name: Signal.remark, remarks: text))
    }

    @Test func `a remark is told to Provet in every state in which it is there`() throws {
        for (place, var story) in try Self.places() {
            let isThere = story.order.provetID != nil
            let state = story.order.prescription
            let answer = story.answer(to: Self.remark("call me"))
            if !isThere {
                #expect(answer == "not_at_provet", "\(place)")
                continue
            }
            let isConflict = story.parked.contains { $0.hasPrefix("conflict: provet.patch_status") }
            if case .unknown = state {
                #expect(answer == "unknown_status", "\(place)")
                continue
            }
            guard !isConflict else {
                #expect(answer == "conflict", "\(place)")
                continue
            }
            #expect(answer == "taken", "\(place)")
            try story.when(Self.remark("call me"))
            #expect(story.order.prescription == state, "\(place)")
            #expect(story.order.parts[0].entries.last?.remarks == "call me", "\(place)")
        }
    }

    @Test func `a remark without words is refused`() throws {
        let story = try Story.sent()
        #expect(story.answer(to: Self.remark("")) == "remarks_needed")
        #expect(story.answer(to: .signal(Signal(name: Signal.remark))) == "remarks_needed")
    }

    @Test func `a remark waits for its turn behind other entries`() throws {
        var story = try Story.sending()
        try story.perform("pharmacy.transmit")
        try story.when(Self.remark("one"))
        try story.when(Self.remark("two"))
        #expect(story.order.parts[0].entries.map(\.remarks) == [nil, "one", "two"])
        try story.perform("provet.patch_status")
        #expect(story.order.provetStatus == 3)
        #expect(story.order.parts[0].entries.map(\.remarks) == ["one", "two"])
        try story.perform(["provet.patch_status", "provet.patch_status"])
        #expect(story.order.parts[0].entries == [])
        #expect(story.order.provetStatus == 3)
    }

    @Test func `a remark survives entries that are left out and the clinic's own move`() throws {
        var skipped = try Story.accepted()
        try skipped.when(Self.remark("stays"))
        try skipped.signal("cancel")
        #expect(skipped.order.prescription == .canceled)
        #expect(skipped.order.parts[0].entries.contains { $0.remarks == "stays" && $0.isRemark })
        try skipped.drain()
        #expect(skipped.order.parts[0].entries == [])

        var moved = try Story.sent()
        try moved.when(Self.remark("stays"))
        try moved.observe(.canceled)
        if moved.order.prescription != .canceled {
            // Our own write waits: its look at the old value finds the cancel.
            try moved.perform("provet.patch_status", .conflict(seen: 6, reason: "canceled"))
        }
        #expect(moved.order.prescription == .canceled)
        #expect(moved.order.parts[0].entries.map(\.remarks) == ["stays"])
        try moved.drain()
        #expect(moved.order.parts[0].entries == [])
        #expect(moved.place == "canceled, not_charged, closed")
    }

    @Test func `a remark that Provet refuses parks, and can be left out`() throws {
        var story = try Story.charged()
        try story.when(Self.remark("too long"))
        try story.perform("provet.patch_status", .refused(reason: "400"))
        #expect(story.parked == ["refused: provet.patch_status"])
        try story.signal("give_up")
        #expect(story.parked == [])
        #expect(story.order.parts[0].entries == [])
        #expect(story.place == "accepted, charged, open")
    }
}

extension OrderEvent {
    fileprivate var isNotice: Bool {
        if case .noticed = self { true } else { false }
    }
}
