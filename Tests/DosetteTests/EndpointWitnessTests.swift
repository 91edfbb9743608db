import Dosette
import DosetteAudit
import DosetteEngine
import DosetteProvet
import DosetteStore
import DosetteTesting
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@Suite("A witness over HTTP")
struct EndpointWitnessTests {
    private let desk: WitnessDesk

    init() throws {
        desk = try WitnessDesk(name: "witness.example/w")
    }

    /// A way to the desk without a network.
    private var transport: HTTPTransport {
        HTTPTransport { [desk] request in
            let answer = desk.addCheckpoint(request.body ?? [])
            return .answer(
                TransportAnswer(status: answer.status, retryAfter: nil, body: answer.body)
            )
        }
    }

    private func witness() -> EndpointWitness {
        EndpointWitness(
            url: "https://witness.example",
            key: desk.key,
            secret: nil,
            transport: transport
        )
    }

    private func trustedLog(_ origin: String = "dosette.example/log") async throws -> Log {
        let log = try await Log(origin: origin)
        desk.trust(log.signer.verifier, of: origin)
        return log
    }

    @Test func `it signs what only grew, and the signature is good`() async throws {
        let log = try await trustedLog()
        let witness = witness()
        for count in [0, 1, 250, 700] {
            try await log.grow(count)
            let publication = try await log.publication()
            let signatures = try await witness.publish(publication)
            #expect(signatures.count == 1)
            let note = try publication.note.adding(signatures)
            let seen = try note.verify(with: [desk.key])
            #expect(seen.first?.seenAtSeconds == 1_755_691_200)
            #expect(desk.size(of: log.signer.name) == publication.checkpoint.size)
        }
        // Each in one request: what the witness has seen is remembered.
        #expect(desk.requestCount == 4)
    }

    @Test func `after a restart the witness names the size to go on from`() async throws {
        let log = try await trustedLog()
        _ = try await witness().publish(try await log.publication())
        try await log.grow(500)
        let again = witness()
        #expect(try await again.publish(try await log.publication()).count == 1)
        #expect(desk.requestCount == 3)
        // The same once more, as after a crash between the answer and its keeping.
        #expect(try await witness().publish(try await log.publication()).count == 1)
    }

    @Test(arguments: WitnessDesk.Lie.allCases)
    func `a witness that lies is not believed, and makes no signature`(
        lie: WitnessDesk.Lie
    ) async throws {
        let log = try await trustedLog()
        let witness = witness()
        _ = try await witness.publish(try await log.publication())
        try await log.grow(20)
        desk.tell(lie)
        let failure = try #require(await witness.failure(try await log.publication()))
        #expect(!failure.reason.isEmpty)
        desk.tell(nil)
        // The truth is heard again.
        #expect(await witness.failure(try await log.publication()) == nil)
    }

    @Test func `a witness that has seen more is told of as a contradiction`() async throws {
        let log = try await trustedLog()
        try await log.grow(20)
        _ = try await witness().publish(try await log.publication())
        let failure = try #require(await witness().failure(try await log.publication(12)))
        #expect(failure.contradicts)
        #expect(failure.reason.contains("30 entries"))
    }

    @Test func `a witness that has seen another journal takes no proof`() async throws {
        let log = try await trustedLog()
        _ = try await witness().publish(try await log.publication())
        let other = try await Log(origin: log.signer.name, entries: 40, software: "other")
        desk.trust(other.signer.verifier, of: log.signer.name)
        let failure = try #require(await witness().failure(try await other.publication()))
        #expect(failure.contradicts)
    }

    @Test func `a log or key that it does not know is said`() async throws {
        let log = try await Log()
        let publication = try await log.publication()
        #expect(await witness().failure(publication)?.reason.contains("404") == true)
        desk.trust(try NoteSigner(name: log.signer.name).verifier, of: log.signer.name)
        #expect(await witness().failure(publication)?.reason.contains("403") == true)
    }

    @Test func `a plain endpoint takes the note, with the secret, and any 2xx is enough`() async throws {
        let log = try await Log()
        let publication = try await log.publication()
        let seen = Mutex<[TransportRequest]>([])
        let statuses = Mutex([500, 204])
        let transport = HTTPTransport { request in
            seen.withLock { $0.append(request) }
            let status = statuses.withLock { $0.removeFirst() }
            return .answer(TransportAnswer(status: status, retryAfter: nil, body: []))
        }
        let witness = EndpointWitness(
            url: "https://archive.example/in",
            key: nil,
            secret: "s3cret",
            transport: transport
        )
        #expect(await witness.failure(publication)?.reason == "status 500")
        #expect(try await witness.publish(publication).isEmpty)
        let requests = seen.withLock { $0 }
        #expect(requests.map(\.url) == Array(repeating: "https://archive.example/in", count: 2))
        #expect(requests[1].body == publication.note.bytes)
        #expect(requests[1].headers.contains { $0 == ("Authorization", "Bearer s3cret") })
    }

    @Test func `no connection is a failure, and no contradiction`() async throws {
        let log = try await Log()
        let witness = EndpointWitness(
            url: "https://witness.example",
            key: desk.key,
            secret: nil,
            transport: HTTPTransport { _ in .notSent(reason: "no connection") }
        )
        let failure = await witness.failure(try await log.publication())
        #expect(failure == WitnessFailure("no connection"))
    }

    // MARK: - Over a socket

    @Test(.timeLimit(.minutes(1)))
    func `it is asked over HTTP as the protocol has it`() async throws {
        let log = try await trustedLog()
        let transport = HTTPTransport()
        try await serving { port in
            let witness = EndpointWitness(
                url: "http://127.0.0.1:\(port)",
                key: desk.key,
                secret: nil,
                transport: transport
            )
            for _ in 0..<2 {
                #expect(try await witness.publish(try await log.publication()).count == 1)
                try await log.grow(300)
            }
        }
        try await transport.shutdown()
    }

    /// Runs `body` beside the desk at a free port of this machine.
    private func serving(_ body: (Int) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        router.post("add-checkpoint") { [desk] request, _ -> Response in
            let body = try await request.body.collect(upTo: 1 << 20)
            let answer = desk.addCheckpoint(Array(body.readableBytesView))
            return Response(
                status: HTTPResponse.Status(code: answer.status),
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
            )
        }
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) },
            logger: logger
        )
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: application)], logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
