/// What each operation does.
extension ProvetInstallation {
    /// Carries `call` out and returns its answer.
    mutating func perform(_ call: Call, in world: inout SharedWorld) -> SimulatedAnswer {
        guard !(call.operation.isWrite && world.ledger.isFull) else {
            return Refusal.ledgerIsFull.answer
        }
        world.ledger.request = call.request.requestID
        defer { world.ledger.request = nil }
        do throws(Refusal) {
            return try call.operation.isWrite ? write(call, in: &world) : read(call)
        } catch {
            return error.answer
        }
    }

    private mutating func write(
        _ call: Call,
        in world: inout SharedWorld
    ) throws(Refusal) -> SimulatedAnswer {
        switch call.operation {
        case .createPrescription: try createPrescription(call, in: &world)
        case .patchPrescription: try patchPrescription(call, in: &world)
        case .createSale: try createSale(call, in: &world)
        case .deleteSale: try deleteSale(call, in: &world)
        case .addSaleItem: try addSaleItem(call, in: &world)
        case .finalizeSale: try finalizeSale(call, in: &world)
        case .refundInvoice: try refundInvoice(call, in: &world)
        case .createPayment: try createPayment(call, in: &world)
        case .cancelPayment: try cancelPayment(call, in: &world)
        case .hook(let operation): try write(operation, call, in: &world)
        case .delivery: try updateDeliveryItem(call, in: &world)
        case .listPrescriptions, .readPrescription, .listPrescriptionItems,
            .readPrescriptionItem, .listDepartmentSettings, .readDepartmentSettings, .readItem,
            .listSales, .readSale, .listSaleItems, .listInvoices, .readInvoice, .listPayments,
            .readPayment, .register:
            preconditionFailure("a read is not a write")
        }
    }

    private func read(_ call: Call) throws(Refusal) -> SimulatedAnswer {
        let links = call.links
        let json: JSON =
            switch call.operation {
            case .listPrescriptions:
                try prescriptions.page(call).json(call) { $0.json(links) }
            case .readPrescription: try prescriptions.row(call.id).json(links)
            case .listPrescriptionItems:
                try prescriptionItems.page(call).json(call) { $0.json(links) }
            case .readPrescriptionItem: try prescriptionItems.row(call.id).json(links)
            case .listDepartmentSettings: try departmentSettings(call)
            case .readDepartmentSettings: try departmentSettings(of: call.id, links)
            case .readItem: try item(call.id, links)
            case .listSales: try sales.page(call).json(call) { $0.json(links) }
            case .readSale: try sales.row(call.id).json(links)
            case .listSaleItems: try saleItemPage(call).json(call) { $0.json(links) }
            case .listInvoices: try invoices.page(call).json(call) { $0.json(links) }
            case .readInvoice: try invoices.row(call.id).json(links)
            case .listPayments: try payments.page(call).json(call) { $0.json(links) }
            case .readPayment: try payments.row(call.id).json(links)
            case .register(let operation): try read(operation, call)
            case .hook(let operation): try read(operation, call)
            case .delivery(let operation): try read(operation, call)
            case .createPrescription, .patchPrescription, .createSale, .deleteSale,
                .addSaleItem, .finalizeSale, .refundInvoice, .createPayment, .cancelPayment:
                preconditionFailure("a write is not a read")
            }
        return SimulatedAnswer(status: 200, json)
    }

    private func saleItemPage(_ call: Call) throws(Refusal) -> ListPage<SaleItemRow> {
        let sale = try sales.row(call.id)
        return try saleItems.page(call, where: Condition("countersale", .is, [.init(sale.id)]))
    }

    /// Reads the key of a client that the API user may know of.
    func client(_ name: String, _ reader: inout FieldReader, _ body: JSON) throws(Refusal) -> Int? {
        if let asked = body[name]?.wholeNumber, configuration.clientsForbidden.contains(asked) {
            throw .forbidden
        }
        return reader.read(name, as: Field.key { [register] in register.hasClient($0) })
    }

    /// Reads the key of a department that exists.
    func department(_ name: String, _ reader: inout FieldReader) -> Int? {
        reader.read(name, as: Field.key(where: configuration.departments.contains))
    }
}

// MARK: - Settings and prices

extension ProvetInstallation {
    private func departmentSettings(_ call: Call) throws(Refusal) -> JSON {
        let page = try ListPage(configuration.departments, PageNumbers(call.request.query))
        return page.json(call) { settings(of: $0, call.links) }
    }

    private func departmentSettings(of department: Int, _ links: Links) throws(Refusal) -> JSON {
        guard configuration.departments.contains(department) else { throw .notFound }
        return settings(of: department, links)
    }

    private func settings(of department: Int, _ links: Links) -> JSON {
        [
            "url": links.url("departmentsettings", department),
            "id": .integer(department),
            "department": links.url("department", department),
            "prescription_fee_item": settings[department, default: .init()].feeItem.json,
            "financial_period_lock_date":
                settings[department]?.lockDate.map { .string($0) } ?? .null,
        ]
    }

    private func item(_ id: Int, _ links: Links) throws(Refusal) -> JSON {
        guard let item = configuration.items.first(where: { $0.id == id }) else {
            throw .notFound
        }
        return [
            "url": links.url("item", id),
            "id": .integer(id),
            "name": .string(item.name),
            "price": .string(WireMoney(cents: item.priceCents).text),
        ]
    }
}
