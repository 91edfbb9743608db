/// How one effect on the outside world is made durable: the heart of Dosette.
///
/// ```
///            begin              confirmed ─▶ (settled)
///   ready ─────────▶ intended ─ refused ───▶ (settled, or parked)
///     ▲ ▲               │  └─── conflict ──▶ (the order decides)
///     │ └─not processed─┤
///     │                 │ unknown: timeout, cut connection, 5xx, nonsense, crash
///     │                 ▼
///     └─absent twice─ uncertain ── found ──▶ (settled)
///                       └───────── unclear ▶ in doubt: a person decides
/// ```
///
/// An intent is on disk before anything is sent. What cannot be known is waited out, looked for, and
/// only sent again when it was absent twice. No unconfirmed effect is ever repeated blindly.
package enum EffectProtocol {
    /// What is known of an effect before it happens, and so what a second try may do.
    package enum Class: String, Hashable, Sendable, CaseIterable {
        /// Changes nothing; may always be repeated.
        case read
        /// Sets a value after looking at the old one; repeated only after the quarantine.
        case assign
        /// Creates something that bears our marker.
        case taggedCreate = "tagged_create"
        /// Creates something that the far side's own state shows.
        case naturalCreate = "natural_create"
        /// Delivered at least once; the receiver drops what it has seen.
        case blind

        /// Whether an attempt with an unknown outcome may be followed by another at once.
        package var isRepeatable: Bool { self == .read || self == .blind }
    }

    /// The limits of one action.
    package struct Policy: Hashable, Sendable {
        package let effectClass: Class
        package let retry: RetrySchedule
        /// The whole of one call.
        package let deadline: TimeSpan
        /// How late a cut call may still take effect on the far side.
        package let serverBound: TimeSpan
        /// Between two looks for an effect.
        package let probeInterval: TimeSpan
        /// How long a far side that processes nothing is waited for, from the first attempt.
        package let outageMaximum: TimeSpan

        package init(
            effectClass: Class,
            retry: RetrySchedule,
            deadline: TimeSpan,
            serverBound: TimeSpan,
            probeInterval: TimeSpan,
            outageMaximum: TimeSpan
        ) {
            self.effectClass = effectClass
            self.retry = retry
            self.deadline = deadline
            self.serverBound = serverBound
            self.probeInterval = probeInterval
            self.outageMaximum = outageMaximum
        }
    }

    /// Looks that must find nothing before an effect is sent again.
    package static let absencesNeeded = 2

    /// An attempt that is on disk and may have been sent.
    package struct Intent: Hashable, Sendable {
        package let attempt: Int
        package let at: Timestamp
        package let deadline: Timestamp
        /// From when the far side can no longer be working on it.
        package let settlesAt: Timestamp
        /// From when an engine that did not make this attempt may act on it.
        package let recoverAt: Timestamp
        /// The engine that made it.
        package let epoch: Int

        package init(
            attempt: Int,
            at: Timestamp,
            deadline: Timestamp,
            settlesAt: Timestamp,
            recoverAt: Timestamp,
            epoch: Int
        ) {
            self.attempt = attempt
            self.at = at
            self.deadline = deadline
            self.settlesAt = settlesAt
            self.recoverAt = recoverAt
            self.epoch = epoch
        }
    }

    /// Where an effect is, while it is not settled.
    package enum Phase: Hashable, Sendable {
        /// Nothing is under way; the engine sends it from this time on.
        case ready(at: Timestamp)
        /// The engine has sent it, or is about to; the engine ends this by its deadline.
        case intended(Intent)
        /// Its outcome is not known; the engine looks for it from this time on.
        case uncertain(probeAt: Timestamp)
        /// It waits for a person, whose signal moves it on.
        case parked(ParkedKind)
    }

    package struct State: Hashable, Sendable {
        package var phase: Phase
        /// Attempts that were made, also those of which nothing is known.
        package var attemptCount = 0
        /// Attempts that count against the schedule: not those that were turned away.
        package var countedAttempts = 0
        /// Attempts that the far side turned away, in a row.
        package var turnedAwayCount = 0
        /// Looks that found nothing, in a row.
        package var absenceCount = 0
        /// Looks that failed, in a row.
        package var failedProbeCount = 0
        /// When this effect came up; what the far side made before is not ours.
        package let firstAt: Timestamp
        /// Since when a far side that processes nothing is waited for.
        package var waitingSince: Timestamp
        /// From when on no attempt so far can still take effect.
        package var settlesAt: Timestamp

        package init(readyAt: Timestamp) {
            phase = .ready(at: readyAt)
            firstAt = readyAt
            waitingSince = readyAt
            settlesAt = readyAt
        }
    }

    /// What came to pass.
    package enum Input: Hashable, Sendable {
        case begin(epoch: Int)
        case answered(Outcome)
        /// An engine finds an attempt that another one left behind.
        case recovered
        case probed(Finding)
        case person(PersonDecision)
    }

    /// How an attempt ended.
    package enum Outcome: Hashable, Sendable {
        case confirmed(Receipt)
        /// The far side's answer proves that nothing happened and that asking again is no use.
        case refused(reason: String)
        /// Nothing happened, and the same call may succeed later.
        case notProcessed(retryAfter: TimeSpan?, reason: String)
        /// It is not known whether anything happened.
        case unknown(reason: String)
        /// Nothing was done because the far side is not in the state that was expected.
        case conflict(seen: Int, reason: String)
    }

    /// What a look for an effect found.
    package enum Finding: Hashable, Sendable {
        case found(Receipt)
        case absent
        case unclear(reason: String)
        /// The far side could not be asked.
        case unreachable(retryAfter: TimeSpan?, reason: String)
    }

    package enum PersonDecision: Hashable, Sendable {
        /// It happened; here is what the far side made of it.
        case adopt(Receipt)
        case resend
        case retry
        case giveUp
    }

    package enum Event: Hashable, Sendable {
        case intended(Intent)
        case confirmed(Receipt)
        case adopted(Receipt)
        case refused(reason: String)
        case conflicted(seen: Int, reason: String)
        case postponed(until: Timestamp, reason: String, counts: AttemptCounting)
        case becameUnknown(probeAt: Timestamp, reason: String)
        case absent(count: Int, nextAt: Timestamp)
        case probeFailed(nextAt: Timestamp, reason: String)
        case inDoubt(reason: String)
        case exhausted(reason: String)
        case resumed(ResumeMode)
        case givenUp
    }

    /// Whether an attempt that ended without result counts against the schedule.
    package enum AttemptCounting: String, Hashable, Sendable {
        case counted
        /// The far side turned the attempt away unseen.
        case turnedAway = "turned_away"
    }

    package enum ResumeMode: String, Hashable, Sendable {
        case send
        case probe
    }
}

/// Why something waits for a person.
package enum ParkedKind: String, Hashable, Sendable, CaseIterable {
    case inDoubt = "in_doubt"
    case conflict
    case poison
    case refused
    case compensation
}

/// What the far side answered to an effect: small facts such as ids, needed by later steps.
package struct Receipt: Hashable, Sendable {
    package let values: JSONObject

    package init(_ values: JSONObject = [:]) {
        self.values = values
    }

    /// The id of what was made.
    package var id: Int? { values["id"]?.intValue }
}
