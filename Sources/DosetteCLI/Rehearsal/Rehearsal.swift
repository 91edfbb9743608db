import DosetteCore
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
        var reckoning = Reckoning()
        var recoveries: [Duration] = []
        var seconds = Duration.zero

        var isClean: Bool { reckoning.isClean }
    }

    private let settings: Settings
    private let names: [String]
    private var stage: Stage
    private var floor: Floor
    private var outcome = Outcome()

    /// Plays the whole run.
    static func run(_ settings: Settings, in directory: URL) async throws -> Outcome {
        let begin = ContinuousClock.now
        Terminal.say("starting a simulated Provet (\(settings.stage.faults)) and a server")
        let stage = try await Stage.set(settings.stage, in: directory)
        var rehearsal = Rehearsal(settings, stage)
        do {
            try await rehearsal.submit()
            try await rehearsal.work()
            rehearsal.outcome.reckoning = try await Reckoning.run(
                rehearsal.stage,
                &rehearsal.floor,
                submitted: rehearsal.names
            )
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
        floor = Floor(day: settings.day)
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
                try await Task.sleep(for: Reckoning.pause)
                continue
            }
            await floor.round(views, stage)
            let settled = views.count { floor.isSettled($0) }
            progress.show(settled)
            if kills < settings.killCount, progressed(views) >= dueProgress(ofKill: kills + 1) {
                kills += 1
                try await kill(kills)
            } else if settled == names.count, kills >= settings.killCount {
                progress.finish()
                return
            }
            try await Task.sleep(for: Reckoning.pause)
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
}

extension Duration {
    /// Seconds with two decimals.
    var words: String {
        let hundredths = Int(self / .milliseconds(10))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
    }
}
