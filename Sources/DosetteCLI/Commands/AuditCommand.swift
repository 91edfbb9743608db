import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Prove what happened.",
        subcommands: [
            Replay.self, AuditExportCommand.self, AuditProveCommand.self, AuditVerifyCommand.self,
            AuditPackageCommand.self,
            AuditKeysCommand.self, AuditRotateKeyCommand.self, AuditAcceptLossCommand.self,
        ]
    )

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Derive every order anew from its events and compare with what is shown.",
            discussion: """
                Reads only; it may run beside a working server. With --order it tells one order's \
                story instead. Exit code 1 when anything differs.
                """
        )

        @OptionGroup var options: AccessOptions
        @Option(help: "Tell the story of one order: SOURCE/ORDER_ID.") var order: String?
        @Option(help: "Only what was recorded until then, as 2025-08-20T11:20:45Z.")
        var asOf: String?
        @Flag(help: "Print the report as JSON.") var json = false

        func run() async throws {
            let limit = try asOf.map { text in
                guard let time = Timestamp(text: text) else {
                    throw Stop(.usage, "--as-of: a time with its zone, as 2025-08-20T11:20:45Z")
                }
                return time
            }
            let configuration = try options.configuration()
            let store = try PharmacyAccess.reading(configuration)
            if let order {
                try await tell(order, limit, store)
            } else {
                try await replay(limit, store, PharmacyAccess.opening(configuration))
            }
        }

        private func replay(
            _ limit: Timestamp?,
            _ store: any Store,
            _ opening: Opening
        ) async throws {
            let total = try await store.measure().eventCount
            let progress = Progress(total: Int(total))
            let report = try await AuditReplay.run(
                store,
                options: .init(
                    asOf: limit.map { .time($0) },
                    opening: opening,
                    progress: { progress.show(Int($0)) }
                )
            )
            progress.finish()
            print(json ? ReplayText.json(report).text : ReplayText.page(report, asOf: limit))
            if report.problemCount > 0 { throw Stop(.refused) }
        }

        private func tell(_ name: String, _ limit: Timestamp?, _ store: any Store) async throws {
            guard let key = OrderKey(text: name) else {
                throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
            }
            guard let row = try await store.order(key) else {
                throw Stop(.refused, "there is no order \(key)")
            }
            let events = try await store.events(
                of: row.stream,
                from: 0,
                limit: Order.eventCountMaximum
            )
            var table = TextTable(["WHEN", "WHO", "WHAT", "WHY"])
            for event in events {
                let fact = try EventCodec.fact(event.entry)
                if let limit, fact.at > limit { break }
                if json {
                    print(String(decoding: event.entry, as: UTF8.self))
                    continue
                }
                let line = OrderStory.line(fact)
                table.add([line.at.text, line.who, line.what, line.why ?? ""])
            }
            if !json { print(table.text) }
        }
    }
}

/// A progress bar that a callback may move.
private final class Progress: Sendable {
    private let bar: Locked<ProgressBar>

    init(total: Int) {
        bar = Locked(ProgressBar("replaying", total: total))
    }

    func show(_ done: Int) { bar.change { $0.show(done) } }
    func finish() { bar.change { $0.finish() } }
}

/// A replay's report in words.
enum ReplayText {
    static func page(_ report: AuditReplay.Report, asOf: Timestamp?) -> String {
        var lines = [
            "\(report.eventCount) events replayed: \(report.orderCount) orders, "
                + "\(report.effectCount) attempts, \(report.dispenseCount) dispenses, "
                + "\(report.definitionCount) definitions, \(report.startCount) starts",
            "prescriptions: \(counts(report.prescriptions))",
            "fees: \(counts(report.fees))",
            "open \(report.openCount), parked \(report.parkedCount)",
            "tree root \(report.root)",
        ]
        lines += report.problems.map { "DIFFERENCE \($0)" }
        if asOf != nil {
            lines.append("as of that time; nothing was compared with what is shown now")
        } else if report.problemCount == 0 {
            lines.append("compared \(report.comparedCount) orders: differences none")
        } else {
            lines.append("\(report.problemCount) differences")
        }
        return lines.joined(separator: "\n")
    }

    private static func counts(_ counts: [String: Int]) -> String {
        let pairs = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return pairs.isEmpty ? "none" : pairs.joined(separator: ", ")
    }

    static func json(_ report: AuditReplay.Report) -> JSON {
        func object(_ counts: [String: Int]) -> JSON {
            .object(JSONObject(counts.map { ($0.key, JSON($0.value)) }))
        }
        return [
            "events": .integer(report.eventCount), "orders": JSON(report.orderCount),
            "attempts": JSON(report.effectCount), "dispenses": JSON(report.dispenseCount),
            "compared": JSON(report.comparedCount), "differences": JSON(report.problemCount),
            "problems": .array(report.problems.map { .string($0) }),
            "prescriptions": object(report.prescriptions), "fees": object(report.fees),
            "open": JSON(report.openCount), "parked": JSON(report.parkedCount),
            "root": .string(report.root),
        ]
    }
}
