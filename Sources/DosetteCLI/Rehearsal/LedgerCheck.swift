import DosetteCore
import DosetteSimulator

/// Compares what Dosette says with what really happened to the simulated Provet.
///
/// The ledger is the ground truth: it was written by the other side. Whatever is there and was not meant
/// was done twice or by mistake; whatever was meant and is not there is lost.
struct LedgerCheck {
    /// What the check found.
    struct Verdict {
        var lost: [String] = []
        var doubled: [String] = []
        var different: [String] = []
        /// Effects of parked orders, whose fate is for a person.
        var inDoubt = 0
        /// Prescriptions that the clinic ended after everything was done, which nobody looks for.
        var endedAfterwards = 0
        var effects: [String: Int] = [:]

        var isClean: Bool { lost.isEmpty && doubled.isEmpty && different.isEmpty }
    }

    /// An order as its view shows it.
    struct OrderFacts {
        let name: String
        let installation: String
        let provetID: Int?
        let provetStatus: Int?
        let isPrescriptionParked: Bool
        let isParked: Bool
        let fee: String
        let saleID: Int?
        let invoiceID: Int?
        let paymentID: Int?
        let isSettled: Bool
        /// Whether nothing is to come: such orders are not watched any more.
        let isClosed: Bool

        /// - Parameters:
        ///   - view: The order's view.
        ///   - installation: The Provet installation of its clinic.
        ///   - isSettled: Whether nobody but people has anything to do with it.
        init(_ view: JSON, installation: String, isSettled: Bool) {
            name = "\(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? "")"
            self.installation = installation
            provetID = view["prescription"]?["provet_id"]?.intValue
            provetStatus = view["prescription"]?["provet_status"]?.intValue
            isParked = view["parked"]?.objectValue != nil
            let step = view["parked"]?["step"]?.stringValue ?? ""
            isPrescriptionParked =
                step == "provet.create_prescription" || step == "provet.patch_status"
            fee = view["fee"]?["state"]?.stringValue ?? ""
            saleID = view["fee"]?["counter_sale_id"]?.intValue
            invoiceID = view["fee"]?["invoice_id"]?.intValue
            paymentID = view["fee"]?["payment_id"]?.intValue
            self.isSettled = isSettled
            isClosed = view["waiting"]?.objectValue == nil
        }
    }

    private let orders: [OrderFacts]
    private let entries: [LedgerEntry]
    private var verdict = Verdict()

    /// - Parameters:
    ///   - submitted: The names of all orders that were acknowledged.
    ///   - orders: What Dosette says of its orders.
    ///   - entries: The whole ledger, in order.
    /// - Returns: What was found.
    static func run(
        submitted: [String],
        orders: [OrderFacts],
        entries: [LedgerEntry]
    ) -> Verdict {
        var check = LedgerCheck(orders: orders, entries: entries)
        check.checkOrders(submitted)
        check.checkPrescriptions()
        check.checkStatuses()
        check.checkFees()
        for entry in entries { check.verdict.effects[entry.effect.rawValue, default: 0] += 1 }
        return check.verdict
    }

    private init(orders: [OrderFacts], entries: [LedgerEntry]) {
        self.orders = orders
        self.entries = entries
    }

    /// A thing at one installation.
    private struct Place: Hashable {
        let installation: String
        let id: Int
    }

    private func places(_ effect: LedgerEntry.Effect) -> [Place] {
        entries.filter { $0.effect == effect }
            .map { Place(installation: $0.installation, id: $0.object) }
    }

    private mutating func checkOrders(_ submitted: [String]) {
        let known = Set(orders.map(\.name))
        for name in submitted where !known.contains(name) {
            verdict.lost.append("order \(name) was acknowledged and is gone")
        }
        for order in orders where !order.isSettled {
            verdict.different.append("order \(order.name) has not settled")
        }
    }

    private mutating func checkPrescriptions() {
        let created = entries.filter { $0.effect == .prescriptionCreated }
        var byMarker: [String: Int] = [:]
        for entry in created {
            guard let marker = entry.marker else {
                verdict.different.append("prescription \(entry.object) has no marker")
                continue
            }
            byMarker[marker, default: 0] += 1
        }
        for (marker, count) in byMarker.sorted(by: { $0.key < $1.key }) where count > 1 {
            verdict.doubled.append("\(count) prescriptions bear \(marker)")
        }
        let there = Set(places(.prescriptionCreated))
        var claimed: Set<Place> = []
        for order in orders {
            guard let id = order.provetID else { continue }
            let place = Place(installation: order.installation, id: id)
            if !there.contains(place) {
                verdict.lost.append(
                    "order \(order.name) claims prescription \(id), which is not there"
                )
            }
            if !claimed.insert(place).inserted {
                verdict.different.append("two orders claim prescription \(id)")
            }
        }
        let inDoubt = orders.count { $0.provetID == nil && $0.isPrescriptionParked }
        let strays = there.subtracting(claimed).count
        verdict.inDoubt += min(strays, inDoubt)
        if strays > inDoubt {
            verdict.doubled.append("\(strays - inDoubt) prescriptions belong to no order")
        }
    }

    private mutating func checkStatuses() {
        var statuses: [Place: Int] = [:]
        var endedByClinic: Set<Place> = []
        for entry in entries {
            let place = Place(installation: entry.installation, id: entry.object)
            if entry.effect == .prescriptionCreated { statuses[place] = 1 }
            if entry.effect == .prescriptionStatus, let new = entry.statusNew {
                statuses[place] = new
                if entry.actor == .clinic { endedByClinic.insert(place) }
            }
        }
        for order in orders where !order.isPrescriptionParked {
            guard let id = order.provetID else { continue }
            let place = Place(installation: order.installation, id: id)
            let real = statuses[place]
            if real != order.provetStatus, order.isClosed, endedByClinic.contains(place) {
                verdict.endedAfterwards += 1
            } else if real != order.provetStatus {
                let words = "\(order.provetStatus ?? 0), Provet has \(real ?? 0)"
                verdict.different.append("order \(order.name) says status \(words)")
            }
        }
    }

    // MARK: - Fees

    private mutating func checkFees() {
        let parked = orders.count { $0.isParked && !$0.isPrescriptionParked }
        let sales = Set(places(.saleCreated)).subtracting(places(.saleDeleted))
        let claimedSales = claims { order in
            order.fee == "not_charged" && order.invoiceID == nil ? nil : order.saleID
        }
        compare(sales, claimedSales, "counter sale", allowed: parked)
        let payments = Set(places(.paymentAdded))
        compare(payments, claims(\.paymentID), "payment", allowed: parked)
        for order in orders where order.fee == "charged" || order.fee == "refunded" {
            checkCharged(order)
        }
        checkOnce(.saleFinalized, "sale", "was finalized")
        checkOnce(.invoiceRefunded, "invoice", "was refunded")
        checkOnce(.paymentCancelled, "payment", "was canceled")
        checkSaleItems()
    }

    private func claims(_ id: (OrderFacts) -> Int?) -> Set<Place> {
        Set(
            orders.compactMap { order in
                id(order).map { Place(installation: order.installation, id: $0) }
            }
        )
    }

    /// What is there and nobody claims was done twice, as far as parked orders do not explain it.
    private mutating func compare(
        _ there: Set<Place>,
        _ claimed: Set<Place>,
        _ what: String,
        allowed: Int
    ) {
        let strays = there.subtracting(claimed)
        verdict.inDoubt += min(strays.count, allowed)
        if strays.count > allowed {
            let ids = strays.map(\.id).sorted().prefix(10).map(String.init)
            verdict.doubled.append(
                "\(strays.count - allowed) of \(what) \(ids.joined(separator: ", ")) belong to no order"
            )
        }
        for place in claimed.subtracting(there).sorted(by: { $0.id < $1.id })
        where what != "counter sale" {
            verdict.lost.append("\(what) \(place.id) is claimed and not there")
        }
    }

    private mutating func checkCharged(_ order: OrderFacts) {
        guard let sale = order.saleID, let payment = order.paymentID, order.invoiceID != nil else {
            return verdict.lost.append(
                "order \(order.name) is \(order.fee) without sale or payment"
            )
        }
        let finalized = Set(places(.saleFinalized))
        if !finalized.contains(Place(installation: order.installation, id: sale)) {
            verdict.lost.append("order \(order.name): sale \(sale) was never finalized")
        }
        let isRefunded = entries.contains {
            $0.effect == .invoiceRefunded && $0.installation == order.installation
                && ($0.invoice == order.invoiceID || $0.object == order.invoiceID)
        }
        if isRefunded != (order.fee == "refunded") {
            verdict.different.append("order \(order.name) is \(order.fee); payment \(payment)")
        }
    }

    private mutating func checkOnce(
        _ effect: LedgerEntry.Effect,
        _ what: String,
        _ words: String
    ) {
        var counts: [Place: Int] = [:]
        for entry in entries where entry.effect == effect {
            // A credit note is a new invoice each time: count by what it credits.
            let id = effect == .invoiceRefunded ? entry.invoice ?? entry.object : entry.object
            counts[Place(installation: entry.installation, id: id), default: 0] += 1
        }
        for (place, count) in counts.sorted(by: { $0.key.id < $1.key.id }) where count > 1 {
            verdict.doubled.append("\(what) \(place.id) \(words) \(count) times")
        }
    }

    private mutating func checkSaleItems() {
        var counts: [Place: Int] = [:]
        for entry in entries where entry.effect == .saleItemAdded {
            let id = entry.sale ?? entry.object
            counts[Place(installation: entry.installation, id: id), default: 0] += 1
        }
        for (place, count) in counts.sorted(by: { $0.key.id < $1.key.id }) where count > 1 {
            verdict.doubled.append("sale \(place.id) has the fee \(count) times")
        }
    }
}
