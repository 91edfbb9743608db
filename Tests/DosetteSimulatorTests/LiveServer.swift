import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing

@testable import DosetteSimulator

/// A simulator on a free port of this machine, and a client for it.
struct LiveServer: Sendable {
    let provet: SimulatedProvet
    let root: String

    /// Runs `body` against a server with the clock `now`, which is shut down afterwards.
    static func run(
        now: @escaping @Sendable () -> Int64 = { Clinic.morning },
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        let provet = SimulatedProvet()
        try await serving { logger, onReady in
            SimulatedProvetServer(
                provet,
                port: 0,
                logger: logger,
                now: now,
                onReady: onReady
            )
        } _: { port in
            try await body(LiveServer(provet: provet, root: "http://127.0.0.1:\(port)"))
        }
    }

    /// Runs `body` beside a service that says when it is ready.
    static func serving(
        _ make: (Logger, @escaping @Sendable (Int) async -> Void) -> any Service,
        _ body: (Int) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let service = make(logger) { announce.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: service)], logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        headers: HTTPHeaders = [:],
        body: [UInt8] = []
    ) async throws -> (status: Int, body: [UInt8]) {
        var request = HTTPClientRequest(url: root + path)
        request.method = method
        request.headers = headers
        request.body = .bytes(body)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let answer = try await response.body.collect(upTo: 1 << 22)
        return (Int(response.status.code), Array(answer.readableBytesView))
    }

    /// Sends JSON to a control route.
    func control(_ path: String, _ body: JSON) async throws -> (status: Int, json: JSON) {
        let answer = try await send(.POST, "/_simulator" + path, body: body.bytes)
        return (answer.status, try JSONReader.read(answer.body))
    }

    /// Signs in to installation 4 and returns the header that says so.
    func signIn(
        _ client: String = "dosette",
        _ secret: String = "simulated-secret",
        in installation: String = "4"
    ) async throws -> HTTPHeaders? {
        let pair = Data("\(client):\(secret)".utf8).base64EncodedString()
        let answer = try await send(
            .POST,
            "/\(installation)/oauth2/token/",
            headers: [
                "Authorization": "Basic \(pair)",
                "Content-Type": "application/x-www-form-urlencoded",
            ],
            body: Array("grant_type=client_credentials".utf8)
        )
        guard let token = try JSONReader.read(answer.body)["access_token"]?.text else { return nil }
        return ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
    }
}

/// The integration's side: notes every POST and answers as a test says.
final class Receiver: Sendable {
    /// One request as it came in.
    struct Seen: Hashable, Sendable {
        let path: String
        let contentType: String?
        let body: String
    }

    let seen: AsyncStream<Seen>
    private let note: AsyncStream<Seen>.Continuation
    private let count = Mutex(0)
    private let answer: @Sendable (Int) -> (status: Int, text: String)

    /// Creates a receiver that answers the request with the given number, from 0, with `answer`.
    init(_ answer: @escaping @Sendable (Int) -> (status: Int, text: String)) {
        (seen, note) = AsyncStream.makeStream(of: Seen.self)
        self.answer = answer
    }

    /// Runs `body` with the receiver's address.
    func run(_ body: (String) async throws -> Void) async throws {
        try await LiveServer.serving { logger, onReady in
            Application(
                responder: CallbackResponder { [self] request, _ in try await respond(to: request) }
                    as CallbackResponder<BasicRequestContext>,
                configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
                logger: logger
            )
        } _: { port in
            try await body("http://127.0.0.1:\(port)")
        }
    }

    private func respond(to request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        note.yield(
            Seen(
                path: request.uri.path,
                contentType: request.headers[.contentType],
                body: String(buffer: body)
            )
        )
        let number = count.withLock { count in
            defer { count += 1 }
            return count
        }
        let reply = answer(number)
        return Response(
            status: .init(code: reply.status),
            headers: reply.status == 302 ? [.location: "/elsewhere"] : [:],
            body: .init(byteBuffer: ByteBuffer(string: reply.text))
        )
    }
}

/// A clock that moves a second with every look, so that pauses pass without waiting.
final class HastyClock: Sendable {
    private let time = Mutex(Clinic.morning)

    func now() -> Int64 {
        time.withLock { time in
            time += 1000
            return time
        }
    }
}
