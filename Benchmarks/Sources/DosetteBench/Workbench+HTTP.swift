import ArgumentParser
import AsyncHTTPClient
import DosetteCore
import Foundation
import NIOCore
import NIOHTTP1

/// What goes over HTTP: intake, and whole orders against the simulator.
extension Workbench {
    private static let connections = 64
    private static let echoPort = 18_791
    private static let serverPort = 18_792
    private static let provetPort = 18_793
    private static let readySeconds = 30
    private static let ordersSeconds = 300
    private static let answerMaximum = 1_024 * 1_024

    var intake: Topic {
        let requests = amount(20_000, least: 200)
        return Topic(
            name: "intake",
            title: "Intake, 64 connections",
            sides: [
                rawLoop(requests),
                rawAppend("raw-commit", amount(64_000, least: 640), 64, ["--projections"]),
                Side(name: "intake") { [self] in
                    try await serving(clinics: 1, provet: 1) {
                        try load(Self.serverPort, requests)
                    }
                },
            ],
            comparisons: [
                Comparison(
                    title: "orders acknowledged a second, against requests of the raw loop",
                    measured: ("intake", "requests_per_second"),
                    baseline: ("raw-loop", "requests_per_second"),
                    goal: .atLeast(0.5)
                ),
                Comparison(
                    title: "p99 of an acknowledgement in µs, against a commit of 64 in C",
                    measured: ("intake", "p99_us"),
                    baseline: ("raw-commit", "p99_us"),
                    goal: .atMost(4)
                ),
            ]
        )
    }

    var wholeOrders: Topic {
        let orders = amount(2_000, least: 40)
        return Topic(
            name: "orders",
            title: "Whole orders over HTTP, the simulator in another process",
            sides: [
                rawLoop(amount(20_000, least: 200)),
                Side(name: "orders") { [self] in try await carryOut(orders) },
            ],
            comparisons: [
                Comparison(
                    title: "calls at Provet a second, against requests of the raw loop",
                    measured: ("orders", "calls_per_second"),
                    baseline: ("raw-loop", "requests_per_second"),
                    goal: .atLeast(0.6)
                )
            ],
            told: [
                ("orders a second", "orders", "orders_per_second", .reported),
                ("calls at Provet an order", "orders", "calls_per_order", .reported),
            ]
        )
    }

    private func rawLoop(_ requests: Int) -> Side {
        Side(name: "raw-loop") { [self] in
            let command = [
                "\(programs)/DosetteBench", "echo-server", "--port", "\(Self.echoPort)",
            ]
            return try await beside(
                command,
                port: Self.echoPort,
                readyAt: "/ready",
                start: { try ChildProcess($0) }
            ) {
                try load(Self.echoPort, requests)
            }
        }
    }

    private func load(_ port: Int, _ requests: Int, clinics: Int = 0) throws -> [String: Double] {
        try bench([
            "load", "--port", "\(port)", "--requests", "\(requests)", "--connections",
            "\(Self.connections)", "--clinics", "\(clinics)",
        ])
    }

    // MARK: - Servers

    /// Runs something beside a server with a new journal.
    private func serving<Value>(
        clinics: Int,
        provet: Int,
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await inFolder { folder in
            let file = "\(folder)/dosette.yaml"
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            try configuration(clinics, provet).write(
                toFile: file,
                atomically: true,
                encoding: .utf8
            )
            let command = [
                "\(programs)/dosette", "serve", "--config", file, "--log-level", "error",
            ]
            return try await beside(
                command,
                port: Self.serverPort,
                readyAt: "/health/ready",
                body
            )
        }
    }

    /// Runs something while a server of ours is there, which is gone afterwards.
    private func beside<Value>(
        _ command: [String],
        port: Int,
        readyAt path: String,
        start: ([String]) throws -> ChildProcess = {
            try ChildProcess.server($0, environment: ["BENCH_SECRET": "simulated-secret"])
        },
        _ body: () async throws -> Value
    ) async throws -> Value {
        if (try? await get(port, path, timeout: .milliseconds(300))) != nil {
            throw ValidationError("somebody else listens on port \(port)")
        }
        let server = try start(command)
        defer { server.stop() }
        server.discardOutput()
        try await wait(for: server, port, path)
        return try await body()
    }

    private func configuration(_ clinics: Int, _ provet: Int) -> String {
        let names = clinics == 1 ? [Pharmacy.clinic] : (1...clinics).map { "clinic-\($0)" }
        let entries = names.enumerated().map { index, name in
            """
              - id: \(name)
                base_url: http://127.0.0.1:\(provet)/\(index + 4)/api/0.1
                token_url: http://127.0.0.1:\(provet)/\(index + 4)/oauth2/token/
                client_id: dosette
                client_secret_env: BENCH_SECRET
                time_zone: Europe/Helsinki
                calls_per_minute: 1000000
            """
        }
        return """
            data: ./data
            listen: 127.0.0.1:\(Self.serverPort)
            clinics:
            \(entries.joined(separator: "\n"))
            pharmacy: { decision: accept }
            limits: { calls_in_flight: 256 }

            """
    }

    private func wait(for server: ChildProcess, _ port: Int, _ path: String) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.readySeconds)
        while ContinuousClock.now < deadline {
            guard server.isRunning else { throw ValidationError("no server on port \(port)") }
            if let answer = try? await get(port, path), answer.status != .serviceUnavailable {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw ValidationError("nobody listens on port \(port)")
    }

    private func get(
        _ port: Int,
        _ path: String,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> (status: HTTPResponseStatus, body: JSON) {
        // A connection that stays open would hold up the server's end.
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        do {
            let answer = try await client.execute(request, timeout: timeout)
            let body = try await answer.body.collect(upTo: Self.answerMaximum)
            try await client.shutdown()
            return (answer.status, (try? JSONReader.read(Array(body.readableBytesView))) ?? .null)
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    // MARK: - Whole orders

    private func carryOut(_ orders: Int) async throws -> [String: Double] {
        let simulator = [
            "\(programs)/dosette", "provet", "simulate", "--port", "\(Self.provetPort)",
            "--calls-per-minute", "10000000",
        ]
        return try await beside(
            simulator,
            port: Self.provetPort,
            readyAt: "/_simulator/health"
        ) {
            try await serving(clinics: 4, provet: Self.provetPort) {
                // Those that warm up the connections are orders, too.
                let count = orders + Self.connections
                let began = ContinuousClock.now
                _ = try load(Self.serverPort, orders, clinics: 4)
                let calls = try await waitForPayments(count)
                let seconds = (ContinuousClock.now - began) / .seconds(1)
                return [
                    "orders_per_second": Double(count) / seconds,
                    "calls_per_second": Double(calls) / seconds,
                    "calls_per_order": Double(calls) / Double(count),
                ]
            }
        }
    }

    /// Waits until the last step of so many orders stands in Provet's own ledger; answers how many calls there were.
    private func waitForPayments(_ count: Int) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(Self.ordersSeconds)
        while ContinuousClock.now < deadline {
            let summary = try await get(Self.provetPort, "/_simulator/summary").body
            if let paid = summary["effects"]?["payment_added"]?.intValue, paid >= count {
                return summary["requests"]?.intValue ?? 0
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ValidationError("orders are not done after \(Self.ordersSeconds) s")
    }
}
