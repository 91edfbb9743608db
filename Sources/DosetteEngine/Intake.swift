import DosetteAudit
package import DosetteCore
import DosetteDefinitions
package import DosetteStore
import Synchronization

/// What became of an order that was handed in.
package enum Submission: Sendable {
    /// It is new, and durable.
    case accepted(Order)
    /// The same order with the same content was taken in before.
    case repeated(view: String)
}

/// Why an order was not taken in; nothing of it is kept.
package enum IntakeFailure: Error, Sendable {
    case invalid([Violation])
    /// Another content has the same source and id.
    case conflict
    /// Too many orders wait to be begun.
    case full
    /// Too little is free on the disk.
    case diskFull
    case stopping
    /// It was taken in before, and its client was forgotten since: nobody can tell whether it is the same.
    case forgotten
    /// The order's client is being forgotten at this moment; a later try is taken in.
    case clientBeingForgotten
    case unknownWorkflow(String)
    case store(StoreError)
}

/// Takes orders in: checked, deduplicated, bounded, durable before they are acknowledged.
final class Intake: Sendable {
    /// Between two looks at the disk.
    private static let roomLooks = TimeSpan.seconds(1)

    private struct Room {
        var lookedAt: Timestamp?
        var isThere = true
    }

    private let room = Mutex(Room())
    private let desk: OrderDesk
    private let library: WorkflowLibrary
    private let clinics: ClinicDirectory
    private let clients: ClientGate
    private let intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)]
    private let workflowName: String
    private let queuedMaximum: Int
    private let freeBytesMinimum: Int64

    init(
        desk: OrderDesk,
        library: WorkflowLibrary,
        clinics: ClinicDirectory,
        clients: ClientGate,
        intervalUnits: [(code: String, unit: RepeatPlan.Interval.Unit)],
        workflowName: String,
        queuedMaximum: Int,
        freeBytesMinimum: Int64
    ) {
        self.desk = desk
        self.library = library
        self.clinics = clinics
        self.clients = clients
        self.intervalUnits = intervalUnits
        self.workflowName = workflowName
        self.queuedMaximum = queuedMaximum
        self.freeBytesMinimum = freeBytesMinimum
    }

    /// What is checked, with `today` in place of each clinic's own when it is given.
    private func rules(at now: Timestamp, today: CalendarDate? = nil) -> OrderRules {
        let clinics = clinics
        return OrderRules(
            clinicNames: clinics.ids,
            intervalUnits: intervalUnits,
            clinic: { name in
                clinics.clinic(name).map { clinic in
                    OrderRules.Clinic(
                        today: today ?? clinic.calendar.day(of: now),
                        day: { clinic.calendar.day(of: $0) }
                    )
                }
            }
        )
    }

    /// Takes an order in.
    ///
    /// When this returns `accepted`, the order is on disk. Handing in the same order again answers
    /// `repeated`.
    func submit(
        _ json: JSON,
        workflow name: String?,
        submitter: String?
    ) async throws(IntakeFailure) -> Submission {
        let document: OrderDocument
        do {
            document = try OrderDocument.decode(json, rules: rules(at: desk.clock.now()))
        } catch {
            if let known = try await repeatedLate(json, error.violations) { return known }
            throw .invalid(error.violations)
        }
        let digest = HexDigest.of(document.meaning.canonicalBytes)
        if let known = try await find(document.key) { return try same(known, digest) }
        guard !clinics.isDisabled(document.clinic) else { throw .invalid([Self.disabled]) }
        let name = name ?? document.workflowName(ofPrescriptions: workflowName)
        guard let workflow = library.offered(name) else { throw .unknownWorkflow(name) }
        if let violation = document.mismatch(workflow) { throw .invalid([violation]) }
        return try await takeIn(document, digest, workflow, submitter)
    }

    private static let disabled = Violation(
        pointer: "/clinic",
        rule: "clinic_disabled",
        detail: "The clinic is disabled: no order is taken for it now."
    )

    /// An order that was taken in before and is handed in again after its last day.
    private func repeatedLate(
        _ json: JSON,
        _ violations: [Violation]
    ) async throws(IntakeFailure) -> Submission? {
        guard violations.allSatisfy({ $0.rule == "in_the_past" }),
            let first = CalendarDate(year: 1, month: 1, day: 1),
            let document = try? OrderDocument.decode(
                json,
                rules: rules(at: desk.clock.now(), today: first)
            ),
            let known = try await find(document.key)
        else { return nil }
        return try same(known, HexDigest.of(document.meaning.canonicalBytes))
    }

    private func find(_ key: OrderKey) async throws(IntakeFailure) -> OrderRow? {
        do {
            return try await desk.store.order(key)
        } catch {
            throw .store(error)
        }
    }

    private func same(_ known: OrderRow, _ digest: String) throws(IntakeFailure) -> Submission {
        guard !known.isForgotten else { throw .forgotten }
        guard known.contentDigest == digest else { throw .conflict }
        desk.state.count { $0.repeated += 1 }
        return .repeated(view: known.view)
    }

    private func takeIn(
        _ document: OrderDocument,
        _ digest: String,
        _ workflow: Workflow,
        _ submitter: String?
    ) async throws(IntakeFailure) -> Submission {
        guard !desk.state.isDraining, desk.state.failure == nil else { throw .stopping }
        guard hasRoom() else { throw .diskFull }
        guard desk.state.enterQueue(limit: queuedMaximum) else {
            desk.state.count { $0.refusedIntake += 1 }
            throw .full
        }
        do throws(IntakeFailure) {
            let order = try await write(document, digest, workflow, submitter)
            if !order.isQueued { desk.state.leaveQueue() }
            desk.state.count { $0.accepted += 1 }
            return .accepted(order)
        } catch {
            desk.state.leaveQueue()
            if case .store(let storeError) = error, storeError.code == .duplicate,
                let known = try await find(document.key)
            {
                return try same(known, digest)
            }
            throw error
        }
    }

    private func write(
        _ document: OrderDocument,
        _ digest: String,
        _ workflow: Workflow,
        _ submitter: String?
    ) async throws(IntakeFailure) -> Order {
        let now = desk.clock.now()
        let client = ClientName(clinic: document.clinic, id: document.clientID)
        guard clients.enter(client) else { throw .clientBeingForgotten }
        defer { clients.leave(client) }
        let subject = try await subject(of: client, at: now)
        guard let received = received(document, digest, workflow, subject, at: now) else {
            throw .unknownWorkflow(workflow.name)
        }
        let actor = Actor(.source, name: submitter ?? document.key.source)
        let fact = Fact(event: .received(received), at: now, actor: actor)
        do {
            let order = try Order(fact, workflow: workflow)
            let stream = desk.store.nextStream()
            try await desk.open(order, fact, stream)
            return order
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .store(StoreError(.damaged, "\(error)"))
        }
    }

    /// The word by which the journal names the client; its keys are on disk.
    private func subject(
        of client: ClientName,
        at now: Timestamp
    ) async throws(IntakeFailure) -> String? {
        guard let vault = desk.vault else { return nil }
        do {
            return try await vault.subject(of: client, at: now)
        } catch {
            throw .store(error)
        }
    }

    private func received(
        _ document: OrderDocument,
        _ digest: String,
        _ workflow: Workflow,
        _ subject: String?,
        at now: Timestamp
    ) -> Received? {
        guard let clinic = clinics.clinic(document.clinic) else { return nil }
        let items = document.items.map { item in
            RepeatPlan.Item(
                allowedCount: item.allowedCount,
                packagesMaximum: item.packagesMaximum,
                lastDay: item.lastDay,
                interval: item.interval
            )
        }
        let issueDay = clinic.calendar.day(of: document.issueTime ?? now)
        let plan = RepeatPlan(items: items, issueDay: issueDay)
        return Received(
            key: document.key,
            clinic: document.clinic,
            priority: document.priority,
            clientID: document.clientID,
            prescription: document.prescription,
            delivery: document.delivery,
            contentDigest: digest,
            workflowName: workflow.name,
            workflowVersion: workflow.version,
            workflowDigest: workflow.digest,
            marker: "[dosette:\(desk.random.identifier(at: now))]",
            charging: document.delivery == nil ? clinic.configuration.fee.charging : .nothing,
            plan: plan,
            expiresAt: clinic.calendar.end(of: plan.lastDay),
            subject: subject,
            personal: document.personal
        )
    }

    /// Whether the disk has room for orders; looked up once a second at the most.
    private func hasRoom() -> Bool {
        let now = desk.clock.now()
        return room.withLock { room in
            if let lookedAt = room.lookedAt, now.since(lookedAt) < Self.roomLooks,
                now >= lookedAt
            {
                return room.isThere
            }
            room.lookedAt = now
            room.isThere = (desk.store.freeBytes() ?? .max) >= freeBytesMinimum
            return room.isThere
        }
    }
}

extension OrderDocument {
    /// The definition that the order follows when its sender names none.
    fileprivate func workflowName(ofPrescriptions name: String) -> String {
        delivery == nil ? name : Workflow.deliveryName
    }

    /// What is wrong with an order that is put on a definition for another kind of order.
    fileprivate func mismatch(_ workflow: Workflow) -> Violation? {
        let own: Workflow.Content = delivery == nil ? .prescription : .delivery
        guard workflow.content != own else { return nil }
        let (name, other) =
            own == .prescription
            ? ("prescription", "orders of home delivery") : ("delivery", "prescriptions")
        return Violation(
            pointer: "/\(name)",
            rule: "wrong_workflow",
            detail: "The workflow \(workflow.name) carries \(other)."
        )
    }
}

extension OrderDesk {
    /// Makes a new order durable.
    func open(_ order: Order, _ fact: Fact, _ stream: StreamID) async throws(StoreError) {
        guard let epoch = state.epoch else {
            throw StoreError(.unavailable, "the engine does not own the journal yet")
        }
        let commit = Projection.commit(
            [fact],
            to: order,
            stream: stream,
            epoch: epoch,
            seal: try seal(of: order)
        )
        do throws(StoreError) {
            try await store.commit(commit)
        } catch {
            if error.code == .fenced || error.code == .outcomeUnknown {
                state.fail("\(error)")
                wakeUp.wake()
            }
            throw error
        }
        opened(order, stream)
    }
}
