import DosetteCore
import DosetteDefinitions
import DosetteEngine
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import DosetteProvet

/// A far side that answers as a test says, notes who asked for what, and may never answer.
struct Scripted: Sendable {
    /// One request as it came in.
    struct Seen: Hashable, Sendable {
        let method: String
        /// The path and the query.
        let target: String
        let headers: [String: String]
        let body: [UInt8]
        /// How many requests to the same path came before.
        let earlier: Int

        /// The path below the API, without the query: `eprescription/prescription/7/`.
        var path: String {
            let path = String(target.prefix { $0 != "?" })
            return path.replacing("/4/api/0.1/", with: "")
        }

        /// `GET eprescription/prescription/7/`.
        var line: String { "\(method) \(path)" }

        var query: String { String(target.drop { $0 != "?" }.dropFirst()) }

        var isSignIn: Bool { path.hasSuffix("/oauth2/token/") }

        var json: JSON? { try? JSONReader.read(body) }
    }

    enum Reply: Sendable {
        case answer(Int, headers: [String: String] = [:], body: [UInt8] = [])
        /// Nothing comes back for as long as the test runs.
        case silence

        static func json(_ status: Int, _ json: JSON, _ headers: [String: String] = [:]) -> Self {
            .answer(status, headers: headers, body: json.canonicalBytes)
        }

        /// A list of one page.
        static func list(_ rows: [JSON]) -> Self {
            .json(200, ["count": JSON(rows.count), "next": .null, "results": .array(rows)])
        }

        /// A token that says how many there were before.
        static func token(_ number: Int, expiresIn: Int = 36_000) -> Self {
            .json(200, ["access_token": .string("t\(number)"), "expires_in": JSON(expiresIn)])
        }
    }

    let port: Int
    let transport: HTTPTransport
    let clock: StandingClock
    private let notes: Notes

    /// Runs `body` against a server that answers what `reply` says, and by itself to a sign-in
    /// of which `reply` says nothing.
    static func run(
        _ reply: @escaping @Sendable (Seen) -> Reply?,
        _ body: (Scripted) async throws -> Void
    ) async throws {
        let notes = Notes(reply)
        try await LiveServer.run { onReady in
            ScriptedService(notes: notes, onReady: onReady)
        } _: { port in
            try await HTTPTransport.lent { transport in
                let clock = StandingClock(World.morning)
                try await body(
                    Scripted(port: port, transport: transport, clock: clock, notes: notes)
                )
            }
        } ending: {
            notes.gate.open()
        }
    }

    var root: String { "http://127.0.0.1:\(port)/4" }

    /// The adapter for a clinic at this server.
    func actions(
        _ assumptions: ProvetAssumptions = ProvetAssumptions(),
        fee: FeeConfiguration = .standard
    ) -> ProvetActions {
        ProvetActions([client(assumptions, fee: fee)], assumptions: assumptions)
    }

    func client(
        _ assumptions: ProvetAssumptions = ProvetAssumptions(),
        root: String? = nil,
        fee: FeeConfiguration = .standard
    ) -> ProvetClient {
        ProvetClient(
            clinic: World.clinic(root ?? self.root, self.root, fee: fee),
            assumptions: assumptions,
            transport: transport,
            clock: clock
        )
    }

    /// An order at this server's clinic, on which nothing was done yet.
    func journey(_ actions: ProvetActions, _ wish: Journey.Wish = .init()) throws -> Journey {
        try Journey(actions, clock, wish)
    }

    /// Everything that came in, in order.
    var seen: [Seen] { notes.seen.withLock { $0 } }

    /// The calls of the API, without sign-ins.
    var calls: [Seen] { seen.filter { !$0.isSignIn } }

    var signInCount: Int { seen.count { $0.isSignIn } }

    /// Says that a request came in which is not answered.
    var silenced: AsyncStream<Void> { notes.silenced }

    /// Lets everybody go who waits for an answer.
    func release() { notes.gate.open() }

    var isReleased: Bool { notes.gate.isOpen }
}

/// What a scripted server knows and notes.
private final class Notes: Sendable {
    let reply: @Sendable (Scripted.Seen) -> Scripted.Reply?
    let seen = Mutex<[Scripted.Seen]>([])
    let gate = Gate()
    let silenced: AsyncStream<Void>
    let announce: AsyncStream<Void>.Continuation

    init(_ reply: @escaping @Sendable (Scripted.Seen) -> Scripted.Reply?) {
        self.reply = reply
        (silenced, announce) = AsyncStream.makeStream()
    }

    func take(_ request: Request, _ body: [UInt8]) -> Scripted.Reply {
        let target = request.head.path ?? "/"
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let seen = seen.withLock { all in
            let seen = Scripted.Seen(
                method: request.method.rawValue,
                target: target,
                headers: headers,
                body: body,
                earlier: all.count { $0.target == target && $0.method == request.method.rawValue }
            )
            all.append(seen)
            return seen
        }
        if let reply = reply(seen) { return reply }
        return seen.isSignIn ? .token(seen.earlier + 1) : .answer(404)
    }
}

/// A door that is shut until it is opened for good.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

private struct ScriptedService: Service {
    let notes: Notes
    let onReady: @Sendable (Int) async -> Void

    func run() async throws {
        let application = Application(
            responder: ScriptedResponder(notes: notes),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [onReady] channel in
                guard let port = channel.localAddress?.port else { return }
                await onReady(port)
            },
            logger: LiveServer.logger
        )
        try await application.run()
    }
}

private struct ScriptedResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let notes: Notes

    @Sendable func respond(to request: Request, context: Context) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        switch notes.take(request, Array(body.readableBytesView)) {
        case .answer(let status, let headers, let body):
            return Self.response(status, headers, body)
        case .silence:
            notes.announce.yield()
            await notes.gate.wait()
            return Self.response(500, [:], [])
        }
    }

    private static func response(
        _ status: Int,
        _ headers: [String: String],
        _ body: [UInt8]
    ) -> Response {
        var fields = HTTPFields()
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields[name] = value
        }
        return Response(
            status: HTTPResponse.Status(code: status),
            headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
