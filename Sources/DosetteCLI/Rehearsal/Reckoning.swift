import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteSimulator
import DosetteStore

/// The end of a run: what Dosette says, what Provet's ledger says, what the journal says.
struct Reckoning {
    var verdict = LedgerCheck.Verdict()
    var views: [JSON] = []
    var replay = AuditReplay.Report()
    /// Words of people that were acknowledged and are not in the journal.
    var wordsLost: [String] = []
    var wordCount = 0
    var faults: [String: Int] = [:]
    var serverExit: Int32 = 0

    /// Between two looks at all orders.
    static let pause = Duration.milliseconds(150)
    /// What the clinics did by themselves in the last moments is found within two rounds.
    private static let reconcilerLeast = Duration.seconds(10)
    static let settlingMaximum = Duration.seconds(60)
    private static let pageLength = 2_000

    /// Whether nothing was lost, nothing was done twice and the journal agrees.
    var isClean: Bool {
        verdict.isClean && wordsLost.isEmpty && replay.problemCount == 0 && serverExit == 0
    }

    /// Lets Provet calm down and everything settle, stops both processes, and compares.
    ///
    /// - Parameters:
    ///   - stage: The processes; they have ended afterwards.
    ///   - floor: The people, who do what is still to be done.
    ///   - names: The orders that were acknowledged.
    ///   - settling: How long it may take until everything has settled.
    /// - Returns: What was found.
    /// - Throws: What keeps the processes from being asked, or the journal from being read.
    static func run(
        _ stage: Stage,
        _ floor: inout Floor,
        submitted names: [String],
        settling: Duration = settlingMaximum
    ) async throws -> Reckoning {
        var reckoning = Reckoning()
        try await stage.calm()
        try await settle(stage, &floor, within: settling)
        reckoning.views = try await stage.views()
        reckoning.serverExit = stage.stopServer()
        let entries = try await stage.ledger()
        reckoning.faults = try await faults(of: stage)
        stage.stopSimulator()
        let installations = Dictionary(
            Stage.clinics.map { ($0.0, $0.1) },
            uniquingKeysWith: { first, _ in first }
        )
        let facts = reckoning.views.map { view in
            LedgerCheck.OrderFacts(
                view,
                installation: installations[view["clinic"]?.stringValue ?? ""] ?? "",
                isSettled: floor.isSettled(view)
            )
        }
        reckoning.verdict = LedgerCheck.run(submitted: names, orders: facts, entries: entries)
        let store = try SQLiteStore(readingFrom: stage.data)
        reckoning.replay = try await AuditReplay.run(
            store,
            options: .init(opening: PharmacyAccess.opening(data: stage.data))
        )
        let heard = try await words(in: store)
        store.close()
        let said = floor.pharmacist.acknowledged
        reckoning.wordCount = said.count
        reckoning.wordsLost = said.subtracting(heard).map(\.description).sorted()
        return reckoning
    }

    private static func settle(
        _ stage: Stage,
        _ floor: inout Floor,
        within limit: Duration
    ) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        while clock.now < begin + limit {
            let views = try await stage.views()
            await floor.round(views, stage)
            let isOver = views.allSatisfy { floor.isSettled($0) }
            if clock.now >= begin + reconcilerLeast, isOver { return }
            try await Task.sleep(for: pause)
        }
    }

    /// What people said, as the journal has it.
    private static func words(in store: any Store) async throws -> Set<Pharmacist.Word> {
        var words: Set<Pharmacist.Word> = []
        var position: Int64 = 0
        while true {
            let page = try await store.events(from: position, limit: pageLength)
            guard let last = page.last else { return words }
            position = last.position + 1
            for event in page where event.stream != .engine {
                let envelope = try EventCodec.envelope(event.entry)
                guard let order = envelope.order else { continue }
                let fact = try EventCodec.fact(envelope)
                if case .signaled(let signaled) = fact.event {
                    words.insert(.signal(signaled.name, order: "\(order)"))
                } else if case .dispensed(let dispense) = fact.event {
                    words.insert(.dispense(dispense.id, order: "\(order)"))
                }
            }
        }
    }

    private static func faults(of stage: Stage) async throws -> [String: Int] {
        let answer = try await stage.provet.get("/_simulator/summary")
        let members = answer.json?["faults"]?.objectValue?.members ?? []
        return Dictionary(
            members.map { ($0.name, $0.value.intValue ?? 0) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
