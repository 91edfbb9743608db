package import DosetteCore
import DosetteDefinitions
package import DosetteEngine

/// Does the actions `provet.…`: the prescription and its fee at the clinics' Provet installations.
package struct ProvetActions: ActionPerformer {
    /// The client of a clinic, as it is set up now.
    let client: @Sendable (String) -> ProvetClient?
    let assumptions: ProvetAssumptions
    private let actions: [String: any ProvetAction]

    /// - Parameters:
    ///   - clients: One for each clinic.
    ///   - assumptions: What is not documented.
    ///   - settings: Where departments' settings are kept; one that others make forget is shared with
    ///     them.
    package init(
        _ clients: [ProvetClient],
        assumptions: ProvetAssumptions,
        settings: SettingsCache = SettingsCache()
    ) {
        let clients = Dictionary(
            clients.map { ($0.clinic.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        self.init(assumptions: assumptions, settings: settings) { clients[$0] }
    }

    /// - Parameters:
    ///   - assumptions: What is not documented.
    ///   - settings: Where departments' settings are kept.
    ///   - client: The client of a clinic, as it is set up now.
    package init(
        assumptions: ProvetAssumptions,
        settings: SettingsCache = SettingsCache(),
        client: @escaping @Sendable (_ clinic: String) -> ProvetClient?
    ) {
        self.client = client
        self.assumptions = assumptions
        let cost = ProvetClient.pageCost(assumptions)
        let all: [any ProvetAction] = [
            CreatePrescription(pageCost: cost), PatchStatus(),
            FetchFeeItem(pageCost: cost, settings),
            CreateCounterSale(pageCost: cost), DeleteCounterSale(),
            AddCounterSaleItem(pageCost: cost),
            FinalizeCounterSale(), RefundInvoice(pageCost: cost), AddPayment(pageCost: cost),
            CancelPayment(), ReportHomeDelivery(pageCost: cost),
        ]
        actions = Dictionary(
            all.map { ($0.specification.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    package var specifications: [ActionSpecification] {
        actions.values.map(\.specification).sorted { $0.name < $1.name }
    }

    package func digest(of request: ActionRequest) -> String {
        guard let action = actions[request.plan.action],
            let client = client(request.order.received.clinic)
        else { return "" }
        return Engine.digest(of: action.content(of: request, client))
    }

    /// One attempt, without a look for what was done by hand.
    func performOnce(_ request: ActionRequest) async -> EffectProtocol.Outcome? {
        guard let (action, client) = resolve(request) else { return nil }
        return await action.perform(request, client)
    }

    package func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        guard let (action, client) = resolve(request) else {
            return .refused(reason: "the order's clinic is not configured any more")
        }
        let outcome = await action.perform(request, client)
        guard case .refused = outcome else { return outcome }
        // Somebody at the clinic may have done by hand what we were about to do.
        guard let receipt = await action.doneByHand(request, client) else { return outcome }
        var values = receipt.values
        values["by_hand"] = true
        return .confirmed(Receipt(values))
    }

    package func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        guard let (action, client) = resolve(request) else {
            return .unclear(reason: "the order's clinic is not configured any more")
        }
        return await action.probe(request, client)
    }

    private func resolve(_ request: ActionRequest) -> (any ProvetAction, ProvetClient)? {
        guard let action = actions[request.plan.action],
            let client = client(request.order.received.clinic)
        else { return nil }
        return (action, client)
    }
}

/// One action: how it is done, and how its trace is found.
protocol ProvetAction: Sendable {
    var specification: ActionSpecification { get }

    /// What an attempt sends, for its digest.
    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding

    /// After a refusal: what is there when somebody at the clinic did the same by hand.
    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt?
}

extension ProvetAction {
    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? { nil }

    /// What a probe finds.
    func found(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? {
        guard case .found(let receipt) = await probe(request, client) else { return nil }
        return receipt
    }
}

extension ProvetResult {
    /// The outcome of a write, whose 2xx `read` turns into a receipt.
    ///
    /// A 2xx from which no receipt can be read proves nothing: the outcome is unknown.
    func outcome(_ read: (JSON) -> Receipt?) -> EffectProtocol.Outcome {
        switch self {
        case .done(let json):
            guard let receipt = read(json) else {
                return .unknown(reason: "an answer without what is needed of it")
            }
            return .confirmed(receipt)
        case .refused(_, let reason): return .refused(reason: reason)
        case .notProcessed(let retryAfter, let reason):
            return .notProcessed(retryAfter: retryAfter, reason: reason)
        case .unknown(let reason): return .unknown(reason: reason)
        }
    }

    /// The outcome when a read before the write did not succeed: nothing has happened.
    var outcomeBeforeWrite: EffectProtocol.Outcome {
        switch self {
        case .done: .notProcessed(retryAfter: nil, reason: "Provet's answer cannot be read")
        case .refused(_, let reason): .refused(reason: reason)
        case .notProcessed(let retryAfter, let reason):
            .notProcessed(retryAfter: retryAfter, reason: reason)
        case .unknown(let reason): .notProcessed(retryAfter: nil, reason: reason)
        }
    }

    /// The finding when a look did not succeed.
    var findingWithoutLook: EffectProtocol.Finding {
        switch self {
        case .done: .unreachable(retryAfter: nil, reason: "Provet's answer cannot be read")
        case .refused(_, let reason): .unclear(reason: "cannot look: \(reason)")
        case .notProcessed(let retryAfter, let reason):
            .unreachable(retryAfter: retryAfter, reason: reason)
        case .unknown(let reason): .unreachable(retryAfter: nil, reason: reason)
        }
    }
}

extension ProvetClient.Rows {
    /// Judges the rows of a list, or says why there are none.
    func finding(
        _ judge: ([JSONObject]) -> EffectProtocol.Finding
    ) -> EffectProtocol.Finding {
        switch self {
        case .rows(let rows): judge(rows)
        case .tooMany: .unclear(reason: "more pages than are looked through")
        case .unreadable: .unclear(reason: "a list with rows that cannot be read")
        case .failed(let result): result.findingWithoutLook
        }
    }
}

extension EffectProtocol.Finding {
    /// Candidates that a person is told by their numbers.
    private static var idsMaximum: Int { 10 }

    /// One candidate is ours, none is absent, more than one is for a person.
    static func only(_ candidates: [JSONObject], _ what: String) -> Self {
        guard let first = candidates.first else { return .absent }
        guard candidates.count == 1 else {
            let ids = candidates.compactMap { ProvetID.read(.object($0)) }.prefix(idsMaximum)
            let names = ids.map { "\($0)" }.joined(separator: ", ")
            return .unclear(reason: "\(candidates.count) \(what) could be ours: \(names)")
        }
        guard let id = ProvetID.read(.object(first)) else {
            return .unclear(reason: "a row without an id")
        }
        var values: JSONObject = ["id": JSON(id)]
        values["invoice"] = ProvetID.read(first["invoice"]).map { JSON($0) }
        return .found(Receipt(values))
    }
}

extension ActionRequest {
    /// From when on something on the far side can be ours.
    func earliestCreation(_ assumptions: ProvetAssumptions) -> Timestamp {
        firstAttemptAt.advanced(by: .seconds(-Int64(assumptions.clockSkewSeconds)))
    }

    /// Whether a row was made late enough to be ours; one that does not say may be.
    func mayBeOurs(_ row: JSONObject, _ assumptions: ProvetAssumptions) -> Bool {
        guard let created = row["created"]?.stringValue.flatMap(Timestamp.init(text:)) else {
            return true
        }
        return created >= earliestCreation(assumptions)
    }

    func receipt(_ action: String) -> Receipt? { order.receipts[action] }

    var clientID: Int { order.received.clientID }
    var departmentID: Int? { order.received.prescription["department_id"]?.intValue }
}
