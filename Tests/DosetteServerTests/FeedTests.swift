import AsyncHTTPClient
import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import DosetteServer

@Suite("The journal as a feed", .timeLimit(.minutes(1)))
struct FeedTests {
    private static let live = HTTPFields(named: ["Accept": "text/event-stream"])

    private static func positions(_ answer: Client.Answer) -> [Int] {
        answer.lines.compactMap { $0["position"]?.intValue }
    }

    @Test func `pages follow each other without a gap, to the end`() async throws {
        try await World().run { client in
            for number in 1...3 { try await client.send(Sample.order("HD-\(number)")) }
            var after = "-1"
            var positions: [Int] = []
            while true {
                let page = try await client.get("/v1/events?after=\(after)&limit=7")
                #expect(page.status == 200)
                #expect(page.headers[.contentType] == "application/x-ndjson")
                let next = try #require(page.headers[.next])
                let found = Self.positions(page)
                #expect(found.count <= 7)
                positions += found
                guard next != after else { break }
                after = next
            }
            #expect(positions.count > 21)
            #expect(positions == Array(0..<positions.count))
        }
    }

    @Test func `nothing personal stands in it, and what has nothing personal is as it is hashed`()
        async throws
    {
        try await World().run { client in
            try await client.send(Sample.order(remarks: "Call Mrs. Virtanen"))
            _ = try await client.post("/v1/orders/webshop/HD-1/signals", Sample.signal("accept"))
            let page = try await client.get("/v1/events?limit=1000")
            #expect(!page.text.contains("Virtanen"))
            #expect(!page.text.contains("Lorem"))
            #expect(!page.text.contains("the pharmacist says so"))
            let entries = try await client.engine.store.events(from: 0, limit: 1_000)
            let lines = page.body.split(separator: UInt8(ascii: "\n")).map(Array.init)
            let same = zip(lines, entries).count { $0 == $1.entry }
            #expect(same > 5)
            #expect(
                entries.contains { String(decoding: $0.entry, as: UTF8.self).contains("Lorem") }
            )
        }
    }

    @Test func `whoever has read more than there is learns that an older copy was restored`()
        async throws
    {
        try await World().serve { client in
            let end = try await client.engine.end()
            let last = try await client.get("/v1/events?after=\(end - 1)")
            #expect(last.status == 200)
            #expect(last.body.isEmpty)
            #expect(last.headers[.next] == "\(end - 1)")
            for fields: HTTPFields in [[:], Self.live] {
                let beyond = try await client.get("/v1/events?after=\(end)", fields)
                #expect(beyond.status == 409)
                #expect(beyond.rule == "ahead_of_journal")
            }
        }
    }

    @Test func `a call that waits is answered as soon as there is something`() async throws {
        try await World().serve { client in
            let end = try await client.engine.end()
            async let page = client.get("/v1/events?after=\(end - 1)&wait=60")
            _ = try await client.post("/v1/orders", Sample.order())
            #expect(Self.positions(try await page) == [Int(end)])
        }
    }

    /// A store that has lost an entry.
    private struct LossyStore: StoreWrapper {
        let base: any Store = InMemoryStore()

        func events(from position: Int64, limit: Int) async throws(StoreError) -> [RecordedEvent] {
            try await base.events(from: position, limit: limit).filter { $0.position != 1 }
        }
    }

    @Test func `a gap is not told as if there were none`() async throws {
        try await World(store: LossyStore()).serve { client in
            let page = try await client.get("/v1/events")
            #expect(page.status == 500)
            #expect(page.rule == "internal_error")
        }
    }

    @Test(
        arguments: [
            ("after=-2", "/after out_of_range"), ("after=x", "/after out_of_range"),
            ("after=9223372036854775807", "/after out_of_range"),
            ("limit=0", "/limit out_of_range"), ("limit=1001", "/limit out_of_range"),
            ("wait=61", "/wait out_of_range"), ("form=opened", "/form not_a_choice"),
            ("from=1", "/from unknown_parameter"),
        ]
    )
    func `a parameter that means nothing is refused by name`(
        query: String,
        error: String
    ) async throws {
        try await World().serve { client in
            let answer = try await client.get("/v1/events?\(query)")
            #expect(answer.status == 422)
            #expect(answer.errors == [error])
        }
    }

    // MARK: - Live

    private struct Live: Sendable {
        let world: World
        let root: String
        let group: ServiceGroup

        func follow(_ path: String, last: String? = nil) async throws -> HTTPClientResponse {
            var request = HTTPClientRequest(url: root + path)
            request.headers.add(name: "Accept", value: "text/event-stream")
            if let last { request.headers.add(name: "Last-Event-ID", value: last) }
            return try await HTTPClient.shared.execute(request, timeout: .seconds(50))
        }

        func submit(_ number: Int) async throws {
            _ = try await world.engine.submit(Sample.order("HD-\(number)"))
        }
    }

    private func withServer(_ body: (Live) async throws -> Void) async throws {
        let world = try World()
        try await world.engine.start()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = DosetteServer(
            world.engine,
            ServerAddress(host: "127.0.0.1", port: 0, tokens: []),
            logger: World.logger,
            onReady: { announce.yield($0) }
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: world.engine), .init(service: server)],
                logger: World.logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(Live(world: world, root: "http://127.0.0.1:\(port)", group: group))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Reads until so many events have come; answers their positions.
    @concurrent
    private func positions(
        _ events: inout HTTPClientResponse.Body.AsyncIterator,
        count: Int
    ) async throws -> [Int] {
        var text = ""
        while let buffer = try await events.next() {
            text += String(buffer: buffer)
            // An event is whole with the empty line behind it.
            let whole = text.components(whole: "\n\n")
            let found = whole.compactMap { $0.firstMatch(of: /(?m)^id: ([0-9]+)$/) }
                .compactMap { Int($0.1) }
            if found.count >= count { return found }
        }
        return []
    }

    @Test func `who follows hears of everything once, and goes on where it was`() async throws {
        try await withServer { live in
            try await live.submit(1)
            var events = try await live.follow("/v1/events?limit=5").body.makeAsyncIterator()
            let first = try await positions(&events, count: 3)
            #expect(first == Array(0..<first.count))
            try await live.submit(2)
            let second = try await positions(&events, count: 1)
            #expect(second.first == first.count)
            let last = try #require(second.last)
            let again = try await live.follow("/v1/events?after=0", last: "\(last)")
            #expect(again.headers.first(name: "Content-Type") == "text/event-stream")
            var rest = again.body.makeAsyncIterator()
            try await live.submit(3)
            #expect(try await positions(&rest, count: 1).first == last + 1)
        }
    }

    @Test func `who follows while many write misses nothing`() async throws {
        try await withServer { live in
            var events = try await live.follow("/v1/events?limit=3").body.makeAsyncIterator()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...40 { group.addTask { try await live.submit(number) } }
                let found = try await positions(&events, count: 200)
                #expect(found == Array(0..<found.count))
                try await group.waitForAll()
            }
        }
    }

    @Test func `a server that stops ends following`() async throws {
        try await withServer { live in
            var events = try await live.follow("/v1/events").body.makeAsyncIterator()
            _ = try #require(try await events.next())
            await live.group.triggerGracefulShutdown()
            while try await events.next() != nil {}
        }
    }

    @Test func `a last event that is no position is refused`() async throws {
        try await withServer { live in
            for last in ["x", "-2"] {
                let answer = try await live.follow("/v1/events", last: last)
                #expect(answer.status.code == 422)
            }
        }
    }

    @Test func `of too many followers the last is told to ask in pages`() throws {
        let followers = FeedFollowers()
        var numbers: [Int] = []
        for position in 0..<ServerLimits.feedFollowersMaximum {
            numbers.append(try #require(followers.enter(at: Int64(position))))
        }
        #expect(!followers.hasRoom)
        #expect(followers.enter(at: 7) == nil)
        #expect(followers.standing.slowest == 0)
        followers.leave(numbers[0])
        #expect(followers.hasRoom)
        followers.move(numbers[1], to: 500)
        #expect(followers.standing.slowest == 2)
    }
}

extension String {
    /// The parts before each separator; what stands behind the last one is not whole.
    fileprivate func components(whole separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false).dropLast()
    }
}
