import DosetteCore
import DosetteEngine
import DosetteTesting
import Foundation
import Synchronization

/// What was really done in the outside world: a file that no fault reaches.
final class Ledger: Sendable {
    /// Actions of which one more is one too many; the others may be repeated by their class.
    static let once: Set = [
        "provet.create_prescription", "provet.create_counter_sale",
        "provet.add_counter_sale_item", "provet.finalize_counter_sale", "provet.add_payment",
    ]

    private struct State {
        var counts: [String: Int] = [:]
        var handle: FileHandle
    }

    private let state: Mutex<State>

    /// Opens the ledger, with what earlier processes wrote.
    init(file: URL) throws {
        var counts: [String: Int] = [:]
        for line in Self.lines(file) { counts[line, default: 0] += 1 }
        if !FileManager.default.fileExists(atPath: file.path) {
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        state = Mutex(State(counts: counts, handle: handle))
    }

    private static func lines(_ file: URL) -> [String] {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// What was done twice that may be done once.
    static func duplicates(in file: URL) -> [String] {
        var counts: [String: Int] = [:]
        for line in lines(file) { counts[line, default: 0] += 1 }
        return counts.filter { line, count in
            count > 1 && once.contains(String(line.split(separator: " ").last ?? ""))
        }.keys.sorted()
    }

    private static func line(_ request: ActionRequest) -> String {
        "\(request.order.received.key) \(request.plan.action)"
    }

    private static func receipt(_ request: ActionRequest) -> Receipt {
        Receipt(["id": JSON(1_000 + Int(request.order.received.clientID))])
    }

    private func perform(_ request: ActionRequest) -> EffectProtocol.Outcome {
        let line = Self.line(request)
        state.withLock { state in
            state.counts[line, default: 0] += 1
            try? state.handle.write(contentsOf: Data("\(line)\n".utf8))
        }
        return .confirmed(Self.receipt(request))
    }

    private func look(for request: ActionRequest) -> EffectProtocol.Finding {
        let isDone = state.withLock { $0.counts[Self.line(request)] != nil }
        return isDone ? .found(Self.receipt(request)) : .absent
    }

    /// A far side that does everything at once and remembers it in this ledger.
    func performer() -> ScriptedPerformer {
        let performer = ScriptedPerformer()
        for specification in performer.specifications {
            performer.always(specification.name, .does { self.perform($0) })
            performer.alwaysFind(specification.name) { self.look(for: $0) }
        }
        return performer
    }
}
