import DosetteCore
import DosetteDeterminism
import DosetteEngine
import DosetteSimulator
import DosetteStore

/// Looks at a world that has been calm for long: everything has come to rest, and both sides agree.
struct FinalCheck {
    private let inspector: Inspector
    private var world: SimulatedWorld { inspector.world }

    init(_ inspector: Inspector) {
        self.inspector = inspector
    }

    func run() async {
        for planned in world.plan.orders { await check(planned) }
        checkBudgets()
        do {
            // As the pharmacy reads its journal, and as somebody without its keys does.
            for opening in [Opening.keys(world.vault), .closed] {
                let report = try await AuditReplay.run(
                    world.store,
                    options: .init(opening: opening)
                )
                for problem in report.problems { world.violate("audit", nil, problem) }
            }
        } catch {
            world.violate("audit", nil, "\(error)")
        }
    }

    private func check(_ planned: SimulationPlan.Order) async {
        let key = planned.key
        guard let stream = inspector.streams[key], let order = inspector.orders[stream],
            let model = inspector.models[key]
        else {
            // A sender who never got through is refused for a reason; an answer is the least.
            if !isOverdue(planned) { world.violate("never-taken", key, "nobody ever took it") }
            return
        }
        await checkRest(order)
        guard order.parkedParts.isEmpty else { return }
        checkStatus(order, planned)
        let state = order.prescription?.name ?? ""
        // Only Provet leads out of a status that nobody knows; the cancel waits for that.
        if model.isCanceledByRequest, order.prescription?.isFinal != true, state != "unknown" {
            world.violate("cancel-forgotten", key, "it was canceled and is \(state)")
        }
        guard !model.isTouched else { return }
        checkPrescription(order, model)
        checkFee(order, model)
    }

    /// Provet never has to say that a budget is spent: we count as it does, and survive a crash.
    ///
    /// Not asked of seeds whose clock jumps, in which two engines count for themselves, or in which
    /// tokens are forgotten: a call that is made once more with a new token is not counted twice.
    /// Nor of slow disks: a call is counted when its intent is decided, Provet counts it later.
    private func checkBudgets() {
        let excuses: [SimulationPlan.Act.Kind] = [.jump, .usurp]
        guard !world.plan.acts.contains(where: { excuses.contains($0.kind) }),
            world.plan.faults.tokenExpiry == 0, world.plan.storeFaults.slowMilliseconds <= 20
        else { return }
        let summary = world.provet.summary(now: world.clock.now().milliseconds)
        let own = world.throttleCount - (summary.faults[.throttle] ?? 0)
        if own > 0 {
            world.violate("budget-overdrawn", nil, "Provet had to say so \(own) times")
        }
    }

    /// Whether its last day has passed, so that it is refused.
    private func isOverdue(_ planned: SimulationPlan.Order) -> Bool {
        let today = CalendarDate(
            daysSinceEpoch: Int(world.clock.now().milliseconds / 86_400_000)
        )
        return planned.items.contains { $0.lastDay <= today }
    }

    /// After so long a calm nothing waits for Dosette, for Provet or for a time that has passed.
    private func checkRest(_ order: Order) async {
        let key = order.received.key
        for part in order.parts.indices {
            guard let work = order.work(of: part), work.dueAt <= lately else { continue }
            if let wanted = order.wanted(by: part), await isHeldByParked(wanted) { continue }
            world.violate("stuck", key, "\(work.kind) was due at \(work.dueAt.text)")
        }
        guard let waiting = order.waiting, order.parkedParts.isEmpty else { return }
        switch waiting.by {
        case .dosette, .provet:
            if let part = order.parts.indices.first(where: { order.wanted(by: $0) != nil }),
                let wanted = order.wanted(by: part), await isHeldByParked(wanted)
            {
                return
            }
            world.violate("stuck", key, "it still waits for \(waiting.what)")
        case .pharmacist, .pharmacy, .clinic, .operator: break
        }
    }

    private var lately: Timestamp { world.clock.now().advanced(by: .minutes(-30)) }

    private func isHeldByParked(_ key: String) async -> Bool {
        guard let row = try? await world.store.holder(of: key) else { return false }
        return row.parkedKind != nil
    }

    // MARK: - Both sides

    private func place(_ id: Int, _ planned: SimulationPlan.Order) -> String {
        "\(planned.clinic.installation)/\(id)"
    }

    private func checkStatus(_ order: Order, _ planned: SimulationPlan.Order) {
        guard let id = order.provetID else { return }
        let real = inspector.statuses[place(id, planned)]
        let model = inspector.models[order.received.key]
        // What is over is not watched: neither for a clinic that changes its mind, nor for what a
        // person gave up although it had been done.
        let isChanged =
            inspector.touchedByClinic.contains(place(id, planned)) || model?.isTouched == true
        let isKnownLimit = !order.isOpen && isChanged
        guard real != order.provetStatus, !isKnownLimit else { return }
        world.violate(
            "status-differs",
            order.received.key,
            "Dosette says \(order.provetStatus ?? 0), Provet has \(real ?? 0)"
        )
    }

    private func checkPrescription(_ order: Order, _ model: OrderModel) {
        let created = model.count("prescription_created")
        let expected = order.provetID == nil ? 0 : 1
        if created != expected {
            world.violate(
                "prescriptions-differ",
                order.received.key,
                "\(created) prescriptions were made, \(expected) is known"
            )
        }
    }

    private func checkFee(_ order: Order, _ model: OrderModel) {
        let key = order.received.key
        let standing = model.count("sale_created") - model.count("sale_deleted")
        let finalized = model.count("sale_finalized")
        let paid = model.count("payment_added") - model.count("payment_cancelled")
        let refunded = model.count("invoice_refunded")
        let found = "sales \(standing), finalized \(finalized), paid \(paid), refunded \(refunded)"
        let isRight: Bool
        switch order.fee {
        case .charged:
            isRight =
                standing == 1 && finalized == 1 && paid == 1 && refunded == 0
                && model.count("sale_item_added") == 1
        case .refunded: isRight = paid == 0 && refunded == 1 && finalized == 1
        case .notCharged:
            isRight = paid == 0 && refunded == finalized && (finalized > 0 || standing == 0)
        case .waiting, .notApplicable, nil: isRight = standing == 0 && paid == 0
        case .charging, .refunding: return  // Held up by another order, which was told of above.
        }
        if !isRight {
            world.violate("fee-differs", key, "the fee is \(order.fee?.rawValue ?? ""): \(found)")
        }
        if order.prescription?.isFinal == true, order.fee == .charged {
            world.violate("refund-forgotten", key, "the order has ended and its fee stands")
        }
    }
}
