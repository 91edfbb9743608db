import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

/// Every write of the adapter under every fault of the far side.
@Suite("Writes that go wrong")
struct FaultTests {
    /// One action that changes something at Provet.
    struct Write: CustomTestStringConvertible, Sendable {
        let action: String
        let effect: LedgerEntry.Effect
        /// Whether Provet is read before it is written to, so that a fault meets the read.
        var readsFirst = false
        /// Whether a success has no body that could be broken.
        var answersNothing = false

        var testDescription: String { action }

        static let all = [
            Write(action: "provet.create_prescription", effect: .prescriptionCreated),
            Write(action: "provet.patch_status", effect: .prescriptionStatus, readsFirst: true),
            Write(action: "provet.create_counter_sale", effect: .saleCreated),
            Write(action: "provet.add_counter_sale_item", effect: .saleItemAdded),
            Write(action: "provet.finalize_counter_sale", effect: .saleFinalized),
            Write(action: "provet.add_payment", effect: .paymentAdded, readsFirst: true),
            Write(action: "provet.cancel_payment", effect: .paymentCancelled),
            Write(action: "provet.refund_invoice", effect: .invoiceRefunded),
            Write(action: "provet.delete_counter_sale", effect: .saleDeleted, answersNothing: true),
        ]
    }

    /// What must come of a write under a fault.
    struct Verdict {
        let outcome: String
        /// Effects when the call has ended.
        let effectCount: Int
        /// What a look says at once.
        let finding: String
    }

    static let faults: [FaultKind] = [
        .cutBefore, .cutAfter, .errorBefore, .errorAfter, .brokenJSON, .throttle, .unavailable,
        .lateEffect, .tokenExpiry,
    ]

    private func verdict(_ write: Write, _ fault: FaultKind) -> Verdict {
        switch fault {
        case .cutBefore, .errorBefore:
            let outcome = write.readsFirst ? "not processed" : "unknown"
            return Verdict(outcome: outcome, effectCount: 0, finding: "absent")
        case .brokenJSON where write.readsFirst:
            return Verdict(outcome: "not processed", effectCount: 0, finding: "absent")
        case .brokenJSON where write.answersNothing:
            return Verdict(outcome: "confirmed", effectCount: 1, finding: "found")
        case .cutAfter, .errorAfter, .brokenJSON:
            return Verdict(outcome: "unknown", effectCount: 1, finding: "found")
        case .lateEffect:
            return Verdict(outcome: "unknown", effectCount: 0, finding: "absent")
        case .throttle, .unavailable:
            return Verdict(outcome: "not processed, 1000 ms", effectCount: 0, finding: "absent")
        case .tokenExpiry:
            return Verdict(outcome: "not processed", effectCount: 0, finding: "absent")
        case .delay, .staleList, .clinicCancel:
            return Verdict(outcome: "confirmed", effectCount: 1, finding: "found")
        }
    }

    /// Leads an order to `write`, by a charge that fails for the undo of a sale.
    private func reach(_ write: Write, _ world: World) async throws -> ActionRequest {
        var journey = try Journey(world)
        if write.action == "provet.delete_counter_sale" {
            world.setFeeItem(999)
        }
        await world.signIn()
        return try await journey.reach(write.action)
    }

    @Test(.timeLimit(.minutes(1)), arguments: Write.all, faults)
    func `a fault is judged rightly, and the next step leaves one effect`(
        write: Write,
        fault: FaultKind
    ) async throws {
        try await World.run { world in
            let request = try await reach(write, world)
            let before = world.ledger.count
            let verdict = verdict(write, fault)

            world.provet.setFaults(.always(fault))
            let outcome = await world.actions.perform(request)
            world.provet.setFaults(.none)

            #expect(outcome.word == verdict.outcome)
            #expect(world.ledger.count - before == verdict.effectCount)
            var finding = await world.actions.probe(request)
            #expect(finding.word == verdict.finding)

            if fault == .lateEffect {
                world.clock.move(by: .seconds(2))
                #expect(world.ledger.count - before == 1)
                finding = await world.actions.probe(request)
                #expect(finding.word == "found")
            }
            if finding == .absent {
                #expect(await world.actions.perform(request).word == "confirmed")
                finding = await world.actions.probe(request)
            }
            let added = world.ledger[before...]
            #expect(added.map(\.effect) == [write.effect])
            #expect(finding.word == "found")
            try expectOurs(finding, write, added)
        }
    }

    /// What was found must be what the ledger has.
    private func expectOurs(
        _ finding: EffectProtocol.Finding,
        _ write: Write,
        _ added: ArraySlice<LedgerEntry>
    ) throws {
        let entry = try #require(added.first)
        switch write.effect {
        case .prescriptionCreated, .paymentAdded, .invoiceRefunded:
            #expect(finding.receipt?.id == entry.object)
        case .saleCreated:
            #expect(finding.receipt?.id == entry.object)
            #expect(finding.receipt?.values["invoice"]?.intValue == entry.invoice)
        case .saleFinalized:
            #expect(finding.receipt?.values["invoice"]?.intValue == entry.invoice)
        case .prescriptionStatus, .prescriptionRemarks, .saleDeleted, .saleItemAdded,
            .paymentCancelled:
            #expect(finding.plain.receipt == Receipt())
        case .prescriptionArchived, .clientChanged, .clientDeleted, .patientChanged,
            .webhookCreated, .webhookDeleted, .integrationCreated, .homeDeliveryCreated,
            .homeDeliveryStatus, .homeDeliveryItemChanged, .homeDeliveryItemReplaced:
            Issue.record("\(write.effect) is no step of an order")
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: faults.filter { $0 != .tokenExpiry })
    func `a sign-in that goes wrong sends nothing`(fault: FaultKind) async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try journey.begin("provet.create_prescription")
            world.provet.setFaults(.always(fault))
            let outcome = await world.actions.perform(request)
            world.provet.setFaults(.none)
            // The last three faults do not happen to a sign-in, but to the write that follows.
            let happensLater: [FaultKind] = [.cutAfter, .errorAfter, .lateEffect]
            if happensLater.contains(fault) {
                #expect(outcome.word == "unknown")
            } else {
                #expect(outcome.word.hasPrefix("not processed"))
                #expect(world.ledger.isEmpty)
                #expect(world.callCount == 1)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Write.all)
    func `a far side that cannot be asked is not called empty`(write: Write) async throws {
        try await World.run { world in
            let request = try await reach(write, world)
            for fault in [FaultKind.throttle, .unavailable] {
                world.provet.setFaults(.always(fault))
                guard case .unreachable(let wait, _) = await world.actions.probe(request) else {
                    Issue.record("a look that is turned away claims something")
                    return
                }
                #expect(wait == .seconds(1))
            }
            for fault in [FaultKind.cutBefore, .errorBefore, .brokenJSON, .tokenExpiry] {
                world.provet.setFaults(.always(fault))
                #expect(await world.actions.probe(request).word == "unreachable", "\(fault)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: Write.all)
    func `an attempt makes one effect and a look none`(write: Write) async throws {
        try await World.run { world in
            let request = try await reach(write, world)
            let before = world.ledger.count
            #expect(await world.actions.probe(request) == .absent)
            #expect(await world.actions.perform(request).word == "confirmed")
            #expect(await world.actions.probe(request).word == "found")
            #expect(world.ledger[before...].map(\.effect) == [write.effect])
        }
    }
}
