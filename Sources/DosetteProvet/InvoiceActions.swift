import DosetteCore
import DosetteDefinitions
import DosetteEngine

/// `provet.refund_invoice`: a credit note over the whole invoice, which is a new invoice.
struct RefundInvoice: ProvetAction {
    let specification: ActionSpecification

    init(pageCost: Int) {
        specification = ActionSpecification(
            name: "provet.refund_invoice",
            effectClass: .naturalCreate,
            calls: [EndpointUse(ProvetEndpoint.invoiceRefund)],
            probeCalls: [EndpointUse(ProvetEndpoint.invoiceList, pageCost)],
            isAtClinic: true
        )
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["refund": JSON(request.invoiceID)]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let invoice = request.invoiceID else { return .noInvoice }
        let assumptions = client.assumptions
        let path = "\(assumptions.invoicePath)/\(invoice)/\(assumptions.refundAction)"
        let result = await client.call(.post, path, body: [:])
        return result.outcome { json in
            ProvetID.read(json).map { Receipt(["id": JSON($0)]) }
        }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let invoice = request.invoiceID else { return .unclear(reason: "no invoice") }
        let filter = [
            ("credit_note_original_invoice__is", String(invoice)),
            ("client__is", String(request.clientID)),
        ]
        let rows = await client.list(client.assumptions.invoicePath, filter)
        return rows.finding { rows in
            let field = "credit_note_original_invoice"
            let isReadable = rows.allSatisfy { row in
                row[field].map { $0.isNull || ProvetID.read($0) != nil } ?? false
            }
            guard isReadable else {
                return .unclear(reason: "an invoice does not tell what it credits")
            }
            let notes = rows.filter { ProvetID.read($0[field]) == invoice }
            return .only(notes, "credit notes of the invoice")
        }
    }

    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? {
        await found(request, client)
    }
}

/// `provet.add_payment`: the invoice's total, by the configured kind of payment.
struct AddPayment: ProvetAction {
    static let name = "provet.add_payment"

    let specification: ActionSpecification

    init(pageCost: Int) {
        specification = ActionSpecification(
            name: Self.name,
            effectClass: .naturalCreate,
            calls: [
                EndpointUse(ProvetEndpoint.paymentCreate), EndpointUse(ProvetEndpoint.invoice),
                EndpointUse(ProvetEndpoint.paymentList),
            ],
            probeCalls: [
                EndpointUse(ProvetEndpoint.paymentList, pageCost),
                EndpointUse(ProvetEndpoint.invoice),
            ],
            isAtClinic: true,
            makesID: true
        )
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        [
            "invoice": JSON(request.invoiceID),
            "payment_type": JSON(client.clinic.fee.paymentType),
        ]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let invoice = request.invoiceID else { return .noInvoice }
        let look = await client.call(.get, "\(client.assumptions.invoicePath)/\(invoice)")
        guard case .done(let json) = look else { return look.outcomeBeforeWrite }
        guard let sum = Self.sum(json[client.assumptions.invoiceTotalField]) else {
            let field = client.assumptions.invoiceTotalField
            return .refused(reason: "the invoice has no sum in \(field)")
        }
        // Provet may take a second payment of what is paid: nobody is made to pay twice.
        if let paid = await paidByHand(invoice, json, client) { return .confirmed(paid) }
        let body: JSON = [
            "invoice": JSON(invoice),
            "payment_type": JSON(client.clinic.fee.paymentType),
            "sum": .string(sum),
        ]
        let result = await client.call(.post, client.assumptions.paymentPath, body: body)
        return result.outcome { json in
            ProvetID.read(json).map { Receipt(["id": JSON($0), "sum": .string(sum)]) }
        }
    }

    /// Looks whether somebody at the clinic has taken the money before us.
    ///
    /// One short page of the list is asked for: an invoice has few payments. What cannot be read
    /// shows nothing, and we pay.
    private func paidByHand(
        _ invoice: Int,
        _ details: JSON,
        _ client: ProvetClient
    ) async -> Receipt? {
        let filter = [("invoice__is", String(invoice))]
        let path = client.assumptions.paymentPath
        guard case .done(let page) = await client.call(.get, path, query: filter),
            let rows = page["results"]?.arrayValue?.compactMap(\.objectValue),
            let paid = Self.paid(rows, invoice, details, client.assumptions)
        else { return nil }
        var values = paid.values
        values["by_hand"] = true
        return Receipt(values)
    }

    /// Payments of any kind that together are the invoice's sum, by the first one's number.
    private static func paid(
        _ rows: [JSONObject],
        _ invoice: Int,
        _ details: JSON,
        _ assumptions: ProvetAssumptions
    ) -> Receipt? {
        guard let total = cents(details[assumptions.invoiceTotalField]) else { return nil }
        let standing = rows.filter {
            ProvetID.read($0["invoice"]) == invoice && $0[assumptions.paymentCanceledField] != true
        }
        let sums = standing.map { cents($0["sum"]) }
        guard let first = standing.first, let id = ProvetID.read(.object(first)),
            !sums.contains(nil), sums.compactMap(\.self).reduce(0, +) == total
        else { return nil }
        return Receipt(["id": JSON(id)])
    }

    /// A sum in decimal digits, as it is sent back; Provet writes "12.00", 12 or 12.5.
    ///
    /// A number that is written with an exponent, or has more digits than money has, is none.
    private static func sum(_ json: JSON?) -> String? {
        let text: String
        switch json {
        case .string(let string): text = string
        case .integer(let number): text = "\(number).00"
        case .number(let number): text = "\(number)"
        case .null, .bool, .array, .object, nil: return nil
        }
        return text.wholeMatch(of: /-?[0-9]{1,12}(\.[0-9]{1,4})?/) == nil ? nil : text
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let invoice = request.invoiceID else { return .unclear(reason: "no invoice") }
        let look = await client.call(.get, "\(client.assumptions.invoicePath)/\(invoice)")
        guard case .done(let json) = look else { return look.findingWithoutLook }
        let total = Self.cents(json[client.assumptions.invoiceTotalField])
        let filter = [("invoice__is", String(invoice))]
        let rows = await client.list(client.assumptions.paymentPath, filter)
        return rows.finding { judge($0, invoice, total, client) }
    }

    private func judge(
        _ rows: [JSONObject],
        _ invoice: Int,
        _ total: Double?,
        _ client: ProvetClient
    ) -> EffectProtocol.Finding {
        guard rows.allSatisfy({ ProvetID.read($0["invoice"]) != nil }) else {
            return .unclear(reason: "a payment does not name its invoice")
        }
        let standing = rows.filter {
            ProvetID.read($0["invoice"]) == invoice
                && $0[client.assumptions.paymentCanceledField] != true
        }
        let type = client.clinic.fee.paymentType
        let isLikeOurs = standing.allSatisfy { row in
            row["payment_type"]?.intValue == type && Self.cents(row["sum"]) == total
        }
        guard isLikeOurs else {
            return .unclear(reason: "the invoice has a payment of another kind or sum")
        }
        return .only(standing, "payments of the invoice")
    }

    /// Payments of any kind that together are the invoice's sum: it is paid, whoever took the money.
    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? {
        guard let invoice = request.invoiceID else { return nil }
        let assumptions = client.assumptions
        let look = await client.call(.get, "\(assumptions.invoicePath)/\(invoice)")
        guard case .done(let json) = look else { return nil }
        let filter = [("invoice__is", String(invoice))]
        guard case .rows(let rows) = await client.list(assumptions.paymentPath, filter) else {
            return nil
        }
        return Self.paid(rows, invoice, json, assumptions)
    }

    /// A sum in hundredths, for comparing.
    private static func cents(_ json: JSON?) -> Double? {
        sum(json).flatMap(Double.init).map { ($0 * 100).rounded() }
    }
}

/// `provet.cancel_payment`: possible where the department allows it.
struct CancelPayment: ProvetAction {
    let specification = ActionSpecification(
        name: "provet.cancel_payment",
        effectClass: .naturalCreate,
        calls: [EndpointUse(ProvetEndpoint.paymentCancel)],
        probeCalls: [EndpointUse(ProvetEndpoint.payment)],
        isAtClinic: true
    )

    private func path(_ request: ActionRequest, _ client: ProvetClient) -> String? {
        request.receipt(AddPayment.name)?.id.map { "\(client.assumptions.paymentPath)/\($0)" }
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["cancel": JSON(request.receipt(AddPayment.name)?.id)]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let path = path(request, client) else {
            return .refused(reason: "the payment's number is not known")
        }
        let action = "\(path)/\(client.assumptions.cancelPaymentAction)"
        return await client.call(.post, action, body: [:]).outcome { _ in Receipt() }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let path = path(request, client) else {
            return .unclear(reason: "the payment's number is not known")
        }
        let result = await client.call(.get, path)
        switch result {
        case .done(let json):
            guard let isCanceled = json[client.assumptions.paymentCanceledField]?.boolValue else {
                return .unclear(reason: "the payment does not tell whether it is canceled")
            }
            return isCanceled ? .found(Receipt()) : .absent
        case .refused(404, _): return .found(Receipt())
        default: return result.findingWithoutLook
        }
    }

    func doneByHand(_ request: ActionRequest, _ client: ProvetClient) async -> Receipt? {
        await found(request, client)
    }
}
