/// How far a saga has come: steps forward, and back when it is undone.
///
/// ```
/// step 0 ─▶ step 1 ─▶ … ─▶ done
///    │         │
///    └─ undo ◀─┴─ turned back ─▶ undone
/// ```
///
/// Compensation runs in reverse over the steps that were done. A *pivot* is a step after which the
/// steps before it are covered by its own compensation: a finalized sale is refunded, never deleted.
package struct Saga: Hashable, Sendable {
    package struct Step: Hashable, Sendable {
        package let action: String
        package let undo: String?
        package let isPivot: Bool
        /// What a refusal of this step does.
        package let onRefusal: OnRefusal

        package init(action: String, undo: String?, isPivot: Bool, onRefusal: OnRefusal) {
            self.action = action
            self.undo = undo
            self.isPivot = isPivot
            self.onRefusal = onRefusal
        }
    }

    package enum OnRefusal: String, Hashable, Sendable {
        /// The steps done so far are compensated.
        case undo
        /// The order waits for a person, who can mend the cause and retry.
        case park
    }

    package enum Direction: Hashable, Sendable {
        case forward
        case back
    }

    /// What a saga wants next.
    package enum Next: Hashable, Sendable {
        case perform(step: Int)
        case compensate(step: Int)
        case done
        case undone
    }

    package private(set) var direction: Direction
    /// Steps done and not compensated: all below this index.
    package private(set) var standingCount: Int

    /// A saga that has not begun.
    package init() {
        direction = .forward
        standingCount = 0
    }

    /// A saga that is done and is to be undone.
    package init(undoing steps: [Step]) {
        direction = .back
        standingCount = steps.count
    }

    package func next(_ steps: [Step]) -> Next {
        switch direction {
        case .forward:
            return standingCount < steps.count ? .perform(step: standingCount) : .done
        case .back:
            var step = steps[..<standingCount].lastIndex { $0.undo != nil }
            if PlantedBug.compensationInOrder.isPlanted {
                step = steps[..<standingCount].lastIndex { $0.isPivot } ?? step
            }
            return step.map { .compensate(step: $0) } ?? .undone
        }
    }

    package mutating func turnBack() {
        direction = .back
    }

    /// Takes note that `step` was done; out of order it changes nothing and says so.
    package mutating func performed(_ step: Int) -> Bool {
        guard step == standingCount else { return false }
        standingCount += 1
        return true
    }

    /// Takes note that `step` was compensated.
    package mutating func compensated(_ step: Int, _ steps: [Step]) -> Bool {
        guard direction == .back, next(steps) == .compensate(step: step) else { return false }
        standingCount = steps[step].isPivot ? 0 : step
        return true
    }
}
