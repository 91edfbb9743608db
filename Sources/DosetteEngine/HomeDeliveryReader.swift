/// What the source of home-delivery orders asks a clinic's Provet; the adapter answers.
///
/// Each call is made once, without a retry of its own.
package protocol HomeDeliveryReader: Sendable {
    /// What a look costs.
    func calls(of look: HomeDeliveryLook) -> [EndpointUse]

    /// One page of the clinic's orders, in whatever order its list has; pages are counted from 1.
    func orders(page: Int, at clinic: String) async -> Looked<HomeDeliveryPage>

    func order(_ id: Int, at clinic: String) async -> Looked<HomeDeliveryOrder>

    /// The order that an item belongs to.
    func order(ofItem id: Int, at clinic: String) async -> Looked<Int>

    /// All items of an order, those that were replaced too.
    func items(ofOrder id: Int, at clinic: String) async -> Looked<[HomeDeliveryItem]>

    /// Where the client wants it: name, street, post code and town, each once it is known.
    func address(ofClient id: Int, at clinic: String) async -> Looked<[String]>
}

/// The kinds of looks.
package enum HomeDeliveryLook: Hashable, Sendable, CaseIterable {
    case page
    case order
    case item
    case items
    case address
}

/// One page of a clinic's home-delivery orders.
package struct HomeDeliveryPage: Hashable, Sendable {
    package let orders: [HomeDeliveryOrder]
    /// Pages in all, 1 or more.
    package let pageCount: Int

    package init(orders: [HomeDeliveryOrder], pageCount: Int) {
        self.orders = orders
        self.pageCount = pageCount
    }
}

/// An order as the clinic's list shows it.
package struct HomeDeliveryOrder: Hashable, Sendable {
    package let id: Int
    package let clientID: Int
    package let patientID: Int?
    package let departmentID: Int
    /// The rows of its items; nothing when the list does not say.
    package let itemIDs: [Int]?
    package let address: String?
    package let note: String?
    /// When it was last changed, as the list writes it.
    package let modified: String?

    package init(
        id: Int,
        clientID: Int,
        patientID: Int?,
        departmentID: Int,
        itemIDs: [Int]?,
        address: String?,
        note: String?,
        modified: String?
    ) {
        self.id = id
        self.clientID = clientID
        self.patientID = patientID
        self.departmentID = departmentID
        self.itemIDs = itemIDs
        self.address = address
        self.note = note
        self.modified = modified
    }
}

/// One item of an order, as far as a new order or a change of the clinic needs it.
package struct HomeDeliveryItem: Hashable, Sendable {
    package enum Standing: Hashable, Sendable {
        /// Nobody has done anything about it.
        case new
        /// The clinic has put another item in its place.
        case replaced
        case underWay
    }

    /// The row's number.
    package let id: Int
    /// The clinic's own item.
    package let itemID: Int
    package let name: String
    package let quantity: Int
    package let standing: Standing

    package init(id: Int, itemID: Int, name: String, quantity: Int, standing: Standing) {
        self.id = id
        self.itemID = itemID
        self.name = name
        self.quantity = quantity
        self.standing = standing
    }
}
