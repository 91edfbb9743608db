import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// What was proposed: the list, one of them, and a second person's word.
extension ConsoleAPI {
    func proposals(_ visit: Visit) async throws(Problem) -> Response {
        try visit.call.refuseQuery()
        let all = engine.proposals.all
        let open = all.filter { $0.state == .open }
        let others = all.filter { $0.state != .open }.prefix(ServerLimits.oldProposalsMaximum)
        let content = HTML(.div) {
            HTML(.h1) { "Proposals" }
            HTML(.p) {
                "What one person alone may not do here: one proposes it, another one confirms it."
            }
            HTML(.section, .hook("open")) {
                HTML(.h2) { "Waiting for a second person" }
                open.isEmpty ? HTML(.p) { "None." } : list(open)
            }
            HTML(.section, .hook("others")) {
                HTML(.h2) { "Decided lately" }
                others.isEmpty ? HTML(.p) { "None." } : list(Array(others))
            }
        }
        return page(
            ConsoleContent(title: "Proposals", section: .proposals, content: content),
            visit
        )
    }

    private func list(_ proposals: [Proposal]) -> HTML {
        HTML(.ul, .class("plain orders")) {
            proposals.map { proposal in
                HTML(.li) {
                    HTML(.a, .href(path(["proposals", proposal.id]))) {
                        ParkedWords.deed(proposal.deed)
                    }
                    HTML(.p, .class("soft")) {
                        "\(proposal.made.person), \(commonTime.zoned(proposal.made.at)): \(proposal.made.reason) – \(ParkedWords.state(of: proposal))"
                    }
                }
            }
        }
    }

    func proposal(
        _ id: String,
        _ part: ConsoleRoute.ProposalPart,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        guard let proposal = engine.proposals.proposal(id) else { throw .noSuchProposal }
        guard part != .view else { return try await show(proposal, nil, visit) }
        let pairs = try await form(visit)
        if part == .withdraw { try visit.session.caller.require(proposal.right) }
        let reason = (pairs["reason"] ?? "").trimmingSpaces
        do throws(Problem) {
            guard ServerLimits.reasonBytes.contains(reason.utf8.count) else {
                throw Problem(.invalid, rule: "required", "Say why.")
            }
            if part == .confirm {
                try visit.session.caller.require(proposal.rightToConfirm)
            }
            do throws(ProposalFailure) {
                let desk = engine.proposals
                let person = visit.session.person
                _ =
                    part == .confirm
                    ? try await desk.confirm(id, by: person, reason: reason)
                    : try await desk.withdraw(id, by: person, reason: reason)
            } catch {
                throw Problem(error)
            }
            return redirect(to: path(["proposals", id]))
        } catch {
            report(error)
            return try await show(engine.proposals.proposal(id) ?? proposal, error, visit)
        }
    }

    // MARK: - One of them

    private func show(
        _ proposal: Proposal,
        _ problem: Problem?,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        let plans = proposal.state == .open ? try await plans(proposal, visit) : []
        let client = await clientToForget(proposal, visit)
        let content = HTML(.div) {
            HTML(.h1) { "Proposal: \(ParkedWords.deed(proposal.deed))" }
            if let problem {
                HTML(.p, .class("state bad"), .role("alert")) { FormWords.text(problem) }
            }
            facts(proposal, client)
            results(proposal)
            if proposal.state == .open { decision(proposal, visit) }
            if case .confirmed = proposal.state, visit.may(proposal.rightToConfirm) {
                finishing(proposal, visit)
            }
            if !plans.isEmpty {
                HTML(.section) {
                    HTML(.h2) { "What would be sent if it were confirmed now" }
                    plans.map { plan, clinic in
                        HTML(.div) {
                            HTML(.h3) { HTML(.a, .href(path(of: plan.key))) { "\(plan.key)" } }
                            PlanMarkup.html(plan, time(of: clinic))
                        }
                    }
                }
            }
        }
        return page(
            ConsoleContent(
                title: "Proposal",
                section: .proposals,
                status: problem?.kind.status ?? .ok,
                isLive: false,
                content: content
            ),
            visit
        )
    }

    /// Whom it would forget, for those who decide; not where that they read it cannot be noted.
    private func clientToForget(_ proposal: Proposal, _ visit: Visit) async -> ClientName? {
        guard visit.session.caller.mayKnowWhom else { return nil }
        return try? await engine.clientToForget(proposal, visit.session.person)
    }

    private func facts(_ proposal: Proposal, _ client: ClientName?) -> HTML {
        HTML(.section) {
            HTML(.dl) {
                fact("State", ParkedWords.state(of: proposal))
                if let client {
                    fact("Client", "number \(client.id) of clinic \(client.clinic)")
                    fact("What that means", "It cannot be taken back.")
                }
                fact(
                    "Proposed by",
                    "\(proposal.made.person), \(commonTime.zoned(proposal.made.at))"
                )
                fact("Why", proposal.made.reason)
                if let word = proposal.state.word {
                    fact("Decided by", "\(word.person), \(commonTime.zoned(word.at))")
                    fact("Why", word.reason)
                }
                if proposal.state == .open { fact("Lapses", commonTime.zoned(proposal.lapsesAt)) }
            }
            if !proposal.orders.isEmpty, proposal.state.results.isEmpty {
                HTML(.ul) {
                    proposal.orders.map { key in
                        HTML(.li) { HTML(.a, .href(path(of: key))) { "\(key)" } }
                    }
                }
            }
        }
    }

    private func fact(_ name: String, _ value: String) -> HTML {
        HTML(.div) {
            HTML(.dt) { name }
            HTML(.dd) { value }
        }
    }

    @HTMLBuilder private func results(_ proposal: Proposal) -> HTML {
        if !proposal.state.results.isEmpty {
            HTML(.section) {
                HTML(.h2) { "What came of it" }
                HTML(.ul) {
                    proposal.state.results.map { result in
                        HTML(.li) {
                            if let key = OrderKey(text: result.of) {
                                HTML(.a, .href(path(of: key))) { result.of }
                            } else {
                                "the client"
                            }
                            result.refusal.map { ": refused, \($0)" } ?? ": done"
                        }
                    }
                }
            }
        }
    }

    private func decision(_ proposal: Proposal, _ visit: Visit) -> HTML {
        let isOwn = ProposalDesk.isSame(proposal.made.person, visit.session.person)
        let mayConfirm = visit.may(proposal.rightToConfirm)
        let canConfirm = mayConfirm && !isOwn
        let canWithdraw = visit.may(proposal.right)
        return HTML(.section) {
            HTML(.h2) { "Decide" }
            if isOwn {
                HTML(.p, .class("notice")) { "You proposed it: somebody else has to confirm it." }
            } else if !mayConfirm {
                let roles = proposal.rightToConfirm.roles.map(\.rawValue).joined(separator: ", ")
                HTML(.p, .class("notice")) { "These roles confirm: \(roles)." }
            }
            if canConfirm || canWithdraw {
                HTML(.form, .post, .action(path(["proposals", proposal.id, "confirm"]))) {
                    formKey(visit)
                    HTML(.div, .class("field")) {
                        HTML(.label, .for("reason")) {
                            "Why? It stands in the journal for good: name nobody."
                        }
                        HTML(.textarea, .id("reason"), .name("reason"), .rows(2), .required)
                    }
                    HTML(.div, .class("buttons")) {
                        if canConfirm {
                            HTML(.button, .class("main"), .type("submit")) { "Confirm it" }
                        }
                        if canWithdraw {
                            HTML(
                                .button,
                                .type("submit"),
                                .formAction(path(["proposals", proposal.id, "withdraw"]))
                            ) { "Withdraw it" }
                        }
                    }
                }
            }
        }
    }

    /// Of what was confirmed and could not be done.
    private func finishing(_ proposal: Proposal, _ visit: Visit) -> HTML {
        HTML(.section) {
            HTML(.h2) { "Not done yet" }
            HTML(.p) { "It was confirmed, and could not be done then. No order is told twice." }
            HTML(.form, .post, .action(path(["proposals", proposal.id, "confirm"]))) {
                formKey(visit)
                Self.hidden("reason", "finishing what was confirmed")
                HTML(.div, .class("buttons")) {
                    HTML(.button, .class("main"), .type("submit")) { "Do it now" }
                }
            }
        }
    }

    /// What a proposal would lead to now, for those who may read what is sent.
    private func plans(
        _ proposal: Proposal,
        _ visit: Visit
    ) async throws(Problem) -> [(SignalPlan, clinic: String)] {
        guard visit.may(.readPersonal), case .signal(let signal, let orders) = proposal.deed else {
            return []
        }
        return try await plans(signal.signal, orders, visit)
    }

    /// Dry runs of a signal to orders; that they were read stands in the journal.
    func plans(
        _ signal: Signal,
        _ orders: [OrderKey],
        _ visit: Visit
    ) async throws(Problem) -> [(SignalPlan, clinic: String)] {
        var plans: [(SignalPlan, clinic: String)] = []
        for key in orders {
            let plan = await plan(signal, key)
            let row = try await read { () async throws(StoreError) in
                try await engine.store.order(key)
            }
            try await ask { () async throws(DeskFailure) in
                try await engine.noteRead("plan", of: key.description, by: visit.actor)
            }
            plans.append((plan, clinic: row?.clinic ?? ""))
        }
        return plans
    }
}

extension ConsoleAPI {
    /// A dry run; of an order that cannot be read it tells so, and the others are shown.
    private func plan(_ signal: Signal, _ key: OrderKey) async -> SignalPlan {
        do throws(DeskFailure) {
            return try await engine.plan(signal, for: key)
        } catch {
            let problem = Problem(error)
            report(problem)
            return .refused(key, OrderRefusal(rule: "not_readable", detail: problem.detail))
        }
    }
}

extension Proposal.State {
    /// The second person's word, if there is one.
    fileprivate var word: Proposal.Word? {
        switch self {
        case .open, .lapsed: nil
        case .confirmed(let word): word
        case .withdrawn(let word): word
        case .done(let word, _, _): word
        }
    }

    var results: [DeedResult] {
        if case .done(_, let results, _) = self { results } else { [] }
    }
}
