import DosetteCore
import DosetteEngine

/// Does `provet.report_home_delivery`, an assignment: tells the clinic how far each item has come.
///
/// The items are looked at first, and only those that differ are written. What the clinic changed meanwhile is a
/// conflict, never overwritten.
struct ReportHomeDelivery: ProvetAction {
    let specification: ActionSpecification

    init(pageCost: Int) {
        let list = EndpointUse(ProvetEndpoint.homeDeliveryItemList, pageCost)
        let updates = OrderDocument.deliveryItemsMaximum
        specification = ActionSpecification(
            name: Workflow.reportDeliveryAction,
            effectClass: .assign,
            calls: [list, EndpointUse(ProvetEndpoint.homeDeliveryUpdate, updates)],
            callsPerItem: [EndpointUse(ProvetEndpoint.homeDeliveryUpdate)],
            probeCalls: [list],
            isAtClinic: true
        )
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        let items = (request.order.delivery?.items ?? []).map { item -> JSON in
            let wanted = Wanted(item, request, client.assumptions)
            return ["item": JSON(item.homeDeliveryItemID), "wanted": .object(wanted.json)]
        }
        return .array(items)
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        switch await look(request, client) {
        case .failed(let rows): return rows.outcomeWithoutRows
        case .conflict(let seen, let reason): return .conflict(seen: seen, reason: reason)
        case .writes(let writes):
            for (index, write) in writes.enumerated() {
                let outcome = await tell(write, client)
                if case .confirmed = outcome { continue }
                return index == 0 ? outcome : outcome.afterPart
            }
            return .confirmed(Receipt())
        }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        switch await look(request, client) {
        case .failed(let rows): rows.finding { _ in .absent }
        case .conflict(_, let reason): .unclear(reason: reason)
        case .writes(let writes): writes.isEmpty ? .found(Receipt()) : .absent
        }
    }

    // MARK: - Looking

    private struct Write {
        let item: Int
        let status: Int?
        let body: JSONObject
    }

    private enum Look {
        case writes([Write])
        case conflict(seen: Int, reason: String)
        case failed(ProvetClient.Rows)
    }

    private func look(_ request: ActionRequest, _ client: ProvetClient) async -> Look {
        guard let delivery = request.order.delivery else {
            return .conflict(seen: 0, reason: "the order is no home delivery")
        }
        let answer = await client.homeDeliveryItems(ofOrder: delivery.homeDeliveryOrderID)
        guard case .rows(let rows) = answer else { return .failed(answer) }
        var writes: [Write] = []
        for item in delivery.items where !item.isWithdrawn {
            let wanted = Wanted(item, request, client.assumptions)
            let row = rows.first { ProvetID.read(.object($0)) == item.homeDeliveryItemID }
            let body = wanted.body(over: row ?? [:])
            guard !body.isEmpty else { continue }
            switch wanted.judge(row, item, client.assumptions) {
            case .write:
                let id = item.homeDeliveryItemID
                writes.append(Write(item: id, status: wanted.status, body: body))
            case .leave:
                continue
            case .conflict(let seen, let reason):
                return .conflict(seen: seen, reason: reason)
            }
        }
        return .writes(writes)
    }

    // MARK: - Writing

    private func tell(_ write: Write, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        let assumptions = client.assumptions
        let path =
            "\(assumptions.homeDeliveryItemPath)/\(write.item)/\(assumptions.updateStatusAction)"
        let result = await client.call(.patch, path, body: .object(write.body))
        return result.outcome { json in
            write.status.map { $0 == json["status"]?.intValue } ?? true ? Receipt() : nil
        }
    }
}

/// What Provet should show of one item.
private struct Wanted {
    enum Judgment {
        case write
        /// It is not ours any more, and what happened does not need it.
        case leave
        case conflict(seen: Int, reason: String)
    }

    private let state: String
    /// Nothing where the state says nothing of it.
    let status: Int?
    private let delivered: Int
    private let substitute: String?

    init(_ item: Delivery.Item, _ request: ActionRequest, _ assumptions: ProvetAssumptions) {
        state = request.plan.entry?.state ?? ""
        status = Self.status(item, state, assumptions)
        delivered = item.delivered
        substitute = item.substitute
    }

    /// The status of an item when its order comes into `state`.
    private static func status(
        _ item: Delivery.Item,
        _ state: String,
        _ assumptions: ProvetAssumptions
    ) -> Int? {
        let hasSome = item.delivered > 0
        if hasSome, item.remaining == 0 { return assumptions.homeDeliveryDelivered }
        return switch state {
        case "accepted": assumptions.homeDeliveryAccepted
        case "packed": assumptions.homeDeliveryPacked
        case "shipped": assumptions.homeDeliveryShipped
        case "returned": assumptions.homeDeliveryReturned
        case "delivered": assumptions.homeDeliveryDelivered
        case "refused":
            hasSome
                ? assumptions.homeDeliveryPartDelivered : assumptions.homeDeliveryRefused
        case "part_delivered":
            // What was not in the parcel is still to come.
            hasSome
                ? assumptions.homeDeliveryPartDelivered : assumptions.homeDeliveryAccepted
        default: nil
        }
    }

    var json: JSONObject {
        [
            "status": JSON(status), "quantity_delivered": JSON(delivered),
            "substitute": substitute.map { .string($0) } ?? .null,
        ]
    }

    /// What is to be written, so that `row` shows it; nothing when it does.
    func body(over row: JSONObject) -> JSONObject {
        let isStatusDue = status != nil && row["status"]?.intValue != status
        let isQuantityDue = delivered != row["quantity_delivered"]?.intValue ?? 0
        let isSubstituteDue = substitute != nil && row["substitute"]?.stringValue != substitute
        guard isStatusDue || isQuantityDue || isSubstituteDue else { return [:] }
        var body: JSONObject = [:]
        body["status"] = (status ?? row["status"]?.intValue).map { JSON($0) }
        if delivered > 0 || isQuantityDue { body["quantity_delivered"] = JSON(delivered) }
        body["substitute"] = substitute.map { .string($0) }
        return body
    }

    /// Whether what Provet shows may be overwritten.
    func judge(
        _ row: JSONObject?,
        _ item: Delivery.Item,
        _ assumptions: ProvetAssumptions
    ) -> Judgment {
        let what = "home-delivery item \(item.homeDeliveryItemID)"
        let isOver = ["delivered", "returned", "refused"].contains(state)
        guard let row, let seen = row["status"]?.intValue else {
            return isOver ? .leave : .conflict(seen: 0, reason: "\(what) is not there any more")
        }
        if seen == assumptions.homeDeliveryReplaced {
            return isOver ? .leave : .conflict(seen: seen, reason: "the clinic replaced \(what)")
        }
        guard seen == status || assumptions.homeDeliveryOpenStatuses.contains(seen) else {
            return .conflict(
                seen: seen,
                reason: "\(what) has status \(seen), not set by this order"
            )
        }
        // What is promised must be what the clinic wants; what has happened is told as it is.
        if ["accepted", "packed"].contains(state), let quantity = row["quantity"]?.intValue,
            quantity != item.quantity
        {
            let reason = "the clinic wants \(quantity) of \(what), not \(item.quantity)"
            return .conflict(seen: seen, reason: reason)
        }
        return .write
    }
}

extension EffectProtocol.Outcome {
    /// What becomes of an attempt of which some writes were made before this.
    fileprivate var afterPart: Self {
        switch self {
        case .refused(let reason), .notProcessed(_, let reason):
            .unknown(reason: "only a part was written: \(reason)")
        case .confirmed, .unknown, .conflict: self
        }
    }
}

extension ProvetClient.Rows {
    /// The outcome of a write that did not come about, because the look before it failed.
    fileprivate var outcomeWithoutRows: EffectProtocol.Outcome {
        switch self {
        case .rows, .unreadable:
            .notProcessed(retryAfter: nil, reason: "a list with rows that cannot be read")
        case .tooMany: .refused(reason: "more pages than are looked through")
        case .failed(let result): result.outcomeBeforeWrite
        }
    }
}

extension ProvetClient {
    /// The rows of one home-delivery order, whatever the list made of the filter.
    func homeDeliveryItems(ofOrder id: Int) async -> Rows {
        let filter = [(name: "order__is", value: String(id))]
        let answer = await list(assumptions.homeDeliveryItemPath, filter)
        guard case .rows(let rows) = answer else { return answer }
        return .rows(rows.filter { ProvetID.read($0["order"]) == id })
    }
}
