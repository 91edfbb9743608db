/// An order of home delivery that the clinic makes, by selling such an item to a client.
package struct HomeDeliveryDraft: Hashable, Sendable {
    /// How many items an order can have.
    static let itemsMaximum = 100

    /// One product.
    package struct Item: Hashable, Sendable {
        /// The clinic's item, which may be none that it still sells.
        package var item: Int
        /// What it is called; `nil` for the name that the clinic's item has.
        package var name: String?
        package var quantity: Int

        package init(item: Int, name: String? = nil, quantity: Int) {
            self.item = item
            self.name = name
            self.quantity = quantity
        }
    }

    package var client: Int
    package var patient: Int?
    package var department: Int
    package var items: [Item]

    package init(client: Int, patient: Int? = nil, department: Int = 1, items: [Item]) {
        self.client = client
        self.patient = patient
        self.department = department
        self.items = items
    }
}

/// The numbers of a new order of home delivery and of its items.
package struct HomeDeliveryNumbers: Hashable, Sendable {
    package let order: Int
    package let items: [Int]
}
