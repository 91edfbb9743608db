import DosetteCore
import DosetteDeterminism
import DosetteEngine
import DosetteSimulator
import DosetteStore

/// What people do in a simulated world: they hand orders in, decide, dispense, change their minds, and
/// mistake themselves.
extension SimulatedWorld {
    /// How often somebody tries who gets no answer.
    static let triesMaximum = 2_000
    private static let tryPause = TimeSpan.seconds(20)

    private func pause(_ span: TimeSpan) async {
        // Cancelled only when the world ends.
        try? await clock.sleep(until: clock.now().advanced(by: span))
    }

    // MARK: - Orders

    /// Hands an order in until it is taken, or somebody says no.
    func handIn(
        _ order: SimulationPlan.Order,
        _ content: SimulationPlan.Order.Content,
        roll: UInt64
    ) async {
        var dice = Dice(seed: roll)
        for _ in 0..<Self.triesMaximum where violation == nil && !Task.isCancelled {
            if let machine = serving(&dice), let isOver = await tryIn(order, content, machine) {
                note("sender", order.key, isOver)
                return
            }
            await pause(Self.tryPause)
        }
    }

    /// Answers in words what came of it; nothing when it is to be tried again.
    private func tryIn(
        _ order: SimulationPlan.Order,
        _ content: SimulationPlan.Order.Content,
        _ machine: Machine
    ) async -> String? {
        do {
            switch try await machine.engine.submit(order.document(content)) {
            case .accepted, .repeated: break
            }
            guard machine.isAlive else { return nil }
            acknowledge(.submitted(order.key, content), by: machine)
            return "order taken"
        } catch {
            switch error {
            case .conflict, .invalid, .forgotten: return "order refused"
            case .full, .diskFull, .stopping, .store, .unknownWorkflow, .clientBeingForgotten:
                return nil
            }
        }
    }

    // MARK: - Acts

    func act(_ act: SimulationPlan.Act) async {
        var dice = Dice(seed: act.roll)
        switch act.kind {
        case .pharmacist: await decide(act, &dice)
        case .counter: await dispense(act, &dice)
        case .customer: await changeMind(act, &dice)
        case .operator: await repair(act, &dice)
        case .clinic: clinicActs(&dice)
        case .crash, .drain, .usurp, .jump, .diskFull, .storeOutage: break
        }
    }

    private func decide(_ act: SimulationPlan.Act, _ dice: inout Dice) async {
        let due = orders.filter { $0.prescription == .sent || $0.prescription == .acceptedWarning }
        let candidates = due.isEmpty || dice.happens(1, in: 5) ? orders : due
        guard !candidates.isEmpty else { return }
        let order = dice.pick(candidates)
        let name = dice.pick(["accept", "accept", "accept", "accept_with_warning", "reject"])
        await tell(Signal(name: name, remarks: "ok"), order, "Aino", act, &dice)
    }

    private func changeMind(_ act: SimulationPlan.Act, _ dice: inout Dice) async {
        guard !plan.orders.isEmpty else { return }
        let planned = dice.pick(plan.orders)
        switch dice.number(in: 0...3) {
        case 0: await handIn(planned, .original, roll: dice.next())
        case 1: await handIn(planned, .other, roll: dice.next())
        default:
            guard let order = orders.first(where: { $0.received.key == planned.key }) else {
                return
            }
            await tell(Signal(name: Signal.cancel), order, "Otso", act, &dice)
        }
    }

    /// Tells an order something, sometimes twice, late, or to the wrong machine.
    private func tell(
        _ signal: Signal,
        _ order: Order,
        _ who: String,
        _ act: SimulationPlan.Act,
        _ dice: inout Dice
    ) async {
        let key = order.received.key
        let idempotency = Idempotency(key: "k\(act.number)", bodyDigest: signal.name)
        let times = dice.happens(1, in: 3) ? 2 : 1
        for _ in 0..<times {
            guard let machine = serving(&dice) else { return }
            do {
                _ = try await machine.engine.signal(
                    signal,
                    to: key,
                    by: who,
                    reason: "act \(act.number)",
                    idempotency: idempotency
                )
                acknowledge(.asked(key, key: idempotency.key), by: machine)
                if signal.name == Signal.cancel { acknowledge(.canceled(key), by: machine) }
                note(who, key, "\(signal.name): taken")
            } catch {
                note(who, key, "\(signal.name): \(error)")
            }
            if times > 1 { await pause(.milliseconds(Int64(dice.pick([1, 700, 90_000])))) }
        }
    }

    // MARK: - Dispenses

    private func dispense(_ act: SimulationPlan.Act, _ dice: inout Dice) async {
        let open = orders.filter { $0.prescription?.isAccepted == true }
        guard let machine = serving(&dice), !orders.isEmpty else { return }
        let order = dice.pick(open.isEmpty || dice.happens(1, in: 8) ? orders : open)
        if dice.happens(1, in: 4), let entry = order.plan.entries.last {
            return await reverse(entry.dispense.id, order, machine, act)
        }
        guard let planned = plan.orders.first(where: { $0.key == order.received.key }),
            let calendar = ClinicCalendar(timeZone: planned.clinic.zone)
        else { return }
        let item = dice.number(in: 0...planned.items.count - 1)
        let today = calendar.day(of: machineClock.now())
        let dispense = RepeatPlan.Dispense(
            id: "d\(dice.number(in: 1...5))",
            item: item,
            packages: dice.number(in: 1...planned.items[item].packages),
            day: today.adding(days: dice.pick([0, 0, 0, -1, 1])),
            batch: nil
        )
        await record(dispense, order.received.key, machine, act, twice: dice.happens(1, in: 3))
    }

    private func record(
        _ dispense: RepeatPlan.Dispense,
        _ key: OrderKey,
        _ machine: Machine,
        _ act: SimulationPlan.Act,
        twice: Bool
    ) async {
        for _ in 0..<(twice ? 2 : 1) {
            do {
                _ = try await machine.engine.dispense(dispense, of: key, by: "Kaisa")
                acknowledge(.dispensed(key, id: dispense.id), by: machine)
                note("Kaisa", key, "dispense \(dispense.id): taken")
            } catch {
                if case .refused(let refusal) = error, refusal.rule == "none_remaining" {
                    acknowledge(.noneRemaining(key, item: dispense.item), by: machine)
                }
                note("Kaisa", key, "dispense \(dispense.id): \(error)")
            }
        }
    }

    private func reverse(
        _ id: String,
        _ order: Order,
        _ machine: Machine,
        _ act: SimulationPlan.Act
    ) async {
        let key = order.received.key
        do {
            _ = try await machine.engine.reverse(
                dispense: id,
                of: key,
                by: "Kaisa",
                reason: "returned"
            )
            acknowledge(.reversed(key, id: id), by: machine)
            note("Kaisa", key, "dispense \(id) taken back")
        } catch {
            note("Kaisa", key, "dispense \(id) not taken back: \(error)")
        }
    }

    // MARK: - Repair

    /// An operator decides on something parked: by the truth, or by a guess that is allowed.
    private func repair(_ act: SimulationPlan.Act, _ dice: inout Dice) async {
        let parked = orders.filter { !$0.parkedParts.isEmpty }
        guard !parked.isEmpty else { return }
        let order = dice.pick(parked)
        guard let record = order.parkedParts.first else { return }
        var action = dice.pick(record.parked.actions)
        var receipt: Receipt?
        if action == .adopt {
            receipt = truth(order, record.parked)
            if receipt == nil { action = record.parked.actions.contains(.retry) ? .retry : .resend }
        }
        let signal = Signal(name: action.rawValue, receipt: receipt, step: record.parked.step)
        await tell(signal, order, "Olga", act, &dice)
    }

    /// What Provet really made of the parked step; nothing when it made nothing.
    private func truth(_ order: Order, _ parked: Parked) -> Receipt? {
        guard let part = order.workflow.index(ofPart: parked.part),
            let effect = order.parts[part].effect
        else { return nil }
        let entries = provet.ledger(limit: .max, now: clock.now().milliseconds)
        let entry = entries.last { entry in
            guard let text = entry.request, let origin = Origin(text: text) else { return false }
            return origin.order == order.received.key && origin.effect == effect.number
        }
        return entry.map { entry in
            var values: JSONObject = ["id": JSON(entry.object)]
            values["invoice"] = entry.invoice.map { JSON($0) }
            return Receipt(values)
        }
    }

    // MARK: - The clinic

    private func clinicActs(_ dice: inout Dice) {
        let known = orders.filter { $0.provetID != nil }
        guard !known.isEmpty else { return }
        let order = dice.pick(known)
        let status = dice.pick([6, 6, 6, 9, 7, 4])
        guard let id = order.provetID,
            let planned = plan.orders.first(where: { $0.key == order.received.key })
        else { return }
        let outcome = provet.clinicSets(
            status: status,
            prescription: id,
            installation: planned.clinic.installation,
            now: clock.now().milliseconds
        )
        note("clinic", order.received.key, "sets status \(status): \(outcome)")
    }
}
