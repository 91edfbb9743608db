import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// The page of one order, and what is decided on it.
extension ConsoleAPI {
    private static let showName = "show"
    private static let saidName = "said"

    func order(
        _ path: Route.OrderPath,
        _ part: ConsoleRoute.OrderPart,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        let key = try path.key()
        return switch part {
        case .view: try await showOrder(key, visit)
        case .plan: try await planOrder(key, visit)
        case .act: try await actOnOrder(key, visit)
        case .dispense: try await takeDispense(key, visit)
        case .reverse: try await takeReversal(key, visit)
        case .proof: try await proof(key, visit)
        case .report: try await auditReport(key, visit)
        }
    }

    // MARK: - Showing

    private func showOrder(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        var reader = QueryReader(
            visit.call.request.uri.query,
            known: [Self.showName, Self.saidName]
        )
        let show = reader.choice(Self.showName, ["personal"])
        let said = reader.token(Self.saidName)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        var look = OrderLook()
        look.showsPersonal = show != nil
        look.said = said
        return try await orderPage(key, look, visit)
    }

    /// How the page of an order is looked at.
    struct OrderLook: Sendable {
        var showsPersonal = false
        var said: String?
        var entry = DecisionEntry()
        var dispenseProblem: Problem?
    }

    private func orderPage(
        _ key: OrderKey,
        _ look: OrderLook,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        if look.showsPersonal {
            try visit.session.caller.require(.readPersonal)
            try await ask { () async throws(DeskFailure) in
                try await engine.noteRead("history", of: key.description, by: visit.actor)
            }
        }
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        let events = try await ask { () async throws(DeskFailure) in
            try await engine.events(of: key)
        }
        let shown = events.suffix(ServerLimits.storyLinesMaximum)
        let opening = look.showsPersonal ? engine.opening : .closed
        let story = ConsoleStory(time: time(of: order.received.clinic))
        let page = ConsoleOrderPage(
            order: order,
            words: OrderWords(order.view),
            detail: await engine.waitingDetail(order),
            happenings: shown.compactMap {
                Self.happening($0, opening, story, isClosed: !look.showsPersonal)
            },
            isCut: shown.count < events.count,
            showsPersonal: look.showsPersonal,
            form: decisionForm(order, look.entry, visit),
            proposals: engine.proposals.open(for: key),
            time: time(of: order.received.clinic),
            now: engine.clock.now(),
            said: look.said.map(ParkedWords.plain),
            dispense: dispenseForm(order, look, visit),
            links: links(key, order, visit)
        )
        let problem = look.entry.problem ?? look.dispenseProblem
        let content = ConsoleContent(
            title: "Order \(key.orderID)",
            section: .orders,
            status: problem?.kind.status ?? .ok,
            isLive: !look.showsPersonal && problem == nil,
            content: page.content
        )
        return self.page(content, visit)
    }

    /// The clock of a clinic; UTC where the clinic is not there any more.
    func time(of clinic: String) -> ClinicTime {
        let zone = engine.clinics.clinic(clinic)?.configuration.timeZone ?? "UTC"
        return ClinicTime(timeZone: zone)
    }

    private static func happening(
        _ event: RecordedEvent,
        _ opening: Opening,
        _ story: ConsoleStory,
        isClosed: Bool
    ) -> ConsoleOrderPage.Happening? {
        // Also of orders of before there were keys nothing personal is left then.
        let bytes = isClosed ? (try? EventCodec.closed(event.entry)) ?? [] : event.entry
        guard let fact = try? EventCodec.fact(bytes, opening: opening) else { return nil }
        let opened = try? EventCodec.opened(event.entry, opening: opening)
        let entry: JSON? =
            isClosed ? try? JSONReader.read(bytes) : opened.map { .object($0) }
        return ConsoleOrderPage.Happening(
            position: event.position,
            line: story.line(fact),
            entered: entered(fact.event),
            entry: entry.map { IndentedJSON.text($0) } ?? ""
        )
    }

    private static func entered(_ event: OrderEvent) -> Entered? {
        if case .entered(let entered) = event { entered } else { nil }
    }

    private func decisionForm(
        _ order: Order,
        _ entry: DecisionEntry,
        _ visit: Visit
    ) -> DecisionForm {
        let key = order.received.key
        return DecisionForm(
            choices: Choice.all(of: order, engine.proposals),
            entry: entry,
            rights: visit.session.rights,
            act: path(of: key, .act),
            plan: path(of: key, .plan),
            formKey: formKey(visit)
        )
    }

    private func links(_ key: OrderKey, _ order: Order, _ visit: Visit) -> ConsoleOrderPage.Links {
        let own = path(of: key)
        let canAudit = visit.may(.audit)
        return ConsoleOrderPage.Links(
            own: own,
            personal: visit.may(.readPersonal) ? own.asking([(Self.showName, "personal")]) : nil,
            proof: canAudit ? path(of: key, .proof) : nil,
            report: canAudit ? path(of: key, .report) : nil,
            workflow: path(["workflows", order.workflow.digest]),
            proposal: { [self] id in path(["proposals", id]) }
        )
    }

    // MARK: - Deciding

    /// Reads what was typed into a signal; what is wrong comes back with what was typed.
    private func request(
        _ order: Order,
        _ entry: DecisionEntry,
        _ visit: Visit,
        isDry: Bool = false
    ) throws(Problem) -> SignalRequest {
        let request = try SignalRequest(
            entry.body(by: visit.session.person),
            by: visit.session.caller,
            to: order.workflow,
            isDry: isDry
        )
        try visit.session.caller.require(Right.needed(for: request.signal.name))
        return request
    }

    private func planOrder(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        var entry = DecisionEntry(try await form(visit))
        try visit.session.caller.require(.readPersonal)
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        let plan: SignalPlan
        do throws(Problem) {
            let request = try request(order, entry, visit)
            plan = try await ask { () async throws(DeskFailure) in
                try await engine.plan(request.signal, for: key)
            }
        } catch {
            entry.problem = error
            return try await orderPage(key, OrderLook(entry: entry), visit)
        }
        try await ask { () async throws(DeskFailure) in
            try await engine.noteRead("plan", of: key.description, by: visit.actor)
        }
        let needsSecond = engine.proposals.needsSecond(entry.signal)
        let content = HTML(.div) {
            HTML(.h1) { "What would be sent for order \(key.orderID)" }
            HTML(.p) { "Nothing of it is written or sent yet." }
            HTML(.section) { PlanMarkup.html(plan, time(of: order.received.clinic)) }
            HTML(.form, .post, .action(path(of: key, .act))) {
                formKey(visit)
                entry.hidden
                HTML(.p) { "Reason: \(entry.reason)" }
                HTML(.div, .class("buttons")) {
                    if plan.refusal == nil {
                        HTML(.button, .class("main"), .type("submit")) {
                            needsSecond ? "Propose it to a second person" : "Do it"
                        }
                    }
                    HTML(.a, .class("go"), .href(path(of: key))) { "Back to the order" }
                }
            }
        }
        return page(
            ConsoleContent(
                title: "Dry run",
                section: .orders,
                isLive: false,
                content: content
            ),
            visit
        )
    }

    private func actOnOrder(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        var entry = DecisionEntry(try await form(visit))
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        do throws(Problem) {
            let request = try request(order, entry, visit)
            guard !engine.proposals.needsSecond(request.signal.name) else {
                return try await propose(request, key)
            }
            _ = try await ask { () async throws(DeskFailure) in
                try await engine.signal(
                    request.signal,
                    to: key,
                    by: request.person,
                    reason: request.reason,
                    idempotency: entry.idempotency(by: request.person)
                )
            }
            return redirect(to: path(of: key).asking([(Self.saidName, request.signal.name)]))
        } catch {
            report(error)
            entry.problem = error
            // What was sent once is another form's from here on.
            entry.once = DecisionEntry().once
            return try await orderPage(key, OrderLook(entry: entry), visit)
        }
    }

    private func propose(
        _ request: SignalRequest,
        _ key: OrderKey
    ) async throws(Problem) -> Response {
        guard request.signal.remarks == nil else {
            let detail = "What a second person confirms bears no remarks."
            throw Problem([Violation(pointer: "/remarks", rule: "not_here", detail: detail)])
        }
        let signal = DeedSignal(
            name: request.signal.name,
            receiptID: request.signal.receipt?.id,
            step: request.signal.step
        )
        let proposal: Proposal
        do {
            proposal = try await engine.proposals.propose(
                signal,
                to: [key],
                by: request.person,
                reason: request.reason
            )
        } catch {
            throw Problem(error)
        }
        return redirect(to: path(["proposals", proposal.id]))
    }

    // MARK: - Dispenses

    private func dispenseForm(
        _ order: Order,
        _ look: OrderLook,
        _ visit: Visit
    ) -> DispenseForm? {
        guard order.delivery == nil, !order.plan.items.isEmpty else { return nil }
        let rows = order.received.prescription["prescription_items"]?.arrayValue ?? []
        let supplies = OrderWords(order.view).supplies
        let items = zip(order.plan.items.indices, supplies).map { index, supply in
            let row = rows.indices.contains(index) ? rows[index] : nil
            let name = row?["name"]?.stringValue ?? ""
            return DispenseForm.Item(
                name: look.showsPersonal && !name.isEmpty
                    ? "\(index + 1): \(name)" : "Item \(index + 1)",
                supply: supply,
                packages: row?["quantity_packages"]?.intValue ?? 1
            )
        }
        let isAccepted =
            order.prescription == .accepted || order.prescription == .acceptedWarning
        let hasLeft = order.plan.items.indices.contains { order.plan.remainingCount(of: $0) > 0 }
        let calendar = engine.clinics.clinic(order.received.clinic)?.calendar
        let now = engine.clock.now()
        guard let today = calendar?.day(of: now) else { return nil }
        return DispenseForm(
            items: items,
            dispenses: order.plan.entries.filter { !$0.isReversed }.map(\.dispense),
            isOpen: isAccepted && hasLeft && visit.may(.dispense),
            mayReverse: visit.may(.dispense),
            nextID: "console-\(RandomSource(SystemRandomNumberGenerator()).identifier(at: now))",
            today: today,
            act: path(of: order.received.key, .dispense),
            reverse: path(of: order.received.key, .reverse),
            formKey: formKey(visit),
            problem: look.dispenseProblem
        )
    }

    private func takeDispense(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        let pairs = try await form(visit)
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        var body: JSONObject = [
            "dispense_id": .string(pairs["dispense_id"] ?? ""),
            "dispensed_on": .string(pairs["day"] ?? ""), "by": .string(visit.session.person),
        ]
        for (member, name) in [("item", "item"), ("quantity_packages", "packages")] {
            let text = (pairs[name] ?? "").trimmingSpaces
            body[member] = Int(text).map { JSON($0) } ?? .string(text)
        }
        if let batch = pairs["batch"]?.trimmingSpaces, !batch.isEmpty {
            body["batch"] = .string(batch)
        }
        do throws(Problem) {
            let request = try DispenseRequest(body, by: visit.session.caller, of: order.plan)
            _ = try await ask { () async throws(DeskFailure) in
                try await engine.dispense(request.dispense, of: key, by: request.person)
            }
            return redirect(to: path(of: key).asking([(Self.saidName, "dispense")]))
        } catch {
            report(error)
            return try await orderPage(key, OrderLook(dispenseProblem: error), visit)
        }
    }

    private func takeReversal(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        let pairs = try await form(visit)
        let body: JSONObject = [
            "reason": .string((pairs["reason"] ?? "").trimmingSpaces),
            "by": .string(visit.session.person),
        ]
        do throws(Problem) {
            let request = try ReversalRequest(body, by: visit.session.caller)
            _ = try await ask { () async throws(DeskFailure) in
                try await engine.reverse(
                    dispense: pairs["dispense"] ?? "",
                    of: key,
                    by: request.person,
                    reason: request.reason
                )
            }
            return redirect(to: path(of: key).asking([(Self.saidName, "reversal")]))
        } catch {
            report(error)
            return try await orderPage(key, OrderLook(dispenseProblem: error), visit)
        }
    }
}

/// JSON with a line for each member, for people.
enum IndentedJSON {
    /// Levels that are told apart; what lies deeper stands on one line.
    private static let depthMaximum = 6

    static func text(_ json: JSON, depth: Int = 0) -> String {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        guard depth < depthMaximum else { return json.text }
        if let object = json.objectValue, !object.members.isEmpty {
            let lines = object.members.map { member in
                "\(inner)\(JSON.string(member.name).text): \(text(member.value, depth: depth + 1))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        }
        if let array = json.arrayValue, !array.isEmpty {
            let lines = array.map { inner + text($0, depth: depth + 1) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        }
        return json.text
    }
}
