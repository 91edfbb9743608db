import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// What one person proposes and another one confirms; and dry runs.
extension API {
    func answer(_ route: ProposalRoute, _ call: Call) async throws(Problem) -> Response {
        switch route {
        case .list:
            call.request.method == .post ? try await propose(call) : try listProposals(call)
        case .one(let id): try await showProposal(id, call)
        case .confirm(let id): try await confirm(id, call)
        case .withdraw(let id): try await withdraw(id, call)
        case .plan(let path): try await plan(path, call)
        }
    }

    /// Confirms a proposal as a second person.
    private func confirm(_ id: String, _ call: Call) async throws(Problem) -> Response {
        if let proposal = engine.proposals.proposal(id) {
            try call.caller.require(proposal.rightToConfirm)
        }
        return try await decide(id, call) { (desk, person, reason) async throws(ProposalFailure) in
            try await desk.confirm(id, by: person, reason: reason)
        }
    }

    // MARK: - Proposing

    /// Takes a proposal; when this answers 201, it is on disk, and done where no second person is needed.
    private func propose(_ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let body = try await call.object(upTo: ServerLimits.proposalBytesMaximum)
        let request = try ProposalRequest(body, by: call.caller)
        try call.caller.require(request.right)
        let proposal = try await proposed { () async throws(ProposalFailure) in
            switch request.deed {
            case .signal(let signal, let orders):
                try await engine.proposals.propose(
                    signal,
                    to: orders,
                    by: request.person,
                    reason: request.reason
                )
            case .forget(let client):
                try await engine.proposals.proposeForgetting(
                    client,
                    by: request.person,
                    reason: request.reason
                )
            }
        }
        var response = Response.json(await told(proposal, to: request.person, call), .created)
        response.headers[.location] = ProposalRoute.path(of: proposal.id)
        return response
    }

    private func listProposals(_ call: Call) throws(Problem) -> Response {
        var reader = QueryReader(call.request.uri.query, known: ["state", "limit"])
        let states = ["open", "confirmed", "withdrawn", "done", "lapsed"]
        let state = reader.choice("state", states)
        let limit = reader.integer("limit", in: ServerLimits.listLimits)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        let rows = engine.proposals.all.filter { state == nil || $0.state.name == state }
            .prefix(limit ?? ServerLimits.listLimitDefault)
        return .json(["proposals": .array(rows.map(\.view))])
    }

    private func showProposal(_ id: String, _ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        guard let proposal = engine.proposals.proposal(id) else { throw .noSuchProposal }
        guard case .forget = proposal.deed, call.caller.mayKnowWhom else {
            return .json(proposal.view)
        }
        let client = try await engine.clientToForget(proposal, call.caller.name ?? Self.nobody)
        return .json(proposal.view(client: client))
    }

    /// A proposal after a decision, with the client whom it would forget for those who may decide on it.
    ///
    /// What was done stands, also where that somebody read of it cannot be noted: the client is left out then.
    private func told(_ proposal: Proposal, to person: String, _ call: Call) async -> JSON {
        guard case .forget = proposal.deed, call.caller.mayKnowWhom else { return proposal.view }
        return proposal.view(client: try? await engine.clientToForget(proposal, person))
    }

    // MARK: - Deciding

    /// Takes a proposal back, by whoever might have made it.
    private func withdraw(_ id: String, _ call: Call) async throws(Problem) -> Response {
        guard let proposal = engine.proposals.proposal(id) else { throw .noSuchProposal }
        try call.caller.require(proposal.right)
        return try await decide(id, call) { (desk, person, reason) async throws(ProposalFailure) in
            try await desk.withdraw(id, by: person, reason: reason)
        }
    }

    private func decide(
        _ id: String,
        _ call: Call,
        _ decision: (ProposalDesk, String, String) async throws(ProposalFailure) -> Proposal
    ) async throws(Problem) -> Response {
        try refuseQuery(call)
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        var reader = MemberReader(body, at: "")
        reader.refuseUnknown(["reason", "by"])
        let reason = reader.reason()
        let person = reader.person(call.caller)
        guard reader.violations.isEmpty, let reason, let person else {
            throw Problem(reader.violations)
        }
        let proposal = try await proposed { () async throws(ProposalFailure) in
            try await decision(engine.proposals, person, reason)
        }
        return .json(await told(proposal, to: person, call))
    }

    private func proposed(
        _ question: () async throws(ProposalFailure) -> Proposal
    ) async throws(Problem) -> Proposal {
        do {
            return try await question()
        } catch {
            throw Problem(error)
        }
    }

    // MARK: - Dry runs

    /// Answers what a signal would lead to; nothing is written or sent.
    private func plan(_ path: Route.OrderPath, _ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let key = try path.key()
        let body = try await call.object(upTo: ServerLimits.callBytesMaximum)
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        let request = try SignalRequest(body, by: call.caller, to: order.workflow, isDry: true)
        try call.caller.require(Right.needed(for: request.signal.name))
        try call.caller.require(.readPersonal)
        let plan = try await ask { () async throws(DeskFailure) in
            try await engine.plan(request.signal, for: key)
        }
        let reader = Actor(.person, name: call.caller.name ?? request.person)
        try await ask { () async throws(DeskFailure) in
            try await engine.noteRead("plan", of: key.description, by: reader)
        }
        let needsSecond = engine.proposals.needsSecond(request.signal.name)
        return .json(plan.view(needsSecond: needsSecond))
    }
}

/// The paths of proposals.
enum ProposalRoute: Hashable, Sendable {
    case list
    case one(String)
    case confirm(String)
    case withdraw(String)
    case plan(Route.OrderPath)

    /// - Parameter names: What stands behind `/v1/proposals`.
    init?(_ names: [String]) {
        switch (names.count, names.last ?? "") {
        case (0, _): self = .list
        case (1, _): self = .one(names[0])
        case (2, "confirm"): self = .confirm(names[0])
        case (2, "withdraw"): self = .withdraw(names[0])
        default: return nil
        }
    }

    /// The path of a proposal in the API.
    static func path(of id: String) -> String { "/v1/proposals/\(id)" }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .list: [.get, .head, .post]
        case .one: [.get, .head]
        case .confirm, .withdraw, .plan: [.post]
        }
    }

    func right(for method: HTTPRequest.Method) -> Right {
        switch self {
        case .confirm: .confirm
        // Proposing, withdrawing and planning ask for what the deed itself asks for, too.
        case .list: method == .post ? .look : .seeProposals
        case .one, .withdraw: .seeProposals
        case .plan: .look
        }
    }
}

// MARK: - Views

extension Proposal {
    /// What somebody must be allowed to do to make it, or to take it back.
    var right: Right {
        switch deed {
        case .signal(let signal, _): Right.needed(for: signal.name)
        case .forget: .manageClients
        }
    }

    /// What somebody must be allowed to do to confirm it: what is a pharmacist's decision is not made by two others.
    var rightToConfirm: Right { right == .decide ? .decide : .confirm }

    /// The proposal for programs; a client stands there by its word in the journal.
    var view: JSON { view(client: nil) }

    /// The same, telling whom it would forget, where the reader may know.
    func view(client: ClientName?) -> JSON {
        var view: JSONObject = [
            "client": client.map { .string("\($0.clinic)/\($0.id)") } ?? .null,
            "proposal": .string(id), "state": .string(state.name), "deed": deed.json,
            "needs_second": .bool(needsSecond), "made": made.view,
            "lapses_at": .string(lapsesAt.text), "decided": .null, "results": .null,
        ]
        switch state {
        case .open, .lapsed: break
        case .confirmed(let word): view["decided"] = word?.view ?? .null
        case .withdrawn(let word): view["decided"] = word.view
        case .done(let word, let results, _):
            view["decided"] = word?.view ?? .null
            view["results"] = .array(results.map(\.json))
        }
        return .object(view)
    }
}

extension Caller {
    /// Whether a client's number may be told in a proposal: to those who confirm, or forget.
    var mayKnowWhom: Bool { !rights.isDisjoint(with: [.confirm, .manageClients]) }
}

extension Engine {
    /// Whom a proposal would forget; that somebody read it stands in the journal.
    func clientToForget(
        _ proposal: Proposal,
        _ reader: String
    ) async throws(Problem) -> ClientName? {
        do {
            let client = try await proposals.client(of: proposal)
            if client != nil {
                let actor = Actor(.person, name: reader)
                try await noteRead("proposal", of: proposal.id, by: actor)
            }
            return client
        } catch let failure as ClientDeskFailure {
            throw Problem(failure)
        } catch let failure as DeskFailure {
            throw Problem(failure)
        } catch {
            throw .fault("\(error)")
        }
    }
}

extension Proposal.Word {
    fileprivate var view: JSON {
        ["by": .string(person), "reason": .string(reason), "at": .string(at.text)]
    }
}

extension SignalPlan {
    /// The dry run for programs.
    func view(needsSecond: Bool) -> JSON {
        [
            "needs_second": .bool(needsSecond),
            "order": .string(key.description),
            "refused": refusal.map { ["rule": .string($0.rule), "detail": .string($0.detail)] }
                ?? .null,
            "story": .array(story.map { .string($0) }),
            "steps": .array(steps.map(\.view)),
        ]
    }
}

extension SignalPlan.Step {
    fileprivate var view: JSON {
        [
            "part": .string(part), "action": .string(action), "looks_only": .bool(isLook),
            "due_at": .string(dueAt.text),
            "requests": .array(
                requests.map { draft in
                    [
                        "method": .string(draft.method), "url": .string(draft.url),
                        "body": draft.body ?? .null, "changes": .bool(draft.isWrite),
                    ]
                }
            ),
        ]
    }
}

extension Problem {
    static let noSuchProposal = Problem(
        .notFound,
        rule: "no_such_proposal",
        "There is no such proposal, or it is too old."
    )

    init(_ failure: ProposalFailure) {
        switch failure {
        case .noSuchProposal: self = .noSuchProposal
        case .noSuchOrder(let key):
            self.init(.notFound, rule: "no_such_order", "There is no order \(key).", at: "/orders")
        case .refused(let refusal): self.init(DeskFailure.refused(refusal))
        case .desk(let failure): self.init(failure)
        case .client(let failure): self.init(failure)
        case .store(let error): self.init(error)
        }
    }

    init(_ failure: ClientDeskFailure) {
        switch failure {
        case .noSuchClient:
            let detail = "No order of this client is kept under keys."
            self.init(.notFound, rule: "no_such_client", detail)
        case .refused(let refusal): self.init(DeskFailure.refused(refusal))
        case .store(let error): self.init(error)
        }
    }
}
