import DosetteCore
import Synchronization

/// What happened in a simulated world, line by line, when somebody wants to read it.
final class Trace: Sendable {
    /// Lines that are kept at the most; then the oldest go.
    static let linesMaximum = 20_000

    struct Line: Sendable {
        let at: Timestamp
        let who: String
        /// The order that it is about; nothing when it concerns all.
        let order: OrderKey?
        let what: String
    }

    private let isOn: Bool
    private let lines = Mutex<[Line]>([])

    init(isOn: Bool) {
        self.isOn = isOn
    }

    func note(
        _ at: Timestamp,
        _ who: @autoclosure () -> String,
        _ order: OrderKey?,
        _ what: @autoclosure () -> String
    ) {
        guard isOn else { return }
        let line = Line(at: at, who: who(), order: order, what: what())
        lines.withLock { lines in
            if lines.count >= Self.linesMaximum { lines.removeFirst(Self.linesMaximum / 10) }
            lines.append(line)
        }
    }

    /// The lines that concern `order` or everybody; all when no order is named.
    func text(about order: OrderKey?) -> [String] {
        let all = lines.withLock { $0 }
        return all.filter { order == nil || $0.order == nil || $0.order == order }.map { line in
            let offset = Self.clock(line.at.since(SimulationPlan.start))
            let key = line.order.map { "\($0) " } ?? ""
            return "\(offset)  \(Self.padded(line.who, 12))  \(key)\(line.what)"
        }
    }

    private static func clock(_ span: TimeSpan) -> String {
        let milliseconds = span.milliseconds
        let seconds = milliseconds / 1000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = milliseconds % 1000
        let fraction = String(repeating: "0", count: rest < 10 ? 2 : rest < 100 ? 1 : 0) + "\(rest)"
        return
            "+\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(fraction)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
