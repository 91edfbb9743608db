/// What a clinic's home-delivery order asks for, and how far it has come.
///
/// A pure value, like ``RepeatPlan`` for a prescription: what signals say of items is folded into it.
package struct Delivery: Hashable, Sendable {
    /// One product of the order.
    package struct Item: Hashable, Sendable {
        /// The row's number in Provet's home delivery.
        package let homeDeliveryItemID: Int
        /// The clinic's own item.
        package let itemID: Int
        package let name: String
        /// How many the clinic wants now; 0 when it has withdrawn or replaced the item.
        package internal(set) var quantity: Int
        package internal(set) var delivered = 0
        /// What is sent in its place.
        package internal(set) var substitute: String?

        /// How many are still to be delivered.
        package var remaining: Int { max(0, quantity - delivered) }
        package var isWithdrawn: Bool { quantity == 0 }
    }

    package let homeDeliveryOrderID: Int
    package internal(set) var items: [Item]

    /// Whether nothing is left to deliver.
    package var isOver: Bool { items.allSatisfy { $0.remaining == 0 } }

    /// Reads the `delivery` of an order as it was taken in.
    ///
    /// - Returns: Nothing when it is not one.
    package init?(_ content: JSONObject) {
        guard let order = content["home_delivery_order_id"]?.intValue,
            let rows = content["items"]?.arrayValue
        else { return nil }
        homeDeliveryOrderID = order
        items = []
        for row in rows {
            guard let id = row["home_delivery_item_id"]?.intValue,
                let item = row["item_id"]?.intValue, let name = row["name"]?.stringValue,
                let quantity = row["quantity"]?.intValue,
                (1...OrderDocument.packagesMaximum).contains(quantity)
            else { return nil }
            items.append(
                Item(homeDeliveryItemID: id, itemID: item, name: name, quantity: quantity)
            )
        }
    }

    /// The delivery after what a signal said of one item.
    ///
    /// - Returns: Whether there is such an item; nothing has changed when there is none.
    @discardableResult
    package mutating func apply(_ word: SignalItem) -> Bool {
        guard items.indices.contains(word.item) else { return false }
        switch word.change {
        case .delivered(let quantity): items[word.item].delivered += quantity
        case .substitute(let name): items[word.item].substitute = name
        case .ordered(let quantity): items[word.item].quantity = quantity
        }
        return true
    }
}

/// What a signal says of one item of an order.
package struct SignalItem: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        /// So many were delivered.
        case delivered(Int)
        /// Something of this name is sent in the item's place.
        case substitute(String)
        /// The clinic wants so many from now on.
        case ordered(Int)
    }

    /// Index of the item, from 0.
    package let item: Int
    package let change: Change

    package init(item: Int, change: Change) {
        self.item = item
        self.change = change
    }

    /// Items in one signal at the most: those of an order.
    package static let countMaximum = OrderDocument.deliveryItemsMaximum

    /// `{"item": 0, "quantity": 2}`, `{"item": 0, "substitute": "…"}` or `{"item": 0, "ordered": 1}`.
    package var json: JSON {
        var object: JSONObject = ["item": JSON(item)]
        switch change {
        case .delivered(let quantity): object["quantity"] = JSON(quantity)
        case .substitute(let name): object["substitute"] = .string(name)
        case .ordered(let quantity): object["ordered"] = JSON(quantity)
        }
        return .object(object)
    }

    /// Reads what ``json`` writes; nothing when it is not one.
    package init?(_ json: JSON) {
        let quantities = 0...OrderDocument.packagesMaximum
        guard let item = json["item"]?.intValue, (0..<Self.countMaximum).contains(item) else {
            return nil
        }
        if let quantity = json["quantity"]?.intValue, quantities.contains(quantity) {
            self.init(item: item, change: .delivered(quantity))
        } else if let name = json["substitute"]?.stringValue {
            self.init(item: item, change: .substitute(name))
        } else if let quantity = json["ordered"]?.intValue, quantities.contains(quantity) {
            self.init(item: item, change: .ordered(quantity))
        } else {
            return nil
        }
    }
}

/// Signals that speak of a delivery's items, in every workflow that has them.
package enum DeliveryWord: String, Hashable, Sendable, CaseIterable {
    /// Everything that was left was delivered.
    case deliver
    /// What `items` says was delivered; something is left.
    case deliverPart = "deliver_part"
    /// Something else is sent for an item.
    case substitute
    /// The clinic wants other amounts; something is left to deliver.
    case clinicChanged = "clinic_changed"
    /// The clinic wants nothing more of it.
    case clinicWithdrew = "clinic_withdrew"
}

extension Order {
    /// What `signal` says of the order's items, checked and made complete.
    ///
    /// - Throws: ``OrderRefusal`` when it says too little, or what cannot be.
    func checkedItems(of signal: Signal) throws(OrderRefusal) -> [SignalItem] {
        guard let delivery, let word = DeliveryWord(rawValue: signal.name) else {
            guard signal.items.isEmpty else {
                throw OrderRefusal(
                    rule: "items_not_taken",
                    detail: "\(signal.name) says nothing of items here."
                )
            }
            return []
        }
        let items = signal.items.isEmpty ? delivery.items(impliedBy: word) : signal.items
        if items.isEmpty, [.deliverPart, .substitute, .clinicChanged].contains(word) {
            throw OrderRefusal(rule: "items_needed", detail: "Say of which items, in items.")
        }
        var after = delivery
        var seen: Set<Int> = []
        for item in items {
            try delivery.check(item, word)
            guard seen.insert(item.item).inserted else {
                throw OrderRefusal(rule: "item_twice", detail: "Item \(item.item) is named twice.")
            }
            after.apply(item)
        }
        try after.check(word)
        return items
    }
}

extension Delivery {
    /// What a word says of items when it names none.
    fileprivate func items(impliedBy word: DeliveryWord) -> [SignalItem] {
        let open = items.indices.filter { items[$0].remaining > 0 }
        switch word {
        case .deliver:
            return open.map { SignalItem(item: $0, change: .delivered(items[$0].remaining)) }
        case .clinicWithdrew:
            return open.map { SignalItem(item: $0, change: .ordered(0)) }
        case .deliverPart, .substitute, .clinicChanged:
            return []
        }
    }

    fileprivate func check(_ item: SignalItem, _ word: DeliveryWord) throws(OrderRefusal) {
        guard items.indices.contains(item.item) else {
            throw OrderRefusal(
                rule: "no_such_item",
                detail: "The order has \(items.count) items, counted from 0."
            )
        }
        let remaining = items[item.item].remaining
        switch (word, item.change) {
        case (.deliver, .delivered(let quantity)), (.deliverPart, .delivered(let quantity)):
            guard quantity >= 1, quantity <= remaining else {
                throw OrderRefusal(
                    rule: "too_many",
                    detail: "Of item \(item.item) 1 to \(remaining) can be delivered."
                )
            }
        case (.substitute, .substitute(let name)):
            guard (1...OrderDocument.nameBytesMaximum).contains(name.utf8.count), remaining > 0
            else {
                throw OrderRefusal(
                    rule: "no_substitute",
                    detail: "Nothing is left to replace of item \(item.item), or no name is given."
                )
            }
        case (.clinicChanged, .ordered(let quantity)), (.clinicWithdrew, .ordered(let quantity)):
            guard (0...OrderDocument.packagesMaximum).contains(quantity) else {
                throw OrderRefusal(rule: "out_of_range", detail: "No such quantity is ordered.")
            }
        default:
            throw OrderRefusal(
                rule: "items_not_taken",
                detail: "\(word.rawValue) says something else of items."
            )
        }
    }

    /// Whether the delivery may be like this after `word`.
    fileprivate func check(_ word: DeliveryWord) throws(OrderRefusal) {
        let problem: String? =
            switch word {
            case .deliver where !isOver: "Not everything is delivered: say deliver_part."
            case .deliverPart where isOver: "Nothing is left: say deliver."
            case .clinicChanged where isOver: "Nothing is left: say clinic_withdrew."
            case .clinicWithdrew where !isOver: "Something is left: say clinic_changed."
            default: nil
            }
        if let problem { throw OrderRefusal(rule: "not_the_word", detail: problem) }
    }
}

extension Workflow {
    /// What kind of order a definition is for.
    package enum Content: Hashable, Sendable {
        case prescription
        case delivery
    }

    /// A definition that reports a home delivery carries orders of home delivery; every other one
    /// carries prescriptions.
    package var content: Content {
        actions.contains(Self.reportDeliveryAction) ? .delivery : .prescription
    }

    package static let reportDeliveryAction = "provet.report_home_delivery"
    /// The definition that orders of home delivery follow when nothing else is said.
    package static let deliveryName = "clinic_home_delivery"
}
