import DosetteCore
import DosetteEngine
import DosetteSimulator
import Testing

/// The clinic cancels at Provet at every moment at which one of our calls is on its way.
@Suite("The clinic's cancel races each of our calls", .timeLimit(.minutes(1)))
struct CancelRaceTests {
    /// A way of an order, with every kind of call in one of them.
    enum Way: String, CaseIterable, Sendable {
        case whole
        case warned
        case givenBack
        case canceledByPharmacy
        case rejected
        case refusedByPharmacy
        case remarked
    }

    @Test(arguments: Way.allCases)
    func `the order ends canceled, and nothing is left at Provet`(way: Way) async throws {
        let moments = try await Self.moments(of: way)
        #expect(moments.count > 10, "\(moments.count)")
        var raceCount = 0
        for moment in moments {
            let clinic = StepClinic(moment) { $0.clinicCancels() }
            try await clinic.live { clinic in
                try await Self.go(way, clinic)
                // Even the last look of all is followed by another.
                try clinic.advance(by: StepClinic.interval)
                try await Self.judge(clinic, way, moment)
            }
            if ClinicTruth(clinic.ledger).isCanceledByClinic { raceCount += 1 }
        }
        #expect(raceCount > moments.count / 3, "\(raceCount) of \(moments.count) were races")
    }

    /// Which calls a way makes when nobody interferes; both sides of each.
    static func moments(of way: Way) async throws -> [StepClinic.Moment] {
        let clinic = StepClinic()
        try await clinic.live { clinic in
            try await go(way, clinic)
        }
        return clinic.lines.indices.flatMap { index in
            StepClinic.Side.allCases.map {
                StepClinic.Moment(index: index, side: $0, line: clinic.lines[index])
            }
        }
    }

    @Test(arguments: Rest.allCases)
    func `a cancel in a state of rest is seen in one round`(rest: Rest) async throws {
        let clinic = StepClinic()
        try await clinic.live { clinic in
            try await Self.come(to: rest, clinic)
            #expect(try await clinic.order().prescription?.name == rest.state)
            clinic.clinicCancels()
            let before = clinic.lines.count
            try clinic.advance(by: StepClinic.interval)
            try await clinic.checkCanceled(Comment(rawValue: rest.rawValue))
            let story = try await clinic.story()
            #expect(story.delay <= StepClinic.interval)
            #expect(story.by == Actor(.clinic, name: StepClinic.id))
            #expect(clinic.lines.count - before < 8, "no flood of calls: \(clinic.lines)")
        }
    }

    /// Where an order can rest before its end at Provet.
    enum Rest: String, CaseIterable, Sendable {
        case sent
        case accepted
        case dispensedOnce
        case dispensedWhole
        case warned
        case givenBack
        case error

        var state: String {
            switch self {
            case .sent: "sent"
            case .accepted, .dispensedOnce, .dispensedWhole, .givenBack: "accepted"
            case .warned: "accepted_warning"
            case .error: "error"
            }
        }
    }

    private static func come(to rest: Rest, _ clinic: StepClinic) async throws {
        if rest == .error { clinic.refuseTransmission() }
        try await clinic.submit()
        switch rest {
        case .sent, .error: break
        case .warned: try await clinic.say("accept_with_warning")
        case .accepted, .givenBack, .dispensedOnce, .dispensedWhole:
            try await clinic.say("accept")
        }
        try clinic.advance(by: .minutes(1))
        if rest == .givenBack { try await clinic.say("refund") }
        if rest == .dispensedOnce || rest == .dispensedWhole {
            #expect(try await clinic.dispense("d1") == nil)
        }
        if rest == .dispensedWhole {
            #expect(try await clinic.dispense("d2") == nil)
            #expect(try await clinic.order().isOpen == false)
        }
        try clinic.advance(by: .seconds(1))
    }

    private static func judge(
        _ clinic: StepClinic,
        _ way: Way,
        _ moment: StepClinic.Moment
    ) async throws {
        let comment = Comment(rawValue: "\(way.rawValue), \(moment.testDescription)")
        #expect(clinic.hasActed, comment)
        guard ClinicTruth(clinic.ledger).isCanceledByClinic else {
            // There was nothing to cancel yet, or it had ended already.
            return try await clinic.checkHonest(ClinicTruth(clinic.ledger), comment)
        }
        try await clinic.checkCanceled(comment)
        let story = try await clinic.story()
        #expect(story.delay <= StepClinic.interval, "\(comment): \(story.delay.milliseconds) ms")
    }

    /// Takes an order along its way, then lets some rounds pass.
    static func go(_ way: Way, _ clinic: StepClinic) async throws {
        if way == .refusedByPharmacy { clinic.refuseTransmission() }
        try await clinic.submit()
        try clinic.advance(by: .minutes(1))
        switch way {
        case .whole:
            try await clinic.say("accept")
            try clinic.advance(by: .minutes(1))
            _ = try await clinic.dispense("d1")
        case .warned:
            try await clinic.say("accept_with_warning")
            try clinic.advance(by: .minutes(1))
            try await clinic.say("accept")
        case .givenBack:
            try await clinic.say("accept")
            try clinic.advance(by: .minutes(1))
            try await clinic.say("refund")
        case .canceledByPharmacy:
            try await clinic.say("accept")
            try clinic.advance(by: .minutes(1))
            try await clinic.say("cancel", remarks: "not in stock")
        case .rejected:
            try await clinic.say("reject", remarks: "too strong")
        case .refusedByPharmacy:
            try await clinic.say("retry")
        case .remarked:
            try await clinic.say("remark", remarks: "call the owner")
            try clinic.advance(by: .minutes(1))
            try await clinic.say("accept", remarks: "with food")
            try await clinic.say("remark", remarks: "called")
        }
        try clinic.advance(by: .minutes(5))
    }
}

extension ClinicTruth {
    var isCanceledByClinic: Bool {
        ledger.contains { entry in
            entry.effect == .prescriptionStatus && entry.actor == .clinic && entry.statusNew == 6
        }
    }

    /// When the clinic canceled.
    var canceledAt: Timestamp? {
        ledger.first { entry in
            entry.effect == .prescriptionStatus && entry.actor == .clinic && entry.statusNew == 6
        }
        .map { Timestamp(milliseconds: $0.at) }
    }
}

extension StepClinic {
    /// What the journal tells of the cancel.
    func story() async throws -> (delay: TimeSpan, by: Actor) {
        let canceledAt = try #require(ClinicTruth(ledger).canceledAt)
        let fact = try #require(
            try await facts().last {
                guard case .entered(let entered) = $0.event else { return false }
                return entered.part == "prescription" && entered.state == "canceled"
            }
        )
        let delay = fact.at.milliseconds - canceledAt.milliseconds
        return (.milliseconds(delay), fact.actor)
    }
}
