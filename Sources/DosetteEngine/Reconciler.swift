import DosetteCore
import DosetteStore
import Logging

/// Notices what the clinic changed at Provet by itself.
///
/// Every open prescription is read once a round, as the budget allows; a difference becomes an event. Reading leaves
/// at least half of the endpoint's budget to the orders.
final class Reconciler: Sendable {
    /// Orders read from the store at a time.
    static let pageLength = 100
    /// Looks at once.
    static let looksMaximum = 4

    private let desk: OrderDesk
    private let budgets: Budgets
    private let observer: any ClinicObserver
    private let interval: TimeSpan
    /// Of one look.
    private let deadline: TimeSpan
    private let logger: Logger
    private let wakeUp = WakeUp()

    init(
        desk: OrderDesk,
        budgets: Budgets,
        observer: any ClinicObserver,
        interval: TimeSpan,
        deadline: TimeSpan,
        logger: Logger
    ) {
        self.deadline = deadline
        self.desk = desk
        self.budgets = budgets
        self.observer = observer
        self.interval = interval
        self.logger = logger
    }

    /// Goes round until the engine drains or fails.
    func run() async {
        while await pause(interval) {
            await round()
        }
    }

    func stop() {
        wakeUp.wake()
    }

    /// Looks at every watched order once.
    func round() async {
        var cursor: StreamID?
        while desk.state.isRunning {
            let query = OrderQuery(selection: .watched, after: cursor, limit: Self.pageLength)
            guard let rows = try? await desk.store.orders(query), let last = rows.last else {
                return
            }
            cursor = last.stream
            await look(rows.map(\.stream))
        }
    }

    private func look(_ streams: [StreamID]) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, stream) in streams.enumerated() {
                if index >= Self.looksMaximum { await group.next() }
                group.addTask { await self.look(stream) }
            }
        }
    }

    private func look(_ stream: StreamID) async {
        guard let order = try? await desk.load(stream), await budget(order.received.clinic),
            desk.state.isRunning
        else { return }
        let deadline = desk.clock.now().advanced(by: deadline)
        let late = ObservedStatus.unreachable(reason: "no answer within the deadline")
        let seen = await desk.clock.run(until: deadline, late: late) {
            await self.observer.status(of: order)
        }
        desk.state.count { $0.reconciled += 1 }
        let now = desk.clock.now()
        switch seen {
        case .unreachable:
            budgets.note(answered: .no, clinic: order.received.clinic, at: now)
        case .status(let status):
            budgets.note(answered: .yes, clinic: order.received.clinic, at: now)
            await compare(status, order, stream)
        }
    }

    private func compare(_ status: Int, _ order: Order, _ stream: StreamID) async {
        guard status != order.provetStatus, !PlantedBug.reconcilerBlind.isPlanted else { return }
        do {
            let after = try await desk.apply(.observe(status: status), to: stream) {
                self.desk.context()
            }
            if after.isNew { desk.state.count { $0.differences += 1 } }
        } catch {
            logger.warning("difference not recorded", metadata: [LogKey.stream: "\(stream)"])
        }
    }

    /// Waits for calls that leave half of the budget to the orders.
    private func budget(_ clinic: String) async -> Bool {
        while desk.state.isRunning {
            let now = desk.clock.now()
            switch budgets.takeLeavingHalf(observer.calls, clinic: clinic, at: now) {
            case .free:
                return true
            case .wait(let until):
                guard await pause(max(.milliseconds(1), until.since(now))) else { return false }
            case .waitForTrial:
                return false
            }
        }
        return false
    }

    /// Waits; answers whether the engine goes on.
    private func pause(_ span: TimeSpan) async -> Bool {
        await wakeUp.wait(until: desk.clock.now().advanced(by: span), clock: desk.clock)
        return desk.state.isRunning && !Task.isCancelled
    }
}
