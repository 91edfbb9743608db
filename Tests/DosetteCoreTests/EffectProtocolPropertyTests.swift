import DosetteCore
import DosetteDeterminism
import DosetteTesting
import Testing

@Suite("No unconfirmed effect is ever repeated blindly")
struct EffectProtocolPropertyTests {
    /// Walks of everything that can come to pass, in any order and at any time.
    @Test(arguments: EffectProtocol.Class.allCases)
    func `every further attempt has its proof`(effectClass: EffectProtocol.Class) throws {
        var count = Count()
        for seed in UInt64(1)...2_000 {
            var walk = EffectWalk(effectClass, seed: seed)
            for _ in 0..<60 where walk.story.state != nil { try walk.step() }
            let judge = EffectJudge(walk.story.history, policy: walk.story.policy)
            try #require(judge.broken == [], "seed \(seed)")
            count.repeats += judge.repeatCount
            count.settled += walk.story.state == nil ? 1 : 0
            count.parked += walk.parkedCount
        }
        #expect(count.repeats >= 1_000, "too few attempts were repeated: \(count)")
        #expect(count.settled >= 500, "too few effects were settled: \(count)")
        #expect(count.parked >= 100, "too few effects were parked: \(count)")
    }

    private struct Count {
        var repeats = 0
        var settled = 0
        var parked = 0
    }

    /// Nobody helps: the machine alone comes to an end, settled or with a person.
    @Test(arguments: EffectProtocol.Class.allCases)
    func `without a person every effect is settled or parked, after a bounded time`(
        effectClass: EffectProtocol.Class
    ) throws {
        var parked = 0
        for seed in UInt64(1)...1_000 {
            var walk = EffectWalk(effectClass, seed: seed)
            var steps = 0
            while walk.story.dueAt != nil || walk.isSent {
                try walk.stepByItself()
                steps += 1
                try #require(steps < 5_000, "seed \(seed): no end")
            }
            let sent = walk.story.history.filter { $0.event.isIntended }.count
            let turnedAway = walk.story.history.filter { $0.event.isTurnedAway }.count
            #expect(sent - turnedAway <= 3, "seed \(seed): attempts are bounded")
            if walk.story.state != nil { parked += 1 }
        }
        #expect(parked >= 50, "too few walks ended with a person: \(parked)")
    }
}

/// A random life of one effect.
struct EffectWalk {
    private(set) var story: EffectStory
    private(set) var parkedCount = 0
    private var random: SeededRandom

    init(_ effectClass: EffectProtocol.Class, seed: UInt64) {
        story = EffectStory(effectClass)
        random = SeededRandom(seed: seed)
    }

    var isSent: Bool { if case .intended = story.state?.phase { true } else { false } }

    /// Anything at any time; what is not awaited changes nothing.
    mutating func step() throws {
        if Bool.random(using: &random) { story.passUntilDue() } else { passSomeTime() }
        let wasParked = isParked
        let inputs = [anyOutcome(), .begin(epoch: 1), .recovered, anyFinding(), anyDecision()]
        for input in inputs.shuffled(using: &random) where (try? story.decide(input)) != nil {
            try story.take(input, jitter: .random(in: 0...1, using: &random))
            break
        }
        if isParked, !wasParked { parkedCount += 1 }
    }

    /// What the engine and the far side do, without a person.
    mutating func stepByItself() throws {
        story.passUntilDue()
        let input: EffectStory.Input
        switch try #require(story.state).phase {
        case .ready: input = .begin(epoch: 1)
        case .intended: input = Bool.random(using: &random) ? anyOutcome() : .recovered
        case .uncertain: input = anyFinding()
        case .parked: return
        }
        try story.take(input, jitter: .random(in: 0.1...1, using: &random))
    }

    private var isParked: Bool { if case .parked = story.state?.phase { true } else { false } }

    private mutating func passSomeTime() {
        story.pass(.milliseconds(.random(in: 0...120_000, using: &random)))
    }

    private mutating func anyOutcome() -> EffectStory.Input {
        let after = [nil, TimeSpan.seconds(30)].randomElement(using: &random) ?? nil
        switch Int.random(in: 0..<20, using: &random) {
        case 0: return .answered(.confirmed(Receipt(["id": 7])))
        case 1: return .answered(.refused(reason: ""))
        case 2: return .answered(.conflict(seen: 6, reason: ""))
        case 3..<10: return .answered(.notProcessed(retryAfter: after, reason: ""))
        default: return .answered(.unknown(reason: ""))
        }
    }

    private mutating func anyFinding() -> EffectStory.Input {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: .probed(.found(Receipt(["id": 7])))
        case 1: .probed(.unclear(reason: ""))
        case 2..<6: .probed(.unreachable(retryAfter: nil, reason: ""))
        default: .probed(.absent)
        }
    }

    private mutating func anyDecision() -> EffectStory.Input {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .person(.adopt(Receipt(["id": 7])))
        case 1: .person(.giveUp)
        case 2..<5: .person(.resend)
        default: .person(.retry)
        }
    }
}

/// Reads the history of an effect and says what must not be in it.
///
/// It knows the promise, not the machine: between two attempts lies a proof that the first one did
/// nothing, or two looks after the far side had settled, or a person's word.
struct EffectJudge {
    private(set) var broken: [String] = []
    private(set) var repeatCount = 0
    private let policy: EffectProtocol.Policy
    private var last: EffectProtocol.Intent?
    private var isProven = false
    private var isByPerson = false
    /// A person looked again: an assign is then sent too early, see EffectProtocolTests.
    private var isLookedForByPerson = false
    private var isParked = false
    private var absences: [Timestamp] = []
    private var countedSince = 0

    init(
        _ history: [(event: EffectProtocol.Event, at: Timestamp)],
        policy: EffectProtocol.Policy
    ) {
        self.policy = policy
        for (event, at) in history { judge(event, at) }
    }

    private mutating func judge(_ event: EffectProtocol.Event, _ at: Timestamp) {
        switch event {
        case .intended(let intent): judge(intent)
        case .postponed(_, _, .turnedAway):
            isProven = true
            countedSince -= 1
        case .absent: absences.append(at)
        case .resumed(.send) where isParked: resumeByPerson()
        case .resumed(.probe): resumeByLook()
        case .confirmed, .adopted, .refused, .conflicted, .postponed, .becameUnknown,
            .probeFailed, .inDoubt, .exhausted, .resumed, .givenUp:
            break
        }
        isParked = event.parks
    }

    private mutating func resumeByPerson() {
        isByPerson = true
        countedSince = 0
    }

    private mutating func resumeByLook() {
        absences = []
        countedSince = 0
        isLookedForByPerson = true
    }

    private mutating func judge(_ intent: EffectProtocol.Intent) {
        countedSince += 1
        if countedSince > policy.retry.attemptsMaximum { broken.append("too many attempts") }
        if let last {
            repeatCount += 1
            if intent.attempt != last.attempt + 1 { broken.append("attempt \(intent.attempt)") }
            checkProof(last, intent)
        }
        last = intent
        (isProven, isByPerson, isLookedForByPerson) = (false, false, false)
        absences = []
    }

    private mutating func checkProof(
        _ last: EffectProtocol.Intent,
        _ next: EffectProtocol.Intent
    ) {
        if isProven || isByPerson { return }
        switch policy.effectClass {
        case .read, .blind: return
        case .assign:
            if next.at < last.settlesAt, !isLookedForByPerson {
                broken.append("attempt \(next.attempt) set a value that may still change")
            }
        case .taggedCreate, .naturalCreate:
            checkAbsences(last, next)
        }
    }

    private mutating func checkAbsences(
        _ last: EffectProtocol.Intent,
        _ next: EffectProtocol.Intent
    ) {
        let name = "attempt \(next.attempt)"
        if next.at < last.settlesAt { broken.append("\(name) before the far side settled") }
        guard absences.count >= 2 else { return broken.append("\(name) without two looks") }
        if absences.contains(where: { $0 < last.settlesAt }) {
            broken.append("\(name): a look came too early")
        }
        let gap = absences[absences.count - 1].since(absences[absences.count - 2])
        if gap < policy.probeInterval { broken.append("\(name): the looks are one look") }
    }
}

extension EffectProtocol.Event {
    var isIntended: Bool { if case .intended = self { true } else { false } }

    fileprivate var parks: Bool {
        switch self {
        case .inDoubt, .exhausted: true
        case .intended, .confirmed, .adopted, .refused, .conflicted, .postponed, .becameUnknown,
            .absent, .probeFailed, .resumed, .givenUp:
            false
        }
    }

    fileprivate var isTurnedAway: Bool {
        if case .postponed(_, _, .turnedAway) = self { true } else { false }
    }
}
