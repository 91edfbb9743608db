/// What can be asked of home delivery.
enum DeliveryOperation: Hashable, Sendable {
    case listOrders
    case readOrder
    case listItems
    case readItem
    /// A PATCH; the status may be left out.
    case patchItemStatus
    /// A PUT; the status must be there.
    case putItemStatus
    case readClientData
    case readPatientData
    case readDepartmentData

    /// The right that all of it needs.
    static let permission = "items"

    var isWrite: Bool {
        switch self {
        case .patchItemStatus, .putItemStatus: true
        case .listOrders, .readOrder, .listItems, .readItem, .readClientData,
            .readPatientData, .readDepartmentData:
            false
        }
    }

    var isList: Bool {
        switch self {
        case .listOrders, .listItems: true
        case .readOrder, .readItem, .patchItemStatus, .putItemStatus, .readClientData,
            .readPatientData, .readDepartmentData:
            false
        }
    }

    /// The operation whose budget this one draws on.
    var budget: DeliveryOperation {
        self == .putItemStatus ? .patchItemStatus : self
    }
}
