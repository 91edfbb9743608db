import DosetteCore
import DosetteStore
import Logging
import Synchronization

/// Takes hints in and looks at what they speak of, one after the other for each clinic.
///
/// A hint is never believed and never kept: one that is lost is found by the next round. So a flood costs a bounded
/// queue and no more calls than the budgets have.
final class HintDesk: Sendable {
    /// Hints that wait at the most; more are dropped.
    static let waitingMaximum = 10_000
    /// Of one clinic, so that one that says much leaves room for the others.
    static let waitingOfClinicMaximum = 500
    /// Orders that one hint makes be looked at.
    static let ordersMaximum = 100
    /// Clinics whose hints are looked at at once.
    static let clinicsAtOnce = 8
    /// The longest time without a look at the queue.
    static let idle = TimeSpan.minutes(10)
    /// How long one hint may wait for its budget.
    static let patience = TimeSpan.minutes(2)

    private struct Queue {
        /// In the order in which they came, each once.
        var waiting: [ClinicHint] = []
        var known: Set<ClinicHint> = []
        var countOfClinic: [String: Int] = [:]
        /// The clinics whose hints are looked at now: one at a time, so that one that does not answer
        /// keeps none of the others waiting.
        var busy: Set<String> = []
    }

    private let queue = Mutex(Queue())
    private let eye: ClinicEye
    private let directory: ClinicDirectory
    private let fees: ParkedFees?
    private let homeDelivery: (@Sendable (ClinicHint) -> Void)?
    private let wakeUp = WakeUp()

    init(
        eye: ClinicEye,
        directory: ClinicDirectory,
        fees: ParkedFees?,
        homeDelivery: (@Sendable (ClinicHint) -> Void)?
    ) {
        self.eye = eye
        self.directory = directory
        self.fees = fees
        self.homeDelivery = homeDelivery
    }

    private var desk: OrderDesk { eye.desk }

    /// Takes a hint in, unless the same one waits already, and returns at once.
    func take(_ hint: ClinicHint) {
        guard directory.clinic(hint.clinic)?.isDisabled == false else { return }
        let isTaken = queue.withLock { queue in
            guard queue.known.count < Self.waitingMaximum,
                queue.countOfClinic[hint.clinic, default: 0] < Self.waitingOfClinicMaximum,
                queue.known.insert(hint).inserted
            else { return false }
            queue.countOfClinic[hint.clinic, default: 0] += 1
            queue.waiting.append(hint)
            return true
        }
        desk.state.count { counters in
            if isTaken { counters.hints += 1 } else { counters.hintsDropped += 1 }
        }
        if isTaken { wakeUp.wake() }
    }

    private func next() -> ClinicHint? {
        queue.withLock { queue in
            guard queue.busy.count < Self.clinicsAtOnce,
                let index = queue.waiting.firstIndex(where: { !queue.busy.contains($0.clinic) })
            else { return nil }
            let hint = queue.waiting.remove(at: index)
            // The same hint may come again from now on: what it speaks of may change while we look.
            queue.known.remove(hint)
            queue.countOfClinic[hint.clinic, default: 1] -= 1
            if queue.countOfClinic[hint.clinic] == 0 { queue.countOfClinic[hint.clinic] = nil }
            queue.busy.insert(hint.clinic)
            return hint
        }
    }

    private func finish(_ clinic: String) {
        queue.withLock { _ = $0.busy.remove(clinic) }
        wakeUp.wake()
    }

    /// Works until the engine drains or fails.
    func run() async {
        await withDiscardingTaskGroup { group in
            while true {
                let count = wakeUp.callCount
                guard desk.state.isRunning, !Task.isCancelled else { break }
                if let hint = next() {
                    group.addTask {
                        await self.follow(hint)
                        self.finish(hint.clinic)
                    }
                } else {
                    let idle = desk.clock.now().advanced(by: Self.idle)
                    await wakeUp.wait(after: count, until: idle, clock: desk.clock)
                }
            }
        }
    }

    func stop() {
        wakeUp.wake()
    }

    // MARK: - What a hint means

    private func follow(_ hint: ClinicHint) async {
        switch hint.subject {
        case .client: await followClient(hint)
        case .patient: await lookAtOrders(OrderReference(.patient, hint.id), hint.clinic)
        case .consultation:
            await lookAtOrders(OrderReference(.consultation, hint.id), hint.clinic)
        case .prescription:
            await lookAtOrders(OrderReference(.prescription, hint.id), hint.clinic)
        case .invoice: await lookAtOrders(OrderReference(.invoice, hint.id), hint.clinic)
        case .payment: await followPayment(hint)
        case .department, .organization: await followSettings(hint)
        case .homeDeliveryOrder, .homeDeliveryItem: homeDelivery?(hint)
        }
    }

    /// Waits for a time, or until the engine stops; a hint that comes meanwhile waits for its turn.
    private func pause(until time: Timestamp) async -> Bool {
        while true {
            let count = wakeUp.callCount
            guard desk.state.isRunning, !Task.isCancelled, desk.clock.now() < time else { break }
            await wakeUp.wait(after: count, until: time, clock: desk.clock)
        }
        return desk.state.isRunning && !Task.isCancelled
    }

    private var patienceEnd: Timestamp { desk.clock.now().advanced(by: Self.patience) }

    private func followClient(_ hint: ClinicHint) async {
        let reference = OrderReference(.client, hint.id)
        guard !(await orders(reference, hint.clinic)).isEmpty else { return }
        let observer = eye.observer
        let answer = await eye.ask(hint.clinic, waitingUntil: patienceEnd, pause: pause) {
            await observer.hasClient(hint.id, at: hint.clinic)
        }
        switch answer {
        case .found(false), .absent:
            for row in await orders(reference, hint.clinic) where row.isOpen {
                await eye.clientIsGone(row.stream)
            }
        case .found(true), .forbidden, .unreachable:
            await lookAtOrders(reference, hint.clinic)
        }
    }

    private func followPayment(_ hint: ClinicHint) async {
        let own = await orders(OrderReference(.payment, hint.id), hint.clinic)
        guard own.isEmpty else { return await look(at: own) }
        // Somebody else's payment may be one for an invoice of ours.
        let observer = eye.observer
        let answer = await eye.ask(hint.clinic, waitingUntil: patienceEnd, pause: pause) {
            await observer.invoice(ofPayment: hint.id, at: hint.clinic)
        }
        guard case .found(let invoice) = answer else { return }
        await lookAtOrders(OrderReference(.invoice, invoice), hint.clinic)
    }

    private func followSettings(_ hint: ClinicHint) async {
        guard let fees else { return }
        fees.setup.forgetSettings(at: hint.clinic)
        await fees.resume(at: hint.clinic)
    }

    private func lookAtOrders(_ reference: OrderReference, _ clinic: String) async {
        await look(at: await orders(reference, clinic))
    }

    private func look(at rows: [OrderRow]) async {
        for row in rows where row.watchedUntil != nil {
            guard await eye.look(at: row.stream, waitingUntil: patienceEnd, pause: pause)
            else { return }
        }
    }

    private func orders(_ reference: OrderReference, _ clinic: String) async -> [OrderRow] {
        let query = OrderQuery(
            selection: .refersTo(reference),
            clinic: clinic,
            isNewestFirst: true,
            limit: Self.ordersMaximum
        )
        return (try? await desk.store.orders(query)) ?? []
    }
}
