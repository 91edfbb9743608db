import DosetteCore

/// The people around the server, and what they know of its orders.
struct Floor {
    var pharmacist: Pharmacist
    /// Orders whose fee waits for a parked one of the same client: a person's decision moves both.
    private var blocked: Set<String> = []

    init(day: String) {
        pharmacist = Pharmacist(day: day)
    }

    /// Goes once through the orders and does what is to be done now.
    mutating func round(_ views: [JSON], _ stage: Stage) async {
        await pharmacist.round(views, stage.api)
        await findBlocked(views, stage)
    }

    private mutating func findBlocked(_ views: [JSON], _ stage: Stage) async {
        blocked = []
        guard views.contains(where: { $0["parked"]?.objectValue != nil }) else { return }
        for view in views where view["fee"]?["state"]?.stringValue == "charging" {
            let name = Self.name(of: view)
            let detail = try? await stage.api.get("/v1/orders/\(name)").json
            let why = detail?["waiting"]?["detail"]?.stringValue ?? ""
            if why.contains("is parked") { blocked.insert(name) }
        }
    }

    static func name(of view: JSON) -> String {
        "\(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? "")"
    }

    /// Whether nobody but people has anything to do with the order.
    func isSettled(_ view: JSON) -> Bool {
        let name = Self.name(of: view)
        let state = view["prescription"]?["state"]?.stringValue ?? ""
        let fee = view["fee"]?["state"]?.stringValue ?? ""
        if view["parked"]?.objectValue != nil || blocked.contains(name) { return true }
        if ["charging", "refunding", "waiting"].contains(fee) { return false }
        if view["prescription"]?["cancel_pending"] == true { return false }
        let by = view["waiting"]?["by"]?.stringValue
        if by == "dosette" || by == "provet" || by == "pharmacist" { return false }
        if state == "accepted" || state == "accepted_warning" {
            return pharmacist.finished.contains(name)
        }
        return true
    }
}
