import ArgumentParser
import Foundation

/// Where the programs and the scratch folder are, and which topics there are.
final class Workbench {
    let programs: String
    let scratch: URL
    let scale: Double
    private let migrations: [String]
    private var folderCount = 0

    init(programs: String, migrations: String, scratch: String, scale: Double) {
        self.programs = programs
        self.scratch = URL(filePath: scratch)
        self.scale = scale
        let names = (try? FileManager.default.contentsOfDirectory(atPath: migrations)) ?? []
        self.migrations = names.filter { $0.hasSuffix(".sql") }.sorted()
            .map { "\(migrations)/\($0)" }
    }

    var topics: [Topic] { appends + [steps, latency, intake, wholeOrders] + large }

    // MARK: - Programs

    /// So much work, scaled.
    func amount(_ full: Int, least: Int = 1) -> Int { max(least, Int(Double(full) * scale)) }

    func bench(_ arguments: [String]) throws -> [String: Double] {
        try ChildProcess(["\(programs)/DosetteBench"] + arguments).figures()
    }

    func baseline(_ arguments: [String]) throws -> [String: Double] {
        try ChildProcess(["\(programs)/JournalBaseline"] + arguments).figures()
    }

    /// Runs something in a folder of its own, which is gone afterwards.
    func inFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        folderCount += 1
        let folder = scratch.appending(path: "run-\(folderCount)")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }

    /// The C program, committing so many changes at once.
    func rawAppend(_ name: String, _ rows: Int, _ batch: Int, _ more: [String] = []) -> Side {
        Side(name: name) { [self] in
            try await inFolder { folder in
                try baseline(
                    ["append", folder] + migrations
                        + ["--rows", "\(rows)", "--batch", "\(batch)"] + more
                )
            }
        }
    }

    // MARK: - Append

    /// Rows of a run: about as long for each number of callers.
    private static let appendRows = [1: 8_000, 8: 40_000, 64: 200_000, 512: 400_000]
    private static let appendGoals = [1: 0.65, 8: 0.45, 64: 0.65, 512: 0.6]

    private var appends: [Topic] {
        Self.appendRows.keys.sorted().map { callers in
            let rows = amount(Self.appendRows[callers] ?? 0, least: 2 * callers)
            let arguments = ["--rows", "\(rows)", "--callers", "\(callers)"]
            let rate = "rows_per_second"
            return Topic(
                name: "append-\(callers)",
                title: "Journal append, \(callers) at once",
                sides: [
                    rawAppend("raw", rows, callers),
                    rawAppend("raw-projected", rows, callers, ["--projections"]),
                    Side(name: "store") { [self] in
                        try await inFolder { try bench(["append", $0] + arguments) }
                    },
                ],
                comparisons: [
                    Comparison(
                        title: "rows a second, against C writing events alone",
                        measured: ("store", rate),
                        baseline: ("raw", rate),
                        goal: .atLeast(Self.appendGoals[callers] ?? 0)
                    ),
                    Comparison(
                        title: "rows a second, against C writing events and the same projections",
                        measured: ("store", rate),
                        baseline: ("raw-projected", rate),
                        goal: .reported
                    ),
                    Comparison(
                        title: "p99 of a commit in µs, against C with projections",
                        measured: ("store", "p99_us"),
                        baseline: ("raw-projected", "p99_us"),
                        goal: .reported
                    ),
                ]
            )
        }
    }

    // MARK: - Steps

    private func stepsSide(
        _ inFlight: Int,
        _ orders: Int,
        _ name: String = "steps",
        _ more: [String] = []
    ) -> Side {
        let arguments = ["--orders", "\(orders)", "--in-flight", "\(inFlight)"] + more
        return Side(name: "\(name)-\(inFlight)") { [self] in
            try await inFolder { try bench(["steps", $0] + arguments) }
        }
    }

    private var steps: Topic {
        let rows = amount(400_000, least: 1_024)
        return Topic(
            name: "steps",
            title: "Engine, ten durable steps an order",
            sides: [
                rawAppend("raw", rows, 512),
                rawAppend("raw-step", rows, 512, ["--events", "3", "--projections"]),
                stepsSide(64, amount(20_000, least: 128)),
                stepsSide(512, amount(20_000, least: 512)),
                stepsSide(512, amount(20_000, least: 512), "sealed", ["--sealed"]),
            ],
            comparisons: [
                Comparison(
                    title:
                        "steps a second at 64 in flight, against C's rows a second, 512 a commit",
                    measured: ("steps-64", "steps_per_second"),
                    baseline: ("raw", "rows_per_second"),
                    goal: .atLeast(0.20)
                ),
                Comparison(
                    title: "the same at 512 in flight",
                    measured: ("steps-512", "steps_per_second"),
                    baseline: ("raw", "rows_per_second"),
                    goal: .atLeast(0.25)
                ),
                Comparison(
                    title: "the same, what is personal sealed as a server does it",
                    measured: ("sealed-512", "steps_per_second"),
                    baseline: ("raw", "rows_per_second"),
                    goal: .reported
                ),
                Comparison(
                    title: "steps a second at 512 in flight, against C writing a step's rows",
                    measured: ("steps-512", "steps_per_second"),
                    baseline: ("raw-step", "rows_per_second"),
                    factor: 1.0 / 3.0,
                    goal: .reported
                ),
            ]
        )
    }

    private var latency: Topic {
        let orders = amount(100, least: 2)
        let rows = orders * 10 * 3
        return Topic(
            name: "latency",
            title: "One order alone",
            sides: [
                rawAppend("raw-step", rows, 1, ["--events", "3", "--projections"]),
                stepsSide(1, orders),
            ],
            comparisons: ["p50_us", "p99_us"].map { figure in
                Comparison(
                    title:
                        "\(figure.prefix(3)) of a step in µs, against a commit of the same rows in C",
                    measured: ("steps-1", "step_\(figure)"),
                    baseline: ("raw-step", figure),
                    goal: .atMost(1.3)
                )
            }
        )
    }
}
