/// All installations and what they share, as a value.
struct SimulatedState: Sendable {
    /// How many installations there can be.
    static let installationsMaximum = 1000
    /// How long the name of an installation can be, in bytes.
    static let nameByteCountMaximum = 64

    private let configuration: SimulatorConfiguration
    private var world: SharedWorld
    private var installations: [ProvetInstallation] = []
    private var places: [String: Int] = [:]
    private var requestCount = 0
    /// The latest time that was ever given: time does not go back.
    private var time = Int64.min

    init(_ configuration: SimulatorConfiguration) {
        self.configuration = configuration
        world = SharedWorld(
            faults: configuration.faults,
            permissionsMissing: configuration.permissionsMissing
        )
    }

    mutating func handle(
        _ request: SimulatedRequest,
        installation: String,
        now: Int64
    ) -> SimulatedReply {
        advance(to: now)
        requestCount += 1
        guard let place = place(of: installation) else {
            return SimulatedReply(
                delayMilliseconds: 0,
                outcome: .respond(Refusal.notFound.answer)
            )
        }
        return installations[place].handle(request, now: time, in: &world)
    }

    mutating func advance(to now: Int64) {
        time = max(time, now)
        while let entry = world.pending.next(dueAt: time) {
            installations[entry.installation].apply(entry.action, now: entry.due, in: &world)
        }
    }

    mutating func ledger(after sequence: Int, limit: Int, now: Int64) -> [LedgerEntry] {
        advance(to: now)
        return world.ledger.entries(after: sequence, limit: limit)
    }

    mutating func summary(now: Int64) -> SimulatorSummary {
        advance(to: now)
        return SimulatorSummary(
            requests: requestCount,
            installations: installations.count,
            ledgerEntries: world.ledger.entries.count,
            effects: Dictionary(
                uniqueKeysWithValues: LedgerEntry.Effect.allCases.map {
                    ($0, world.ledger.count(of: $0))
                }
            ),
            faults: Dictionary(
                uniqueKeysWithValues: FaultKind.allCases.map { ($0, world.count(of: $0)) }
            )
        )
    }

    mutating func setFaults(_ faults: FaultProfile) {
        world.faults = faults
    }

    mutating func clinicSets(
        _ status: Int,
        of prescription: Int,
        installation: String,
        now: Int64
    ) -> ClinicOutcome {
        advance(to: now)
        guard let place = places[installation] else { return .noSuchPrescription }
        return installations[place].clinicSets(
            status,
            of: prescription,
            now: time,
            in: &world
        )
    }

    mutating func setPermissionsMissing(_ permissions: [String]) {
        world.permissionsMissing = Set(permissions)
    }

    /// Lets `act` happen in an installation, which is set up when it is new.
    ///
    /// - Parameters:
    ///   - name: The `provet_id`.
    ///   - now: The time, in UTC milliseconds.
    ///   - act: What happens, at the time it is given.
    /// - Returns: What `act` returns.
    /// - Throws: ``Refusal`` when the name cannot be one, or what `act` throws.
    mutating func inInstallation<Result>(
        _ name: String,
        now: Int64,
        _ act: (inout ProvetInstallation, Int64, inout SharedWorld) throws(Refusal) -> Result
    ) throws(Refusal) -> Result {
        advance(to: now)
        guard let place = place(of: name) else { throw .notFound }
        return try act(&installations[place], time, &world)
    }

    mutating func takeDeliveries(now: Int64) -> [WebhookDelivery] {
        advance(to: now)
        return world.deliveries.take(dueAt: time)
    }

    mutating func finishDelivery(_ number: Int, status: Int?, now: Int64) {
        advance(to: now)
        world.deliveries.finish(number, status: status, at: time)
    }

    mutating func webhookReport(now: Int64) -> WebhookReport {
        advance(to: now)
        return world.deliveries.report
    }

    /// Returns the place of an installation, which is set up when it is new.
    ///
    /// - Parameter name: The `provet_id`.
    /// - Returns: The place, or `nil` when the name cannot be one or there are too many.
    private mutating func place(of name: String) -> Int? {
        if let place = places[name] { return place }
        guard installations.count < Self.installationsMaximum, Self.isName(name) else {
            return nil
        }
        let place = installations.count
        installations.append(
            ProvetInstallation(name: name, place: place, configuration: configuration)
        )
        places[name] = place
        return place
    }

    private static func isName(_ name: String) -> Bool {
        (1...nameByteCountMaximum).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
