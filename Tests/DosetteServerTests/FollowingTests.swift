import AsyncHTTPClient
import DosetteCore
import DosetteEngine
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import DosetteServer

@Suite("Following an order on a socket", .timeLimit(.minutes(1)))
struct FollowingTests {
    private struct Live: Sendable {
        let root: String
        let group: ServiceGroup
        let clinic: ClinicWorld

        /// A session's page with an order that waits for the pharmacist.
        func order() async throws -> (page: String, key: OrderKey) {
            let session = LaunchSession(
                clinic: World.clinic,
                place: .client,
                object: 1,
                client: 1,
                user: nil,
                department: nil,
                expiresAt: World.noon.advanced(by: .minutes(30)),
                nonce: "N"
            )
            let engine = clinic.world.engine
            let key = try #require(OrderKey(source: "webshop", orderID: "HD-1"))
            _ = try await engine.submit(Sample.order())
            let (order, states) = try await engine.follow(key)
            if order.waiting?.by != .pharmacist {
                for await order in states where order.waiting?.by == .pharmacist { break }
            }
            return ("\(root)/launch/session/\(session.token(clinic.keys))/orders/\(key)", key)
        }

        func follow(_ page: String) async throws -> HTTPClientResponse {
            let request = HTTPClientRequest(url: page + "/live")
            return try await HTTPClient.shared.execute(request, timeout: .seconds(50))
        }
    }

    private func withServer(_ body: (Live) async throws -> Void) async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.engine.start()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = DosetteServer(
            clinic.world.engine,
            ServerConfiguration(host: "127.0.0.1", port: 0, tokens: []),
            clinicSide: clinic.side,
            logger: World.logger,
            onReady: { announce.yield($0) }
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: clinic.world.engine), .init(service: server)],
                logger: World.logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(Live(root: "http://127.0.0.1:\(port)", group: group, clinic: clinic))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// What is still to come of an answer.
    @concurrent
    private func rest(_ answer: inout HTTPClientResponse.Body.AsyncIterator) async throws -> String
    {
        var text = ""
        while let buffer = try await answer.next() { text += String(buffer: buffer) }
        return text
    }

    @Test func `following ends with the session`() async throws {
        try await withServer { live in
            let (page, key) = try await live.order()
            let answer = try await live.follow(page)
            #expect(answer.status == .ok)
            var events = answer.body.makeAsyncIterator()
            let first = try #require(try await events.next())
            #expect(String(buffer: first).hasPrefix("event: order\ndata: {"))
            live.clinic.world.clock.move(by: .minutes(30))
            _ = try await live.clinic.world.engine.signal(
                Signal(name: "accept"),
                to: key,
                by: "Aino",
                reason: "fine"
            )
            let rest = try await rest(&events)
            // Only the answer ends: the page asks anew, and is told that the session is over.
            #expect(!rest.contains("event: end"))
            #expect(!rest.contains("Accepted"))
            #expect(try await live.follow(page).status == .gone)
        }
    }

    @Test func `a server that stops ends following`() async throws {
        try await withServer { live in
            let (page, _) = try await live.order()
            var events = try await live.follow(page).body.makeAsyncIterator()
            _ = try #require(try await events.next())
            await live.group.triggerGracefulShutdown()
            #expect(!(try await rest(&events).contains("event: end")))
        }
    }

    @Test func `a page too many of one session is told to ask later`() async throws {
        try await withServer { live in
            let (page, _) = try await live.order()
            var followers: [HTTPClientResponse.Body.AsyncIterator] = []
            for _ in 0..<ServerLimits.followersOfSessionMaximum {
                var events = try await live.follow(page).body.makeAsyncIterator()
                _ = try #require(try await events.next())
                followers.append(events)
            }
            let refused = try await live.follow(page)
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.headers["Retry-After"] == ["5"])
            await live.group.triggerGracefulShutdown()
        }
    }
}
