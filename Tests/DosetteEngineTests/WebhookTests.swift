import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteStore
import Logging
import Synchronization
import Testing

@testable import DosetteEngine

/// Takes what it is sent, and answers what a test says.
private final class Receiver: Sendable {
    private struct State {
        var answers: [WebhookAnswer] = []
        var messages: [WebhookMessage] = []
        var hangs = false
    }

    private let state = Mutex(State())
    private let arrivals: AsyncStream<WebhookMessage>
    private let arrive: AsyncStream<WebhookMessage>.Continuation

    init(_ answers: [WebhookAnswer] = []) {
        (arrivals, arrive) = AsyncStream.makeStream(of: WebhookMessage.self)
        state.withLock { $0.answers = answers }
    }

    var messages: [WebhookMessage] { state.withLock { $0.messages } }
    var ids: [String] { messages.map(\.id) }

    func answer(_ answers: [WebhookAnswer]) { state.withLock { $0.answers = answers } }
    func hang() { state.withLock { $0.hangs = true } }

    func take(_ message: WebhookMessage) async -> WebhookAnswer {
        let (answer, hangs) = state.withLock { state in
            state.messages.append(message)
            return (state.answers.isEmpty ? .delivered : state.answers.removeFirst(), state.hangs)
        }
        arrive.yield(message)
        if hangs { try? await Task.sleep(for: .seconds(3_600)) }
        return answer
    }

    /// Waits until so many more messages have come.
    func wait(for count: Int) async {
        var seen = 0
        for await _ in arrivals {
            seen += 1
            if seen == count { return }
        }
    }
}

/// A lane over a journal in memory that a test writes into.
private final class LaneWorld: Sendable {
    let store: InMemoryStore
    let clock = VirtualClock(Timestamp(milliseconds: 1_755_691_200_000))
    let state = EngineState()
    let epoch: Int
    private let version: Mutex<Int>

    init(_ store: InMemoryStore = InMemoryStore()) async throws {
        self.store = store
        let ownership = try await store.beginEpoch(at: clock.now(), software: "test")
        epoch = ownership.epoch
        version = Mutex(ownership.engineVersion)
    }

    func lane(
        _ receiver: Receiver,
        id: String = "warehouse",
        events: [String] = ["operator.*"]
    ) -> WebhookLane {
        let configuration = WebhookConfiguration(
            id: id,
            url: "https://example.org/hook",
            secret: Secret("whsec_x"),
            events: events.compactMap(EventPattern.init)
        )
        return WebhookLane(
            WebhookEndpoint(configuration) { await receiver.take($0) },
            WebhookLane.Parts(
                store: store,
                state: state,
                clock: clock,
                random: RandomSource(SeededRandom(seed: 1)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
    }

    /// Records an event that a lane's endpoint has chosen, or another one.
    func record(_ count: Int = 1, isChosen: Bool = true) async throws {
        for _ in 0..<count {
            let next = version.withLock { version in
                version += 1
                return version - 1
            }
            let event: EngineEvent =
                isChosen
                ? .read(what: "history", of: "webshop/A-1")
                : .client(.held, subject: "s\(next)")
            let commit = Commit(
                stream: .engine,
                expectedVersion: next,
                epoch: epoch,
                events: [
                    EventCodec.encode(
                        event,
                        version: next,
                        at: clock.now(),
                        actor: Actor(.person, name: "maija")
                    )
                ],
                order: nil,
                work: []
            )
            try await store.commit(commit)
        }
        state.grown.wake()
    }

    /// Lets a lane run while a test looks.
    func run(_ lane: WebhookLane, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lane.run() }
            defer { lane.stop() }
            try await body()
        }
    }

    /// Returns when the endpoint's row is as asked.
    func wait(_ lane: WebhookLane, until isRight: (WebhookRow) -> Bool) async {
        while !(lane.report.row.map(isRight) ?? false) { await Task.yield() }
    }

    func move(by span: TimeSpan) { clock.set(to: clock.now().advanced(by: span)) }

    func row() async throws -> WebhookRow? { try await store.webhooks().first }
}

@Suite("Telling endpoints of events", .timeLimit(.minutes(1)))
struct WebhookTests {
    @Test func `an endpoint that is new is told of what happens from now on, in order`()
        async throws
    {
        let world = try await LaneWorld()
        try await world.record(3)
        let receiver = Receiver()
        let lane = world.lane(receiver)
        try await world.run(lane) {
            await world.wait(lane) { $0.position == 4 }
            try await world.record(2)
            try await world.record(isChosen: false)
            try await world.record()
            await receiver.wait(for: 3)
        }
        #expect(receiver.ids == ["4", "5", "7"])
        let body = try #require(receiver.messages.first?.body)
        let json = try JSONReader.read(body)
        #expect(json["type"] == "operator.read")
        #expect(json["data"]?["position"] == 4)
        #expect(json["data"]?["order"] == .null)
    }

    @Test func `an endpoint that was stopped goes on behind what it took`() async throws {
        let world = try await LaneWorld()
        let first = Receiver()
        let lane = world.lane(first)
        try await world.run(lane) {
            await world.wait(lane) { _ in true }
            try await world.record(2)
            await world.wait(lane) { $0.position == 3 }
        }
        try await world.record(2)
        let second = Receiver()
        let next = world.lane(second)
        try await world.run(next) { await second.wait(for: 2) }
        #expect(first.ids == ["1", "2"])
        #expect(second.ids == ["3", "4"])
    }

    @Test
    func `an event that is not taken is tried again by the schedule, the later ones behind it`()
        async throws
    {
        let world = try await LaneWorld()
        let failed = WebhookAnswer.failed(reason: "status 500", retryAfter: nil)
        let receiver = Receiver([failed, failed])
        let lane = world.lane(receiver)
        try await world.run(lane) {
            await world.wait(lane) { _ in true }
            let began = world.clock.now()
            try await world.record(2)
            await world.wait(lane) { $0.attempt == 1 }
            let retryAt = try #require(lane.report.row?.retryAt)
            #expect(retryAt >= began)
            #expect(retryAt <= began.advanced(by: WebhookLane.pauses[0]))
            #expect(lane.report.row?.failure == "status 500")
            #expect(try await world.row()?.attempt == 1)
            world.move(by: WebhookLane.pauses[0])
            await world.wait(lane) { $0.attempt == 2 }
            world.move(by: WebhookLane.pauses[1])
            await world.wait(lane) { $0.position == 3 }
        }
        #expect(receiver.ids == ["1", "1", "1", "2"])
    }

    @Test func `an endpoint that says when is not asked before`() async throws {
        let world = try await LaneWorld()
        let span = TimeSpan.minutes(20)
        let receiver = Receiver([.failed(reason: "status 429", retryAfter: span)])
        let lane = world.lane(receiver)
        try await world.run(lane) {
            await world.wait(lane) { _ in true }
            try await world.record()
            await world.wait(lane) { $0.attempt == 1 }
            #expect(lane.report.row?.retryAt == world.clock.now().advanced(by: span))
        }
    }

    @Test func `behind the last attempt an event is a dead letter, and the next one is sent`()
        async throws
    {
        let world = try await LaneWorld()
        let failed = WebhookAnswer.failed(reason: "status 500", retryAfter: nil)
        let attempts = WebhookLane.pauses.count + 1
        let receiver = Receiver(Array(repeating: failed, count: attempts))
        let lane = world.lane(receiver)
        try await world.run(lane) {
            await world.wait(lane) { _ in true }
            try await world.record(2)
            for attempt in 1..<attempts {
                await world.wait(lane) { $0.attempt == attempt }
                world.move(by: WebhookLane.pauses[attempt - 1])
            }
            await world.wait(lane) { $0.position == 3 }
        }
        #expect(receiver.ids == Array(repeating: "1", count: attempts) + ["2"])
        let letters = try await world.store.deadLetters(of: "warehouse", after: nil, limit: 10)
        #expect(letters.map(\.position) == [1])
        #expect(letters.map(\.attempts) == [attempts])
        #expect(letters.map(\.reason) == ["status 500"])
    }

    @Test func `dead letters are sent again when somebody asks for it`() async throws {
        let world = try await LaneWorld()
        try await world.record(3)
        for position in Int64(1)...2 {
            let letter = DeadLetterRow(
                webhook: "warehouse",
                position: position,
                attempts: 10,
                diedAt: world.clock.now(),
                reason: "status 500"
            )
            let row = WebhookRow(id: "warehouse", position: 4)
            try await world.store.keep(row, .bury(letter, countMaximum: 10))
        }
        let receiver = Receiver()
        let lane = world.lane(receiver)
        try await world.run(lane) {
            try await lane.replay(.dead) {}
            await receiver.wait(for: 2)
            await world.wait(lane) { $0.revivingTo == nil }
        }
        #expect(receiver.ids == ["1", "2"])
        #expect(try await world.store.deadLetterCount(of: "warehouse") == 0)
        #expect(try await world.row()?.position == 4)
    }

    @Test func `an endpoint that answers 410 is left alone until somebody replays`() async throws {
        let world = try await LaneWorld()
        let receiver = Receiver([.gone])
        let lane = world.lane(receiver)
        try await world.run(lane) {
            await world.wait(lane) { _ in true }
            try await world.record(2)
            await world.wait(lane) { $0.isDisabled }
            try await world.record()
            #expect(try await world.row()?.isDisabled == true)
            try await lane.replay(.from(1)) {}
            await receiver.wait(for: 4)
        }
        #expect(receiver.ids == ["1", "1", "2", "3"])
    }

    @Test func `an endpoint that hangs holds nobody else up, and a stop does not wait for it`()
        async throws
    {
        let world = try await LaneWorld()
        let slow = Receiver()
        slow.hang()
        let quick = Receiver()
        let lanes = [world.lane(slow, id: "slow"), world.lane(quick, id: "quick")]
        try await world.run(lanes[0]) {
            try await world.run(lanes[1]) {
                for lane in lanes { await world.wait(lane) { _ in true } }
                try await world.record(3)
                await slow.wait(for: 1)
                await quick.wait(for: 3)
            }
        }
        #expect(slow.ids == ["1"])
        #expect(quick.ids == ["1", "2", "3"])
    }

    @Test func `an attempt that takes too long has failed`() async throws {
        let world = try await LaneWorld()
        let receiver = Receiver()
        receiver.hang()
        let lane = world.lane(receiver)
        try await world.run(lane) {
            await world.wait(lane) { _ in true }
            try await world.record()
            await receiver.wait(for: 1)
            while lane.report.row?.attempt == 0 {
                world.move(by: WebhookLane.deadline)
                await Task.yield()
            }
            #expect(lane.report.row?.failure == "no answer within 20 s")
        }
    }

    @Test(
        arguments: [
            ("*", "order.received", true), ("prescription.*", "prescription.accepted", true),
            ("prescription.*", "prescription", false), ("fee.charged", "fee.charged", true),
            ("fee.charged", "fee.charging", false), ("fee.*", "feeding.done", false),
        ]
    )
    func `a pattern matches what it says`(pattern: String, type: String, matches: Bool) throws {
        #expect(try #require(EventPattern(pattern)).matches(type) == matches)
    }

    @Test(arguments: ["", "fee", "fee.", ".fee", "Fee.charged", "*.charged", "fee.*.x", "fee*"])
    func `what is no pattern is refused`(text: String) {
        #expect(EventPattern(text) == nil)
    }
}
