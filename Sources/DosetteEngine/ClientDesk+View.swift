import DosetteCore
import DosetteStore

/// What is shown of a client.
extension ClientDesk {
    /// What is shown of a client.
    ///
    /// `{clinic, client_id, orders, open_orders, plain_orders, held, keys: [{subject, class, state, due_at}]}`
    func view(
        _ client: ClientName,
        _ subjects: [String]
    ) async throws(ClientDeskFailure) -> JSONObject {
        let orders = try await orders(of: client)
        let held = try await holds()
        var keys: [JSON] = []
        for subject in subjects {
            let forgettings = try await forgettings(of: subject)
            for personalClass in PersonalClass.allCases {
                let forgetting = forgettings.first { $0.personalClass == personalClass }
                keys.append(Self.view(subject, personalClass, forgetting))
            }
        }
        return [
            "clinic": .string(client.clinic), "client_id": JSON(client.id),
            "orders": JSON(orders.count), "open_orders": JSON(orders.count { $0.isOpen }),
            "plain_orders": JSON(try await plainCount(orders)),
            "held": .bool(!held.isDisjoint(with: subjects)), "keys": .array(keys),
        ]
    }

    static func view(
        _ subject: String,
        _ personalClass: PersonalClass,
        _ forgetting: Forgetting?
    ) -> JSON {
        let state =
            forgetting.map { $0.erasedAt == nil ? "to_be_destroyed" : "destroyed" } ?? "kept"
        return [
            "subject": .string(subject), "class": .string(personalClass.rawValue),
            "state": .string(state), "due_at": JSON(forgetting?.dueAt.text),
            "destroyed_at": JSON(forgetting?.erasedAt?.text),
        ]
    }

    /// Orders of before there were keys: they stand in plain text, and nothing can take that back.
    func plainCount(_ orders: [OrderRow]) async throws(ClientDeskFailure) -> Int {
        var count = 0
        for row in orders {
            if try await subject(of: row) == nil { count += 1 }
        }
        return count
    }
}
