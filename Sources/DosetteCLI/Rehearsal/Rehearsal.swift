import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteSimulator
import Foundation

/// One run of real orders over real HTTP with crashes in between, and the reckoning at its end.
struct Rehearsal {
    struct Settings {
        var stage = Stage.Settings()
        /// NDJSON documents.
        var orders: [JSON] = []
        var killCount = 2
        /// The day on which it plays, in the orders' time.
        var day = "2025-08-20"
        /// How long it may take in all.
        var limit = Duration.seconds(600)
    }

    struct Outcome {
        var verdict = LedgerCheck.Verdict()
        var recoveries: [Duration] = []
        var views: [JSON] = []
        var dispenseCount = 0
        var replay = AuditReplay.Report()
        var faults: [String: Int] = [:]
        var seconds = Duration.zero
        var serverExit: Int32 = 0

        /// Whether nothing was lost, nothing was done twice and the journal agrees.
        var isClean: Bool { verdict.isClean && replay.problemCount == 0 && serverExit == 0 }
    }

    /// Between two looks at all orders.
    private static let pause = Duration.milliseconds(150)

    private let settings: Settings
    private let names: [String]
    private var stage: Stage
    private var pharmacist: Pharmacist
    private var outcome = Outcome()
    private var blocked: Set<String> = []

    /// Plays the whole run.
    static func run(_ settings: Settings, in directory: URL) async throws -> Outcome {
        let begin = ContinuousClock.now
        Terminal.say("starting a simulated Provet (\(settings.stage.faults)) and a server")
        let stage = try await Stage.set(settings.stage, in: directory)
        var rehearsal = Rehearsal(settings, stage)
        do {
            try await rehearsal.submit()
            try await rehearsal.work()
            try await rehearsal.reckon()
        } catch {
            rehearsal.stage.server.kill()
            rehearsal.stage.stopSimulator()
            throw error
        }
        rehearsal.outcome.seconds = ContinuousClock.now - begin
        return rehearsal.outcome
    }

    private init(_ settings: Settings, _ stage: Stage) {
        self.settings = settings
        self.stage = stage
        pharmacist = Pharmacist(day: settings.day)
        names = settings.orders.map {
            "\($0["source"]?.stringValue ?? "")/\($0["order_id"]?.stringValue ?? "")"
        }
    }

    // MARK: - Orders in

    private mutating func submit() async throws {
        var lines: [UInt8] = []
        for order in settings.orders { lines += order.canonicalBytes + [UInt8(ascii: "\n")] }
        let answer = try await stage.api.post("/v1/orders/batch", lines: lines)
        let statuses = answer.body.split(separator: UInt8(ascii: "\n"))
            .compactMap { (try? JSONReader.read(Array($0)))?["status"]?.intValue }
        let taken = statuses.count { $0 == 202 }
        guard taken == settings.orders.count else {
            let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
            throw Stop(
                .refused,
                "only \(taken) of \(settings.orders.count) orders were taken:\n\(text)"
            )
        }
        Terminal.say("\(taken) orders taken in, each on disk before it was acknowledged")
    }

    // MARK: - Until all is settled

    private mutating func work() async throws {
        let clock = ContinuousClock()
        let end = clock.now + settings.limit
        var progress = ProgressBar("settled", total: names.count)
        var kills = 0
        while clock.now < end {
            guard let views = try? await stage.views() else {
                try await Task.sleep(for: Self.pause)
                continue
            }
            await pharmacist.round(views, stage.api)
            await findBlocked(views)
            let settled = views.count { isSettled($0) }
            progress.show(settled)
            if kills < settings.killCount, progressed(views) >= dueProgress(ofKill: kills + 1) {
                kills += 1
                try await kill(kills)
            } else if settled == names.count, kills >= settings.killCount {
                progress.finish()
                return
            }
            try await Task.sleep(for: Self.pause)
        }
        progress.finish()
        Terminal.say("time is over with orders that are not settled")
    }

    /// How many events an order has when it is about done.
    private static let eventsOfAnOrder = 24

    /// How much of the work is done, in events, an order counting up to what it needs.
    private func progressed(_ views: [JSON]) -> Int {
        views.reduce(0) { sum, view in
            sum + min(Self.eventsOfAnOrder, view["version"]?.intValue ?? 0)
        }
    }

    /// The kills are spread over the whole of the work.
    private func dueProgress(ofKill number: Int) -> Int {
        names.count * Self.eventsOfAnOrder * number / (settings.killCount + 1)
    }

    private mutating func kill(_ number: Int) async throws {
        let recovery = try await stage.crash()
        outcome.recoveries.append(recovery)
        Terminal.say(
            "SIGKILL \(number) of \(settings.killCount): ready again after \(recovery.words)"
        )
    }

    /// Orders whose fee waits for a parked one of the same client: a person's decision moves both.
    private mutating func findBlocked(_ views: [JSON]) async {
        blocked = []
        guard views.contains(where: { $0["parked"]?.objectValue != nil }) else { return }
        for view in views where view["fee"]?["state"]?.stringValue == "charging" {
            let name = "\(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? "")"
            let detail = try? await stage.api.get("/v1/orders/\(name)").json
            let why = detail?["waiting"]?["detail"]?.stringValue ?? ""
            if why.contains("is parked") { blocked.insert(name) }
        }
    }

    /// Whether nobody but people has anything to do with the order.
    private func isSettled(_ view: JSON) -> Bool {
        let name = "\(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? "")"
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

    // MARK: - The reckoning

    private mutating func reckon() async throws {
        try await stage.calm()
        try await letTheReconcilerLook()
        outcome.views = try await stage.views()
        outcome.serverExit = stage.stopServer()
        let entries = try await stage.ledger()
        outcome.faults = try await faults()
        stage.stopSimulator()
        let installations = Dictionary(
            Stage.clinics.map { ($0.0, $0.1) },
            uniquingKeysWith: { first, _ in first }
        )
        let facts = outcome.views.map { view in
            LedgerCheck.OrderFacts(
                view,
                installation: installations[view["clinic"]?.stringValue ?? ""] ?? "",
                isSettled: isSettled(view)
            )
        }
        outcome.verdict = LedgerCheck.run(submitted: names, orders: facts, entries: entries)
        outcome.dispenseCount = pharmacist.dispenseCount
        let store = try SQLiteStore(readingFrom: stage.data)
        outcome.replay = try await AuditReplay.run(store)
        store.close()
    }

    /// What the clinics did by themselves in the last moments is found within two rounds.
    private mutating func letTheReconcilerLook() async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        let least = begin + .seconds(10)
        while clock.now < begin + .seconds(60) {
            let views = try await stage.views()
            await findBlocked(views)
            if clock.now >= least, views.allSatisfy({ isSettled($0) }) { return }
            await pharmacist.round(views, stage.api)
            try await Task.sleep(for: Self.pause)
        }
    }

    private func faults() async throws -> [String: Int] {
        let answer = try await stage.provet.get("/_simulator/summary")
        let members = answer.json?["faults"]?.objectValue?.members ?? []
        return Dictionary(
            members.map { ($0.name, $0.value.intValue ?? 0) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension Duration {
    /// Seconds with two decimals.
    var words: String {
        let hundredths = Int(self / .milliseconds(10))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
    }
}
