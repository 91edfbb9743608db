/// The control routes by which the clinic orders home delivery.
extension SimulatorControl {
    func createHomeDelivery(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try JSONReader.body(of: request))
        let installation = reader.read("installation", as: Field.text)
        let client = reader.read("client", as: Field.integer(atLeast: 1))
        let patient = reader.read("patient", .optional, as: Field.integer(atLeast: 1))
        let department = reader.read("department", .optional, as: Field.integer(atLeast: 1))
        let items = reader.read("items", as: Field.list(of: Self.homeDeliveryItem))
        try reader.finish()
        guard let installation, let client, let items else {
            preconditionFailure("a required field is absent without an error")
        }
        let draft = HomeDeliveryDraft(
            client: client,
            patient: patient,
            department: department ?? 1,
            items: items
        )
        let made = provet.createHomeDelivery(draft, installation: installation, now: now)
        return Self.answer(made) { numbers in
            [
                "order": .integer(numbers.order),
                "items": .array(numbers.items.map { .integer($0) }),
            ]
        }
    }

    private static func homeDeliveryItem(
        _ json: JSON
    ) throws(FieldReader.Problem) -> HomeDeliveryDraft.Item {
        var reader = FieldReader(json)
        let item = reader.read("item", as: Field.integer(atLeast: 1))
        let name = reader.read("name", .optional, as: Field.text)
        let quantity = reader.read("quantity", as: Field.integer(atLeast: 1))
        guard reader.errors.isEmpty, let item, let quantity else {
            throw .init(elements: [.object(reader.errors)])
        }
        return HomeDeliveryDraft.Item(item: item, name: name, quantity: quantity)
    }

    func replaceHomeDelivery(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try JSONReader.body(of: request))
        let installation = reader.read("installation", as: Field.text)
        let item = reader.read("item", as: Field.integer(atLeast: 1))
        let name = reader.read("name", as: Field.text)
        let quantity = reader.read("quantity", as: Field.integer(atLeast: 1))
        try reader.finish()
        guard let installation, let item, let name, let quantity else {
            preconditionFailure("a required field is absent without an error")
        }
        let new = provet.replaceHomeDelivery(
            item: item,
            name: name,
            quantity: quantity,
            installation: installation,
            now: now
        )
        return Self.answer(new) { ["item": .integer($0)] }
    }

    func changeHomeDelivery(
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) -> SimulatedAnswer {
        var reader = FieldReader(try JSONReader.body(of: request))
        let installation = reader.read("installation", as: Field.text)
        let item = reader.read("item", as: Field.integer(atLeast: 1))
        let quantity = reader.read("quantity", as: Field.integer(atLeast: 1))
        try reader.finish()
        guard let installation, let item, let quantity else {
            preconditionFailure("a required field is absent without an error")
        }
        let changed = provet.changeHomeDelivery(
            item: item,
            quantity: quantity,
            installation: installation,
            now: now
        )
        return Self.answer(changed) { ["status": "ok"] }
    }

    static func answer<Value>(
        _ result: Result<Value, SimulatedRefusal>,
        _ json: (Value) -> JSON
    ) -> SimulatedAnswer {
        switch result {
        case .success(let value): SimulatedAnswer(status: 200, json(value))
        case .failure(let refusal): refusal.answer
        }
    }
}
