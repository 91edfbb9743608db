import DosetteCore
import DosetteDefinitions
import DosetteEngine

/// `provet.create_counter_sale`: no marker fits on it, so sales of one client run one at a time and
/// a young, open, empty sale of the client is ours.
struct CreateCounterSale: ProvetAction {
    static let name = "provet.create_counter_sale"

    let specification: ActionSpecification

    init(pageCost: Int) {
        specification = ActionSpecification(
            name: Self.name,
            effectClass: .naturalCreate,
            calls: [EndpointUse(ProvetEndpoint.saleCreate)],
            probeCalls: [
                EndpointUse(ProvetEndpoint.saleList, pageCost),
                EndpointUse(ProvetEndpoint.saleItem, pageCost),
            ],
            isAtClinic: true,
            makesID: true
        )
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["client": JSON(request.clientID), "department": JSON(request.departmentID)]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        let path = client.assumptions.salePath
        let result = await client.call(.post, path, body: content(of: request, client))
        return result.outcome { json in
            guard let id = ProvetID.read(json) else { return nil }
            var values: JSONObject = ["id": JSON(id)]
            values["invoice"] = ProvetID.read(json["invoice"]).map { JSON($0) }
            return Receipt(values)
        }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        let filter = [("client__is", String(request.clientID))]
        let rows = await client.list(client.assumptions.salePath, filter)
        let finding = rows.finding { judge($0, request, client.assumptions) }
        guard case .found(let receipt) = finding, let id = receipt.id else { return finding }
        return await checkEmpty(id, finding, client)
    }

    private func judge(
        _ rows: [JSONObject],
        _ request: ActionRequest,
        _ assumptions: ProvetAssumptions
    ) -> EffectProtocol.Finding {
        let young = rows.filter { request.mayBeOurs($0, assumptions) }
        // A row that does not say whose it is, or whether it is open, may be ours.
        let isReadable = young.allSatisfy { row in
            ProvetID.read(row["client"]) != nil && ProvetID.read(row["department"]) != nil
                && row[assumptions.saleFinalizedField]?.boolValue != nil
        }
        guard isReadable else {
            return .unclear(reason: "a young counter sale does not tell whose it is, or its state")
        }
        let own = young.filter { row in
            ProvetID.read(row["client"]) == request.clientID
                && ProvetID.read(row["department"]) == request.departmentID
                && row[assumptions.saleFinalizedField] == false
        }
        return .only(own, "open counter sales of the client")
    }

    /// Ours has no item yet: one that has belongs to somebody at the clinic.
    private func checkEmpty(
        _ id: Int,
        _ finding: EffectProtocol.Finding,
        _ client: ProvetClient
    ) async -> EffectProtocol.Finding {
        let path = "\(client.assumptions.salePath)/\(id)/\(client.assumptions.addItemAction)"
        let items = await client.list(path, [])
        return items.finding { rows in
            rows.isEmpty ? finding : .unclear(reason: "the client's open sale has items already")
        }
    }
}

/// `provet.delete_counter_sale`: takes an unfinished sale away; one that is gone is deleted.
struct DeleteCounterSale: ProvetAction {
    let specification = ActionSpecification(
        name: "provet.delete_counter_sale",
        effectClass: .naturalCreate,
        calls: [EndpointUse(ProvetEndpoint.sale)],
        probeCalls: [EndpointUse(ProvetEndpoint.sale)],
        isAtClinic: true
    )

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["delete": JSON(request.saleID)]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let path = request.salePath(client) else { return .noSale }
        let result = await client.call(.delete, path)
        if case .refused(404, _) = result { return .confirmed(Receipt()) }
        return result.outcome { _ in Receipt() }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let path = request.salePath(client) else { return .unclear(reason: "no sale") }
        let result = await client.call(.get, path)
        switch result {
        case .done: return .absent
        case .refused(404, _): return .found(Receipt())
        default: return result.findingWithoutLook
        }
    }
}

/// `provet.add_counter_sale_item`: the fee item, once.
struct AddCounterSaleItem: ProvetAction {
    let specification: ActionSpecification

    init(pageCost: Int) {
        specification = ActionSpecification(
            name: "provet.add_counter_sale_item",
            effectClass: .naturalCreate,
            calls: [EndpointUse(ProvetEndpoint.saleItem)],
            probeCalls: [EndpointUse(ProvetEndpoint.saleItem, pageCost)],
            isAtClinic: true
        )
    }

    private func item(_ request: ActionRequest) -> Int? {
        request.receipt("provet.fetch_fee_item")?.values["item"]?.intValue
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["sale": JSON(request.saleID), "item": JSON(item(request)), "quantity": 1]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let path = request.salePath(client) else { return .noSale }
        let action = "\(path)/\(client.assumptions.addItemAction)"
        let body: JSON = ["item": JSON(item(request)), "quantity": 1]
        let result = await client.call(.post, action, body: body)
        return result.outcome { json in json.objectValue == nil ? nil : Receipt() }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let path = request.salePath(client) else { return .unclear(reason: "no sale") }
        let rows = await client.list("\(path)/\(client.assumptions.addItemAction)", [])
        return rows.finding { rows in
            guard rows.allSatisfy({ ProvetID.read($0["item"]) != nil }) else {
                return .unclear(reason: "a row of the sale does not name its item")
            }
            let own = rows.filter { ProvetID.read($0["item"]) == item(request) }
            switch own.count {
            case 0: return .absent
            case 1 where own[0]["quantity"] ?? 1 == 1: return .found(Receipt())
            default: return .unclear(reason: "the sale has the fee item more than once")
            }
        }
    }

    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? {
        await found(request, client)
    }
}

/// `provet.finalize_counter_sale`: afterwards the sale is only credited, never edited.
struct FinalizeCounterSale: ProvetAction {
    static let name = "provet.finalize_counter_sale"

    let specification = ActionSpecification(
        name: Self.name,
        effectClass: .naturalCreate,
        calls: [EndpointUse(ProvetEndpoint.saleFinalize)],
        probeCalls: [EndpointUse(ProvetEndpoint.sale), EndpointUse(ProvetEndpoint.invoice)],
        isAtClinic: true
    )

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["finalize": JSON(request.saleID)]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let path = request.salePath(client) else { return .noSale }
        let known = request.receipt(CreateCounterSale.name)?.values["invoice"]?.intValue
        let action = "\(path)/\(client.assumptions.finalizeAction)"
        let result = await client.call(.post, action, body: [:])
        return result.outcome { json in
            guard json.objectValue != nil, let invoice = ProvetID.read(json["invoice"]) ?? known
            else { return nil }
            return Receipt(["invoice": JSON(invoice)])
        }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let path = request.salePath(client) else { return .unclear(reason: "no sale") }
        let sale = await client.call(.get, path)
        guard case .done(let json) = sale else { return sale.findingWithoutLook }
        guard let invoice = ProvetID.read(json["invoice"]) else { return .absent }
        let look = await client.call(.get, "\(client.assumptions.invoicePath)/\(invoice)")
        guard case .done(let details) = look, let status = details["status"]?.intValue else {
            return look.findingWithoutLook
        }
        guard status == client.assumptions.invoiceFinalizedStatus else {
            return status < client.assumptions.invoiceFinalizedStatus
                ? .absent : .unclear(reason: "the invoice has status \(status)")
        }
        return .found(Receipt(["invoice": JSON(invoice)]))
    }

    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? {
        await found(request, client)
    }
}

extension ActionRequest {
    var saleID: Int? { receipt(CreateCounterSale.name)?.id }

    func salePath(_ client: ProvetClient) -> String? {
        saleID.map { "\(client.assumptions.salePath)/\($0)" }
    }

    var invoiceID: Int? {
        receipt(FinalizeCounterSale.name)?.values["invoice"]?.intValue
            ?? receipt(CreateCounterSale.name)?.values["invoice"]?.intValue
    }
}

extension EffectProtocol.Outcome {
    static let noSale = Self.refused(reason: "the counter sale's number is not known")
    static let noInvoice = Self.refused(reason: "the invoice's number is not known")
}
