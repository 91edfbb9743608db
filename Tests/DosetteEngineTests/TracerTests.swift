import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTelemetry
import DosetteTesting
import DosetteTracing
import Testing

@Suite("Traces of orders", .timeLimit(.minutes(1)))
struct TracerTests {
    private let tracer = SpanTracer(share: 1)
    private let world: EngineWorld
    private var spans: [EndedSpan] { tracer.waiting }

    init() {
        var parts = Pharmacy.parts()
        parts.tracer = tracer
        world = EngineWorld(Pharmacy.configuration(), parts, at: Pharmacy.noon)
    }

    private func outcome(_ span: EndedSpan) -> JSON? {
        span.attributes.first { $0.name == "dosette.outcome" }?.value["stringValue"]
    }

    @Test func `all spans of an order hang under its intake`() async throws {
        try await world.live { life in
            try await life.send()
            try life.advance(by: .minutes(7))
            try await life.signal("accept")
            try life.settle()
        }
        let trace = OrderTrace(order: "webshop/HD-1")
        #expect(Set(spans.map(\.identity.trace)) == [trace.id])
        #expect(Set(spans.map(\.identity.span)).count == spans.count)
        let roots = spans.filter { $0.identity.parent == nil }
        #expect(roots.map(\.name) == ["order.intake"])
        #expect(spans.allSatisfy { [nil, trace.root].contains($0.identity.parent) })
        let names = spans.map(\.name)
        for action in [Action.create, "pharmacy.transmit", "provet.patch_status"] {
            #expect(names.contains(action), "\(names)")
        }
        let wait = try #require(spans.first { $0.name == "wait.prescription.sent" })
        #expect(wait.endedAt - wait.begunAt == 7 * 60 * 1_000_000_000)
    }

    @Test func `an attempt whose engine died is told of by the next, under the same number`()
        async throws
    {
        try await world.live(.crashed) { life in
            life.connection.judgeFirst(.cutsAfter) { $0.intends(Action.create) }
            try await life.submit()
            try life.settle()
        }
        #expect(spans.map(\.name) == ["order.intake"])
        try await world.live { life in
            try life.advance(by: .seconds(100))
            #expect(try await life.order().prescription == .sent)
        }
        #expect(Set(spans.map(\.identity.trace)).count == 1)
        let attempts = spans.filter { $0.name == Action.create }
        #expect(attempts.map(outcome) == ["unknown", "confirmed"])
        #expect(attempts[0].isFailed && !attempts[1].isFailed)
        let begun = UInt64(Pharmacy.noon.milliseconds) * 1_000_000
        #expect(attempts[0].begunAt == begun)
        let trace = OrderTrace(order: "webshop/HD-1")
        let numbers = [1, 2].map { trace.identity(of: .attempt(effect: 1, attempt: $0)) }
        #expect(attempts.map(\.identity) == numbers)
    }

    @Test func `what waited for a person has a span`() async throws {
        world.performer.always(Action.create, .answers(.refused(reason: "no such client")))
        try await world.live { life in
            try await life.submit()
            try life.advance(by: .minutes(3))
            try await life.signal("give_up")
        }
        let wait = try #require(spans.first { $0.name == "wait.person" })
        #expect(outcome(wait) == "give_up")
        #expect(wait.endedAt - wait.begunAt == 3 * 60 * 1_000_000_000)
        #expect(outcome(try #require(spans.first { $0.name == Action.create })) == "refused")
    }

    @Test func `spans say nothing that leads to a person`() async throws {
        try await world.live { life in
            try await life.send()
            try await life.signal("accept")
            try life.settle()
        }
        let known = [
            "stream", "clinic", "part", "effect", "attempt", "outcome", "cause", "item",
        ].map { "dosette.\($0)" }
        for span in spans {
            for (name, value) in span.attributes {
                #expect(known.contains(name))
                #expect(!["HD-1", "webshop", "orem", "Aino"].contains { value.text.contains($0) })
            }
        }
        #expect(spans.count > 4)
    }

    @Test func `an order that is not drawn has no spans, whatever happens to it`() async throws {
        let none = SpanTracer(share: 0)
        var parts = Pharmacy.parts()
        parts.tracer = none
        try await EngineWorld(Pharmacy.configuration(), parts, at: Pharmacy.noon).live { life in
            try await life.send()
        }
        #expect(none.waiting.isEmpty)
    }
}
