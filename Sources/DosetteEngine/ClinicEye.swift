import DosetteCore
import DosetteStore
import Logging
import Synchronization

/// Looks at one order at Provet and writes down what is different: for the reconciler's rounds and for
/// hints.
struct ClinicEye: Sendable {
    let desk: OrderDesk
    let budgets: Budgets
    let observer: any ClinicObserver
    /// Whether nothing is to be asked of a clinic now.
    let isHeldBack: @Sendable (_ clinic: String) -> Bool
    /// Of one look.
    let deadline: TimeSpan
    let logger: Logger
    /// The clinics at which a client was found since the start.
    let known = KnownClients()

    /// How many looks the clinic's budget allows in a time, half of it being left to the orders.
    func capacity(of clinic: String, in span: TimeSpan) -> Int {
        let perMinute = Int64(budgets.limit(of: observer.calls, clinic: clinic) / 2)
        return Int(min(Int64(Int32.max), perMinute * max(span.milliseconds, 60_000) / 60_000))
    }

    /// Looks at an order's prescription and, where one was charged, at its fee.
    ///
    /// - Parameters:
    ///   - stream: The order.
    ///   - end: Until when to wait for the budget.
    ///   - pause: Waits until a time; answers whether to go on.
    /// - Returns: Whether there was a budget for it; without one the others need not be tried.
    func look(
        at stream: StreamID,
        waitingUntil end: Timestamp,
        pause: (Timestamp) async -> Bool
    ) async -> Bool {
        guard let waiting = try? await desk.load(stream) else { return true }
        let clinic = waiting.received.clinic
        guard await budget(observer.calls, clinic, end, pause), desk.state.isRunning,
            // It may have moved on while the budget was waited for.
            let order = try? await desk.load(stream)
        else { return false }
        let seen = await within(clinic) { await observer.look(at: order) }
        desk.state.count { $0.reconciled += 1 }
        note(seen, observer.calls, clinic)
        if case .found(let sight) = seen { await compare(sight, order, stream) }
        await lookAtFee(of: order, stream)
        return true
    }

    /// Looks at a fee when the budget has a free place for that now.
    private func lookAtFee(of order: Order, _ stream: StreamID) async {
        guard Self.hasFeeToWatch(order) else { return }
        let clinic = order.received.clinic
        let now = desk.clock.now()
        guard case .free = budgets.takeLeavingHalf(observer.feeCalls, clinic: clinic, at: now)
        else { return }
        let seen = await within(clinic) { await observer.lookAtFee(of: order) }
        note(seen, observer.feeCalls, clinic)
        guard case .found(let fee) = seen else { return }
        var sight = ClinicSight()
        sight.fee = fee
        await compare(sight, order, stream)
    }

    /// Looks whether the clinic still has an open order's client, when the budget has a free place for that now.
    func lookAtClient(of stream: StreamID) async {
        guard let order = try? await desk.load(stream), order.isOpen,
            !order.noticed.contains(.clientDeleted)
        else { return }
        let clinic = order.received.clinic
        let now = desk.clock.now()
        guard case .free = budgets.takeLeavingHalf(observer.hintCalls, clinic: clinic, at: now)
        else { return }
        let client = order.received.clientID
        let seen = await within(clinic) { await observer.hasClient(client, at: clinic) }
        note(seen, observer.hintCalls, clinic)
        switch seen {
        case .found(true): known.note(clinic)
        // Where no client was ever found the path may be another one.
        case .absent, .found(false): if known.contains(clinic) { await clientIsGone(stream) }
        case .forbidden, .unreachable: break
        }
    }

    /// A fee that somebody at the clinic can undo.
    private static func hasFeeToWatch(_ order: Order) -> Bool {
        switch order.fee {
        case .charged: true
        case .refunding: order.parkedParts.contains { $0.parked.part == "fee" }
        case .waiting, .charging, .notCharged, .refunded, .notApplicable, nil: false
        }
    }

    /// Writes down that the clinic has deleted the client.
    func clientIsGone(_ stream: StreamID) async {
        var sight = ClinicSight()
        sight.isClientGone = true
        await record(.see(sight), stream)
    }

    // MARK: - Comparing

    private func compare(_ sight: ClinicSight, _ order: Order, _ stream: StreamID) async {
        guard Self.isNews(sight, to: order), !PlantedBug.reconcilerBlind.isPlanted,
            // What was seen before the order moved on says nothing of what it is now.
            let now = try? await desk.load(stream), now.version == order.version
        else { return }
        await record(.see(sight), stream)
    }

    /// Whether the sight may show something new: most looks do not, and cost no decision.
    private static func isNews(_ sight: ClinicSight, to order: Order) -> Bool {
        if let status = sight.status, status != order.provetStatus { return true }
        if let remarks = sight.remarks, remarks.digest != order.remarksDigest { return true }
        if let isArchived = sight.isArchived, isArchived != order.isArchived { return true }
        return sight.isClientGone || sight.fee?.isCredited == true
            || sight.fee?.isPaymentCanceled == true
    }

    /// Decides on a word from the clinic and makes what follows durable.
    func record(_ command: OrderCommand, _ stream: StreamID) async {
        do {
            let after = try await desk.apply(command, to: stream) { desk.context() }
            if after.isNew { desk.state.count { $0.differences += 1 } }
        } catch {
            logger.warning("difference not recorded", metadata: [LogKey.stream: "\(stream)"])
        }
    }

    // MARK: - Calls

    private func within<Value: Sendable>(
        _ clinic: String,
        _ look: @escaping @Sendable () async -> Looked<Value>
    ) async -> Looked<Value> {
        let end = desk.clock.now().advanced(by: deadline)
        let late = Looked<Value>.unreachable(
            retryAfter: nil,
            reason: "no answer within the deadline"
        )
        return await desk.clock.run(until: end, late: late) { await look() }
    }

    /// Makes one call about something else than an order.
    func ask<Value: Sendable>(
        _ clinic: String,
        waitingUntil end: Timestamp,
        pause: (Timestamp) async -> Bool,
        _ look: @escaping @Sendable () async -> Looked<Value>
    ) async -> Looked<Value> {
        guard await budget(observer.hintCalls, clinic, end, pause) else {
            return .unreachable(retryAfter: nil, reason: "the clinic's budget is spent")
        }
        let seen = await within(clinic, look)
        note(seen, observer.hintCalls, clinic)
        return seen
    }

    private func note<Value>(_ seen: Looked<Value>, _ calls: [EndpointUse], _ clinic: String) {
        let now = desk.clock.now()
        switch seen {
        case .found, .absent, .forbidden:
            budgets.note(answered: .yes, clinic: clinic, at: now)
        case .unreachable(let wait, _):
            if let wait { budgets.block(calls, clinic: clinic, until: now.advanced(by: wait)) }
            budgets.note(answered: wait == nil ? .no : .yes, clinic: clinic, at: now)
        }
    }

    /// Waits for calls that leave half of the budget to the orders.
    private func budget(
        _ calls: [EndpointUse],
        _ clinic: String,
        _ end: Timestamp,
        _ pause: (Timestamp) async -> Bool
    ) async -> Bool {
        while desk.state.isRunning, !Task.isCancelled, !isHeldBack(clinic) {
            let now = desk.clock.now()
            switch budgets.takeLeavingHalf(calls, clinic: clinic, at: now) {
            case .free:
                return true
            case .wait(let until):
                guard until < end else { return false }
                guard await pause(max(until, now.advanced(by: .milliseconds(1)))) else {
                    return false
                }
            case .waitForTrial:
                return false
            }
        }
        return false
    }
}

/// At which clinics a client was found.
final class KnownClients: Sendable {
    private let clinics = Mutex<Set<String>>([])

    func note(_ clinic: String) { clinics.withLock { _ = $0.insert(clinic) } }

    func contains(_ clinic: String) -> Bool { clinics.withLock { $0.contains(clinic) } }
}
