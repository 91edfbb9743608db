import ArgumentParser
import DosetteSQLite
import Foundation

/// What a journal of ten million events does to an engine, and an engine to memory and disk.
extension Workbench {
    // The growth comes last: it writes into the journals that the others read.
    var large: [Topic] { [verify, replay, replayOfAll, start, memory, soak, growth] }

    private var largeOrders: Int { amount(1_000_000, least: 2_000) }
    private var inFlight: Int { min(10_000, largeOrders / 2) }
    private var smallOrders: Int { inFlight }

    /// A journal that stays for all rounds, made when it is first asked for.
    private func journal(_ name: String, _ orders: Int) async throws -> String {
        let folder = scratch.appending(path: name).path
        if FileManager.default.fileExists(atPath: "\(folder)/\(SQLiteStore.fileName)") {
            return folder
        }
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        _ = try bench([
            "make", folder, "--orders", "\(orders)", "--in-flight", "\(inFlight)",
        ])
        return folder
    }

    private func large() async throws -> String { try await journal("large", largeOrders) }
    private func small() async throws -> String { try await journal("small", smallOrders) }

    /// A copy that a run may change.
    private func withCopy(
        of journal: String,
        _ body: (String) throws -> [String: Double]
    ) async throws -> [String: Double] {
        try await inFolder { folder in
            try FileManager.default.copyItem(atPath: journal, toPath: folder)
            return try body(folder)
        }
    }

    private func scanSide(
        _ name: String,
        _ journal: @escaping () async throws -> String
    ) -> Side {
        Side(name: name) { [self] in
            let file = "\(try await journal())/\(SQLiteStore.fileName)"
            return try baseline(["scan", file, "--hash", "--threads", "2"])
        }
    }

    private var verify: Topic {
        Topic(
            name: "verify",
            title: "Hashing a journal of 10 million events",
            sides: [
                scanSide("scan") { [self] in try await large() },
                Side(name: "verify") { [self] in try bench(["verify", try await large()]) },
            ],
            comparisons: [
                Comparison(
                    title:
                        "`audit verify`: events a second, against C's scan with SHA-256 on two cores",
                    measured: ("verify", "events_per_second"),
                    baseline: ("scan", "rows_per_second"),
                    goal: .atLeast(0.6)
                )
            ],
            told: [("memory at the most, MB", "verify", "memory_peak_mb", .atMost(100))]
        )
    }

    private var replay: Topic {
        Topic(
            name: "replay",
            title: "Replay of a journal, each decision taken again: 80,000 events",
            sides: [
                scanSide("scan") { [self] in try await small() },
                Side(name: "replay") { [self] in try bench(["replay", try await small()]) },
            ],
            comparisons: [
                Comparison(
                    title:
                        "`audit replay`: events a second, against C's scan with SHA-256 on two cores",
                    measured: ("replay", "events_per_second"),
                    baseline: ("scan", "rows_per_second"),
                    goal: .atLeast(0.6)
                )
            ],
            told: [("memory at the most, MB", "replay", "memory_peak_mb", .atMost(100))]
        )
    }

    private var replayOfAll: Topic {
        Topic(
            name: "replay-large",
            title: "Replay of all 10 million events, once",
            sides: [
                Side(name: "replay") { [self] in try bench(["replay", try await large()]) }
            ],
            comparisons: [],
            told: [
                ("events a second", "replay", "events_per_second", .reported),
                ("memory at the most, MB", "replay", "memory_peak_mb", .atMost(100)),
            ],
            roundsMaximum: 1
        )
    }

    private var growth: Topic {
        let rows = ["--rows", "\(amount(100_000, least: 1_024))", "--callers", "64"]
        func append(_ name: String, _ journal: @escaping () async throws -> String) -> Side {
            Side(name: "append-\(name)") { [self] in
                try bench(["append", try await journal()] + rows)
            }
        }
        func claim(_ name: String, _ journal: @escaping () async throws -> String) -> Side {
            Side(name: "claim-\(name)") { [self] in try bench(["claim", try await journal()]) }
        }
        return Topic(
            name: "growth",
            title: "A file of 10 million events and 1 million open orders, against a small one",
            sides: [
                append("small") { [self] in try await small() },
                append("large") { [self] in try await large() },
                claim("small") { [self] in try await small() },
                claim("large") { [self] in try await large() },
            ],
            comparisons: [
                Comparison(
                    title: "append, 64 callers: rows a second",
                    measured: ("append-large", "rows_per_second"),
                    baseline: ("append-small", "rows_per_second"),
                    goal: .atLeast(0.9)
                ),
                Comparison(
                    title: "agenda and claim of 64: questions a second",
                    measured: ("claim-large", "claims_per_second"),
                    baseline: ("claim-small", "claims_per_second"),
                    goal: .atLeast(0.9)
                ),
            ]
        )
    }

    private var start: Topic {
        Topic(
            name: "start",
            title: "A start on that file, which is in the page cache, with 10,000 attempts out",
            sides: [
                Side(name: "start") { [self] in
                    try await withCopy(of: try await large()) { folder in
                        try bench([
                            "start", folder, "--in-flight", "\(inFlight)", "--places", "256",
                            "--idle", "\(amount(10, least: 2))",
                        ])
                    }
                }
            ],
            comparisons: [],
            told: [
                ("ready after, s", "start", "ready_s", .atMost(1)),
                ("first attempt resumed after, s", "start", "first_resumed_s", .atMost(0.2)),
                ("all resumed after, s", "start", "all_resumed_s", .atMost(2)),
                ("of a core while idle, %", "start", "idle_core_percent", .atMost(0.5)),
                ("resident memory, MB", "start", "memory_mb", .atMost(150)),
            ]
        )
    }

    private var memory: Topic {
        let many = amount(10_000, least: 400)
        func hold(_ count: Int) -> Side {
            Side(name: "hold-\(count)") { [self] in
                try await inFolder { try bench(["hold", $0, "--in-flight", "\(count)"]) }
            }
        }
        return Topic(
            name: "memory",
            title: "Memory of what is in flight",
            sides: [hold(many)],
            comparisons: [],
            told: [
                (
                    "an effect in flight with its order, KB", "hold-\(many)", "kb_per_effect",
                    .atMost(10)
                )
            ]
        )
    }

    private var soak: Topic {
        Topic(
            name: "soak",
            title: "A year in virtual time",
            sides: [
                Side(name: "soak") { [self] in
                    try await inFolder {
                        try bench(["soak", $0, "--days", "\(amount(365, least: 3))"])
                    }
                }
            ],
            comparisons: [],
            told: [
                ("events", "soak", "events", .reported),
                ("write-ahead log at the most, MB", "soak", "log_mb", .atMost(64)),
                ("bytes of the file an event", "soak", "file_bytes_per_event", .reported),
                ("bytes of its entry", "soak", "entry_bytes_per_event", .reported),
            ]
        )
    }
}
