import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// The page of an order, for the client's own session only.
extension ClinicAPI {
    func order(_ path: Route.OrderPath, _ token: String, _ call: Call) async -> Response {
        await visit(token) { visit throws(LaunchFailure) in
            let order = try await order(path, visit)
            return try await page(order, visit).page.response
        }
    }

    /// An order of the session's clinic and client; any other one is not there.
    private func order(
        _ path: Route.OrderPath,
        _ visit: Visit
    ) async throws(LaunchFailure) -> Order {
        guard let key = OrderKey(source: path.source, orderID: path.orderID) else {
            throw .noSuchOrder
        }
        let order: Order
        do throws(DeskFailure) {
            order = try await engine.order(key)
        } catch {
            throw Self.failure(error)
        }
        guard order.received.clinic == visit.session.clinic,
            order.received.clientID == visit.session.client
        else { throw .noSuchOrder }
        return order
    }

    private static func failure(_ failure: DeskFailure) -> LaunchFailure {
        if case .noSuchOrder = failure { return .noSuchOrder }
        return .request(Problem(failure))
    }

    private func page(_ order: Order, _ visit: Visit) async throws(LaunchFailure) -> OrderPage {
        let events: [RecordedEvent]
        do throws(DeskFailure) {
            events = try await engine.events(of: order.received.key)
        } catch {
            throw Self.failure(error)
        }
        let facts = events.compactMap { try? EventCodec.fact($0.entry, opening: engine.opening) }
        let key = order.received.key
        let session = ["launch", "session", visit.token]
        return OrderPage(
            order: order,
            story: Array(PageStory.lines(facts, of: order).suffix(ServerLimits.storyLinesMaximum)),
            time: ClinicTime(timeZone: visit.clinic.configuration.timeZone),
            back: SitePath(base: base, session),
            live: SitePath(base: base, session + ["orders", key.source, key.orderID, "live"]),
            base: base,
            frame: frame(visit.session.clinic)
        )
    }

    // MARK: - Live

    /// What a follower is told.
    private enum Tick: Sendable {
        case changed(Order)
        /// Nothing, to learn whether the other end is still there.
        case beat
    }

    /// Tells a page of every change until nothing more is to come, the session ends or the time is up.
    func live(_ path: Route.OrderPath, _ token: String, _ call: Call) async -> Response {
        await visit(token) { visit throws(LaunchFailure) in
            let order = try await order(path, visit)
            let session = visit.session.nonce
            guard followers.hasRoom(session) else {
                let detail = "Too many pages follow orders; this one asks again by itself."
                let retry = ServerLimits.storeRetrySeconds
                throw .request(.unavailable("too_many_followers", detail, after: retry))
            }
            // Only a body that is written follows: one that never is, as of a cut call, must not count.
            let body = ResponseBody { [self] writer in
                if followers.enter(session) {
                    defer { followers.leave(session) }
                    try await tell(order.received.key, visit, call.channel, &writer)
                }
                try await writer.finish(nil)
            }
            var response = Response(
                status: .ok,
                headers: [.contentType: MediaType.events],
                body: body
            )
            Page.guardHeaders(&response, frame(visit.session.clinic))
            return response
        }
    }

    // The writer is not Sendable and runs where Hummingbird runs it; see API+Batch.
    @concurrent
    private func tell(
        _ key: OrderKey,
        _ visit: Visit,
        _ channel: any Channel,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        guard let (order, states) = try? await engine.follow(key) else { return }
        let (ticks, announce) = AsyncStream.makeStream(
            of: Tick.self,
            bufferingPolicy: .bufferingNewest(ServerLimits.followingLag)
        )
        let timers = Self.timers(channel, announce)
        defer { timers.cancel() }
        announce.yield(.changed(order))
        var isOver = false
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await order in states { announce.yield(.changed(order)) }
                announce.finish()
            }
            defer { group.cancelAll() }
            try await withGracefulShutdownHandler {
                for await tick in ticks {
                    if case .changed(let order) = tick, !order.isOpen { isOver = true }
                    guard try await write(tick, visit, &writer) else { break }
                }
            } onGracefulShutdown: {
                announce.finish()
            }
        }
        // Otherwise only this answer ends, and the page asks anew.
        if isOver { try await writer.write(ByteBuffer(string: "event: end\ndata: {}\n\n")) }
    }

    private struct Timers: Sendable {
        let beats: RepeatedTask
        let end: Scheduled<Void>

        func cancel() {
            beats.cancel()
            end.cancel()
        }
    }

    private static func timers(
        _ channel: any Channel,
        _ announce: AsyncStream<Tick>.Continuation
    ) -> Timers {
        let loop = channel.eventLoop
        let beat = ServerLimits.beatTime
        return Timers(
            beats: loop.scheduleRepeatedTask(initialDelay: beat, delay: beat) { _ in
                announce.yield(.beat)
            },
            end: loop.scheduleTask(in: ServerLimits.followingTime) { announce.finish() }
        )
    }

    /// Writes what is to be told.
    ///
    /// - Returns: Whether there may be more.
    @concurrent
    private func write(
        _ tick: Tick,
        _ visit: Visit,
        _ writer: inout any ResponseBodyWriter
    ) async throws -> Bool {
        guard engine.clock.now() < visit.session.expiresAt,
            side.directory.clinic(visit.session.clinic)?.isDisabled == false
        else { return false }
        switch tick {
        case .beat:
            try await writer.write(ByteBuffer(string: ": still there\n\n"))
            return true
        case .changed(let order):
            guard let page = try? await page(order, visit) else { return false }
            let data = page.changes.text
            try await writer.write(ByteBuffer(string: "event: order\ndata: \(data)\n\n"))
            return order.isOpen
        }
    }
}
