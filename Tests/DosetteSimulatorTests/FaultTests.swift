import Testing

@testable import DosetteSimulator

@Suite("Faults")
struct FaultTests {
    private static let path = "eprescription/prescription/"

    private func create(_ clinic: Clinic) -> Clinic.Reply {
        clinic.send("POST", Self.path, Clinic.prescription)
    }

    @Test(arguments: [
        (FaultKind.throttle, 429), (.unavailable, 503), (.errorBefore, 500), (.tokenExpiry, 401),
    ])
    func `a fault before the effect answers and does nothing`(
        fault: FaultKind,
        status: Int
    ) throws {
        let clinic = try Clinic(faults: .always(fault))
        #expect(create(clinic).status == status)
        #expect(clinic.ledger.isEmpty)
        #expect(clinic.count(of: fault) == 1)
    }

    @Test(arguments: [FaultKind.throttle, .unavailable])
    func `a client that is sent away is told when to come back`(fault: FaultKind) throws {
        let reply = create(try Clinic(faults: .always(fault)))
        #expect(reply.answer?.header("Retry-After") == "1")
    }

    @Test func `a connection cut before the effect leaves no trace`() throws {
        var clinic = try Clinic(faults: .always(.cutBefore))
        #expect(create(clinic).isCut)
        clinic.now += 3_600_000
        #expect(clinic.ledger.isEmpty)
    }

    @Test func `a connection cut after the effect leaves it`() throws {
        let clinic = try Clinic(faults: .always(.cutAfter))
        #expect(create(clinic).isCut)
        #expect(clinic.effects == [.prescriptionCreated])
    }

    @Test func `a server error after the effect leaves it`() throws {
        let clinic = try Clinic(faults: .always(.errorAfter))
        #expect(create(clinic).status == 500)
        #expect(clinic.effects == [.prescriptionCreated])
    }

    @Test func `a broken answer tells of a success that is real`() throws {
        let clinic = try Clinic(faults: .always(.brokenJSON))
        let reply = create(clinic)
        #expect(reply.status == 201)
        #expect(reply.json == nil)
        #expect(reply.text.hasPrefix(#"{"url":"#))
        #expect(clinic.effects == [.prescriptionCreated])
    }

    @Test func `a late effect comes after the cut and within its bound`() throws {
        var clinic = try Clinic(faults: .always(.lateEffect))
        let bound = FaultProfile.none.lateEffectMilliseconds
        #expect(create(clinic).isCut)
        #expect(clinic.ledger.isEmpty)
        clinic.now += bound
        let entry = try #require(clinic.ledger.first)
        #expect((1...bound).contains(entry.at - Clinic.morning))
        #expect(clinic.ledger.count == 1)
    }

    @Test func `late effects take place in the order of their times`() throws {
        var clinic = try Clinic(faults: .always(.lateEffect))
        for _ in 0..<50 { #expect(create(clinic).isCut) }
        clinic.now += 10_000
        let times = clinic.ledger.map(\.at)
        #expect(times.count == 50)
        #expect(times == times.sorted())
        #expect(Set(times).count > 10)
    }

    @Test func `a late effect meets the world as it is then`() throws {
        var clinic = try Clinic()
        let id = try clinic.prescription(3)
        clinic.provet.setFaults(.always(.lateEffect))
        #expect(clinic.patch(id, ["status": 4]).isCut)
        clinic.provet.setFaults(.none)
        #expect(clinic.patch(id, ["status": 6]).status == 200)
        clinic.now += 2000
        #expect(clinic.ledger.last?.statusNew == 6)
    }

    @Test func `a delayed answer is late and its effect is not`() throws {
        let clinic = try Clinic(faults: .always(.delay))
        let reply = create(clinic)
        #expect(reply.status == 201)
        #expect((1...400).contains(reply.delayMilliseconds))
        #expect(clinic.ledger.first?.at == Clinic.morning)
        #expect(clinic.count(of: .delay) == 1)
    }

    @Test func `a stale list leaves out what is young, and a read does not`() throws {
        var clinic = try Clinic(faults: .always(.staleList))
        let id = try #require(create(clinic).id)
        #expect(clinic.send("GET", Self.path).ids == [])
        #expect(clinic.send("GET", Self.path + "?client__is=1").ids == [])
        #expect(clinic.send("GET", Self.path + "\(id)/").status == 200)
        clinic.now += 799
        #expect(clinic.send("GET", Self.path).ids == [])
        clinic.now += 1
        #expect(clinic.send("GET", Self.path).ids == [id])
    }

    @Test(arguments: [3, 4, 8])
    func `the clinic cancels what the pharmacy has just moved`(status: Int) throws {
        var clinic = try Clinic()
        let id = try (status == 3 ? clinic.prescription() : clinic.prescription(3))
        clinic.provet.setFaults(.always(.clinicCancel))
        #expect(clinic.patch(id, ["status": .integer(status)]).status == 200)
        #expect(clinic.count(of: .clinicCancel) == 0)
        clinic.now += 3000
        let entry = try #require(clinic.ledger.last)
        #expect(entry.actor == .clinic)
        #expect(entry.statusOld == status)
        #expect(entry.statusNew == 6)
        #expect(clinic.count(of: .clinicCancel) == 1)
    }

    @Test func `the clinic does not cancel what is over by then`() throws {
        var clinic = try Clinic()
        let id = try clinic.prescription()
        clinic.provet.setFaults(.always(.clinicCancel))
        #expect(clinic.patch(id, ["status": 3]).status == 200)
        #expect(clinic.patch(id, ["status": 5]).status == 200)
        clinic.now += 3000
        #expect(clinic.ledger.last?.statusNew == 5)
        #expect(clinic.count(of: .clinicCancel) == 0)
    }

    @Test func `a dropped token stays unknown`() throws {
        let clinic = try Clinic(faults: .always(.tokenExpiry))
        #expect(clinic.send("GET", Self.path).status == 401)
        clinic.provet.setFaults(.none)
        #expect(clinic.send("GET", Self.path).status == 401)
        #expect(clinic.signIn().status == 200)
    }

    @Test func `reads and signing in meet faults too`() throws {
        let clinic = try Clinic(faults: .always(.cutBefore))
        #expect(clinic.send("GET", Self.path).isCut)
        #expect(clinic.signIn().isCut)
        clinic.provet.setFaults(.always(.cutAfter))
        #expect(clinic.send("GET", Self.path).status == 200)
        #expect(clinic.signIn().status == 200)
    }

    @Test func `only so many effects wait`() {
        var pending = PendingEffects()
        let action = PendingEffects.Action.clinicCancel(prescription: 1)
        let entry = PendingEffects.Entry(due: 1, installation: 0, action: action)
        let taken = (0...PendingEffects.countMaximum).count { _ in pending.add(entry) }
        #expect(taken == PendingEffects.countMaximum)
    }

    @Test func `profiles have names`() {
        #expect(FaultProfile(named: "none") == FaultProfile.none)
        #expect(FaultProfile(named: "mild") == .mild)
        #expect(FaultProfile(named: "storm") == .storm)
        #expect(FaultProfile(named: "calm") == nil)
    }

    @Test(arguments: [(FaultProfile.mild, 0.035...0.065), (.storm, 0.25...0.30)])
    func `a profile spoils about as many writes as it says`(
        profile: FaultProfile,
        range: ClosedRange<Double>
    ) {
        var random = SimulatedRandom(seed: 7)
        let target = FaultDraw.Target(isWrite: true, isList: false, hasToken: true)
        let spoiled = (0..<20_000).count { _ in
            let draw = FaultDraw(profile, for: target, using: &random)
            return draw.answerFault != nil || draw.delayMilliseconds > 0
        }
        #expect(range.contains(Double(spoiled) / 20_000))
    }
}
