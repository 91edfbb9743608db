import DosetteCore
import DosetteEngine
import DosetteKeys
import DosetteStore
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// What calls with an Idempotency-Key were answered, where no order's stream remembers them: the same call under the
/// same key is answered as before, another one is refused.
///
/// Only what was done is kept. An answer is on disk, sealed, before the caller has it. When the process dies between
/// the two, the call is made anew: each of them changes nothing the second time, but for a second key of the log.
/// What concerns a client is kept in memory only: nothing in a file may lead to a person who is forgotten.
final class KeptAnswers: Sendable {
    /// For how long an answer is kept.
    static let span = TimeSpan.days(7)
    /// Answers in memory at the most; the oldest go.
    static let memoryMaximum = 1_000
    /// A key for digests of what was asked, and the name under which answers are sealed.
    private static let purpose = "kept-answer"

    private struct Name: Hashable {
        let scope: String
        let key: String
    }

    private struct State {
        var underWay: Set<Name> = []
        /// Oldest first.
        var answers: [(name: Name, digest: String, status: Int, body: [UInt8])] = []
    }

    private let store: any Store
    private let clock: any EngineClock
    /// Nothing where answers are kept in memory only.
    private let keys: MasterKey?
    private let state = Mutex(State())

    init(store: any Store, clock: any EngineClock, keys: MasterKey?) {
        self.store = store
        self.clock = clock
        self.keys = keys
    }

    /// Answers a call: as before when its key was used, else by what `perform` does.
    ///
    /// - Parameters:
    ///   - call: The call, whose body was not read.
    ///   - route: Where it leads, which says how its answer is kept.
    ///   - perform: Does what is asked.
    /// - Returns: The answer, of now or of before.
    /// - Throws: A ``Problem``: of the call, or because its key stands for another one or is under way.
    func answer(
        _ call: Call,
        at route: Route,
        _ perform: (Call) async throws(Problem) -> Response
    ) async throws(Problem) -> Response {
        guard let key = try call.key() else { return try await perform(call) }
        let isLasting = route.keeping == .lasting
        let scope = "\(call.request.method.rawValue) \(call.request.uri.path)"
        guard scope.utf8.count <= ServerLimits.scopeBytesMaximum else { throw .noSuchPath }
        let name = Name(scope: scope, key: key)
        let body = try await call.bytes(upTo: route.keptCallBytesMaximum)
        let digest = digest(of: body, by: call.caller)
        guard state.withLock({ $0.underWay.insert(name).inserted }) else {
            let detail = "A call under this Idempotency-Key is under way; ask again."
            throw Problem(.conflict, rule: "call_under_way", detail)
        }
        defer { state.withLock { _ = $0.underWay.remove(name) } }
        if let kept = try await find(name, isLasting: isLasting) {
            guard kept.digest == digest else {
                throw Problem.keyReused
            }
            return Self.response(kept.status, kept.body, at: route)
        }
        let response = try await perform(call.with(body))
        guard response.status.kind == .successful else { return response }
        let bytes = try await Self.bytes(of: response)
        try await keep(name, digest, response.status.code, bytes, isLasting: isLasting)
        return response.with(bytes)
    }

    // MARK: - Keeping

    private typealias Kept = (digest: String, status: Int, body: [UInt8])

    /// Who calls is part of it: the name stands in the journal.
    private func digest(of body: [UInt8], by caller: Caller) -> String {
        let meaning = Engine.digest(of: [
            "by": JSON(caller.name), "body": .string(String(decoding: body, as: UTF8.self)),
        ])
        return keys?.signature(of: meaning, for: Self.purpose) ?? meaning
    }

    private func find(_ name: Name, isLasting: Bool) async throws(Problem) -> Kept? {
        guard isLasting, let keys else {
            return state.withLock { state in
                state.answers.first { $0.name == name }
                    .map { ($0.digest, $0.status, $0.body) }
            }
        }
        do {
            guard let row = try await store.keptAnswer(scope: name.scope, key: name.key),
                row.keptAt >= oldest
            else { return nil }
            let text = try keys.open(row.sealed, of: Self.owner(name))
            return (row.digest, row.status, Array(text.utf8))
        } catch let error as StoreError {
            throw Problem(error)
        } catch {
            throw .fault("a kept answer does not open: \(error)")
        }
    }

    private func keep(
        _ name: Name,
        _ digest: String,
        _ status: Int,
        _ body: [UInt8],
        isLasting: Bool
    ) async throws(Problem) {
        guard isLasting, let keys else {
            return state.withLock { state in
                state.answers.append((name, digest, status, body))
                state.answers.removeFirst(max(0, state.answers.count - Self.memoryMaximum))
            }
        }
        let now = clock.now()
        do {
            let text = String(decoding: body, as: UTF8.self)
            let answer = KeptAnswer(
                scope: name.scope,
                key: name.key,
                digest: digest,
                status: status,
                sealed: try keys.seal(text, of: Self.owner(name)),
                keptAt: now
            )
            try await store.keep(answer, forgettingBefore: oldest)
        } catch let error as StoreError {
            throw Problem(error)
        } catch {
            throw .fault("an answer cannot be sealed: \(error)")
        }
    }

    /// The time of the oldest answer that still counts.
    private var oldest: Timestamp {
        clock.now().advanced(by: .milliseconds(-Self.span.milliseconds))
    }

    private static func owner(_ name: Name) -> String { "\(purpose)/\(name.scope)/\(name.key)" }

    // MARK: - Answers

    private static func response(_ status: Int, _ body: [UInt8], at route: Route) -> Response {
        let status = HTTPResponse.Status(code: status)
        guard !body.isEmpty else { return Response(status: status) }
        var response = Response.bytes(body, status, type: MediaType.json)
        response.headers[.location] = route.location(of: body)
        return response
    }

    private static func bytes(of response: Response) async throws(Problem) -> [UInt8] {
        let collected = Collected()
        do {
            try await response.body.write(CollectingWriter(collected: collected))
        } catch {
            throw .fault("an answer could not be kept: \(error)")
        }
        return collected.bytes
    }
}

/// What a body writes.
private final class Collected: Sendable {
    private let buffer = Mutex(ByteBuffer())

    var bytes: [UInt8] { buffer.withLock { Array($0.readableBytesView) } }

    func append(_ more: ByteBuffer) { buffer.withLock { _ = $0.writeImmutableBuffer(more) } }
}

private struct CollectingWriter: ResponseBodyWriter {
    let collected: Collected

    mutating func write(_ buffer: ByteBuffer) async throws { collected.append(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension Call {
    /// The same call with a body that was read already.
    func with(_ body: [UInt8]) -> Call {
        var request = request
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        return Call(request: request, caller: caller, channel: channel)
    }
}

extension Response {
    /// The same answer with a body that was written already.
    fileprivate func with(_ body: [UInt8]) -> Response {
        var response = self
        response.body = body.isEmpty ? .init() : ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        return response
    }
}

extension Route {
    /// How answers to changes are kept that no order's stream remembers.
    enum Keeping: Hashable, Sendable {
        /// There is nothing to keep, or the order's stream does.
        case none
        case inMemory
        case lasting
    }

    /// How long the body of a call may be whose answer is kept.
    fileprivate var keptCallBytesMaximum: Int {
        self == .proposals(.list)
            ? ServerLimits.proposalBytesMaximum : ServerLimits.callBytesMaximum
    }

    /// Where the thing is that an answer tells of, when the call made one: only the body is kept.
    fileprivate func location(of body: [UInt8]) -> String? {
        guard self == .proposals(.list) else { return nil }
        return (try? JSONReader.read(body))?["proposal"]?.stringValue.map(ProposalRoute.path(of:))
    }

    /// How answers to changes are kept here.
    var keeping: Keeping {
        switch self {
        case .client(_, let part): part == .view ? .none : .inMemory
        case .rotateKey, .webhookReplay: .lasting
        // Nothing is done by a dry run.
        case .proposals(let route): if case .plan = route { .none } else { .inMemory }
        case .clinicSide(.clinics), .clinicSide(.clinic): .lasting
        case .clinicSide, .orders, .batch, .order, .events, .signals, .dispenses, .reversal, .live,
            .ready, .metrics, .backup, .document, .feed, .webhooks, .console, .nowhere:
            .none
        }
    }
}

extension Problem {
    static let keyReused = Problem(
        .invalid,
        rule: "idempotency_key_reused",
        "The Idempotency-Key stands for another call."
    )
}
