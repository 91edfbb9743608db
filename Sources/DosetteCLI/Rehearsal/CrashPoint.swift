import ArgumentParser
import DosetteSQLite

/// A place in the server's work at which a rehearsal lets it die.
///
/// The text of a case is what `--crash-at` and the reports call it.
enum CrashPoint: String, CaseIterable, Sendable {
    // MARK: A start

    /// A step of the schema is due, nothing of it is written.
    case beforeMigration = "before-migration"
    /// The step is written and not committed.
    case duringMigration = "during-migration"
    case afterMigration = "after-migration"
    /// The journal is not taken over yet.
    case beforeEpoch = "before-epoch"
    /// The new epoch is durable, and its engine has done nothing.
    case afterEpoch = "after-epoch"

    // MARK: What callers say

    /// An order is read and not written.
    case beforeIntake = "before-intake"
    /// An order is durable and its 202 not sent.
    case afterIntake = "after-intake"
    /// A signal or a dispense is not written.
    case beforeWord = "before-word"
    /// A signal or a dispense is durable and its answer not sent.
    case afterWord = "after-word"

    // MARK: An effect

    case beforeIntent = "before-intent"
    /// The intent is durable and the engine has not gone on.
    case afterIntent = "after-intent"
    /// The performer is called and has sent nothing.
    case beforeCall = "before-call"
    /// Up to 20 ms after the performer was called.
    case duringCall = "during-call"
    /// The answer is there and nobody has heard of it.
    case afterAnswer = "after-answer"
    case beforeOutcome = "before-outcome"
    /// The outcome is durable, and often the next intent with it.
    case afterOutcome = "after-outcome"
    /// A probe is about to look.
    case beforeLook = "before-look"
    /// A probe has looked and its finding is not written.
    case afterLook = "after-look"

    // MARK: The log and the file

    case beforeCheckpoint = "before-checkpoint"
    /// Up to 2 ms after a checkpoint began.
    case duringCheckpoint = "during-checkpoint"
    case afterCheckpoint = "after-checkpoint"

    /// Where it lies, which says how it is reached.
    enum Place: Sendable {
        /// In the making of a new journal: once in its life.
        case migration
        /// In every start, once.
        case start
        /// In the work; the number is the highest passing at which a rehearsal dies.
        case work(numberMaximum: Int)
    }

    var place: Place {
        switch self {
        case .beforeMigration, .duringMigration, .afterMigration: .migration
        case .beforeEpoch, .afterEpoch: .start
        case .beforeIntake, .afterIntake, .beforeWord, .afterWord: .work(numberMaximum: 4)
        case .beforeIntent, .afterIntent, .beforeCall, .duringCall, .afterAnswer, .beforeOutcome,
            .afterOutcome:
            .work(numberMaximum: 24)
        case .beforeLook, .afterLook: .work(numberMaximum: 1)
        case .beforeCheckpoint, .duringCheckpoint, .afterCheckpoint: .work(numberMaximum: 4)
        }
    }

    /// Whether the store must tell of its moments for it.
    var isInStore: Bool {
        switch self {
        case .beforeMigration, .duringMigration, .afterMigration, .beforeCheckpoint,
            .duringCheckpoint, .afterCheckpoint:
            true
        case .beforeEpoch, .afterEpoch, .beforeIntake, .afterIntake, .beforeWord, .afterWord,
            .beforeIntent, .afterIntent, .beforeCall, .duringCall, .afterAnswer, .beforeOutcome,
            .afterOutcome, .beforeLook, .afterLook:
            false
        }
    }
}

/// The passing of a point at which the server dies: `after-intent:3` is the third.
struct CrashPlace: Hashable, Sendable, ExpressibleByArgument, CustomStringConvertible {
    let point: CrashPoint
    /// From 1.
    let number: Int

    init(_ point: CrashPoint, _ number: Int) {
        precondition(number >= 1)
        self.point = point
        self.number = number
    }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let point = CrashPoint(rawValue: String(parts[0])),
            let number = Int(parts[1]), number >= 1
        else { return nil }
        self.init(point, number)
    }

    var description: String { "\(point.rawValue):\(number)" }
}
