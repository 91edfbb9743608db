package import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteSimulator

/// What happens in one simulated stretch of a pharmacy's life, as far as it is decided beforehand.
///
/// Everything is drawn from the seed: the same seed gives the same plan on every machine. Which kinds
/// of trouble are on is drawn too (swarm testing), so that rare ones are not drowned by common ones.
package struct SimulationPlan: Sendable {
    /// 2026-01-05T08:00:00Z, a Monday.
    package static let start = Timestamp(milliseconds: 1_767_600_000_000)
    static let ordersMaximum = 6
    static let actsMaximum = 48

    struct Clinic: Sendable {
        let id: String
        /// The `provet_id` of its installation.
        let installation: String
        let zone: String
        let callsPerMinute: Int?
    }

    struct Item: Sendable {
        let allowed: Int
        let packages: Int
        /// Days from one dispense to the next at the least.
        let intervalDays: Int?
        let lastDay: CalendarDate
    }

    struct Order: Sendable {
        let number: Int
        let key: OrderKey
        let clinic: Clinic
        let client: Int
        let items: [Item]
        let remarks: String
        let isUrgent: Bool
        /// When its sender first hands it in, after the start.
        let arrival: TimeSpan
    }

    /// Something that a person, the clinic or fate does.
    struct Act: Sendable {
        enum Kind: String, CaseIterable, Sendable {
            case pharmacist
            case counter
            case customer
            case `operator`
            case clinic
            case crash
            case drain
            case usurp
            case jump
            case diskFull = "disk-full"
            case storeOutage = "store-outage"
        }

        let number: Int
        let at: TimeSpan
        let kind: Kind
        /// What the act's own choices are drawn from.
        let roll: UInt64
    }

    /// How the store misbehaves, in ten-thousandths of all commits.
    struct StoreFaults: Sendable {
        var unavailable = 0
        var full = 0
        /// The flush fails, and the change is there after all.
        var unknownKept = 0
        /// The flush fails, and the change is not there.
        var unknownLost = 0
        var cutBefore = 0
        var cutAfter = 0
        /// Of a commit that is slow.
        var slowMilliseconds: Int64 = 20
    }

    package let seed: UInt64
    let clinics: [Clinic]
    private(set) var orders: [Order]
    private(set) var acts: [Act]
    private(set) var faults: FaultProfile
    private(set) var storeFaults: StoreFaults
    /// Requests of which no connection comes about, in ten-thousandths.
    private(set) var noConnection: Int
    /// Hand-overs to the pharmacy that fail, in ten-thousandths.
    private(set) var transmitFaults: Int
    let timing: TimingConfiguration
    let limits: LimitsConfiguration
    let charging: FeeLifecycle.Charging
    /// How long there is trouble; then it is calm until everything has come to rest.
    let window: TimeSpan

    /// The longest single jump of the machine's clock while something is in flight.
    var smallJump: TimeSpan { .milliseconds(timing.serverBound.milliseconds / 40) }
}

// MARK: - Drawing

extension SimulationPlan {
    /// - Parameter seed: What everything is drawn from.
    package init(seed: UInt64) {
        var dice = Dice(seed: seed)
        self.seed = seed
        timing = Self.timing(&dice)
        limits = Self.limits(&dice)
        charging = dice.happens(9, in: 10) ? .prescriptionFee : .nothing
        window = .minutes(Int64(dice.pick([40, 180, 900, 2_880])))
        clinics = Self.clinics(&dice)
        orders = Self.orders(&dice, clinics, window)
        acts = Self.acts(&dice, window)
        faults = Self.faults(&dice, timing)
        storeFaults = Self.storeFaults(&dice)
        noConnection = dice.rate(3, in: 10)
        transmitFaults = dice.rate(3, in: 10)
    }

    private static func timing(_ dice: inout Dice) -> TimingConfiguration {
        let scale = Int64(dice.pick([1, 5, 30]))
        return TimingConfiguration(
            deadline: .seconds(scale),
            serverBound: .seconds(scale * 2 + 2),
            probeInterval: .seconds(dice.pick([max(2, scale / 3), scale * 2])),
            reconcileInterval: .minutes(Int64(dice.pick([5, 15, 40]))),
            retry: RetrySchedule(
                attemptsMaximum: dice.pick([2, 4, 8]),
                first: .milliseconds(500),
                factor: 2,
                most: .seconds(Int64(dice.pick([5, 60, 300])))
            ),
            outage: .hours(72)
        )
    }

    private static func limits(_ dice: inout Dice) -> LimitsConfiguration {
        LimitsConfiguration(
            queuedOrders: dice.pick([2, 100, 100]),
            callsInFlight: dice.pick([1, 4, 64]),
            freeDiskBytes: 1_000,
            breakerFailures: dice.pick([2, 8]),
            breakerPause: .seconds(Int64(dice.pick([1, 15])))
        )
    }

    private static func clinics(_ dice: inout Dice) -> [Clinic] {
        // What Provet allows then, too; a few, so that a budget matters.
        let calls = dice.happens(1, in: 3) ? dice.pick([8, 20]) : nil
        let north = Clinic(
            id: "nordic-vets",
            installation: "4",
            zone: "Europe/Helsinki",
            callsPerMinute: calls
        )
        let west = Clinic(
            id: "fjord-vets",
            installation: "5",
            zone: "America/Los_Angeles",
            callsPerMinute: calls
        )
        return dice.happens(1, in: 2) ? [north] : [north, west]
    }

    private static func orders(
        _ dice: inout Dice,
        _ clinics: [Clinic],
        _ window: TimeSpan
    ) -> [Order] {
        let count = dice.number(in: 1...ordersMaximum)
        let clients = dice.pick([1, 2, 20])
        // All over the window, or many at once.
        let half = Int(window.milliseconds / 2)
        let spread = dice.pick([half, half, 60_000, 2_000])
        let first = dice.number(in: 0...half)
        return (1...count).compactMap { number in
            let clinic = clinics[dice.number(in: 0...clinics.count - 1)]
            let items = (1...dice.pick([1, 1, 2])).map { _ in item(&dice) }
            let quoted = dice.happens(1, in: 8) ? "as before [dosette:0] please" : ""
            return OrderKey(source: "shop", orderID: "o\(number)").map { key in
                Order(
                    number: number,
                    key: key,
                    clinic: clinic,
                    client: dice.number(in: 1...clients),
                    items: items,
                    remarks: quoted,
                    isUrgent: dice.happens(1, in: 5),
                    arrival: .milliseconds(
                        Int64((first + dice.number(in: 0...spread)) % (2 * half))
                    )
                )
            }
        }
    }

    private static func item(_ dice: inout Dice) -> Item {
        let today = CalendarDate(daysSinceEpoch: Int(start.milliseconds / 86_400_000))
        return Item(
            allowed: dice.number(in: 1...3),
            packages: dice.number(in: 1...2),
            intervalDays: dice.happens(1, in: 4) ? 1 : nil,
            lastDay: today.adding(days: dice.pick([1, 30, 200]))
        )
    }

    private static func acts(_ dice: inout Dice, _ window: TimeSpan) -> [Act] {
        // People are always there; each kind of trouble is on in one seed of three.
        let people: [Act.Kind] = [.pharmacist, .pharmacist, .counter, .customer, .operator]
        let troubles: [Act.Kind] = [
            .clinic, .crash, .drain, .usurp, .jump, .diskFull, .storeOutage,
        ]
        let kinds = people + troubles.filter { _ in dice.happens(1, in: 3) }
        let count = dice.number(in: 4...actsMaximum)
        let acts = (0..<count).map { _ in
            (
                at: TimeSpan.milliseconds(Int64(dice.number(in: 0...Int(window.milliseconds)))),
                kind: dice.pick(kinds), roll: dice.next()
            )
        }
        return acts.sorted { $0.at < $1.at }.enumerated().map { number, act in
            Act(number: number, at: act.at, kind: act.kind, roll: act.roll)
        }
    }

    /// All faults of the simulated Provet stay within the assumptions of docs/effects.md.
    private static func faults(
        _ dice: inout Dice,
        _ timing: TimingConfiguration
    ) -> FaultProfile {
        var profile = FaultProfile()
        for kind in FaultKind.allCases {
            profile[kind] = dice.rate(1, in: 3)
        }
        let bound = timing.serverBound.milliseconds
        let interval = timing.probeInterval.milliseconds
        profile.lateEffectMilliseconds = dice.pick([bound / 3, bound * 9 / 10])
        profile.delayMilliseconds = timing.deadline.milliseconds * 2
        profile.staleMilliseconds = interval * 8 / 10
        profile.clinicCancelMilliseconds = Int64(dice.pick([3_000, 60_000, 3_600_000]))
        return profile
    }

    private static func storeFaults(_ dice: inout Dice) -> StoreFaults {
        var faults = StoreFaults()
        guard dice.happens(1, in: 2) else { return faults }
        faults.unavailable = dice.rate(1, in: 3)
        faults.full = dice.rate(1, in: 4)
        faults.unknownKept = dice.rate(1, in: 3) / 4
        faults.unknownLost = dice.rate(1, in: 3) / 4
        faults.cutBefore = dice.rate(1, in: 3) / 4
        faults.cutAfter = dice.rate(1, in: 3) / 4
        faults.slowMilliseconds = Int64(dice.pick([0, 20, 3_000, 40_000]))
        return faults
    }
}

// MARK: - Documents

extension SimulationPlan.Order {
    /// The order document, or another one under the same id.
    func document(_ content: Content) -> JSON {
        let items = items.map { item -> JSON in
            var json: JSONObject = [
                "name": "Meloxicam", "patients": [1], "strength": "1.5 mg/ml",
                "instructions": "once a day", "quantity_packages": JSON(item.packages),
                "valid_until": .string(item.lastDay.text), "repeat_number": JSON(item.allowed),
            ]
            if let days = item.intervalDays {
                json["repeat_timevalue"] = JSON(days)
                json["repeat_timeunit"] = "D"
            }
            return .object(json)
        }
        let remarks = content == .original ? remarks : "another content"
        return [
            "order_id": .string(key.orderID), "source": .string(key.source),
            "clinic": .string(clinic.id), "priority": isUrgent ? "urgent" : "normal",
            "prescription": [
                "client_id": JSON(client), "department_id": 1, "prescriber_id": 1,
                "issue_time": "2026-01-04T11:20:45Z", "remarks": .string(remarks),
                "prescription_items": .array(items),
            ],
        ]
    }

    enum Content: Hashable, Sendable {
        case original
        case other
    }
}

// MARK: - Making it smaller

extension SimulationPlan {
    /// What can be left out: `a3` an act, `o2` an order, the name of a fault, `store`, `network`.
    package var pieces: [String] {
        var names = acts.map { "a\($0.number)" }
        names += orders.map { "o\($0.number)" }
        names += FaultKind.allCases.filter { faults[$0] > 0 }.map(\.rawValue)
        if hasStoreFaults { names.append("store") }
        if noConnection > 0 { names.append("network") }
        if transmitFaults > 0 { names.append("transmit") }
        return names
    }

    private var hasStoreFaults: Bool {
        let all = [
            storeFaults.unavailable, storeFaults.full, storeFaults.unknownKept,
            storeFaults.unknownLost, storeFaults.cutBefore, storeFaults.cutAfter,
        ]
        return all.contains { $0 > 0 } || storeFaults.slowMilliseconds > 20
    }

    /// The names of pieces in the order of ``pieces``.
    package func sorted(_ names: Set<String>) -> [String] {
        pieces.filter { names.contains($0) }
    }

    /// The plan without some of its pieces.
    package func without(_ names: Set<String>) -> SimulationPlan {
        var plan = self
        plan.acts.removeAll { names.contains("a\($0.number)") }
        plan.orders.removeAll { names.contains("o\($0.number)") }
        for kind in FaultKind.allCases where names.contains(kind.rawValue) {
            plan.faults[kind] = 0
        }
        if names.contains("store") { plan.storeFaults = StoreFaults() }
        if names.contains("network") { plan.noConnection = 0 }
        if names.contains("transmit") { plan.transmitFaults = 0 }
        return plan
    }
}
