package import DosetteCore
import DosetteDefinitions
import DosetteStore
import Logging
import Synchronization

/// Takes the clinics' home-delivery orders in, and notices what a clinic changes about them.
///
/// Every clinic is looked at once an interval, as its budget allows; a hint makes a look earlier. What was taken in
/// before is known from the journal alone.
package final class HomeDeliverySource: Sendable {
    /// The `source` of the orders that are taken in here.
    package static let name = "provet-home-delivery"
    /// How often a clinic's whole list is gone through; between, only until all of a page is known.
    static let sweepInterval = TimeSpan.hours(1)
    /// Pages of one sweep at the most.
    static let pagesMaximum = 1_000
    /// Hints that wait at the most; what they were about is found at the next look.
    static let hintsMaximum = 1_000
    /// How long a look waits for its budget.
    static let patience = TimeSpan.minutes(5)
    /// How long nothing is done when no clinic has home delivery.
    static let idleInterval = TimeSpan.minutes(1)

    /// A clinic that has home delivery.
    package struct Site: Hashable, Sendable {
        package let clinic: String
        /// Between two looks.
        package let interval: TimeSpan

        package init(clinic: String, interval: TimeSpan) {
            self.clinic = clinic
            self.interval = interval
        }
    }

    private struct State {
        var hints: [ClinicHint] = []
        var dueAt: [String: Timestamp] = [:]
        var sweptAt: [String: Timestamp] = [:]
        /// Clinics that are looked at now, each by itself.
        var busy: Set<String> = []
        /// Orders that could not be read, so that it is said once.
        var failed: Set<String> = []
        /// Clinics whose right is missing, so that it is said once.
        var forbidden: Set<String> = []
    }

    let desk: OrderDesk
    let intake: Intake
    let reader: any HomeDeliveryReader
    let logger: Logger
    /// What was looked at and needs no second look; only spares calls.
    let settled = SettledOrders()
    private let budgets: Budgets
    private let deadline: TimeSpan
    private let sites: @Sendable () -> [Site]
    private let state = Mutex(State())
    private let rounds = WakeUp()
    private let hinted = WakeUp()

    /// A source that has not begun; `deadline` is that of one look, and `sites` is asked at each round.
    init(
        desk: OrderDesk,
        intake: Intake,
        budgets: Budgets,
        reader: any HomeDeliveryReader,
        deadline: TimeSpan,
        logger: Logger,
        sites: @escaping @Sendable () -> [Site]
    ) {
        self.desk = desk
        self.intake = intake
        self.budgets = budgets
        self.reader = reader
        self.deadline = deadline
        self.logger = logger
        self.sites = sites
    }

    /// Goes round until the engine drains or fails.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runRounds() }
            group.addTask { await self.runHints() }
            await group.waitForAll()
        }
    }

    func stop() {
        rounds.wake()
        hinted.wake()
    }

    /// Makes what the hint is about be looked at now; it is not believed.
    package func hint(_ hint: ClinicHint) {
        guard [.homeDeliveryOrder, .homeDeliveryItem].contains(hint.subject) else { return }
        let isTaken = state.withLock { state in
            guard state.hints.count < Self.hintsMaximum, !state.hints.contains(hint) else {
                return false
            }
            state.hints.append(hint)
            return true
        }
        if isTaken { hinted.wake() }
    }

    /// Takes note that an earlier engine may have spent half of each budget on looks.
    func recall(at now: Timestamp) {
        for site in sites() {
            for look in HomeDeliveryLook.allCases {
                budgets.recallHalf(
                    reader.calls(of: look),
                    most: .max,
                    clinic: site.clinic,
                    at: now
                )
            }
        }
    }

    var isRunning: Bool { desk.state.isRunning && !Task.isCancelled }

    // MARK: - Rounds

    /// One clinic that answers slowly, or has much, keeps no other waiting.
    private func runRounds() async {
        await withDiscardingTaskGroup { group in
            while true {
                let count = rounds.callCount
                guard isRunning else { break }
                let sites = sites()
                let now = desk.clock.now()
                let due = state.withLock { state in
                    sites.filter { site in
                        state.dueAt[site.clinic].map { $0 <= now } ?? true
                            && state.busy.insert(site.clinic).inserted
                    }
                }
                for site in due {
                    group.addTask {
                        await self.round(site)
                        self.state.withLock { _ = $0.busy.remove(site.clinic) }
                        self.rounds.wake()
                    }
                }
                forget(all: Set(sites.map(\.clinic)))
                let next = state.withLock { state in
                    state.dueAt.filter { !state.busy.contains($0.key) }.values.min()
                }
                let idle = desk.clock.now().advanced(by: Self.idleInterval)
                let until = min(next ?? idle, idle)
                await rounds.wait(after: count, until: until, clock: desk.clock)
            }
        }
    }

    /// Forgets clinics that have no home delivery any more.
    private func forget(all present: Set<String>) {
        state.withLock { state in
            state.dueAt = state.dueAt.filter { present.contains($0.key) }
            state.sweptAt = state.sweptAt.filter { present.contains($0.key) }
            state.forbidden.formIntersection(present)
        }
    }

    /// Looks at one clinic once.
    func round(_ site: Site) async {
        let now = desk.clock.now()
        let isSweep = state.withLock { state in
            state.sweptAt[site.clinic].map { now.since($0) >= Self.sweepInterval } ?? true
        }
        let isWhole = await goThrough(site.clinic, isSweep: isSweep)
        let due = desk.clock.now().advanced(by: site.interval)
        state.withLock { state in
            state.dueAt[site.clinic] = due
            if isSweep, isWhole { state.sweptAt[site.clinic] = now }
        }
    }

    /// Goes through the clinic's list from its newest end.
    ///
    /// - Returns: Whether every page that was wanted could be read.
    private func goThrough(_ clinic: String, isSweep: Bool) async -> Bool {
        guard let first = await page(1, clinic) else { return false }
        let count = min(first.pageCount, Self.pagesMaximum)
        if first.pageCount > count {
            log("home delivery list too long", clinic, "\(first.pageCount) pages")
        }
        let newestPages =
            first.isNewestFirst
            ? Array(1...count) : (first.pageCount - count + 1...first.pageCount).reversed()
        var isWhole = true
        for number in newestPages {
            guard isRunning,
                let page = number == 1 ? first : await page(number, clinic)
            else { return false }
            var isKnown = true
            var isRead = true
            // Newest last: whoever was first is taken in first.
            for order in page.orders.sorted(by: { $0.id < $1.id }) {
                switch await take(order, clinic, isSweep: isSweep) {
                case .known: continue
                case .new: isKnown = false
                // One that cannot be read keeps no other waiting.
                case .failed:
                    isRead = false
                    note(failed: order.id, clinic)
                }
                guard isRunning else { return false }
            }
            isWhole = isWhole && isRead
            if isKnown, !isSweep { return isWhole }
        }
        return isWhole
    }

    /// Says once of an order that it cannot be read or taken in now.
    private func note(failed order: Int, _ clinic: String) {
        let isNew = state.withLock { state in
            if state.failed.count >= Self.hintsMaximum { state.failed = [] }
            return state.failed.insert("\(clinic)/\(order)").inserted
        }
        if isNew { log("home delivery order cannot be read now", clinic, "\(order)") }
    }

    private func page(_ number: Int, _ clinic: String) async -> HomeDeliveryPage? {
        await look(.page, clinic) { await $0.orders(page: number, at: clinic) }.value
    }

    // MARK: - Hints

    private func runHints() async {
        while isRunning {
            let hints = state.withLock { state in
                defer { state.hints = [] }
                return state.hints
            }
            for hint in hints where isRunning { await follow(hint) }
            if !hints.isEmpty { continue }
            let idle = desk.clock.now().advanced(by: Self.sweepInterval)
            await hinted.wait(until: idle, clock: desk.clock)
        }
    }

    private func follow(_ hint: ClinicHint) async {
        let clinic = hint.clinic
        guard sites().contains(where: { $0.clinic == clinic }) else { return }
        var id: Int? = hint.id
        if hint.subject == .homeDeliveryItem {
            id = await look(.item, clinic) { await $0.order(ofItem: hint.id, at: clinic) }.value
        }
        guard let id,
            let order = await look(.order, clinic, { await $0.order(id, at: clinic) }).value
        else { return }
        settled.forget(order.id, clinic)
        _ = await take(order, clinic, isSweep: false)
    }

    // MARK: - One look

    /// Makes one look within the clinic's budget and its deadline.
    func look<Value: Sendable>(
        _ kind: HomeDeliveryLook,
        _ clinic: String,
        _ body: @escaping @Sendable (any HomeDeliveryReader) async -> Looked<Value>
    ) async -> Looked<Value> {
        let calls = reader.calls(of: kind)
        let late = Looked<Value>.unreachable(retryAfter: nil, reason: "no answer in time")
        guard await budget(calls, clinic) else { return late }
        let reader = reader
        let deadline = desk.clock.now().advanced(by: deadline)
        let answer = await desk.clock.run(until: deadline, late: late) { await body(reader) }
        note(answer, calls, clinic)
        return answer
    }

    private func note<Value>(_ answer: Looked<Value>, _ calls: [EndpointUse], _ clinic: String) {
        let now = desk.clock.now()
        switch answer {
        case .found, .absent:
            budgets.note(answered: .yes, clinic: clinic, at: now)
            state.withLock { _ = $0.forbidden.remove(clinic) }
        case .forbidden(let permission):
            budgets.note(answered: .yes, clinic: clinic, at: now)
            let isNew = state.withLock { $0.forbidden.insert(clinic).inserted }
            if isNew { log("home delivery not allowed", clinic, permission) }
        case .unreachable(let retryAfter, _):
            budgets.note(answered: retryAfter == nil ? .no : .yes, clinic: clinic, at: now)
            if let retryAfter {
                budgets.block(calls, clinic: clinic, until: now.advanced(by: retryAfter))
            }
        }
    }

    /// Waits for calls that leave half of the budget to the orders.
    private func budget(_ calls: [EndpointUse], _ clinic: String) async -> Bool {
        let end = desk.clock.now().advanced(by: Self.patience)
        while true {
            let count = rounds.callCount
            let now = desk.clock.now()
            guard isRunning, now < end, sites().contains(where: { $0.clinic == clinic }) else {
                return false
            }
            switch budgets.takeLeavingHalf(calls, clinic: clinic, at: now) {
            case .free: return true
            case .wait(let until):
                let later = max(until, now.advanced(by: .milliseconds(1)))
                await rounds.wait(after: count, until: later, clock: desk.clock)
            case .waitForTrial: return false
            }
        }
    }

    func log(_ message: Logger.Message, _ clinic: String, _ detail: String) {
        logger.warning(
            message,
            metadata: [LogKey.clinic: "\(clinic)", LogKey.detail: "\(detail)"]
        )
    }
}

extension HomeDeliveryPage {
    /// Whether the list begins with the newest; one of a single order may as well.
    fileprivate var isNewestFirst: Bool {
        guard let first = orders.first?.id, let last = orders.last?.id else { return true }
        return first >= last
    }
}

extension Looked {
    var value: Value? {
        if case .found(let value) = self { value } else { nil }
    }
}

/// Orders that were looked at and had nothing for us, as they were then.
///
/// Bounded, and forgotten as a whole when it is full: the next look only costs its calls.
final class SettledOrders: Sendable {
    static let countMaximum = 4_096

    private struct Key: Hashable {
        let clinic: String
        let order: Int
    }

    private let orders = Mutex<[Key: HomeDeliveryOrder]>([:])

    func contains(_ order: HomeDeliveryOrder, _ clinic: String) -> Bool {
        orders.withLock { $0[Key(clinic: clinic, order: order.id)] == order }
    }

    func insert(_ order: HomeDeliveryOrder, _ clinic: String) {
        orders.withLock { orders in
            if orders.count >= Self.countMaximum { orders = [:] }
            orders[Key(clinic: clinic, order: order.id)] = order
        }
    }

    func forget(_ order: Int, _ clinic: String) {
        orders.withLock { $0[Key(clinic: clinic, order: order)] = nil }
    }
}

extension Engine {
    static func homeDelivery(
        _ configuration: Configuration,
        _ parts: EngineParts,
        _ desk: OrderDesk,
        _ intake: Intake,
        _ budgets: Budgets,
        _ clinics: ClinicDirectory
    ) -> HomeDeliverySource? {
        parts.homeDelivery.map { reader in
            HomeDeliverySource(
                desk: desk,
                intake: intake,
                budgets: budgets,
                reader: reader,
                deadline: configuration.timing.deadline,
                logger: parts.logger,
                sites: {
                    clinics.all.filter {
                        $0.configuration.homeDelivery.isOn && !$0.isDisabled
                    }
                    .map { clinic in
                        let interval = clinic.configuration.homeDelivery.interval
                        return .init(clinic: clinic.id, interval: interval)
                    }
                }
            )
        }
    }
}
