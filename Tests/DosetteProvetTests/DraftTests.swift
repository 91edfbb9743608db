import DosetteCore
import DosetteEngine
import DosetteSimulator
import Synchronization
import Testing

@testable import DosetteProvet

/// Dry runs against what the simulated Provet then really receives.
@Suite("Dry runs of Provet's actions", .timeLimit(.minutes(1)))
struct DraftTests {
    /// Lets requests through and writes them down.
    private final class Wire: Sendable {
        private let seen = Mutex<[TransportRequest]>([])

        func note(_ request: TransportRequest) { seen.withLock { $0.append(request) } }
        /// What was sent since the last look, without sign-ins.
        func take() -> [RequestDraft] {
            let sent = seen.withLock { seen in
                defer { seen = [] }
                return seen
            }
            return sent.filter { !$0.url.hasSuffix("/token/") }.map { request in
                RequestDraft(
                    method: request.method.rawValue,
                    url: request.url,
                    body: request.body.flatMap { try? JSONReader.read($0) },
                    isWrite: request.method.isWrite
                )
            }
        }
    }

    /// Actions at the world's Provet whose requests are written down.
    private func actions(_ world: World, _ transport: HTTPTransport, _ wire: Wire) -> ProvetActions
    {
        let client = ProvetClient(
            clinic: world.client.clinic,
            assumptions: ProvetAssumptions(),
            transport: HTTPTransport { request in
                wire.note(request)
                return await transport.send(request)
            },
            clock: world.clock
        )
        return ProvetActions([client], assumptions: ProvetAssumptions())
    }

    private func run(
        _ wish: Journey.Wish = Journey.Wish(),
        _ body: (World, inout Journey, ProvetActions, Wire) async throws -> Void
    ) async throws {
        try await World.run { world in
            try await HTTPTransport.lent { transport in
                let wire = Wire()
                let actions = actions(world, transport, wire)
                var journey = try Journey(actions, world.clock, wish)
                try await body(world, &journey, actions, wire)
            }
        }
    }

    /// The request without what only an answer tells.
    private func known(_ draft: RequestDraft) -> RequestDraft {
        guard var object = draft.body?.objectValue, object["sum"] != nil else { return draft }
        object["sum"] = "?"
        return RequestDraft(
            method: draft.method,
            url: draft.url,
            body: .object(object),
            isWrite: draft.isWrite
        )
    }

    /// What is drafted for `action`, and what is sent when it is really done.
    private func compare(
        _ action: String,
        _ journey: inout Journey,
        _ actions: ProvetActions,
        _ wire: Wire
    ) async throws -> (drafted: [RequestDraft], sent: [RequestDraft]) {
        let request = try await journey.reach(action)
        _ = wire.take()
        let drafted = await actions.drafts(of: request, .attempt)
        #expect(wire.take().isEmpty, "a dry run of \(action) sends nothing")
        let outcome = await actions.perform(request)
        try journey.settle(request, outcome)
        return (drafted.map(known), wire.take().map(known))
    }

    private static let sale = [
        "provet.create_prescription", "provet.patch_status", "provet.fetch_fee_item",
        "provet.create_counter_sale", "provet.add_counter_sale_item",
        "provet.finalize_counter_sale", "provet.add_payment",
    ]

    @Test(arguments: sale)
    func `what a dry run shows is what Provet then receives`(action: String) async throws {
        try await run { _, journey, actions, wire in
            let (drafted, sent) = try await compare(action, &journey, actions, wire)
            #expect(!sent.isEmpty)
            #expect(drafted == sent, "\(action)")
        }
    }

    @Test(arguments: ["provet.cancel_payment", "provet.refund_invoice"])
    func `what is undone is shown as it is then sent`(action: String) async throws {
        try await run { _, journey, actions, wire in
            let (drafted, sent) = try await compare(action, &journey, actions, wire)
            #expect(!sent.isEmpty)
            #expect(drafted == sent, "\(action)")
        }
    }

    @Test(arguments: ["provet.create_prescription", "provet.create_counter_sale"])
    func `what would be looked at is what is then looked at`(action: String) async throws {
        try await run { _, journey, actions, wire in
            let request = try await journey.reach(action)
            _ = wire.take()
            let drafted = await actions.drafts(of: request, .look)
            #expect(wire.take().isEmpty)
            _ = await actions.probe(request)
            let sent = wire.take()
            #expect(!sent.isEmpty && !sent.contains(where: \.isWrite))
            #expect(drafted == sent, "\(action)")
        }
    }

    @Test func `a dry run leaves Provet, the token and what is kept alone`() async throws {
        try await run { world, journey, actions, wire in
            let request = try await journey.reach("provet.create_prescription")
            let effects = world.effects
            let calls = world.callCount
            for _ in 1...3 { _ = await actions.drafts(of: request, .attempt) }
            #expect(world.effects == effects && world.callCount == calls)
            #expect(wire.take().isEmpty)
        }
    }

    @Test func `a difference between dry run and attempt is seen`() async throws {
        try await run(Journey.Wish(remarks: "one")) { world, journey, actions, wire in
            let request = try await journey.reach("provet.create_prescription")
            let drafted = await actions.drafts(of: request, .attempt)
            var other = try Journey(actions, world.clock, Journey.Wish(remarks: "two"))
            let changed = try await other.reach("provet.create_prescription")
            _ = await actions.perform(changed)
            #expect(drafted != wire.take())
        }
    }
}
