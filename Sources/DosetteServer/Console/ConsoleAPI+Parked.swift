import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// What waits for a person's decision, by its reason, and decisions on many at once.
extension ConsoleAPI {
    private static let orderName = "order"
    private static let afterName = "after"

    /// Parked orders with the same reason.
    struct ParkedGroup: Sendable {
        let kind: String
        let step: String
        let reason: String
        let actions: [String]
        var rows: [Row] = []

        struct Row: Sendable {
            let key: OrderKey
            let clinic: String
            let since: Timestamp?
        }
    }

    func parkedList(_ visit: Visit) async throws(Problem) -> Response {
        var reader = QueryReader(visit.call.request.uri.query, known: [Self.afterName])
        let after = reader.cursor(Self.afterName)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        return try await parkedPage(after, nil, visit)
    }

    private func parkedPage(
        _ after: StreamID?,
        _ problem: Problem?,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        let limit = ServerLimits.parkedOnPage
        let rows = try await read { () async throws(StoreError) in
            try await engine.store.orders(
                OrderQuery(selection: .parked, after: after, limit: limit + 1)
            )
        }
        let groups = Self.groups(rows.prefix(limit))
        let next = rows.count > limit ? rows[limit - 1].stream : nil
        let now = engine.clock.now()
        let content = HTML(.div) {
            HTML(.h1) { "Parked orders" }
            HTML(.p) {
                "They wait until somebody decides. What has the same reason stands together."
            }
            if let problem {
                HTML(.p, .class("state bad"), .role("alert")) { FormWords.text(problem) }
            }
            HTML(.div, .hook("parked")) {
                if groups.isEmpty { HTML(.p, .class("state")) { "Nothing is parked." } }
                groups.enumerated().map { index, group in markup(group, index, now, visit) }
            }
            if let next {
                HTML(.p) {
                    HTML(
                        .a,
                        .class("go"),
                        .href(path(.parked).asking([(Self.afterName, Cursor.text(after: next))]))
                    ) { "More parked orders" }
                }
            }
        }
        return page(
            ConsoleContent(
                title: "Parked orders",
                section: .parked,
                status: problem?.kind.status ?? .ok,
                content: content
            ),
            visit
        )
    }

    private static func groups(_ rows: ArraySlice<OrderRow>) -> [ParkedGroup] {
        var groups: [ParkedGroup] = []
        for row in rows {
            guard let view = try? JSONReader.read(Array(row.view.utf8)),
                let parked = view["parked"]?.objectValue
            else { continue }
            let group = ParkedGroup(
                kind: parked["kind"]?.stringValue ?? "",
                step: parked["step"]?.stringValue ?? "",
                reason: parked["reason"]?.stringValue ?? "",
                actions: parked["actions"]?.arrayValue?.compactMap(\.stringValue) ?? []
            )
            let since = parked["since"]?.stringValue.flatMap(Timestamp.init(text:))
            let entry = ParkedGroup.Row(key: row.key, clinic: row.clinic, since: since)
            let known = groups.firstIndex { other in
                (other.kind, other.step, other.reason) == (group.kind, group.step, group.reason)
            }
            if let known {
                groups[known].rows.append(entry)
            } else {
                groups.append(group)
                groups[groups.count - 1].rows = [entry]
            }
        }
        return groups.sorted { $0.rows.count > $1.rows.count }
    }

    private func markup(
        _ group: ParkedGroup,
        _ index: Int,
        _ now: Timestamp,
        _ visit: Visit
    ) -> HTML {
        let kind = ParkedKind(rawValue: group.kind)
        return HTML(.section, .labelledBy("group-\(index)")) {
            HTML(.h2, .id("group-\(index)")) {
                "\(ParkedWords.title(group.kind)): \(ActionWords.title(group.step)) (\(group.rows.count))"
            }
            HTML(.p) { group.reason }
            if let kind { HTML(.p, .class("soft")) { ParkedWords.meaning(kind) } }
            HTML(.form, .post, .action(path(["parked", "plan"]))) {
                formKey(visit)
                Self.hidden("step", group.step)
                table(group, index, now, visit)
                if visit.may(.repair) { bulk(group, index, visit) }
            }
        }
    }

    private func table(
        _ group: ParkedGroup,
        _ index: Int,
        _ now: Timestamp,
        _ visit: Visit
    ) -> HTML {
        HTML(.table, .class("items")) {
            HTML(.caption) { "Orders" }
            HTML(.thead) {
                HTML(.tr) {
                    ["Order", "Clinic", "Since"].map { title in HTML(.th, .scope("col")) { title } }
                }
            }
            HTML(.tbody) {
                group.rows.map { row in
                    HTML(.tr) {
                        HTML(.th, .scope("row")) {
                            if visit.may(.repair) {
                                HTML(
                                    .input,
                                    .type("checkbox"),
                                    .name(Self.orderName),
                                    .value(row.key.description),
                                    .label("Choose order \(row.key)")
                                )
                            }
                            " "
                            HTML(.a, .href(path(of: row.key))) { "\(row.key)" }
                        }
                        HTML(.td) { row.clinic }
                        HTML(.td) {
                            if let since = row.since {
                                time(of: row.clinic).zonedHTML(since)
                                " (\(ParkedWords.span(from: since, to: now)))"
                            }
                        }
                    }
                }
            }
        }
    }

    private func bulk(_ group: ParkedGroup, _ index: Int, _ visit: Visit) -> HTML {
        // What stands for one order only is decided on that order's own page.
        // The one that looks before it does anything stands first.
        let actions = group.actions.filter { $0 != ParkedAction.adopt.rawValue }
            .sorted { lhs, rhs in lhs == ParkedAction.retry.rawValue && rhs != lhs }
        return HTML(.div, .class("fields")) {
            HTML(.div, .class("field")) {
                HTML(.label, .for("signal-\(index)")) { "For the orders chosen" }
                HTML(.select, .id("signal-\(index)"), .name("signal")) {
                    actions.map { action in
                        HTML(.option, .value(action)) { Choice.title(action) }
                    }
                }
            }
            HTML(.div, .class("field")) {
                HTML(.label, .for("why-\(index)")) { "Why? It stands in the journal." }
                HTML(.input, .id("why-\(index)"), .name("reason"), .type("text"), .required)
            }
            HTML(.div, .class("buttons wide")) {
                HTML(.button, .type("submit")) { "Show what would be sent" }
            }
        }
    }

    // MARK: - Deciding on many

    /// A decision on several orders, as it was typed.
    private struct Bulk: Sendable {
        let signal: DeedSignal
        let orders: [OrderKey]
        let reason: String

        init(_ pairs: FormPairs) throws(Problem) {
            let texts = pairs.all(ConsoleAPI.orderName)
            let orders = texts.compactMap(OrderKey.init(text:))
            let reason = (pairs["reason"] ?? "").trimmingSpaces
            let most = ProposalDesk.ordersMaximum
            guard !orders.isEmpty, orders.count == texts.count, orders.count <= most else {
                let detail = "Choose the orders that are meant, \(most) at the most."
                throw Problem(.invalid, rule: "order_list", detail)
            }
            guard let action = pairs["signal"].flatMap(ParkedAction.init), action != .adopt else {
                throw Problem(.invalid, rule: "not_a_choice", "Say what shall happen.")
            }
            guard ServerLimits.reasonBytes.contains(reason.utf8.count) else {
                throw Problem(.invalid, rule: "required", "Say why.")
            }
            let step = pairs["step"].flatMap { $0.isEmpty ? nil : $0 }
            signal = DeedSignal(name: action.rawValue, step: step)
            self.orders = orders
            self.reason = reason
        }
    }

    func parked(
        _ step: ConsoleRoute.Step,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        let pairs = try await form(visit)
        let bulk: Bulk
        do {
            bulk = try Bulk(pairs)
        } catch {
            return try await parkedPage(nil, error, visit)
        }
        switch step {
        case .plan: return try await plan(bulk, visit)
        case .act:
            do throws(ProposalFailure) {
                let proposal = try await engine.proposals.propose(
                    bulk.signal,
                    to: bulk.orders,
                    by: visit.session.person,
                    reason: bulk.reason
                )
                return redirect(to: path(["proposals", proposal.id]))
            } catch {
                let problem = Problem(error)
                report(problem)
                return try await parkedPage(nil, problem, visit)
            }
        }
    }

    private func plan(_ bulk: Bulk, _ visit: Visit) async throws(Problem) -> Response {
        try visit.session.caller.require(.readPersonal)
        let plans = try await plans(bulk.signal.signal, bulk.orders, visit)
        let requests = plans.flatMap { $0.0.steps.flatMap(\.requests) }
        let writes = requests.count(where: \.isWrite)
        let needsSecond = engine.proposals.needsSecond(
            bulk.signal.name,
            orderCount: bulk.orders.count
        )
        let content = HTML(.div) {
            HTML(.h1) { "\(Choice.title(bulk.signal.name)): what would be sent" }
            HTML(.p, .class("state warn")) {
                "Orders: \(bulk.orders.count). Requests at once: \(requests.count), of which \(writes) would change something. Nothing is written or sent yet."
            }
            plans.map { plan, clinic in
                HTML(.section) {
                    HTML(.h2) { HTML(.a, .href(path(of: plan.key))) { "\(plan.key)" } }
                    PlanMarkup.html(plan, time(of: clinic))
                }
            }
            HTML(.form, .post, .action(path(["parked", "act"]))) {
                formKey(visit)
                Self.hidden("signal", bulk.signal.name)
                Self.hidden("step", bulk.signal.step ?? "")
                Self.hidden("reason", bulk.reason)
                bulk.orders.map { Self.hidden(Self.orderName, $0.description) }
                HTML(.p) { "Reason: \(bulk.reason)" }
                HTML(.div, .class("buttons")) {
                    HTML(.button, .class("main"), .type("submit")) {
                        needsSecond ? "Propose it to a second person" : "Do it"
                    }
                    HTML(.a, .class("go"), .href(path(.parked))) { "Back" }
                }
            }
        }
        return page(
            ConsoleContent(title: "Dry run", section: .parked, isLive: false, content: content),
            visit
        )
    }
}
