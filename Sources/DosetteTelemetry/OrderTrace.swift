import Crypto

/// The trace of one order, for all its life: every number in it follows from the order's key.
///
/// So an engine that takes a journal over goes on in the traces of the one before, and nothing of them is stored.
package struct OrderTrace: Hashable, Sendable {
    package let id: TraceID
    /// The span of its intake, under which all others hang.
    package let root: SpanID

    /// What happens to an order, as far as it has a span of its own.
    package enum Step: Hashable, Sendable {
        case attempt(effect: Int, attempt: Int)
        /// A stay that somebody or something from outside ended.
        case wait(part: String, state: String, sinceMilliseconds: Int64)
        /// A stay before a person.
        case parked(part: String, sinceMilliseconds: Int64)
        case dispense(String)
        case reversal(String)

        /// No two steps of an order have the same text.
        fileprivate var text: String {
            switch self {
            case .attempt(let effect, let attempt): "attempt/\(effect)/\(attempt)"
            case .wait(let part, let state, let since): "wait/\(part)/\(state)/\(since)"
            case .parked(let part, let since): "parked/\(part)/\(since)"
            case .dispense(let id): "dispense/\(id)"
            case .reversal(let id): "reversal/\(id)"
            }
        }
    }

    /// - Parameter order: The order's key as text.
    package init(order: String) {
        id = TraceID(digest: Self.digest("dosette/trace/\(order)"))
        root = Self.span("intake", in: id)
    }

    /// What the order's intake is called.
    package var intake: SpanIdentity { SpanIdentity(trace: id, span: root, parent: nil) }

    /// What a step is called; the same for the same step, whoever asks.
    package func identity(of step: Step) -> SpanIdentity {
        SpanIdentity(trace: id, span: Self.span(step.text, in: id), parent: root)
    }

    /// Whether the trace is one of the part of all that is kept, from 0 to 1: a matter of its number, so that all of its
    /// spans are kept or none.
    package func isSampled(_ share: Double) -> Bool { Self.isSampled(id, share) }

    package static func isSampled(_ id: TraceID, _ share: Double) -> Bool {
        // 53 bits, which a double has.
        Double(id.low >> 11) < share * 0x1p53
    }

    private static func span(_ text: String, in trace: TraceID) -> SpanID {
        SpanID(digest: digest("\(trace)/\(text)"))
    }

    private static func digest(_ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(text.utf8)))
    }
}
