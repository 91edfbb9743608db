import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// The whole journal for other programs: in pages, or as it grows.
extension API {
    /// Tells the journal from a position on; sealed, gapless, only what is on disk.
    func feed(_ call: Call) async throws(Problem) -> Response {
        let request = try FeedRequest(call)
        return request.isLive ? try await follow(request, call) : try await page(request)
    }

    // MARK: - In pages

    private func page(_ request: FeedRequest) async throws(Problem) -> Response {
        var entries = try await entries(request.after, request.limit)
        // Where too many wait already, this one is answered at once.
        if entries.isEmpty, request.waitSeconds > 0,
            let follower = feedFollowers.enter(at: request.after)
        {
            defer { feedFollowers.leave(follower) }
            entries = try await waited(request)
        }
        let bytes = entries.flatMap { $0.bytes + [LineSplitter.newline] }
        var response = Response.bytes(bytes, .ok, type: MediaType.lines)
        response.headers[.next] = "\(entries.last?.position ?? request.after)"
        return response
    }

    private func waited(_ request: FeedRequest) async throws(Problem) -> [FeedEntry] {
        let end = engine.clock.now().advanced(by: .seconds(Int64(request.waitSeconds)))
        while true {
            let growth = engine.growth
            let entries = try await entries(request.after, request.limit)
            guard entries.isEmpty, engine.clock.now() < end, !Task.isShuttingDownGracefully,
                !Task.isCancelled
            else { return entries }
            await wait(beyond: growth, until: end)
        }
    }

    private func wait(beyond growth: Int, until time: Timestamp) async {
        // Cancelled when the server stops: whoever waits is answered then.
        await cancelWhenGracefulShutdown {
            await engine.waitForGrowth(beyond: growth, until: time)
        }
    }

    private func entries(_ after: Int64, _ limit: Int) async throws(Problem) -> [FeedEntry] {
        do {
            return try await engine.feed(after: after, limit: limit)
        } catch {
            throw Problem(error)
        }
    }

    // MARK: - Live

    private func follow(_ request: FeedRequest, _ call: Call) async throws(Problem) -> Response {
        // What is wrong is told before the answer begins.
        _ = try await entries(request.after, 1)
        guard feedFollowers.hasRoom else {
            throw .unavailable(
                "too_many_followers",
                "Too many programs follow the journal; ask in pages.",
                after: ServerLimits.storeRetrySeconds
            )
        }
        // Only a body that is written follows: one that never is, as of a cut call, must not count.
        let body = ResponseBody { [self] writer in
            if let follower = feedFollowers.enter(at: request.after) {
                defer { feedFollowers.leave(follower) }
                try await tell(request, follower, call.channel, &writer)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: MediaType.events], body: body)
    }

    // The writer is not Sendable and runs where Hummingbird runs it; see API+Batch.
    @concurrent
    private func tell(
        _ request: FeedRequest,
        _ follower: Int,
        _ channel: any Channel,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        var after = request.after
        let end = engine.clock.now().advanced(by: ServerLimits.feedTime)
        try await write("retry: \(ServerLimits.feedRetryMilliseconds)\n\n", channel, &writer)
        while !Task.isShuttingDownGracefully, engine.clock.now() < end {
            let growth = engine.growth
            let entries = try await entries(after, request.limit)
            if let last = entries.last {
                try await write(entries.map(Self.event).joined(), channel, &writer)
                after = last.position
                feedFollowers.move(follower, to: after)
                continue
            }
            let beat = engine.clock.now().advanced(by: ServerLimits.feedBeat)
            await wait(beyond: growth, until: min(beat, end))
            if engine.clock.now() >= beat {
                try await write(": still there\n\n", channel, &writer)
            }
        }
    }

    private static func event(_ entry: FeedEntry) -> String {
        let data = String(decoding: entry.bytes, as: UTF8.self)
        return "id: \(entry.position)\nevent: journal\ndata: \(data)\n\n"
    }

    /// Whoever does not read is not waited for.
    @concurrent
    private func write(
        _ text: String,
        _ channel: any Channel,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        let deadline = channel.cut(after: ServerLimits.answerTime)
        defer { deadline.cancel() }
        try await writer.write(ByteBuffer(string: text))
    }
}

/// What a call of the feed asks for.
struct FeedRequest: Hashable, Sendable {
    private static let lastEventField = "last-event-id"
    private static let positions = -1...Int64.max - 1

    /// The position of the last entry that was read; -1 for none.
    let after: Int64
    let limit: Int
    let waitSeconds: Int
    /// Whether the answer goes on as the journal grows.
    let isLive: Bool

    /// - Throws: A ``Problem`` with every rule that is broken.
    init(_ call: Call) throws(Problem) {
        var reader = QueryReader(
            call.request.uri.query,
            known: ["after", "limit", "wait", "form"]
        )
        let after = reader.integer64("after", in: Self.positions)
        let limit = reader.integer("limit", in: ServerLimits.feedLimits)
        let wait = reader.integer("wait", in: ServerLimits.feedWaits)
        _ = reader.choice("form", ["sealed"])
        var violations = reader.violations
        let headers = call.request.headers
        let last = headers.first { $0.name.canonicalName == Self.lastEventField }?.value
        isLive = headers[values: .accept].contains(where: MediaType.namesEvents)
        var lastEvent: Int64?
        if isLive, let last, !last.isEmpty {
            lastEvent = Int64(last).flatMap { Self.positions.contains($0) ? $0 : nil }
            if lastEvent == nil {
                violations.append(
                    Violation(
                        pointer: "/Last-Event-ID",
                        rule: "out_of_range",
                        detail: "The position of an entry is due."
                    )
                )
            }
        }
        guard violations.isEmpty else { throw Problem(violations) }
        // A reader that comes again asks as before, and says with the field how far it came.
        self.after = lastEvent ?? after ?? -1
        self.limit = limit ?? ServerLimits.feedLimitDefault
        waitSeconds = wait ?? 0
    }
}

/// Who follows the journal, so that they stay few, and how far each of them is.
final class FeedFollowers: Sendable {
    private struct State {
        var next = 0
        /// Up to where each was told.
        var positions: [Int: Int64] = [:]
    }

    private let state = Mutex(State())

    var hasRoom: Bool {
        state.withLock { $0.positions.count < ServerLimits.feedFollowersMaximum }
    }

    /// Lets one more follow, if there is room.
    ///
    /// - Parameter position: The last entry that it has; -1 for none.
    /// - Returns: Its number, with which it leaves; nothing when there are too many.
    func enter(at position: Int64) -> Int? {
        state.withLock { state in
            guard state.positions.count < ServerLimits.feedFollowersMaximum else { return nil }
            state.next += 1
            state.positions[state.next] = position
            return state.next
        }
    }

    func move(_ follower: Int, to position: Int64) {
        state.withLock { $0.positions[follower] = position }
    }

    func leave(_ follower: Int) { state.withLock { $0.positions[follower] = nil } }

    /// How many follow now, and up to where the slowest of them was told.
    var standing: (count: Int, slowest: Int64?) {
        state.withLock { ($0.positions.count, $0.positions.values.min()) }
    }
}

extension HTTPField.Name {
    /// What to give as `after` next.
    static let next = HTTPField.Name("Dosette-Next") ?? .eTag
}

extension Problem {
    init(_ failure: FeedFailure) {
        switch failure {
        case .ahead(let end):
            let detail =
                "The journal ends before this position, at \(end): an older copy of it was restored."
            self.init(.conflict, rule: "ahead_of_journal", detail, at: "/after")
        case .store(let error): self.init(error)
        case .damaged(let problem): self = .fault("the journal cannot be told: \(problem)")
        }
    }
}
