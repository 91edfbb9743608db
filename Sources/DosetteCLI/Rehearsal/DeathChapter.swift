import DosetteCore
import Foundation

/// One journal, one simulated Provet, and a server that dies again and again; at the end the reckoning.
struct DeathChapter {
    /// Orders under way at once: enough that every death falls into somebody's work.
    private static let openOrders = 16
    /// How long a server may live until it comes to its point.
    private static let pointMaximum = Duration.seconds(10)
    /// How often a point is tried that was not reached.
    private static let pointTries = 3
    /// How long a stopped server works after SIGCONT, before it is killed.
    private static let afterStop = Duration.milliseconds(500)
    /// A drain waits for calls that are out: 1 s, and what they record.
    private static let drainMaximum = Duration.seconds(15)
    private static let pause = Duration.milliseconds(10)

    private let directory: URL
    private let settling: Duration
    private var stage: Stage
    private var floor = Floor(day: "2025-08-20")
    private var feed = OrderFeed(openCount: openOrders)
    private var tally: DeathTally
    private var journals = 0

    /// Deals the blows, one process each, lets everything settle and reckons.
    ///
    /// - Parameters:
    ///   - blows: What is done, in order.
    ///   - settings: The stage and its limits.
    ///   - directory: Where data and logs go.
    ///   - tally: What happened before; what happens here is added, also when something is thrown.
    ///   - mayGoOn: Asked before each blow; when it says no, the reckoning comes at once.
    /// - Throws: What keeps the processes from running or being asked.
    static func run(
        _ blows: [Blow],
        _ settings: DeathRun.Settings,
        in directory: URL,
        _ tally: inout DeathTally,
        mayGoOn: () -> Bool
    ) async throws {
        let stage = try await Stage.set(settings.stage, in: directory)
        var chapter = DeathChapter(
            directory: directory,
            settling: settings.settling,
            stage: stage,
            tally: tally
        )
        defer { tally = chapter.tally }
        do {
            try await chapter.drainFirst()
            for blow in blows where mayGoOn() { try await chapter.deal(blow) }
            try await chapter.reckon()
        } catch {
            chapter.stage.server.kill()
            chapter.stage.stopSimulator()
            throw error
        }
    }

    private init(directory: URL, settling: Duration, stage: Stage, tally: DeathTally) {
        self.directory = directory
        self.settling = settling
        self.stage = stage
        self.tally = tally
    }

    /// A server that has nothing to do ends at once and with 0.
    private mutating func drainFirst() async throws {
        await drain(stage.server)
    }

    private mutating func reckon() async throws {
        guard try await stage.restart() != nil else {
            throw Stop(.unavailable, "the server ended; see \(stage.server.log.path)")
        }
        let reckoning = try await Reckoning.run(
            stage,
            &floor,
            submitted: feed.names,
            settling: settling
        )
        tally.add(reckoning)
    }

    // MARK: - Work

    /// Hands orders in, decides and dispenses for as long as the server runs.
    private mutating func work() async {
        while stage.server.isRunning {
            await feed.handIn(stage.api)
            if let views = try? await feed.look(stage, floor) {
                await floor.round(views, stage)
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    // MARK: - Blows

    private mutating func deal(_ blow: Blow) async throws {
        switch blow {
        case .kill(let after):
            try await start()
            let server = stage.server
            async let struck = Self.kill(server, after: after)
            await work()
            note(await struck, "before it was killed") { $0.kills += 1 }
        case .killAtStart(let after):
            try stage.spawn()
            let struck = await Self.kill(stage.server, after: after)
            note(struck, "while it started") { $0.killsAtStart += 1 }
        case .point(let place):
            try await deal(place)
        case .stop(let after, let length):
            try await start()
            let (server, api) = (stage.server, stage.api)
            async let struck = Self.stop(server, api, after: after, length: length)
            await work()
            note(await struck, "after SIGCONT") { $0.stops += 1 }
        case .drain(let after):
            try await start()
            let server = stage.server
            async let struck = Self.terminate(server, after: after)
            await work()
            note(await struck)
        }
    }

    private mutating func start() async throws {
        guard let duration = try await stage.restart() else {
            throw Stop(.unavailable, "the server ended; see \(stage.server.log.path)")
        }
        tally.restarted(in: duration)
    }

    /// What came of a blow.
    private enum Struck: Sendable {
        case killed
        case ended(ChildProcess.Ending)
        case doesNotAnswer
    }

    private static func kill(_ server: ChildProcess, after: Duration) async -> Struck {
        if let ending = await server.waitForEnd(within: after) { return .ended(ending) }
        server.kill()
        return .killed
    }

    private static func stop(
        _ server: ChildProcess,
        _ api: APIClient,
        after: Duration,
        length: Duration
    ) async -> Struck {
        if let ending = await server.waitForEnd(within: after) { return .ended(ending) }
        server.send(SIGSTOP)
        try? await Task.sleep(for: length)
        server.send(SIGCONT)
        if let ending = await server.waitForEnd(within: afterStop) { return .ended(ending) }
        let answer = try? await api.get("/health/ready")
        server.kill()
        return answer?.status == 200 ? .killed : .doesNotAnswer
    }

    private mutating func note(
        _ struck: Struck,
        _ moment: String,
        _ count: (inout DeathTally) -> Void
    ) {
        switch struck {
        case .killed: count(&tally)
        case .ended(let ending): tally.problem("a server ended by itself \(moment): \(ending)")
        case .doesNotAnswer: tally.problem("a server was not ready \(moment)")
        }
    }

    // MARK: - Draining

    private struct Drained: Sendable {
        let ending: ChildProcess.Ending?
        let duration: Duration
    }

    private static func terminate(_ server: ChildProcess, after: Duration) async -> Drained {
        if let ending = await server.waitForEnd(within: after) {
            return Drained(ending: ending, duration: .zero)
        }
        let begin = ContinuousClock.now
        server.send(SIGTERM)
        let ending = await server.waitForEnd(within: drainMaximum)
        if ending == nil { server.kill() }
        return Drained(ending: ending, duration: ContinuousClock.now - begin)
    }

    private mutating func drain(_ server: ChildProcess) async {
        note(await Self.terminate(server, after: .zero))
    }

    private mutating func note(_ drained: Drained) {
        tally.drains += 1
        tally.drainLongest = max(tally.drainLongest, drained.duration)
        switch drained.ending {
        case .exited(0): break
        case .exited, .killed:
            tally.problem("a server that was asked to end ended with \(drained.ending as Any)")
        case nil:
            tally.problem("a server did not end within \(Self.drainMaximum.words) of SIGTERM")
        }
    }

    // MARK: - Points

    private mutating func deal(_ first: CrashPlace) async throws {
        var place = first
        for _ in 0..<Self.pointTries {
            if try await dies(at: place) {
                tally.reached[place.point, default: 0] += 1
                return
            }
            tally.missed[place.point, default: 0] += 1
            place = CrashPlace(place.point, 1)
        }
    }

    private mutating func dies(at place: CrashPlace) async throws -> Bool {
        let options = ["--crash-at", "\(place)"]
        switch place.point.place {
        case .migration:
            journals += 1
            let problem = try await NewJournal.make(
                dyingAt: place,
                of: stage,
                in: directory.appending(path: "journal-\(journals)")
            )
            if let problem { tally.problem(problem) }
            return problem == nil
        case .start:
            try stage.spawn(options)
            return died(await stage.server.waitForEnd(within: Self.pointMaximum), at: place)
        case .work:
            guard let duration = try await stage.restart(options) else {
                return died(stage.server.ending, at: place)
            }
            tally.restarted(in: duration)
            let server = stage.server
            async let struck = Self.kill(server, after: Self.pointMaximum)
            await work()
            guard case .ended(let ending) = await struck else { return false }
            return died(ending, at: place)
        }
    }

    private mutating func died(_ ending: ChildProcess.Ending?, at place: CrashPlace) -> Bool {
        guard let ending else {
            stage.server.kill()
            return false
        }
        if ending == .killed(SIGKILL) { return true }
        tally.problem("a server that was to die at \(place) ended with \(ending)")
        return false
    }
}
