import DosetteCore
import DosetteSQLite
import DosetteStore
import Foundation

/// Everything that the workload did to its disk, with what had been acknowledged at each moment.
struct Recording: Sendable {
    /// What the workload was doing.
    enum Phase: String, CaseIterable, Sendable {
        case migrating, opening, working, closing, closed
    }

    struct Step: Sendable {
        /// Nothing for an acknowledgement.
        let operation: DiskOperation?
        /// Events that were acknowledged when the step was done.
        let requiredCount: Int
        let phase: Phase
    }

    static let acksName = "acks"

    let steps: [Step]
    /// The whole journal after the workload.
    let entries: [[UInt8]]
    /// The lengths that the journal had between two commits.
    let boundaries: Set<Int>
    /// Acknowledgements that the finished journal does not keep, or keeps otherwise.
    let problems: [String]

    /// Reads a recording.
    ///
    /// - Parameters:
    ///   - log: The shim's log.
    ///   - root: The directory that was recorded.
    ///   - entries: The journal as it was after the workload, in order.
    /// - Throws: ``UnreadableLog`` when the log cannot be read.
    init(log: URL, root: String, entries: [[UInt8]]) throws {
        var reader = AcknowledgementReader(entries)
        var steps: [Step] = []
        var acks: Set<Int32> = []
        func step(_ operation: DiskOperation?) -> Step {
            Step(operation: operation, requiredCount: reader.required, phase: reader.phase)
        }
        for operation in try DiskLogReader.read(log, root: root) {
            switch operation {
            case .open(let descriptor, Self.acksName, _, _):
                acks.insert(descriptor)
                continue
            case .close(let descriptor) where acks.contains(descriptor):
                acks.remove(descriptor)
                continue
            case .write(let descriptor, _, let bytes) where acks.contains(descriptor):
                if reader.read(bytes) { steps.append(step(nil)) }
                continue
            case .start: acks = []
            default: break
            }
            steps.append(step(operation))
        }
        self.steps = steps
        self.entries = entries
        boundaries = reader.boundaries
        problems = reader.problems
    }
}

/// Reads what the witness wrote between the operations.
struct AcknowledgementReader {
    private struct Place: Hashable {
        let stream: Int64
        let version: Int
    }

    private let entries: [[UInt8]]
    private var positions: [Place: Int] = [:]
    /// Events that were acknowledged so far.
    private(set) var required = 0
    private(set) var phase = Recording.Phase.migrating
    private(set) var boundaries: Set<Int> = [0]
    private(set) var problems: [String] = []

    init(_ entries: [[UInt8]]) {
        self.entries = entries
        for (position, entry) in entries.enumerated() {
            guard let envelope = try? EventCodec.envelope(entry) else { continue }
            let place = Place(stream: envelope.stream.number, version: envelope.version)
            positions[place] = position
            // A start stands alone in its commit.
            if envelope.kind == "engine.started/1" { boundaries.insert(position + 1) }
        }
    }

    /// Reads one line with what belongs to it; answers whether it is an acknowledgement.
    mutating func read(_ bytes: [UInt8]) -> Bool {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let words = lines.first?.split(separator: " ").map(String.init) ?? []
        switch (words.first, words.count) {
        case ("phase", 2): phase = Recording.Phase(rawValue: words[1]) ?? phase
        case ("epoch", 3):
            note(stream: 0, version: Int(words[2]) ?? 0, count: 1, [])
            return true
        case ("try", 4):
            let version = (Int(words[2]) ?? 0) + (Int(words[3]) ?? 0) - 1
            let place = Place(stream: Int64(words[1]) ?? 0, version: version)
            if let position = positions[place] { boundaries.insert(position + 1) }
        case ("commit", 4):
            let stream = Int64(words[1]) ?? 0
            let version = Int(words[2]) ?? 0
            note(stream: stream, version: version, count: lines.count - 1, lines.dropFirst())
            return true
        default: problems.append("an acknowledgement begins with \(words.first ?? "")")
        }
        return false
    }

    private mutating func note(
        stream: Int64,
        version: Int,
        count: Int,
        _ texts: ArraySlice<Substring>
    ) {
        let last = Place(stream: stream, version: version + count - 1)
        guard let position = positions[last] else {
            problems.append("stream \(stream) lost version \(version) after its acknowledgement")
            return
        }
        for (offset, text) in texts.enumerated() {
            let place = Place(stream: stream, version: version + offset)
            guard let position = positions[place],
                Self.withoutPosition(entries[position]) == Array(text.utf8)
            else {
                problems.append("stream \(stream) keeps other bytes than were acknowledged")
                continue
            }
        }
        boundaries.insert(position + 1)
        required = max(required, position + 1)
    }

    /// Reads all that a witness wrote.
    mutating func read(all text: String) {
        var lines = text.split(separator: "\n")[...]
        while let head = lines.popFirst() {
            let words = head.split(separator: " ")
            let count = words.first == "commit" ? Int(words.last ?? "") ?? 0 : 0
            let record = [head] + lines.prefix(count)
            lines = lines.dropFirst(count)
            _ = read(Array(record.joined(separator: "\n").utf8))
        }
    }

    /// The entry as its committer knew it, before it had a position.
    private static func withoutPosition(_ entry: [UInt8]) -> [UInt8]? {
        guard var object = try? JSONReader.read(entry).objectValue else { return nil }
        object["position"] = 0
        return JSON.object(object).canonicalBytes
    }
}
