import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

/// The clinic's people do something by hand while our calls are on their way.
@Suite("The clinic's hands race each of our calls", .timeLimit(.minutes(1)))
struct ByHandTests {
    private func run(
        _ line: String,
        _ side: StepClinic.Side = .before,
        way: CancelRaceTests.Way = .whole,
        _ act: @escaping @Sendable (StepClinic) -> Void,
        _ body: @Sendable (StepClinic) async throws -> Void
    ) async throws {
        let moment = try #require(
            try await CancelRaceTests.moments(of: way)
                .first { $0.line == line && $0.side == side },
            "nobody calls \(line)"
        )
        let clinic = StepClinic(moment, act)
        try await clinic.live { clinic in
            try await CancelRaceTests.go(way, clinic)
            #expect(clinic.hasActed)
            try await clinic.checkHonest(ClinicTruth(clinic.ledger), "\(line)")
            try await body(clinic)
        }
    }

    // MARK: - What we were about to do is done already

    @Test func `a sale finalized by hand is taken for done`() async throws {
        try await run("POST countersale/2001/finalize") { clinic in
            clinic.clinicDoes(clinic.made(.saleCreated).map { .finalizeSale($0) })
        } _: { clinic async throws in
            #expect(clinic.acts(.saleFinalized) == [.clinic])
            #expect(try await clinic.order().fee == .charged)
            #expect(try await clinic.notices() == ["done_by_hand provet.finalize_counter_sale"])
            #expect(clinic.acts(.paymentAdded) == [.api])
        }
    }

    @Test(arguments: [0, 1])
    func `an invoice paid by hand is never paid twice`(type: Int) async throws {
        try await run("POST countersale/2001/finalize", .after) { clinic in
            clinic.clinicDoes(.payInvoice(clinic.invoice, paymentType: type))
        } _: { clinic async throws in
            #expect(clinic.acts(.paymentAdded) == [.clinic])
            #expect(try await clinic.order().fee == .charged)
            #expect(try await clinic.notices() == ["done_by_hand provet.add_payment"])
        }
    }

    @Test func `an invoice credited by hand is not refunded again`() async throws {
        let refund = "POST invoice/3001/full_refund"
        try await run(refund, way: .canceledByPharmacy) { clinic in
            clinic.clinicDoes(.creditInvoice(clinic.invoice))
        } _: { clinic async throws in
            #expect(clinic.acts(.invoiceRefunded) == [.clinic])
            #expect(try await clinic.order().fee == .refunded)
            #expect(try await clinic.notices() == ["done_by_hand provet.refund_invoice"])
        }
    }

    @Test func `a payment canceled by hand is not canceled again`() async throws {
        let cancel = "POST invoicepayment/4001/cancel_payment"
        try await run(cancel, way: .canceledByPharmacy) { clinic in
            clinic.clinicDoes(clinic.made(.paymentAdded).map { .cancelPayment($0) })
        } _: { clinic async throws in
            #expect(clinic.acts(.paymentCancelled) == [.clinic])
            #expect(try await clinic.order().fee == .refunded)
        }
    }

    // MARK: - Every act at every moment

    /// What somebody at the clinic may do at any time.
    enum Deed: String, CaseIterable, Sendable {
        case archive
        case remarks
        case deleteClient
        case finalizeSale
        case payInvoice
        case creditInvoice
        case cancelPayment

        func act(_ clinic: StepClinic) -> Bool {
            switch self {
            case .archive:
                clinic.clinicDoes(
                    clinic.made(.prescriptionCreated).map { .archive(prescription: $0) }
                )
            case .remarks:
                clinic.clinicDoes(
                    clinic.made(.prescriptionCreated)
                        .map { .setRemarks(prescription: $0, "the owner called") }
                )
            case .deleteClient: clinic.clinicDoes(.deleteClient(StepClinic.client))
            case .finalizeSale:
                clinic.clinicDoes(clinic.made(.saleCreated).map { .finalizeSale($0) })
            case .payInvoice: clinic.clinicDoes(.payInvoice(clinic.invoice, paymentType: 0))
            case .creditInvoice: clinic.clinicDoes(.creditInvoice(clinic.invoice))
            case .cancelPayment:
                clinic.clinicDoes(clinic.made(.paymentAdded).map { .cancelPayment($0) })
            }
        }
    }

    @Test(arguments: Deed.allCases, [CancelRaceTests.Way.whole, .canceledByPharmacy])
    func `nothing is done twice, and what the order says is so`(
        deed: Deed,
        way: CancelRaceTests.Way
    ) async throws {
        var doneCount = 0
        // Before a call is after the one before it: nobody sees a difference between the two.
        for moment in try await CancelRaceTests.moments(of: way) where moment.side == .before {
            let clinic = StepClinic(moment) { clinic in
                _ = deed.act(clinic)
            }
            try await clinic.live { clinic in
                try await CancelRaceTests.go(way, clinic)
                if deed == .deleteClient { try clinic.hint(.client, StepClinic.client) }
                try clinic.advance(by: StepClinic.interval)
                let isDone = clinic.ledger.contains { $0.actor == .clinic }
                if isDone { doneCount += 1 }
                try await judge(clinic, deed, way, isDone, moment)
            }
        }
        #expect(doneCount > 0)
    }

    private func judge(
        _ clinic: StepClinic,
        _ deed: Deed,
        _ way: CancelRaceTests.Way,
        _ isDone: Bool,
        _ moment: StepClinic.Moment
    ) async throws {
        let comment = Comment(
            rawValue: "\(deed.rawValue), \(way.rawValue), \(moment.testDescription)"
        )
        let truth = ClinicTruth(clinic.ledger)
        try await clinic.checkHonest(truth, comment)
        let isPaidOver = truth.isPaidOver && !Self.isTooLate(moment)
        #expect(!isPaidOver, comment)
        let order = try await clinic.order()
        let parked = order.parkedParts.map(\.parked.step)
        guard way == .whole else {
            let isCanceled = order.prescription == .canceled || order.prescription == .draft
            #expect(isCanceled, comment)
            return #expect(parked == [] || deed == .deleteClient, comment)
        }
        let expected = isDone ? deed.expected(order, moment) : ([], [])
        #expect(parked == expected.0, comment)
        // A step of ours that was done by hand is told of besides, where it was.
        let notices = try await clinic.notices().filter { !$0.hasPrefix("done_by_hand") }
        #expect(notices == expected.1, comment)
        if deed == .creditInvoice, isDone { #expect(order.fee == .refunded, comment) }
    }

    /// Between our look and our payment nothing keeps the clinic from paying, too.
    private static func isTooLate(_ moment: StepClinic.Moment) -> Bool {
        switch moment.side {
        case .before: moment.line == "POST invoicepayment"
        case .after: moment.line.hasPrefix("GET invoicepayment/?invoice__is")
        }
    }
}

extension ByHandTests.Deed {
    /// What an accepted order is parked at, and what it was noticed for.
    fileprivate func expected(
        _ order: Order,
        _ moment: StepClinic.Moment
    ) -> (parked: [String], notices: [String]) {
        switch self {
        case .archive: (["clinic.archived"], ["archived"])
        case .remarks: ([], ["remarks"])
        case .deleteClient where order.prescription == .draft:
            (["provet.create_prescription"], [])
        case .deleteClient: (["clinic.client_deleted"], ["client_deleted"])
        case .cancelPayment: (["clinic.payment_canceled"], ["payment_canceled"])
        case .creditInvoice: ([], ["invoice_credited"])
        case .finalizeSale, .payInvoice: ([], [])
        }
    }
}

extension StepClinic {
    /// The invoice of the first sale; 0 when there is none.
    var invoice: Int { ledger.first { $0.effect == .saleCreated }?.invoice ?? 0 }

    /// Who did it, each time.
    func acts(_ effect: LedgerEntry.Effect) -> [LedgerEntry.Actor] {
        ledger.filter { $0.effect == effect }.map(\.actor)
    }

    /// What else the clinic was noticed to have done: `archived`, `done_by_hand provet.…`.
    func notices() async throws -> [String] {
        try await facts().compactMap { fact in
            guard case .noticed(let notice) = fact.event else { return nil }
            let text = notice.subject == .doneByHand ? notice.text.map { " \($0)" } ?? "" : ""
            return notice.subject.rawValue + text
        }
    }
}
