import DosetteCore
package import DosetteEngine
import Testing

/// The promises that every ``ActionPerformer`` keeps: Provet's, the simulator's, an embedder's own.
///
/// What the words of the protocol leave to an action's class is asked only of that class: a read
/// leaves no trace, and what is delivered blindly is never looked for.
package struct ActionPerformerConformance<Performer: ActionPerformer> {
    /// How soon "soon" is: far less than any deadline, far more than a busy machine needs.
    package static var cancellationMaximum: Duration { .seconds(5) }

    /// One action with all that the suite needs to try it.
    package struct Trial: Sendable {
        /// A request that can be carried out and never was.
        package let request: ActionRequest
        /// One of the same action that asks for something else.
        package let other: ActionRequest
        /// How many effects the far side has really had, of whatever kind.
        package let effectCount: @Sendable () async throws -> Int

        package init(
            _ request: ActionRequest,
            other: ActionRequest,
            effectCount: @escaping @Sendable () async throws -> Int
        ) {
            self.request = request
            self.other = other
            self.effectCount = effectCount
        }
    }

    private let performer: Performer

    /// Creates the suite.
    ///
    /// - Parameter performer: The performer under test, with a far side that does as it is told.
    package init(_ performer: Performer) {
        self.performer = performer
    }

    /// Checks what holds before anything is performed.
    package func verifyNames() {
        let names = performer.specifications.map(\.name)
        #expect(!names.isEmpty, "a performer does something")
        #expect(Set(names).count == names.count, "a name is there twice: \(names)")
        #expect(names == performer.specifications.map(\.name), "the names changed")
        for name in names { #expect(name.contains("."), "\(name) does not say whose it is") }
        for specification in performer.specifications {
            let uses = specification.calls + specification.probeCalls
            #expect(uses.allSatisfy { $0.count > 0 && $0.endpoint.limitPerMinute > 0 })
        }
    }

    /// Checks every promise about one action; `trial` is carried out.
    package func verify(_ trial: Trial) async throws {
        theDigestTellsRequestsApart(trial)
        try await aLookBeforehandFindsNothing(trial)
        let receipt = try await anAttemptIsOneEffect(trial)
        try await aLookAfterwardsFindsIt(trial, receipt)
    }

    private func specification(of trial: Trial) throws -> ActionSpecification {
        let name = trial.request.plan.action
        #expect(trial.other.plan.action == name, "a trial is of one action")
        return try #require(
            performer.specifications.first { $0.name == name },
            "nobody said that \(name) is done"
        )
    }

    private func theDigestTellsRequestsApart(_ trial: Trial) {
        let digest = performer.digest(of: trial.request)
        let action = trial.request.plan.action
        #expect(digest.utf8.count == 64, "\(action): \(digest)")
        #expect(digest.utf8.allSatisfy(Self.isHexDigit), "\(action): \(digest)")
        #expect(performer.digest(of: trial.request) == digest, "\(action): same request")
        #expect(performer.digest(of: trial.other) != digest, "\(action): another request")
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private func aLookBeforehandFindsNothing(_ trial: Trial) async throws {
        let before = try await trial.effectCount()
        let name = try specification(of: trial).name
        for _ in 1...2 {
            #expect(await performer.probe(trial.request) == .absent, "\(name): nothing was done")
        }
        #expect(try await trial.effectCount() == before, "\(name): a look changes nothing")
    }

    private func anAttemptIsOneEffect(_ trial: Trial) async throws -> Receipt {
        let specification = try specification(of: trial)
        let before = try await trial.effectCount()
        let outcome = await performer.perform(trial.request)
        guard case .confirmed(let receipt) = outcome else {
            Issue.record("\(specification.name) came to \(outcome)")
            return Receipt()
        }
        let added = try await trial.effectCount() - before
        let isRead = specification.effectClass == .read
        #expect(added == (isRead ? 0 : 1), "\(specification.name): \(added) effects")
        if specification.makesID { #expect(receipt.id != nil, "\(specification.name) makes an id") }
        return receipt
    }

    private func aLookAfterwardsFindsIt(_ trial: Trial, _ receipt: Receipt) async throws {
        let specification = try specification(of: trial)
        let before = try await trial.effectCount()
        for _ in 1...2 {
            let finding = await performer.probe(trial.request)
            let isLookedFor =
                specification.effectClass != .read && specification.effectClass != .blind
            guard isLookedFor else {
                #expect(finding == .absent, "\(specification.name) leaves no trace")
                continue
            }
            guard case .found(let found) = finding else {
                Issue.record("\(specification.name) was done and looks \(finding)")
                continue
            }
            #expect(found.id == receipt.id, "\(specification.name): another one was found")
        }
        #expect(try await trial.effectCount() == before, "a look changes nothing")
    }

    /// Checks that a call is given up soon after it is cancelled, and what is said of it then.
    ///
    /// - Parameters:
    ///   - request: A request that the far side takes and never answers.
    ///   - arrival: Says when the far side has it.
    package func verifyCancellation(
        of request: ActionRequest,
        arrival: AsyncStream<Void>
    ) async {
        let clock = ContinuousClock()
        let outcome = await withTaskGroup { group in
            group.addTask { await performer.perform(request) }
            for await _ in arrival { break }
            let cancelled = clock.now
            group.cancelAll()
            let outcome = await group.next()
            #expect(clock.now - cancelled < Self.cancellationMaximum, "it did not return soon")
            return outcome
        }
        guard case .unknown = outcome else {
            let action = request.plan.action
            Issue.record(
                "\(action) was sent, not answered, and called \(String(describing: outcome))"
            )
            return
        }
    }

    /// Checks that a look is given up soon after it is cancelled, and claims nothing then.
    ///
    /// - Parameters:
    ///   - request: A request for whose trace the far side never answers.
    ///   - arrival: Says when the far side was asked.
    package func verifyCancelledLook(
        for request: ActionRequest,
        arrival: AsyncStream<Void>
    ) async {
        let clock = ContinuousClock()
        let finding = await withTaskGroup { group in
            group.addTask { await performer.probe(request) }
            for await _ in arrival { break }
            let cancelled = clock.now
            group.cancelAll()
            let finding = await group.next()
            #expect(clock.now - cancelled < Self.cancellationMaximum, "it did not return soon")
            return finding
        }
        guard case .unreachable = finding else {
            Issue.record("a look without an answer came to \(String(describing: finding))")
            return
        }
    }
}
