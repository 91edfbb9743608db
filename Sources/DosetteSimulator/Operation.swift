/// One thing that the API can be asked to do.
enum Operation: Hashable, Sendable {
    case createPrescription
    case listPrescriptions
    case readPrescription
    case patchPrescription
    case listPrescriptionItems
    case readPrescriptionItem
    case listDepartmentSettings
    case readDepartmentSettings
    case readItem
    case createSale
    case listSales
    case readSale
    case deleteSale
    case addSaleItem
    case listSaleItems
    case finalizeSale
    case listInvoices
    case readInvoice
    case refundInvoice
    case createPayment
    case listPayments
    case readPayment
    case cancelPayment
    case register(RegisterOperation)
    case hook(HookOperation)
    case delivery(DeliveryOperation)

    /// Whether it may change something.
    var isWrite: Bool {
        switch self {
        case .createPrescription, .patchPrescription, .createSale, .deleteSale, .addSaleItem,
            .finalizeSale, .refundInvoice, .createPayment, .cancelPayment:
            true
        case .listPrescriptions, .readPrescription, .listPrescriptionItems,
            .readPrescriptionItem, .listDepartmentSettings, .readDepartmentSettings, .readItem,
            .listSales, .readSale, .listSaleItems, .listInvoices, .readInvoice, .listPayments,
            .readPayment, .register:
            false
        case .hook(let operation): operation.isWrite
        case .delivery(let operation): operation.isWrite
        }
    }

    /// Whether it answers a page of a list.
    var isList: Bool {
        switch self {
        case .listPrescriptions, .listPrescriptionItems, .listDepartmentSettings, .listSales,
            .listSaleItems, .listInvoices, .listPayments:
            true
        case .createPrescription, .readPrescription, .patchPrescription, .readPrescriptionItem,
            .readDepartmentSettings, .readItem, .createSale, .readSale, .deleteSale,
            .addSaleItem, .finalizeSale, .readInvoice, .refundInvoice, .createPayment,
            .readPayment, .cancelPayment:
            false
        case .register(let operation): operation.isList
        case .hook(let operation): operation.isList
        case .delivery(let operation): operation.isList
        }
    }

    /// The right that the API user needs, as ``SimulatorConfiguration/permissionsMissing`` has it;
    /// `nil` when a token is enough.
    var permission: String? {
        switch self {
        case .createPrescription, .listPrescriptions, .readPrescription, .patchPrescription:
            "patients"
        case .listPrescriptionItems, .readPrescriptionItem:
            "items"
        case .listDepartmentSettings, .readDepartmentSettings, .readItem, .createSale,
            .listSales, .readSale, .deleteSale, .addSaleItem, .listSaleItems, .finalizeSale,
            .listInvoices, .readInvoice, .refundInvoice, .createPayment, .listPayments,
            .readPayment, .cancelPayment:
            "invoices"
        case .register(let operation): operation.permission
        case .hook(let operation): operation.permission
        case .delivery: DeliveryOperation.permission
        }
    }

    /// The operation whose budget this one draws on: calls of one endpoint share theirs.
    var budget: Operation {
        switch self {
        case .patchPrescription: .readPrescription
        case .deleteSale: .readSale
        case .hook(let operation): .hook(operation.budget)
        case .delivery(let operation): .delivery(operation.budget)
        default: self
        }
    }

    /// How many calls a minute are documented, or assumed by analogy, for the endpoint.
    var limitPerMinute: Int {
        switch self {
        case .createPrescription, .readPrescription, .patchPrescription, .readPrescriptionItem,
            .readItem, .createSale, .readSale, .deleteSale, .readInvoice, .createPayment,
            .readPayment:
            300
        case .listPrescriptions, .listPrescriptionItems, .listDepartmentSettings,
            .readDepartmentSettings, .listSales, .addSaleItem, .listSaleItems, .finalizeSale,
            .listInvoices, .refundInvoice, .listPayments, .cancelPayment,
            .delivery(.patchItemStatus), .delivery(.putItemStatus):
            100
        case .register, .hook, .delivery:
            isList ? 100 : 300
        }
    }
}
