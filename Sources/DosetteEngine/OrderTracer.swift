import DosetteCore
import DosetteTelemetry
import Tracing

/// Tells a tracer what was done for orders: spans that are made of facts, after these are on disk.
///
/// A span needs both of its ends. An attempt whose engine died is told of by the next one, which records its end; the
/// numbers are the same whoever tells.
struct OrderTracer: Sendable {
    private let tracer: any Tracer

    /// Nothing comes back for a tracer that does nothing.
    init?(_ tracer: any Tracer) {
        if tracer is NoOpTracer { return nil }
        self.tracer = tracer
    }

    /// An order was taken in between these times; its sender's span is what it is linked to.
    func noteIntake(_ order: Order, _ stream: StreamID, until end: Timestamp) {
        let trace = OrderTrace(order: "\(order.received.key)")
        let span = begin("order.intake", trace.intake, .server, order.receivedAt)
        span.attributes = attributes(order, stream)
        if let caller = InstrumentationContext.current {
            span.addLink(SpanLink(context: caller, attributes: [:]))
        }
        span.end(at: Self.instant(end))
    }

    /// These facts followed upon `before`.
    func note(_ facts: [Fact], after before: Order, _ stream: StreamID) {
        var story = TracedStory(before)
        let steps = facts.flatMap { story.steps(of: $0) }
        guard !steps.isEmpty else { return }
        let trace = OrderTrace(order: "\(before.received.key)")
        for step in steps {
            let kind: SpanKind = if case .attempt = step.step { .client } else { .internal }
            let span = begin(step.name, trace.identity(of: step.step), kind, step.begunAt)
            var attributes = attributes(before, stream)
            for (name, value) in step.attributes { attributes[name] = value }
            span.attributes = attributes
            if step.isFailed { span.setStatus(SpanStatus(code: .error)) }
            span.end(at: Self.instant(step.endedAt))
        }
    }

    private func begin(
        _ name: String,
        _ identity: SpanIdentity,
        _ kind: SpanKind,
        _ time: Timestamp
    ) -> any Span {
        var context = InstrumentationContext.topLevel
        context.span = identity
        return tracer.startSpan(name, context: context, ofKind: kind, at: Self.instant(time))
    }

    /// Nothing that leads to a person: the stream's number finds the order in the journal only.
    private func attributes(_ order: Order, _ stream: StreamID) -> SpanAttributes {
        [
            SpanKey.stream: .int64(stream.number),
            SpanKey.clinic: .string(order.received.clinic),
        ]
    }

    private static func instant(_ time: Timestamp) -> DefaultTracerClock.Timestamp {
        let milliseconds = UInt64(clamping: time.milliseconds)
        let (nanoseconds, isOver) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: isOver ? .max : nanoseconds)
    }
}

/// The attributes of spans: a closed list.
enum SpanKey {
    static let stream = "dosette.stream"
    static let clinic = "dosette.clinic"
    static let part = "dosette.part"
    static let effect = "dosette.effect"
    static let attempt = "dosette.attempt"
    static let outcome = "dosette.outcome"
    static let cause = "dosette.cause"
    static let item = "dosette.item"
}

/// Finds the ends of what facts end.
private struct TracedStory {
    struct Step {
        let step: OrderTrace.Step
        let name: String
        let begunAt: Timestamp
        let endedAt: Timestamp
        var attributes: [(String, SpanAttribute)] = []
        var isFailed = false
    }

    /// Attempts that are out, by the effect's number.
    private var intents: [Int: EffectProtocol.Intent] = [:]
    /// Since when each part is where it is, and is parked.
    private var since: [String: Timestamp] = [:]
    private var parkedSince: [String: Timestamp] = [:]

    init(_ order: Order) {
        for (part, state) in zip(order.workflow.parts, order.parts) {
            since[part.name] = state.since
            parkedSince[part.name] = state.parked?.since
            if let effect = state.effect, case .intended(let intent) = effect.state.phase {
                intents[effect.number] = intent
            }
        }
    }

    /// What the fact ends.
    mutating func steps(of fact: Fact) -> [Step] {
        switch fact.event {
        case .effect(let effect): return attempt(effect, fact).map { [$0] } ?? []
        case .entered(let entered): return wait(entered, fact).map { [$0] } ?? []
        case .parked(let parked):
            parkedSince[parked.part] = fact.at
            return []
        case .unparked(let part, let action):
            guard let begun = parkedSince.removeValue(forKey: part) else { return [] }
            let step = OrderTrace.Step.parked(part: part, sinceMilliseconds: begun.milliseconds)
            return [
                Step(
                    step: step,
                    name: "wait.person",
                    begunAt: begun,
                    endedAt: fact.at,
                    attributes: [
                        (SpanKey.part, .string(part)),
                        (SpanKey.outcome, .string(action.rawValue)),
                    ]
                )
            ]
        case .dispensed(let dispense):
            return [
                Step(
                    step: .dispense(dispense.id),
                    name: "order.dispense",
                    begunAt: fact.at,
                    endedAt: fact.at,
                    attributes: [(SpanKey.item, .int64(Int64(dispense.item)))]
                )
            ]
        case .dispenseReversed(let id):
            let name = "order.dispense_reversed"
            return [Step(step: .reversal(id), name: name, begunAt: fact.at, endedAt: fact.at)]
        case .received, .signaled, .turnedBack, .reminded, .observed, .noticed, .asked: return []
        }
    }

    private mutating func attempt(_ effect: EffectEvent, _ fact: Fact) -> Step? {
        if case .intended(let intent) = effect.event {
            intents[effect.number] = intent
            return nil
        }
        guard let intent = intents.removeValue(forKey: effect.number) else { return nil }
        let outcome = effect.event.traceName
        return Step(
            step: .attempt(effect: effect.number, attempt: intent.attempt),
            name: effect.action,
            begunAt: intent.at,
            endedAt: fact.at,
            attributes: [
                (SpanKey.part, .string(effect.part)),
                (SpanKey.effect, .int64(Int64(effect.number))),
                (SpanKey.attempt, .int64(Int64(intent.attempt))),
                (SpanKey.outcome, .string(outcome)),
            ],
            isFailed: outcome != "confirmed"
        )
    }

    /// A stay that somebody or something from outside ended; what our own actions end, they show.
    private mutating func wait(_ entered: Entered, _ fact: Fact) -> Step? {
        let begun = since[entered.part]
        since[entered.part] = fact.at
        guard let begun, entered.cause != .outcome, begun < fact.at else { return nil }
        return Step(
            step: .wait(
                part: entered.part,
                state: entered.from,
                sinceMilliseconds: begun.milliseconds
            ),
            name: "wait.\(entered.part).\(entered.from)",
            begunAt: begun,
            endedAt: fact.at,
            attributes: [
                (SpanKey.part, .string(entered.part)),
                (SpanKey.cause, .string(entered.cause.rawValue)),
            ]
        )
    }
}

extension EffectProtocol.Event {
    /// How an attempt ended, in a closed word.
    fileprivate var traceName: String {
        switch self {
        case .confirmed: "confirmed"
        case .adopted: "adopted"
        case .refused: "refused"
        case .conflicted: "conflict"
        case .postponed(_, _, let counts):
            counts == .turnedAway ? "not_processed" : "unknown"
        case .becameUnknown: "unknown"
        case .inDoubt: "in_doubt"
        case .exhausted: "exhausted"
        case .intended, .absent, .probeFailed, .resumed, .givenUp: "other"
        }
    }
}
