package import DosetteCore
package import DosetteDefinitions
package import DosetteDeterminism
package import DosetteEngine
package import DosetteStore
import Synchronization

/// A pharmacy in memory: one store, one clock, one performer, and one engine after the other.
///
/// Nothing in it runs by itself. An engine works when a test says ``EngineLife/settle()`` or lets
/// time pass, and always in the same order.
package final class EngineWorld: Sendable {
    /// How an engine's life ends.
    package enum Ending: Hashable, Sendable {
        /// It is asked to stop, and does.
        case drained
        /// It is gone, in the middle of whatever it does.
        case crashed
    }

    package let store: any Store
    package let clock: VirtualClock
    package let performer: ScriptedPerformer
    private let configuration: Configuration
    private let parts: EngineParts

    /// - Parameters:
    ///   - configuration: The pharmacy and its clinics.
    ///   - parts: What engines are made of; performers, clock and chance are replaced.
    ///   - start: The time at which the world begins.
    ///   - performer: Who does the actions.
    package init(
        _ configuration: Configuration,
        _ parts: EngineParts,
        at start: Timestamp,
        performer: ScriptedPerformer = ScriptedPerformer()
    ) {
        self.configuration = configuration
        self.performer = performer
        clock = VirtualClock(start)
        store = parts.store
        var parts = parts
        parts.performers = [performer]
        parts.clock = clock
        parts.random = RandomSource(SeededRandom(seed: 1))
        self.parts = parts
    }

    /// Makes an engine on the world's store; nothing is read or written yet.
    package func makeEngine(on connection: StoreConnection) throws -> Engine {
        var parts = parts
        parts.store = connection
        return try Engine(configuration, parts)
    }

    /// Lets an engine take the journal over, work while `body` goes on, and end.
    ///
    /// - Parameters:
    ///   - ending: How it ends when `body` returns; if `body` throws it crashes.
    ///   - body: What happens meanwhile.
    /// - Returns: What `body` does.
    /// - Throws: What `body` throws, and what an engine says that cannot start or stop.
    @discardableResult
    package func live<Result>(
        _ ending: Ending = .drained,
        _ body: (EngineLife) async throws -> Result
    ) async throws -> Result {
        // What an engine does in here never suspends its test: other tests have a turn now.
        await Task.yield()
        let connection = StoreConnection(store)
        let engine = try makeEngine(on: connection)
        try await engine.start()
        let life = EngineLife(engine: engine, connection: connection, world: self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: life.executor) { await life.run() }
            do {
                try life.settle()
                let result = try await body(life)
                if ending == .drained { try life.drain() }
                life.crash(&group)
                return result
            } catch {
                life.crash(&group)
                throw error
            }
        }
    }
}

/// One engine at work in an ``EngineWorld``.
package final class EngineLife: Sendable {
    /// The engine was asked to stop and did not.
    package struct Unstoppable: Error {}

    package let engine: Engine
    package let connection: StoreConnection
    package let world: EngineWorld
    package let executor = StepExecutor()
    private let ended = Mutex<Result<Void, any Error>?>(nil)

    fileprivate init(engine: Engine, connection: StoreConnection, world: EngineWorld) {
        self.engine = engine
        self.connection = connection
        self.world = world
    }

    /// How `run()` of the engine ended, once it has.
    package var end: Result<Void, any Error>? { ended.withLock { $0 } }

    fileprivate func run() async {
        do {
            try await engine.run()
            ended.withLock { $0 = .success(()) }
        } catch {
            ended.withLock { $0 = .failure(error) }
        }
    }

    /// Works until every task of the engine waits: for time, for an answer, or for a call.
    package func settle() throws(StepExecutor.Restless) {
        try executor.run()
    }

    /// Lets time pass, with a stop at each moment at which somebody wakes.
    package func advance(by span: TimeSpan) throws(StepExecutor.Restless) {
        let clock = world.clock
        let target = clock.now().advanced(by: span)
        try settle()
        while let next = clock.nextWaking, next <= target {
            clock.set(to: next)
            try settle()
        }
        clock.set(to: target)
        try settle()
    }

    /// Lets time pass until `condition` holds.
    ///
    /// - Returns: Whether it came to hold within `span`.
    package func advance(
        within span: TimeSpan,
        until condition: () async throws -> Bool
    ) async throws -> Bool {
        let clock = world.clock
        let target = clock.now().advanced(by: span)
        try settle()
        while try await !condition() {
            guard let next = clock.nextWaking, next <= target else { return false }
            clock.set(to: next)
            try settle()
        }
        return true
    }

    /// Asks the engine to stop; it has when this returns.
    package func drain() throws {
        engine.drain()
        try settle()
        switch end {
        case .success: return
        case .failure(let error): throw error
        case nil: throw Unstoppable()
        }
    }

    /// Ends what still runs; from the journal's side the engine is gone before.
    fileprivate func crash(_ group: inout ThrowingTaskGroup<Void, any Error>) {
        connection.cut()
        group.cancelAll()
        // Tasks that do not come to rest have been told of by then.
        try? settle()
    }
}
