extension Order {
    /// The order as the API shows it: the object of the outer contract.
    ///
    /// A pure function of the events; `waiting.detail`, which depends on the moment, is added by
    /// whoever knows the moment.
    package var view: JSONObject { view(waiting: waiting) }

    /// The same, for who has asked already what the order waits for.
    package func view(waiting: Waiting?) -> JSONObject {
        var view: JSONObject = [
            "order_id": .string(received.key.orderID),
            "source": .string(received.key.source),
            "clinic": .string(received.clinic),
            "priority": .string(received.priority.rawValue),
            "workflow": .string("\(received.workflowName)/\(received.workflowVersion)"),
            "received_at": .string(receivedAt.text),
            "changed_at": .string(changedAt.text),
            "version": JSON(version),
            "prescription": .object(prescriptionView),
            "fee": .object(feeView),
            "dispensing": .object(dispensingView),
            "parts": .object(partsView),
            "waiting": waiting.map { .object($0.view) } ?? .null,
            "parked": parkedParts.first.map { .object($0.view) } ?? .null,
        ]
        view["delivery"] = delivery.map { .object(deliveryView($0)) }
        return view
    }

    private func deliveryView(_ delivery: Delivery) -> JSONObject {
        let items = delivery.items.map { item -> JSON in
            [
                "name": .string(item.name),
                "quantity": JSON(item.quantity),
                "delivered": JSON(item.delivered),
                "substitute": item.substitute.map { .string($0) } ?? .null,
            ]
        }
        return [
            "state": .string(stateName(of: 0)),
            "home_delivery_order_id": JSON(delivery.homeDeliveryOrderID),
            "items": .array(items),
        ]
    }

    private var prescriptionView: JSONObject {
        // An order that has no prescription has no state of one.
        let none: JSON =
            delivery == nil ? .string(PrescriptionLifecycle.State.draft.name) : .null
        return [
            "state": prescription.map { .string($0.name) } ?? none,
            "provet_status": JSON(provetStatus),
            "provet_id": JSON(provetID),
            "cancel_pending": .bool(cancelRequest != nil),
        ]
    }

    private var feeView: JSONObject {
        let isDeleted = receipts["provet.delete_counter_sale"] != nil
        let sale = isDeleted ? nil : receipts["provet.create_counter_sale"]
        let invoice =
            receipts["provet.finalize_counter_sale"]?.values["invoice"]?.intValue
            ?? sale?.values["invoice"]?.intValue
        return [
            "state": .string((fee ?? .notApplicable).rawValue),
            "counter_sale_id": JSON(sale?.id),
            "invoice_id": JSON(invoice),
            "payment_id": JSON(receipts["provet.add_payment"]?.id),
        ]
    }

    private var dispensingView: JSONObject {
        let items = plan.items.indices.map { index -> JSON in
            [
                "allowed": JSON(plan.items[index].allowedCount),
                "dispensed": JSON(plan.dispensedCount(of: index)),
                "remaining": JSON(plan.remainingCount(of: index)),
                "last_day": .string(plan.items[index].lastDay.text),
            ]
        }
        return ["items": .array(items)]
    }

    private var partsView: JSONObject {
        JSONObject(
            parts.indices.map { (workflow.parts[$0].name, .string(stateName(of: $0))) }
        )
    }
}

extension Waiting {
    package var view: JSONObject {
        [
            "for": .string(what),
            "since": .string(since.text),
            "until": JSON(until),
            "by": .string(by.rawValue),
        ]
    }
}

extension Order.ParkedRecord {
    /// What a person may do; about what the clinic did that is also to cancel.
    private var actions: [String] {
        parked.actions.map(\.rawValue) + (parked.purpose == .notice ? [Signal.cancel] : [])
    }

    package var view: JSONObject {
        [
            "kind": .string(parked.kind.rawValue),
            "reason": .string(parked.reason),
            "step": .string(parked.step),
            "since": .string(since.text),
            "actions": .array(actions.map { .string($0) }),
        ]
    }
}
