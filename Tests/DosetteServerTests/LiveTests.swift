import AsyncHTTPClient
import DosetteCore
import DosetteEngine
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import DosetteServer

@Suite("The server on a socket", .timeLimit(.minutes(1)))
struct LiveTests {
    private struct Live: Sendable {
        let root: String
        let group: ServiceGroup

        func send(
            _ method: String,
            _ path: String,
            _ headers: KeyValuePairs<String, String> = [:],
            body: HTTPClientRequest.Body? = nil
        ) async throws -> (status: Int, body: [UInt8]) {
            var request = HTTPClientRequest(url: root + path)
            request.method = .init(rawValue: method)
            for (name, value) in headers { request.headers.add(name: name, value: value) }
            request.body = body
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(50))
            let answer = try await response.body.collect(upTo: 1 << 22)
            return (Int(response.status.code), Array(answer.readableBytesView))
        }
    }

    /// Runs `body` against a server that is shut down afterwards.
    private func withServer(_ body: (Live) async throws -> Void) async throws {
        let world = try World()
        try await world.engine.start()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = DosetteServer(
            world.engine,
            ServerConfiguration(host: "127.0.0.1", port: 0, tokens: []),
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
            try await body(Live(root: "http://127.0.0.1:\(port)", group: group))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `an order is handed in over the wire`() async throws {
        try await withServer { live async throws in
            let body = HTTPClientRequest.Body.bytes(Sample.order().canonicalBytes)
            let type: KeyValuePairs = ["Content-Type": "application/json"]
            #expect(try await live.send("POST", "/v1/orders", type, body: body).status == 202)
            #expect(try await live.send("GET", "/v1/orders/webshop/HD-1").status == 200)
            #expect(try await live.send("HEAD", "/v1/orders/webshop/HD-1").body.isEmpty)
            #expect(try await live.send("GET", "/health/ready").status == 200)
            #expect(try await live.send("GET", "/v1/orders/webshop/HD-2").status == 404)
        }
    }

    @Test func `a body without a length is measured while it is read`() async throws {
        try await withServer { live async throws in
            let piece = ByteBuffer(repeating: 0x20, count: 40 * 1024)
            let two = [piece, piece].async
            let body = HTTPClientRequest.Body.stream(two, length: .unknown)
            #expect(try await live.send("POST", "/v1/orders", body: body).status == 413)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a batch that grows too long is taken up to its limit`() async throws {
        try await withServer { live in
            let line = ByteBuffer(bytes: Sample.order().canonicalBytes + [LineSplitter.newline])
            let piece = ByteBuffer(repeating: 0x20, count: 1024 * 1024)
            let pieces = ([line] + Array(repeating: piece, count: 64)).async
            let body = HTTPClientRequest.Body.stream(pieces, length: .unknown)
            let answer = try await live.send("POST", "/v1/orders/batch", body: body)
            let lines = answer.body.split(separator: LineSplitter.newline)
            let statuses = try lines.map { try JSONReader.read(Array($0))["status"] }
            #expect(answer.status == 200)
            #expect(statuses == [202, 413])
        }
    }

    @Test func `a batch ends early when the server stops, and says so`() async throws {
        try await withServer { live in
            let (lines, sending) = AsyncStream.makeStream(of: ByteBuffer.self)
            var request = HTTPClientRequest(url: live.root + "/v1/orders/batch")
            request.method = .POST
            request.body = .stream(lines, length: .unknown)
            sending.yield(ByteBuffer(string: Sample.order("HD-1").text + "\n"))
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(50))
            var answers = response.body.makeAsyncIterator()
            let first = try #require(try await answers.next())
            #expect(String(buffer: first).contains("\"status\":202"))
            await live.group.triggerGracefulShutdown()
            var last = first
            for number in 2... {
                sending.yield(ByteBuffer(string: Sample.order("HD-\(number)").text + "\n"))
                guard let next = try await answers.next() else { break }
                last = next
            }
            sending.finish()
            #expect(String(buffer: last).contains("\"rule\":\"stopping\""))
        }
    }

    @Test func `heads beyond the limit are refused`() async throws {
        try await withServer { live in
            let long = String(repeating: "x", count: ServerLimits.headerBytesMaximum)
            let answer = try await live.send("GET", "/health/live", ["X-Long": long])
            #expect(answer.status == 400)
        }
    }

    @Test func `a page that is long comes whole`() async throws {
        try await withServer { live in
            let lines = (1...400).map { Sample.order("HD-\($0)").text }.joined(separator: "\n")
            let body = HTTPClientRequest.Body.bytes(Array(lines.utf8))
            #expect(try await live.send("POST", "/v1/orders/batch", body: body).status == 200)
            let page = try await live.send("GET", "/v1/orders?limit=1000")
            #expect(page.body.count > ServerLimits.timedAnswerBytes)
            #expect(try JSONReader.read(page.body)["orders"]?.arrayValue?.count == 400)
        }
    }
}

extension Array where Element: Sendable {
    /// The elements, one after the other.
    fileprivate var async: AsyncStream<Element> {
        AsyncStream { continuation in
            for element in self { continuation.yield(element) }
            continuation.finish()
        }
    }
}
