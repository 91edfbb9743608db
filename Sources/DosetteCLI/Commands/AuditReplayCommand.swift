import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation

/// `dosette audit replay`: derives what is shown from what happened, and looks whether it can have happened.
struct AuditReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Derive every order anew from its events and compare with what is shown.",
        discussion: """
            Each event must be a legal decision at its place. Reads only; it may run beside a working \
            server. With --order it tells one order's story and judges it; with --diff it tells \
            which orders changed between two moments. Exit code 1 when anything differs.
            """
    )

    @OptionGroup var options: AccessOptions
    @Option(help: "Only this order, with its story: SOURCE/ORDER_ID.") var order: String?
    @Option(help: "Only what was recorded until then: 2025-08-20T11:20:45Z, or #POSITION.")
    var asOf: String?
    @Option(
        parsing: .upToNextOption,
        help: "What changed between two moments, each a time or #POSITION."
    )
    var diff: [String] = []
    @OptionGroup var reader: ReaderOptions
    @Flag(help: "Print the report as JSON.") var json = false

    func validate() throws {
        guard reader.by == nil || (order != nil && diff.isEmpty) else {
            throw ValidationError("--by belongs to --order")
        }
        guard diff.isEmpty || diff.count == 2 else {
            throw ValidationError("--diff: two moments, the earlier one first")
        }
        guard diff.isEmpty || asOf == nil else {
            throw ValidationError("--diff says until when; leave --as-of out")
        }
    }

    func run() async throws {
        let moment = try asOf.map { try Self.moment($0, "--as-of") }
        let moments = try diff.map { try Self.moment($0, "--diff") }
        let key = try order.map { name in
            guard let key = OrderKey(text: name) else {
                throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
            }
            return key
        }
        let configuration = try options.configuration()
        let store = try PharmacyAccess.reading(configuration)
        if moments.count == 2 {
            try await compare(moments[0], moments[1], key, store)
        } else if let key {
            let opening = try await reader.opening(of: [key], for: "history", options)
            try await tell(key, moment, store, opening)
        } else {
            try await replay(moment, store, PharmacyAccess.opening(configuration))
        }
    }

    private static func moment(_ text: String, _ option: String) throws -> AuditMoment {
        guard let moment = AuditMoment(text: text) else {
            throw Stop(.usage, "\(option): \(AuditMoment.rule)")
        }
        return moment
    }

    private func replay(
        _ moment: AuditMoment?,
        _ store: any Store,
        _ opening: Opening
    ) async throws {
        let total = try await store.measure().eventCount
        let progress = Progress(total: Int(total))
        let report = try await AuditReplay.run(
            store,
            options: .init(
                asOf: moment,
                opening: opening,
                progress: { progress.show(Int($0)) }
            )
        )
        progress.finish()
        print(json ? ReplayText.json(report).text : ReplayText.page(report, asOf: moment))
        if report.problemCount > 0 { throw Stop(.refused) }
    }

    private func tell(
        _ key: OrderKey,
        _ moment: AuditMoment?,
        _ store: any Store,
        _ opening: Opening
    ) async throws {
        let found = try await OrderAudit.run(key, in: store, asOf: moment, opening: opening)
        guard let audit = found else {
            throw Stop(.refused, "there is no order \(key)")
        }
        if json {
            for line in audit.lines { print(String(decoding: line.event.entry, as: UTF8.self)) }
            print(OrderAuditText.json(audit).text)
        } else {
            print(OrderAuditText.page(audit))
        }
        if !audit.problems.isEmpty { throw Stop(.refused) }
    }

    private func compare(
        _ first: AuditMoment,
        _ second: AuditMoment,
        _ key: OrderKey?,
        _ store: any Store
    ) async throws {
        do {
            let diff = try await AuditDiff.run(store, from: first, to: second, order: key)
            print(json ? DiffText.json(diff, first, second).text : DiffText.page(diff))
        } catch is AuditDiff.Backwards {
            throw Stop(.usage, "--diff: the earlier moment first")
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
    static func page(_ report: AuditReplay.Report, asOf: AuditMoment?) -> String {
        var lines = [
            "\(report.eventCount) events replayed: \(report.orderCount) orders, "
                + "\(report.effectCount) attempts, \(report.dispenseCount) dispenses, "
                + "\(report.definitionCount) definitions, \(report.startCount) starts",
            "prescriptions: \(counts(report.prescriptions))",
            "fees: \(counts(report.fees))",
            "open \(report.openCount), parked \(report.parkedCount)",
            "\(report.decisionCount) decisions were taken again",
            "tree root \(report.root)",
        ]
        lines += report.problems.map { "DIFFERENCE \($0)" }
        if asOf != nil {
            lines.append("as of that moment; nothing was compared with what is shown now")
            if report.problemCount > 0 { lines.append("\(report.problemCount) differences") }
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
            "decisions": JSON(report.decisionCount),
            "compared": JSON(report.comparedCount), "differences": JSON(report.problemCount),
            "problems": .array(report.problems.map { .string($0) }),
            "prescriptions": object(report.prescriptions), "fees": object(report.fees),
            "open": JSON(report.openCount), "parked": JSON(report.parkedCount),
            "root": .string(report.root),
        ]
    }
}
