import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation
import Testing

/// The files of the golden journals.
enum GoldenJournals {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Journals")
    private static let newline = UInt8(ascii: "\n")

    /// The journals, by name.
    static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (files ?? []).filter { $0.hasSuffix(".ndjson") }.sorted()
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    /// The keys of the journals that are sealed: the simulation's, which follow from the subjects' numbers.
    static func vault() async throws -> InMemoryVault {
        let vault = InMemoryVault()
        for number in 1...subjectsMaximum {
            let client = ClientName(clinic: "golden", id: number)
            _ = try await vault.subject(of: client, at: Timestamp(milliseconds: 0))
        }
        return vault
    }

    private static let subjectsMaximum = 100

    static func events(_ name: String) throws -> [RecordedEvent] {
        try bytes(name).split(separator: newline).map { line in
            let entry = Array(line)
            let envelope = try EventCodec.envelope(entry)
            return RecordedEvent(
                position: envelope.position,
                stream: envelope.stream,
                version: envelope.version,
                entry: entry
            )
        }
    }

    /// The views of a journal's orders at its end, a line each.
    static func views(_ events: [RecordedEvent]) throws -> [UInt8] {
        let orders = try ShownJournal.fold(events)
        let lines = orders.map { JSON.object($0.order.view).canonicalBytes + [newline] }
        return Array(lines.joined())
    }

    static func views(of name: String) -> String {
        name.replacing(".ndjson", with: ".views")
    }

    // MARK: - Writing

    /// Keeps a journal under a new name.
    static func keep(_ events: [RecordedEvent], as name: String) throws {
        let file = folder.appending(path: name)
        try #require(
            !FileManager.default.fileExists(atPath: file.path),
            "it is never written twice"
        )
        let lines = events.map { $0.entry + [newline] }
        try Data(lines.joined()).write(to: file)
    }

    /// Writes the views of journals that have none yet.
    static func completeViews() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for name in files where name.hasSuffix(".ndjson") && !files.contains(views(of: name)) {
            try Data(views(try events(name))).write(to: folder.appending(path: views(of: name)))
        }
    }
}

/// Journals that released versions wrote: every later version reads them, comes to the same, and finds them legal.
///
/// `Scripts/golden-journal VERSION` adds new ones; see docs/releasing.md.
@Suite("Golden journals", .timeLimit(.minutes(1)))
struct GoldenJournalTests {
    // MARK: - Reading

    @Test func `there are golden journals`() {
        #expect(GoldenJournals.names.count >= GoldenStories.all.count)
    }

    @Test(arguments: GoldenJournals.names)
    func `a journal of an earlier version comes to what it came to then`(name: String) throws {
        let views = try GoldenJournals.views(try GoldenJournals.events(name))
        #expect(views == (try GoldenJournals.bytes(GoldenJournals.views(of: name))))
    }

    @Test(arguments: GoldenJournals.names)
    func `a journal of an earlier version is legal`(name: String) async throws {
        let shown = try ShownJournal(try GoldenJournals.events(name))
        let report = try await AuditReplay.run(shown)
        #expect(report.problems == [])
        #expect(report.decisionCount >= 10)
        #expect(report.comparedCount == report.orderCount)
    }

    @Test(arguments: GoldenJournals.names)
    func `what is read of an earlier version is written the same`(name: String) async throws {
        let vault = try await GoldenJournals.vault()
        for event in try GoldenJournals.events(name) where event.stream != .engine {
            let envelope = try EventCodec.envelope(event.entry, opening: .keys(vault))
            let again = EventCodec.encode(
                try EventCodec.fact(envelope),
                stream: event.stream,
                version: event.version,
                key: try #require(envelope.order),
                seal: try envelope.sealed.flatMap { try vault.seal(of: $0.subject) }
            )
            #expect(again.entry(at: event.position) == event.entry)
        }
    }

    /// A journal that was changed after its release is no witness any more.
    @Test func `no golden journal was changed`() throws {
        let text = String(decoding: try GoldenJournals.bytes("SHA256SUMS"), as: UTF8.self)
        var sums: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            #expect(words.count == 2)
            sums[String(words[1])] = String(words[0])
        }
        for name in GoldenJournals.names.flatMap({ [$0, GoldenJournals.views(of: $0)] }) {
            #expect(
                sums.removeValue(forKey: name) == HexDigest.of(try GoldenJournals.bytes(name)),
                "\(name)"
            )
        }
        #expect(sums.isEmpty, "\(sums.keys.sorted()) are gone")
    }

    // MARK: - What they hold

    /// Every kind that docs/journal.md tells of, but for the states of parts.
    private static let kinds = [
        "order.received", "signal.received", "order.parked", "order.unparked", "saga.turned_back",
        "order.reminded", "clinic.observed", "clinic.noticed", "dispense.recorded",
        "dispense.reversed", "order.asked", "effect.intended", "effect.confirmed",
        "effect.adopted", "effect.refused", "effect.conflicted", "effect.postponed",
        "effect.unknown", "effect.absent", "effect.probe_failed", "effect.in_doubt",
        "effect.exhausted", "effect.resumed", "effect.given_up", "engine.started",
        "workflow.defined", "clinic.added", "clinic.changed", "clinic.disabled", "clinic.enabled",
        "clinic.removed", "client.forget_asked", "client.forgotten", "client.held",
        "client.released", "operator.read", "audit.key_added", "audit.key_retired",
        "audit.log_restarted",
    ]

    @Test func `together they have every kind of event, notice and cause`() throws {
        var kinds: Set<String> = []
        var words: Set<String> = []
        for event in try GoldenJournals.names.flatMap(GoldenJournals.events) {
            let envelope = try EventCodec.envelope(event.entry)
            kinds.insert(String(envelope.kind.split(separator: "/")[0]))
            for name in ["what", "cause", "by", "kind"] {
                words.formUnion(envelope.data[name]?.stringValue.map { ["\(name) \($0)"] } ?? [])
            }
        }
        #expect(Set(Self.kinds).subtracting(kinds).sorted() == [])
        let due =
            Notice.Subject.allCases.map { "what \($0.rawValue)" }
            + Entered.Cause.allCases.map { "cause \($0.rawValue)" }
            + ParkedAction.allCases.map { "by \($0.rawValue)" }
            + ParkedKind.allCases.map { "kind \($0.rawValue)" }
        #expect(Set(due).subtracting(words).sorted() == [])
    }
}

/// What this version writes: legal always, and kept where `Scripts/golden-journal` asks for it.
@Suite("Golden journals of this version", .timeLimit(.minutes(1)))
struct GoldenJournalWriting {
    @Test(arguments: GoldenStories.all.map(\.name))
    func `this version writes journals that are legal`(name: String) async throws {
        let story = try #require(GoldenStories.all.first { $0.name == name })
        let writer = try await GoldenWriter()
        try await story.write(writer)
        let report = try await AuditReplay.run(writer.store)
        #expect(report.problems == [])
        guard let version = ProcessInfo.processInfo.environment["DOSETTE_GOLDEN_VERSION"] else {
            return
        }
        let only = ProcessInfo.processInfo.environment["DOSETTE_GOLDEN_STORY"]
        guard only == nil || only == name else { return }
        let events = try await writer.store.events(from: 0, limit: .max)
        try GoldenJournals.keep(events, as: "\(version)-\(name).ndjson")
        try GoldenJournals.completeViews()
    }
}
