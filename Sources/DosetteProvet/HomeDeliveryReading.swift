import DosetteCore
package import DosetteEngine

/// The clinics' home-delivery orders, read and not changed.
extension ProvetActions: HomeDeliveryReader {
    package func calls(of look: HomeDeliveryLook) -> [EndpointUse] {
        let pageCost = ProvetClient.pageCost(assumptions)
        return switch look {
        case .page: [EndpointUse(ProvetEndpoint.homeDeliveryOrderList, pageCost)]
        case .order: [EndpointUse(ProvetEndpoint.homeDeliveryOrder)]
        case .item: [EndpointUse(ProvetEndpoint.homeDeliveryItem)]
        case .items: [EndpointUse(ProvetEndpoint.homeDeliveryItemList, pageCost)]
        case .address: [EndpointUse(ProvetEndpoint.homeDeliveryClient)]
        }
    }

    package func orders(page: Int, at clinic: String) async -> Looked<HomeDeliveryPage> {
        guard let client = client(clinic) else { return .absent }
        let query = [
            (name: "page_size", value: String(assumptions.listPageSize)),
            (name: "page", value: String(page)),
        ]
        let result = await client.call(.get, assumptions.homeDeliveryOrderPath, query: query)
        return result.looked { json in
            guard let rows = json["results"]?.arrayValue else { return nil }
            return HomeDeliveryPage(
                // A row that cannot be read is not ours to judge; the others are.
                orders: rows.compactMap(HomeDeliveryOrder.init),
                pageCount: max(1, json["num_pages"]?.intValue ?? 1)
            )
        }
    }

    package func order(_ id: Int, at clinic: String) async -> Looked<HomeDeliveryOrder> {
        guard let client = client(clinic) else { return .absent }
        let result = await client.call(.get, "\(assumptions.homeDeliveryOrderPath)/\(id)")
        return result.looked(HomeDeliveryOrder.init)
    }

    package func order(ofItem id: Int, at clinic: String) async -> Looked<Int> {
        guard let client = client(clinic) else { return .absent }
        let result = await client.call(.get, "\(assumptions.homeDeliveryItemPath)/\(id)")
        return result.looked { ProvetID.read($0["order"]) }
    }

    package func items(
        ofOrder id: Int,
        at clinic: String
    ) async -> Looked<[HomeDeliveryItem]> {
        guard let client = client(clinic) else { return .absent }
        switch await client.homeDeliveryItems(ofOrder: id) {
        case .rows(let rows):
            let items = rows.compactMap { HomeDeliveryItem(.object($0), assumptions) }
            // Half an order is not taken in, and none is taken for withdrawn.
            guard items.count == rows.count else { return Self.unreadable() }
            return .found(items)
        case .failed(let result): return result.looked { _ in nil }
        case .tooMany, .unreadable: return Self.unreadable()
        }
    }

    private static func unreadable<Value>() -> Looked<Value> {
        .unreachable(retryAfter: nil, reason: "Provet's answer cannot be read")
    }

    package func address(ofClient id: Int, at clinic: String) async -> Looked<[String]> {
        guard let client = client(clinic) else { return .absent }
        let result = await client.call(.get, "\(assumptions.homeDeliveryClientPath)/\(id)")
        return result.looked { json in
            let text = { (name: String) in json[name]?.stringValue ?? "" }
            let town = [text("zip_code"), text("city")].filter { !$0.isEmpty }
            let lines = [text("name"), text("street_address"), town.joined(separator: " ")]
            return lines.filter { !$0.isEmpty }
        }
    }
}

extension ProvetResult {
    /// What a look came to.
    fileprivate func looked<Value>(_ read: (JSON) -> Value?) -> Looked<Value> {
        switch self {
        case .done(let json):
            if let value = read(json) { return .found(value) }
            return .unreachable(retryAfter: nil, reason: "Provet's answer cannot be read")
        case .refused(404, _): return .absent
        case .refused(403, _): return .forbidden(permission: "Settings: Items")
        case .refused(_, let reason), .unknown(let reason):
            return .unreachable(retryAfter: nil, reason: reason)
        case .notProcessed(let retryAfter, let reason):
            return .unreachable(retryAfter: retryAfter, reason: reason)
        }
    }
}

extension HomeDeliveryOrder {
    /// Reads a row; nothing when it lacks what an order needs.
    fileprivate init?(_ json: JSON) {
        guard let id = ProvetID.read(json), let client = ProvetID.read(json["client"]),
            let department = ProvetID.read(json["department"])
        else { return nil }
        let text = { (name: String) in
            json[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        }
        let rows = json["items"]?.arrayValue
        self.init(
            id: id,
            clientID: client,
            patientID: ProvetID.read(json["patient"]),
            departmentID: department,
            itemIDs: rows.flatMap { rows in
                let ids = rows.compactMap(ProvetID.read)
                return ids.count == rows.count ? ids : nil
            },
            address: text("address"),
            note: text("note"),
            modified: text("modified")
        )
    }
}

extension HomeDeliveryItem {
    fileprivate init?(_ json: JSON, _ assumptions: ProvetAssumptions) {
        guard let id = ProvetID.read(json), let item = ProvetID.read(json["item"]),
            let quantity = Self.whole(json["quantity"]), let status = json["status"]?.intValue
        else { return nil }
        let name = json["name"]?.stringValue ?? ""
        let standing: Standing =
            switch status {
            case assumptions.homeDeliveryNew: .new
            case assumptions.homeDeliveryReplaced: .replaced
            default: .underWay
            }
        self.init(
            id: id,
            itemID: item,
            name: name.isEmpty ? "item \(item)" : name,
            quantity: quantity,
            standing: standing
        )
    }

    /// A quantity as Provet may write it: `2`, `2.0` or `"2.00"`.
    private static func whole(_ json: JSON?) -> Int? {
        let number: Double? =
            switch json {
            case .integer(let value): Double(value)
            case .number(let value): value
            case .string(let text): Double(text)
            case .null, .bool, .array, .object, nil: nil
            }
        guard let number, let value = Int(exactly: number),
            (0...OrderDocument.packagesMaximum).contains(value)
        else { return nil }
        return value
    }
}
