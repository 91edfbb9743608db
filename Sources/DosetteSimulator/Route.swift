/// Where a path leads.
enum Route: Hashable, Sendable {
    /// The token endpoint, outside the API.
    case token
    /// A resource of the API: what each method does there, and the number in the path.
    case resource(Resource)
    /// The path exists with a slash at its end.
    case missesSlash
    case nowhere

    /// The answers to the methods of one path.
    struct Resource: Hashable, Sendable {
        /// One method and what it does.
        struct Method: Hashable, Sendable {
            let name: String
            let operation: Operation
        }

        let methods: [Method]
        /// The number in the path; 0 when there is none.
        let id: Int

        func operation(of method: String) -> Operation? {
            methods.first { $0.name == method }?.operation
        }

        /// The methods as an `Allow` header lists them.
        var allowed: String {
            methods.map(\.name).joined(separator: ", ")
        }
    }

    /// Finds where `path` leads.
    ///
    /// - Parameter path: The path below the installation's prefix.
    init(_ path: String) {
        let parts = path.split(separator: "/")
        guard let known = Self.find(parts) else {
            self = .nowhere
            return
        }
        self = path.hasSuffix("/") ? known : .missesSlash
    }

    private static func find(_ parts: [Substring]) -> Route? {
        if parts == ["oauth2", "token"] { return .token }
        if parts == ["oauth2", "userinfo"] {
            let read = Resource.Method(name: "GET", operation: .register(.readUserInfo))
            return .resource(Resource(methods: [read], id: 0))
        }
        guard parts.starts(with: ["api", "0.1"]) else { return nil }
        var id = 0
        let pattern = parts.dropFirst(2).map { part in
            guard let number = Int(part), number >= 0 else { return part }
            id = number
            return "#"
        }
        guard let methods = methods(of: pattern.joined(separator: "/")) else { return nil }
        return .resource(Resource(methods: methods, id: id))
    }

    private static func methods(of pattern: String) -> [Resource.Method]? {
        let table: KeyValuePairs<String, Operation>? =
            switch pattern {
            case "eprescription/prescription":
                ["GET": .listPrescriptions, "POST": .createPrescription]
            case "eprescription/prescription/#":
                ["GET": .readPrescription, "PATCH": .patchPrescription]
            case "eprescription/prescription_item": ["GET": .listPrescriptionItems]
            case "eprescription/prescription_item/#": ["GET": .readPrescriptionItem]
            case "departmentsettings": ["GET": .listDepartmentSettings]
            case "departmentsettings/#", "department/#/settings":
                ["GET": .readDepartmentSettings]
            case "item/#": ["GET": .readItem]
            case "countersale": ["GET": .listSales, "POST": .createSale]
            case "countersale/#": ["GET": .readSale, "DELETE": .deleteSale]
            case "countersale/#/add_item": ["GET": .listSaleItems, "POST": .addSaleItem]
            case "countersale/#/finalize": ["POST": .finalizeSale]
            case "invoice": ["GET": .listInvoices]
            case "invoice/#": ["GET": .readInvoice]
            case "invoice/#/full_refund": ["POST": .refundInvoice]
            case "invoicepayment": ["GET": .listPayments, "POST": .createPayment]
            case "invoicepayment/#": ["GET": .readPayment]
            case "invoicepayment/#/cancel_payment": ["POST": .cancelPayment]
            default:
                registerMethods(of: pattern) ?? hookMethods(of: pattern)
                    ?? deliveryMethods(of: pattern)
            }
        return table?.map { Resource.Method(name: $0.key, operation: $0.value) }
    }

    private static func registerMethods(
        of pattern: String
    ) -> KeyValuePairs<String, Operation>? {
        switch pattern {
        case "client/#": ["GET": .register(.readClient)]
        case "patient": ["GET": .register(.listPatients)]
        case "patient/#": ["GET": .register(.readPatient)]
        case "consultation/#": ["GET": .register(.readConsultation)]
        case "user": ["GET": .register(.listUsers)]
        case "user/#": ["GET": .register(.readUser)]
        case "department": ["GET": .register(.listDepartments)]
        case "department/#": ["GET": .register(.readDepartment)]
        default: nil
        }
    }

    private static func hookMethods(of pattern: String) -> KeyValuePairs<String, Operation>? {
        switch pattern {
        case "hook/webhook": ["GET": .hook(.listWebhooks), "POST": .hook(.createWebhook)]
        case "hook/webhook/#": ["GET": .hook(.readWebhook), "DELETE": .hook(.deleteWebhook)]
        case "custom_integration":
            ["GET": .hook(.listIntegrations), "POST": .hook(.createIntegration)]
        default: nil
        }
    }

    private static func deliveryMethods(
        of pattern: String
    ) -> KeyValuePairs<String, Operation>? {
        switch pattern {
        case "home_delivery/order": ["GET": .delivery(.listOrders)]
        case "home_delivery/order/#": ["GET": .delivery(.readOrder)]
        case "home_delivery/item": ["GET": .delivery(.listItems)]
        case "home_delivery/item/#": ["GET": .delivery(.readItem)]
        case "home_delivery/item/#/update_status":
            ["PUT": .delivery(.putItemStatus), "PATCH": .delivery(.patchItemStatus)]
        case "home_delivery/client_data/#": ["GET": .delivery(.readClientData)]
        case "home_delivery/patient_data/#": ["GET": .delivery(.readPatientData)]
        case "home_delivery/department_data/#": ["GET": .delivery(.readDepartmentData)]
        default: nil
        }
    }
}
