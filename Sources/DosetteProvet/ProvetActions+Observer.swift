package import DosetteCore
package import DosetteEngine

// The clinic's own changes.
extension ProvetActions: ClinicObserver {
    package var calls: [EndpointUse] { [EndpointUse(ProvetEndpoint.prescription)] }

    package var feeCalls: [EndpointUse] {
        [
            EndpointUse(ProvetEndpoint.payment),
            EndpointUse(ProvetEndpoint.invoiceList, ProvetClient.pageCost(assumptions)),
        ]
    }

    package var hintCalls: [EndpointUse] {
        [EndpointUse(ProvetEndpoint.client), EndpointUse(ProvetEndpoint.payment)]
    }

    package func look(at order: Order) async -> Looked<ClinicSight> {
        guard let client = client(order.received.clinic), let id = order.provetID else {
            return .unreachable(retryAfter: nil, reason: Self.notConfigured)
        }
        let result = await client.prescription(id)
        return result.looked(.patients) { json in
            guard let status = json["status"]?.intValue else { return nil }
            var sight = ClinicSight(status: status)
            sight.remarks = Remarks.sight(json["remarks"])
            sight.isArchived = json["archived"]?.boolValue
            return sight
        }
    }

    package func lookAtFee(of order: Order) async -> Looked<FeeSight> {
        guard let client = client(order.received.clinic) else {
            return .unreachable(retryAfter: nil, reason: Self.notConfigured)
        }
        var sight = FeeSight()
        if let payment = order.receipts[AddPayment.name]?.id {
            let result = await client.call(.get, "\(assumptions.paymentPath)/\(payment)")
            if case .done(let json) = result {
                sight.isPaymentCanceled = json[assumptions.paymentCanceledField]?.boolValue
            }
        }
        let finalized = order.receipts[FinalizeCounterSale.name]?.values["invoice"]?.intValue
        guard let invoice = finalized else { return .found(sight) }
        let filter = [("credit_note_original_invoice__is", String(invoice))]
        switch await client.list(assumptions.invoicePath, filter) {
        case .rows(let rows):
            // The filter may be ignored: only what names our invoice counts.
            sight.isCredited = rows.contains {
                ProvetID.read($0["credit_note_original_invoice"]) == invoice
            }
            return .found(sight)
        case .tooMany, .unreadable:
            return .found(sight)
        case .failed(let result):
            return result.looked(.invoices) { _ in nil }
        }
    }

    package func hasClient(_ id: Int, at clinic: String) async -> Looked<Bool> {
        guard let client = client(clinic) else {
            return .unreachable(retryAfter: nil, reason: Self.notConfigured)
        }
        let result = await client.call(.get, "\(assumptions.clientPath)/\(id)")
        return result.looked(.patients) { json in
            json.objectValue == nil ? nil : true
        }
    }

    package func invoice(ofPayment id: Int, at clinic: String) async -> Looked<Int> {
        guard let client = client(clinic) else {
            return .unreachable(retryAfter: nil, reason: Self.notConfigured)
        }
        let result = await client.call(.get, "\(assumptions.paymentPath)/\(id)")
        return result.looked(.invoices) { ProvetID.read($0["invoice"]) }
    }

    private static let notConfigured = "the order's clinic is not configured any more"
}

/// The remarks of a prescription, as far as they are compared.
enum Remarks {
    static func sight(_ json: JSON?) -> ClinicSight.Remarks? {
        let text: String
        switch json {
        case .string(let string): text = string
        case .null: text = ""
        case .bool, .integer, .number, .array, .object, nil: return nil
        }
        return ClinicSight.Remarks(digest: digest(text), text: cut(text))
    }

    static func digest(_ text: String) -> String { Engine.digest(of: .string(text)) }

    /// The digest for a receipt, when an answer tells the remarks.
    static func digest(in json: JSON?) -> JSON? { sight(json).map { .string($0.digest) } }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > Notice.textBytesMaximum else { return text }
        var cut = ""
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            if count > Notice.textBytesMaximum { break }
            cut.unicodeScalars.append(scalar)
        }
        return cut
    }
}
