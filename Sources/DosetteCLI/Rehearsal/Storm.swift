import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation

/// Many clients that hand orders in while the server is killed.
///
/// Provet is absent: nobody listens at the clinics' address, the first call finds that out, and the breaker
/// keeps the engine from trying again, so that the journal has intake to itself.
struct Storm: Sendable {
    struct Settings: Sendable {
        var documentCount = 10_000
        var connections = 64
        var kills = 20
        var seed: UInt64 = 1
        var clockOffset: Int64 = 0
        var plantedFault: PlantedFault?
        /// No kill comes after it, and no client tries again.
        var limit = Duration.seconds(600)
    }

    struct Outcome: Sendable {
        var problems: [String] = []
        var sent = 0
        var taken = 0
        var known = 0
        var conflicts = 0
        var retries = 0
        var kills = 0
        var stored = 0
        /// From the first document until the last answer.
        var duration = Duration.zero
    }

    /// How long a client waits before it tries again: shorter than the server asks for, to be a storm.
    private static let retryPause = Duration.milliseconds(20)
    private static let retryPauseMaximum = Duration.milliseconds(80)
    /// After it was due, a kill comes within so many milliseconds.
    private static let killJitter = 0...40
    private static let pageLength = 2_000

    private let settings: Settings
    private let directory: URL
    private let load: StormLoad
    private let end: ContinuousClock.Instant
    /// The way to the server that runs; nothing between two of them.
    private let api = Locked<APIClient?>(nil)
    private let nextUnit = Locked(0)
    private let history = Locked(StormHistory())
    private let retries = Locked(0)

    /// Lets it happen and reckons.
    ///
    /// - Parameters:
    ///   - settings: How much of it.
    ///   - directory: Where data and logs go.
    /// - Returns: What happened and what is wrong.
    /// - Throws: What keeps the server from running, or the journal from being read.
    static func run(_ settings: Settings, in directory: URL) async throws -> Outcome {
        let text = configuration(settings)
        try text.write(
            to: directory.appending(path: "dosette.yaml"),
            atomically: true,
            encoding: .utf8
        )
        let storm = Storm(settings, directory)
        let begin = ContinuousClock.now
        let (server, kills) = try await storm.blow()
        let duration = ContinuousClock.now - begin
        do {
            return try await storm.reckon(server, kills, duration)
        } catch {
            server.kill()
            throw error
        }
    }

    private init(_ settings: Settings, _ directory: URL) {
        self.settings = settings
        self.directory = directory
        load = StormLoad(documents: settings.documentCount, seed: settings.seed)
        end = ContinuousClock.now + settings.limit
    }

    private static func configuration(_ settings: Settings) -> String {
        let clinics = Stage.clinics.map { id, installation, zone in
            """
              - id: \(id)
                base_url: http://127.0.0.1:9/\(installation)/api/0.1
                token_url: http://127.0.0.1:9/\(installation)/oauth2/token/
                client_id: dosette
                client_secret_env: PROVET_SECRET
                time_zone: \(zone)
            """
        }
        return """
            data: ./data
            listen: 127.0.0.1:0
            clinics:
            \(clinics.joined(separator: "\n"))
            limits:
              queued_orders: \(settings.documentCount + settings.connections)
              calls_in_flight: 1
              breaker_failures: 1
              breaker_pause: 1h

            """
    }

    // MARK: - The server

    private func start() async throws -> ChildProcess {
        var stage = Stage.Settings()
        stage.clockOffset = settings.clockOffset
        stage.plantedFault = settings.plantedFault?.rawValue
        stage.serveOptions = ["--checkpoint-pages", "256"]
        let server = try Stage.spawnServer(stage, directory)
        guard let client = try await Stage.waitUntilReady(server, directory) else {
            throw Stop(.unavailable, "the server ended; see \(server.log.path)")
        }
        api.change { $0 = client }
        return server
    }

    /// Lets the clients send and kills the server meanwhile.
    ///
    /// - Returns: The server that runs in the end, and how many were killed.
    private func blow() async throws -> (ChildProcess, Int) {
        let first = try await start()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<settings.connections {
                group.addTask { await send(SeededChance(seed: settings.seed &+ UInt64(number))) }
            }
            defer { group.cancelAll() }
            let killed = try await kill(first)
            try await group.waitForAll()
            return killed
        }
    }

    private func kill(_ first: ChildProcess) async throws -> (ChildProcess, Int) {
        var server = first
        var chance = SeededChance(seed: settings.seed)
        for number in 0..<settings.kills {
            let due = load.documentCount * (number + 1) / (settings.kills + 1)
            while history.change({ $0.answeredCount + $0.others.count }) < due {
                guard ContinuousClock.now < end else { return (server, number) }
                try await Task.sleep(for: .milliseconds(2))
            }
            try await Task.sleep(for: chance.milliseconds(in: Self.killJitter))
            server.kill()
            api.change { $0 = nil }
            server = try await start()
        }
        return (server, settings.kills)
    }

    // MARK: - Clients

    /// What one client does: it takes the next request and sends it until each document is answered.
    private func send(_ random: SeededChance) async {
        var chance = random
        while ContinuousClock.now < end {
            let unit = nextUnit.change { next -> [StormDocument]? in
                guard next < load.units.count else { return nil }
                next += 1
                return load.units[next - 1]
            }
            guard var rest = unit else { return }
            while !rest.isEmpty, ContinuousClock.now < end {
                if let api = api.change({ $0 }) {
                    rest = await send(rest, to: api)
                    if rest.isEmpty { break }
                    retries.change { $0 += 1 }
                }
                let least = Int(Self.retryPause / .milliseconds(1))
                let most = Int(Self.retryPauseMaximum / .milliseconds(1))
                try? await Task.sleep(for: chance.milliseconds(in: least...most))
            }
        }
    }

    /// Sends what one request carries; answers what has no final answer.
    private func send(_ documents: [StormDocument], to api: APIClient) async -> [StormDocument] {
        if documents.count == 1 {
            guard let answer = try? await api.post("/v1/orders", bytes: documents[0].bytes),
                answer.status != 503
            else { return documents }
            history.change { $0.note(answer.status, to: documents[0]) }
            return []
        }
        let lines = documents.flatMap { $0.bytes + [UInt8(ascii: "\n")] }
        let answer = await api.upload("/v1/orders/batch", lines: lines)
        guard answer.status == 200 else { return documents }
        var isAnswered = Array(repeating: false, count: documents.count)
        for line in answer.body.split(separator: UInt8(ascii: "\n")) {
            guard let json = try? JSONReader.read(Array(line)),
                let number = json["line"]?.intValue, documents.indices.contains(number - 1),
                let status = json["status"]?.intValue, status != 503
            else { continue }
            isAnswered[number - 1] = true
            history.change { $0.note(status, to: documents[number - 1]) }
        }
        return documents.indices.filter { !isAnswered[$0] }.map { documents[$0] }
    }

    // MARK: - The reckoning

    private func reckon(
        _ server: ChildProcess,
        _ kills: Int,
        _ duration: Duration
    ) async throws -> Outcome {
        let shown = try await shown()
        let exit = server.stop()
        let data = directory.appending(path: "data")
        let store = try SQLiteStore(readingFrom: data)
        defer { store.close() }
        let opening = PharmacyAccess.opening(data: data)
        let stored = try await Self.stored(in: store, opening)
        let replay = try await AuditReplay.run(store, options: .init(opening: opening))
        let history = history.change { $0 }
        var outcome = Outcome()
        outcome.problems = history.problems(stored: stored, shown: shown, sent: load.documentCount)
        outcome.problems += replay.problems.map { "REPLAY \($0)" }
        if exit != 0 { outcome.problems.append("the server ended with \(exit)") }
        if kills < settings.kills {
            outcome.problems.append("only \(kills) of \(settings.kills) kills were dealt")
        }
        outcome.sent = load.documentCount
        outcome.taken = history.takenCount
        outcome.known = history.knownCount
        outcome.conflicts = history.conflictCount
        outcome.retries = retries.change { $0 }
        outcome.kills = kills
        outcome.stored = stored.count
        outcome.duration = duration
        return outcome
    }

    /// The orders that lists show.
    private func shown() async throws -> [Int] {
        guard let api = api.change({ $0 }) else { return [] }
        var shown: [Int] = []
        var cursor: String?
        repeat {
            let query = "/v1/orders?limit=1000" + (cursor.map { "&cursor=\($0)" } ?? "")
            let answer = try await api.get(query)
            guard answer.status == 200, let json = answer.json else {
                throw Stop(.unavailable, answer.problemText)
            }
            shown += (json["orders"]?.arrayValue ?? []).map { view in
                StormDocument.order(of: view["order_id"]?.stringValue ?? "") ?? -1
            }
            cursor = json["next"]?.stringValue
        } while cursor != nil
        return shown
    }

    /// What the journal says was received.
    private static func stored(
        in store: any Store,
        _ opening: Opening
    ) async throws -> [StormHistory.Stored] {
        var stored: [StormHistory.Stored] = []
        var position: Int64 = 0
        while true {
            let page = try await store.events(from: position, limit: pageLength)
            guard let last = page.last else { return stored }
            position = last.position + 1
            for event in page where event.stream != .engine {
                let fact = try EventCodec.fact(event.entry, opening: opening)
                guard case .received(let received) = fact.event else { continue }
                stored.append(
                    StormHistory.Stored(
                        order: StormDocument.order(of: received.key.orderID) ?? -1,
                        content: StormDocument.content(of: received.prescription)
                    )
                )
            }
        }
    }
}
