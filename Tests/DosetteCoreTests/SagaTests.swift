import DosetteCore
import Testing

@Suite("A saga and its way back")
struct SagaTests {
    /// The fee: fetch, create, add, finalize (the pivot), pay.
    private static let fee = steps("fetch", "create/delete", "add", "finalize/refund!", "pay/unpay")
    private static let sagas = [
        fee, steps("a/x", "b/y", "c/z"), steps("a", "b", "c"), steps("a/x!", "b/y!", "c/z"),
        steps("a/x", "b!", "c/z"), steps("a/x"), [],
    ]

    /// Reads `action/undo!`, the mark being that of a pivot.
    private static func steps(_ texts: String...) -> [Saga.Step] {
        texts.map { text in
            let halves = text.split { $0 == "/" || $0 == "!" }.map(String.init)
            return Saga.Step(
                action: halves[0],
                undo: halves.count > 1 ? halves[1] : nil,
                isPivot: text.hasSuffix("!"),
                onRefusal: .undo
            )
        }
    }

    @Test func `steps are done one after the other`() throws {
        var saga = Saga()
        for index in Self.fee.indices {
            #expect(saga.next(Self.fee) == .perform(step: index))
            saga = try #require(saga.performing(index))
        }
        #expect(saga.next(Self.fee) == .done)
        #expect(saga.standingCount == Self.fee.count)
    }

    @Test func `a step out of order is not taken`() throws {
        for done in Self.fee.indices {
            let saga = try forward(done, Self.fee)
            for wrong in -1...Self.fee.count where wrong != done {
                #expect(saga.performing(wrong) == nil, "step \(wrong) after \(done) steps")
            }
            for step in Self.fee.indices {
                #expect(saga.compensating(step, Self.fee) == nil, "it goes forward")
            }
        }
    }

    @Test(arguments: [
        (0, ""), (1, ""), (2, "delete"), (3, "delete"), (4, "refund"), (5, "unpay refund"),
    ])
    func `the fee is undone in reverse, and a finalized sale is refunded, never deleted`(
        done: Int,
        undone: String
    ) throws {
        let steps = try wayBack(done, Self.fee).map { Self.fee[$0].undo ?? "" }
        #expect(steps.joined(separator: " ") == undone)
    }

    @Test func `the way back is the way there in reverse, down to the last pivot`() throws {
        var wayCount = 0
        for steps in Self.sagas {
            for done in 0...steps.count {
                let undone = try wayBack(done, steps)
                #expect(undone == expectedWayBack(done, steps), "\(steps.map(\.action)) \(done)")
                #expect(Set(undone).count == undone.count, "nothing is undone twice")
                #expect(undone.allSatisfy { $0 < done }, "only what was done is undone")
                wayCount += 1
            }
        }
        #expect(wayCount == 25)
    }

    @Test func `what was undone is not undone again`() throws {
        let saga = try #require(try forward(5, Self.fee).back.compensating(4, Self.fee))
        for step in [0, 1, 2, 4] {
            #expect(saga.compensating(step, Self.fee) == nil, "step \(step)")
        }
        let end = try #require(saga.compensating(3, Self.fee))
        for step in Self.fee.indices {
            #expect(end.compensating(step, Self.fee) == nil, "step \(step)")
        }
    }

    @Test func `a step that was on its way when the saga turned back is undone too`() throws {
        let turned = try forward(1, Self.fee).back
        #expect(turned.next(Self.fee) == .undone)
        let late = try #require(turned.performing(1), "its outcome comes late")
        #expect(late.next(Self.fee) == .compensate(step: 1))
        let end = try #require(late.compensating(1, Self.fee))
        #expect(end.next(Self.fee) == .undone)
    }

    @Test func `turning back twice is turning back`() throws {
        let once = try forward(4, Self.fee).back
        #expect(once.back == once)
        #expect(once.direction == .back)
    }

    @Test func `a saga that is to be undone begins behind its last step`() throws {
        let saga = Saga(undoing: Self.fee)
        #expect(saga == (try forward(5, Self.fee).back))
        #expect(saga.next(Self.fee) == .compensate(step: 4))
    }

    @Test func `a pivot without an undo of its own strands nothing before it`() throws {
        let steps = Self.steps("a/x", "b!", "c/z")
        #expect(try wayBack(3, steps) == [2, 0])
    }

    private func forward(_ count: Int, _ steps: [Saga.Step]) throws -> Saga {
        try (0..<count).reduce(Saga()) { saga, index in try #require(saga.performing(index)) }
    }

    /// The steps that are undone when the saga turns back after `done` steps.
    private func wayBack(_ done: Int, _ steps: [Saga.Step]) throws -> [Int] {
        var saga = try forward(done, steps).back
        var undone: [Int] = []
        while case .compensate(let step) = saga.next(steps), undone.count <= steps.count {
            saga = try #require(saga.compensating(step, steps))
            undone.append(step)
        }
        #expect(saga.next(steps) == .undone)
        return undone
    }

    /// The rule once more, in other words.
    private func expectedWayBack(_ done: Int, _ steps: [Saga.Step]) -> [Int] {
        var undone: [Int] = []
        for index in (0..<done).reversed() where steps[index].undo != nil {
            undone.append(index)
            if steps[index].isPivot { break }
        }
        return undone
    }
}

/// The same words without changing the value; nothing when they are refused.
extension Saga {
    fileprivate var back: Saga {
        var next = self
        next.turnBack()
        return next
    }

    fileprivate func performing(_ step: Int) -> Saga? {
        var next = self
        let isTaken = next.performed(step)
        #expect(isTaken || next == self, "what is not taken changes nothing")
        return isTaken ? next : nil
    }

    fileprivate func compensating(_ step: Int, _ steps: [Step]) -> Saga? {
        var next = self
        let isTaken = next.compensated(step, steps)
        #expect(isTaken || next == self, "what is not taken changes nothing")
        return isTaken ? next : nil
    }
}
