import ArgumentParser
import DosetteCore
import DosetteSQLite
import DosetteStore
import Foundation

/// Events through the `Store` seam: hashed, chained and projected, each caller waiting for its own to be durable.
struct AppendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Commit events through the store."
    )

    @Argument(help: "A new directory for the journal.") var directory: String
    @Option(help: "Events in all.") var rows = 100_000
    @Option(help: "Callers that commit at once.") var callers = 1
    @Option(help: "Events in a commit.") var events = 1

    func run() async throws {
        let store = try SQLiteStore(directory: URL(filePath: directory))
        let owner = try await store.beginEpoch(at: Sample.start, software: "bench")
        if try await !store.definitions().contains(where: { $0.digest == Sample.digest }) {
            try await store.commit(Sample.definition(expecting: owner.engineVersion, owner.epoch))
        }
        let commitCount = rows / (callers * events) + 1
        let began = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<callers {
                group.addTask { try await commit(commitCount, to: store, epoch: owner.epoch) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        store.close()
        var figures = Figures()
        let written = commitCount * callers * events
        figures[count: "rows"] = written
        figures["seconds"] = seconds
        figures["rows_per_second"] = Double(written) / seconds
        figures.add(times, as: "")
        figures.addMemory()
        figures.print()
    }

    private func commit(
        _ count: Int,
        to store: SQLiteStore,
        epoch: Int
    ) async throws -> [Duration] {
        var times: [Duration] = []
        times.reserveCapacity(count)
        var order = Sample(store.nextStream())
        for _ in 0..<count {
            if order.version + events > Sample.eventsMaximum { order = Sample(store.nextStream()) }
            let commit = order.commit(events, epoch: epoch)
            let began = ContinuousClock.now
            try await store.commit(commit)
            times.append(ContinuousClock.now - began)
        }
        return times
    }
}

/// An order whose events are about as long as those of a step: 240 bytes an entry.
struct Sample {
    static let start = Timestamp(milliseconds: 1_755_688_845_000)
    static let eventsMaximum = 25
    static let digest = String(repeating: "a", count: 64)
    private static let view = String(repeating: "v", count: 900)

    private let stream: StreamID
    private let key: OrderKey
    private(set) var version = 0

    init(_ stream: StreamID) {
        self.stream = stream
        guard let key = OrderKey(source: "webshop", orderID: "HD-\(stream)") else {
            preconditionFailure("a sample's id is a token")
        }
        self.key = key
    }

    /// The engine's change that brings the samples' definition into the journal.
    static func definition(expecting version: Int, _ epoch: Int) -> Commit {
        let row = DefinitionRow(digest: digest, name: "bench", version: 1, text: "")
        let event = EngineEvent.workflowDefined(row)
        return Commit(
            stream: .engine,
            expectedVersion: version,
            epoch: epoch,
            events: [EventCodec.encode(event, version: version, at: start)],
            order: nil,
            work: [],
            definition: row
        )
    }

    mutating func commit(_ eventCount: Int, epoch: Int) -> Commit {
        let expected = version
        let events = (0..<eventCount).map { _ in next() }
        return Commit(
            stream: stream,
            expectedVersion: expected,
            epoch: epoch,
            events: events,
            order: row,
            work: [work]
        )
    }

    private mutating func next() -> EncodedEvent {
        let at = Self.start.advanced(by: .seconds(Int64(version)))
        let effect = EffectEvent(
            number: version,
            part: "work",
            action: "bench.nothing",
            purpose: .action,
            event: .confirmed(Receipt(["id": JSON(version)]))
        )
        defer { version += 1 }
        let fact = Fact(event: .effect(effect), at: at, actor: .dosette)
        return EventCodec.encode(fact, stream: stream, version: version, key: key)
    }

    private var row: OrderRow {
        OrderRow(
            stream: stream,
            key: key,
            clinic: "nordic-vets",
            priority: .normal,
            contentDigest: Self.digest,
            workflowDigest: Self.digest,
            version: version,
            prescriptionState: "draft",
            parkedKind: nil,
            isOpen: true,
            isQueued: false,
            watchedUntil: nil,
            receivedAt: Self.start,
            changedAt: Self.start.advanced(by: .seconds(Int64(version))),
            view: Self.view
        )
    }

    private var work: WorkRow {
        WorkRow(
            stream: stream,
            part: 0,
            lane: version.isMultiple(of: 2) ? "do/nordic-vets/bench.nothing" : "out/1",
            priority: .normal,
            dueAt: Self.start.advanced(by: .seconds(Int64(version))),
            wants: nil,
            holds: nil
        )
    }
}
