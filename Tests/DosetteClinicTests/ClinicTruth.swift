import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

/// What really stands at Provet, as the ledger tells it.
struct ClinicTruth {
    let ledger: [LedgerEntry]

    init(_ ledger: [LedgerEntry]) {
        self.ledger = ledger
    }

    private func objects(_ effect: LedgerEntry.Effect) -> [Int] {
        ledger.filter { $0.effect == effect }.map(\.object)
    }

    /// The status that the prescription has.
    var status: Int? {
        ledger.last { $0.effect == .prescriptionStatus }?.statusNew
            ?? (objects(.prescriptionCreated).isEmpty ? nil : 1)
    }

    /// Sales that are neither deleted nor finalized.
    var openSales: [Int] {
        objects(.saleCreated).filter { sale in
            !objects(.saleDeleted).contains(sale) && !objects(.saleFinalized).contains(sale)
        }
    }

    /// Finalized sales whose invoice nobody credited.
    var standingSales: [Int] {
        let credited = ledger.filter { $0.effect == .invoiceRefunded }.compactMap(\.invoice)
        return ledger.filter { $0.effect == .saleFinalized }
            .filter { entry in !credited.contains { $0 == entry.invoice } }
            .map(\.object)
    }

    /// Payments that nobody canceled.
    var standingPayments: [Int] {
        objects(.paymentAdded).filter { !objects(.paymentCancelled).contains($0) }
    }

    /// What we did more than once; a status that stays brings remarks, which may be several.
    var repeated: [String] {
        var counts: [String: Int] = [:]
        for entry in ledger where entry.actor == .api {
            switch entry.effect {
            case .prescriptionCreated, .saleCreated, .saleDeleted, .saleItemAdded,
                .saleFinalized, .paymentAdded, .paymentCancelled, .invoiceRefunded:
                counts[entry.effect.rawValue, default: 0] += 1
            case .prescriptionStatus where entry.statusOld != entry.statusNew:
                let change = "status \(entry.statusOld ?? 0) to \(entry.statusNew ?? 0)"
                counts[change, default: 0] += 1
            default: break
            }
        }
        return counts.filter { $0.value > 1 }.map { "\($0.key) \($0.value) times" }.sorted()
    }

    /// Whether we paid what the clinic had been paid already.
    var isPaidOver: Bool {
        guard let first = ledger.first(where: { $0.effect == .paymentAdded }) else { return false }
        return first.actor == .clinic
            && ledger.contains { $0.effect == .paymentAdded && $0.actor == .api }
    }

    /// What we wrote over the clinic's cancel; our own may bring remarks to it.
    var overwritten: [LedgerEntry] {
        let end = ledger.firstIndex { entry in
            entry.effect == .prescriptionStatus && entry.actor == .clinic
                && entry.statusNew == 6
        }
        guard let end else { return [] }
        return ledger[end...].filter { entry in
            entry.effect == .prescriptionStatus && entry.actor == .api && entry.statusNew != 6
        }
    }
}

extension StepClinic {
    /// What must hold of an order that the clinic has canceled, once time has passed.
    func checkCanceled(_ comment: Comment) async throws {
        let order = try await order()
        let truth = ClinicTruth(ledger)
        #expect(order.prescription == .canceled, comment)
        #expect(order.provetStatus == 6, comment)
        #expect(truth.status == 6, comment)
        #expect(order.fee == .notCharged || order.fee == .refunded, "\(comment): \(order.fee)")
        let isOpen = order.isOpen
        #expect(!isOpen, comment)
        #expect(order.parkedParts.isEmpty, "\(comment): \(order.parkedParts.map(\.parked.reason))")
        #expect(order.cancelRequest == nil, comment)
        #expect(order.plan.items.indices.allSatisfy { order.plan.remainingCount(of: $0) == 0 })
        #expect(try await dispense("late") != nil, comment)
        #expect(truth.openSales == [], comment)
        #expect(truth.standingSales == [], comment)
        #expect(truth.standingPayments == [], comment)
        #expect(truth.overwritten == [], comment)
        try await checkHonest(truth, comment)
    }

    /// What must hold whatever happened: nothing twice, and a journal that tells the same.
    func checkHonest(_ truth: ClinicTruth, _ comment: Comment) async throws {
        #expect(truth.repeated == [], comment)
        let order = try await order()
        if order.fee == .charged {
            #expect(truth.standingSales.count == 1, comment)
        }
        if order.fee == .notCharged || order.fee == .refunded {
            #expect(truth.openSales + truth.standingSales == [], comment)
        }
        let report = try await AuditReplay.run(store)
        #expect(report.problems == [], comment)
    }
}
