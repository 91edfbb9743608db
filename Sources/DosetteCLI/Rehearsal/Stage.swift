import DosetteCore
import DosetteSimulator
import Foundation

/// A simulated Provet and a Dosette server as real processes, and the way to both.
struct Stage {
    struct Settings {
        var seed: UInt64 = 1
        var faults = "mild"
        /// Seconds that the stage's clocks are ahead of the machine's.
        var clockOffset: Int64 = 0
        var plantedFault: String?
        var callsPerMinute = 100_000
        /// Further options of every `serve`.
        var serveOptions: [String] = []
        /// What is added to the environment of every `serve`.
        var serveEnvironment: [String: String] = [:]
        /// The token of whoever looks after the stage, where one is asked for.
        var token: String?
        /// Writes another configuration than the usual one, for a simulated Provet on this port.
        var configuration: (@Sendable (Int) -> String)?
    }

    /// How long a process may take until it answers.
    static let readyMaximum = Duration.seconds(60)
    static let pollPause = Duration.milliseconds(5)

    let directory: URL
    let settings: Settings
    private(set) var simulator: ChildProcess
    private(set) var server: ChildProcess
    let provet: APIClient
    private(set) var api: APIClient

    private var config: URL { directory.appending(path: "dosette.yaml") }
    var data: URL { directory.appending(path: "data") }
    var configPath: String { config.path }

    /// Starts both and waits until they answer.
    static func set(_ settings: Settings, in directory: URL) async throws -> Stage {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let portFile = directory.appending(path: "provet.port")
        let simulator = try ChildProcess(
            [
                "provet", "simulate", "--port", "0", "--faults", settings.faults,
                "--seed", "\(settings.seed)", "--port-file", portFile.path,
                "--calls-per-minute", "\(settings.callsPerMinute)",
                "--clock-offset=\(settings.clockOffset)",
            ],
            environment: [:],
            log: directory.appending(path: "provet.log")
        )
        do {
            return try await set(settings, in: directory, beside: simulator, portFile)
        } catch {
            // Nobody else knows of it: what was started does not outlive the failure.
            _ = simulator.stop()
            throw error
        }
    }

    private static func set(
        _ settings: Settings,
        in directory: URL,
        beside simulator: ChildProcess,
        _ portFile: URL
    ) async throws -> Stage {
        let port = try await waitFor("the simulated Provet") {
            let text = try? String(contentsOf: portFile, encoding: .utf8)
            return text.flatMap { Int($0) }
        }
        let text =
            settings.configuration?(port) ?? configuration(port: port, settings: settings)
        try text.write(
            to: directory.appending(path: "dosette.yaml"),
            atomically: true,
            encoding: .utf8
        )
        let provet = APIClient(address: "127.0.0.1:\(port)", token: nil)
        let server = try spawnServer(settings, directory)
        let ready: APIClient?
        do {
            ready = try await waitUntilReady(server, directory, settings.token)
        } catch {
            server.kill()
            throw error
        }
        guard let api = ready else {
            throw Stop(.unavailable, "the server ended; see \(server.log.path)")
        }
        return Stage(
            directory: directory,
            settings: settings,
            simulator: simulator,
            server: server,
            provet: provet,
            api: api
        )
    }

    static func spawnServer(
        _ settings: Settings,
        _ directory: URL,
        _ options: [String] = []
    ) throws -> ChildProcess {
        ServerRecord.remove(from: directory.appending(path: "data").path)
        var arguments = [
            "serve", "--config", directory.appending(path: "dosette.yaml").path,
            "--clock-offset=\(settings.clockOffset)",
        ]
        if let fault = settings.plantedFault { arguments += ["--planted-fault", fault] }
        return try ChildProcess(
            arguments + settings.serveOptions + options,
            environment: ["PROVET_SECRET": "simulated-secret"]
                .merging(settings.serveEnvironment) { $1 },
            log: directory.appending(path: "dosette.log")
        )
    }

    /// Answers the way to the server, or nothing when it has ended before it was ready.
    static func waitUntilReady(
        _ server: ChildProcess,
        _ directory: URL,
        _ token: String? = nil
    ) async throws -> APIClient? {
        let data = directory.appending(path: "data").path
        return try await waitFor("the server") { () -> APIClient?? in
            guard server.isRunning else { return .some(nil) }
            guard let record = ServerRecord.read(from: data) else { return nil }
            let client = APIClient(address: record.address, token: token)
            let answer = try? await client.get("/health/ready")
            return answer?.status == 200 ? client : nil
        }
    }

    private static func waitFor<Value>(
        _ what: String,
        _ look: () async throws -> Value?
    ) async throws -> Value {
        let clock = ContinuousClock()
        let end = clock.now + readyMaximum
        while clock.now < end {
            if let value = try await look() { return value }
            try await Task.sleep(for: pollPause)
        }
        throw Stop(.unavailable, "\(what) did not answer in time")
    }

    /// Kills the server in the middle of its work and starts it again.
    ///
    /// - Returns: How long it took from the start until it was ready.
    mutating func crash() async throws -> Duration {
        server.kill()
        guard let duration = try await restart() else {
            throw Stop(.unavailable, "the server ended; see \(server.log.path)")
        }
        return duration
    }

    /// Starts the server anew, whose process has ended, and does not wait.
    ///
    /// - Parameter options: What this process is told besides the stage's options.
    /// - Throws: What keeps it from being started.
    mutating func spawn(_ options: [String] = []) throws {
        server = try Self.spawnServer(settings, directory, options)
    }

    /// Starts the server anew, whose process has ended, and waits until it is ready.
    ///
    /// - Returns: How long it took, or nothing when it ended before.
    mutating func restart(_ options: [String] = []) async throws -> Duration? {
        let begin = ContinuousClock.now
        try spawn(options)
        guard let api = try await Self.waitUntilReady(server, directory, settings.token)
        else { return nil }
        self.api = api
        return ContinuousClock.now - begin
    }

    /// Stops the server in order; answers its exit code.
    func stopServer() -> Int32 { server.stop() }

    func stopSimulator() {
        _ = simulator.stop()
    }

    // MARK: - What is on it

    static let clinics = [
        ("nordic-vets", "4", "Europe/Helsinki"), ("fjord-vets", "5", "Europe/Oslo"),
    ]

    private static func configuration(port: Int, settings: Settings) -> String {
        let clinics = clinics.map { id, installation, zone in
            """
              - id: \(id)
                base_url: http://127.0.0.1:\(port)/\(installation)/api/0.1
                token_url: http://127.0.0.1:\(port)/\(installation)/oauth2/token/
                client_id: dosette
                client_secret_env: PROVET_SECRET
                time_zone: \(zone)
                calls_per_minute: \(settings.callsPerMinute)
            """
        }
        return """
            data: ./data
            listen: 127.0.0.1:0
            clinics:
            \(clinics.joined(separator: "\n"))
            timing:
              deadline: 1s
              server_bound: 4s
              probe_interval: 2s
              reconcile_interval: 2s
              retry: { attempts: 8, first: 200ms, factor: 2, most: 2s }
            limits: { breaker_failures: 8, breaker_pause: 1s }

            """
    }

    /// All orders' views.
    func views() async throws -> [JSON] {
        var views: [JSON] = []
        var cursor: String?
        repeat {
            let page = try await page(after: cursor, limit: 1_000)
            views += page.views
            cursor = page.next
        } while cursor != nil
        return views
    }

    /// Some orders' views, and where the next ones begin, if there are more.
    func page(
        after cursor: String?,
        limit: Int
    ) async throws -> (views: [JSON], next: String?) {
        let query = "/v1/orders?limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? "")
        let answer = try await api.get(query)
        guard answer.status == 200, let json = answer.json else {
            throw Stop(.unavailable, answer.problemText)
        }
        return (json["orders"]?.arrayValue ?? [], json["next"]?.stringValue)
    }

    /// What really happened to the simulated Provet.
    func ledger() async throws -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        let decoder = JSONDecoder()
        while true {
            let after = entries.last?.sequence ?? 0
            let answer = try await provet.get("/_simulator/ledger?after=\(after)&limit=10000")
            guard answer.status == 200 else {
                throw Stop(.unavailable, "the ledger cannot be read: \(answer.status)")
            }
            let lines = answer.body.split(separator: UInt8(ascii: "\n"))
            if lines.isEmpty { return entries }
            entries += try lines.map { try decoder.decode(LedgerEntry.self, from: Data($0)) }
        }
    }

    /// Lets the simulated Provet behave.
    func calm() async throws {
        _ = try await provet.post("/_simulator/faults", ["profile": "none"])
    }
}
