import Foundation
import Testing

@testable import DosetteSimulator

@Suite("The ledger")
struct LedgerTests {
    @Test func `entries are numbered from 1 and read in parts`() throws {
        let clinic = try Clinic()
        for _ in 0..<5 { _ = try clinic.prescription() }
        let all = clinic.ledger
        #expect(all.map(\.sequence) == [1, 2, 3, 4, 5])
        let part = clinic.provet.ledger(after: 2, limit: 2, now: clinic.now)
        #expect(part == Array(all[2...3]))
        #expect(clinic.provet.ledger(after: 9, limit: 2, now: clinic.now).isEmpty)
        #expect(clinic.provet.ledger(after: -1, limit: -1, now: clinic.now).isEmpty)
    }

    @Test func `a new prescription is entered with its marker and its times`() throws {
        let clinic = try Clinic()
        let body = Clinic.prescription.with("remarks", "See [dosette:01JX] please")
        let id = try #require(clinic.send("POST", "eprescription/prescription/", body).id)
        let entry = try #require(clinic.ledger.first)
        #expect(entry.effect == .prescriptionCreated)
        #expect(entry.actor == .api)
        #expect(entry.installation == "4")
        #expect(entry.object == id)
        #expect(entry.prescription == id)
        #expect(entry.client == 1)
        #expect(entry.marker == "[dosette:01JX]")
        #expect(entry.at == Clinic.morning)
        #expect(entry.issueTime == 1_755_688_845_000)
    }

    @Test(arguments: [
        ("", nil), ("[dosette:", nil), ("x [dosette:a] [dosette:b]", "[dosette:a]"),
        ("dosette:a]", nil), ("[[dosette:é]", "[dosette:é]"),
    ])
    func `a marker is found with its brackets`(remarks: String, marker: String?) {
        #expect(LedgerEntry.marker(in: remarks) == marker)
    }

    @Test func `an entry is one line of JSON with plain names`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription()
        _ = clinic.patch(id, ["status": 3])
        let entry = try #require(clinic.ledger.last)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(entry), as: UTF8.self)
        #expect(
            text == """
                {"actor":"api","at":1755688845000,"client":1,"effect":"prescription_status",\
                "installation":"4","object":1001,"prescription":1001,"sequence":2,\
                "status_new":3,"status_old":1}
                """
        )
        #expect(try JSONDecoder().decode(LedgerEntry.self, from: Data(text.utf8)) == entry)
    }

    @Test func `installations count apart and share one ledger`() throws {
        let four = try Clinic()
        _ = try four.prescription()
        let five = SimulatedRequest("GET", "/api/0.1/countersale/")
        #expect(four.provet.handle(five, installation: "5", now: 0).answer?.status == 401)
        let summary = four.provet.summary(now: four.now)
        #expect(summary.installations == 2)
        #expect(summary.requests == 3)
        #expect(summary.effects[.prescriptionCreated] == 1)
        #expect(summary.effects[.saleCreated] == 0)
        #expect(summary.ledgerEntries == 1)
    }

    @Test func `the clinic cancels, and only what is not over`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription(3, 4)
        let now = clinic.now
        let provet = clinic.provet
        #expect(provet.clinicCancels(prescription: id, installation: "4", now: now) == .done)
        #expect(provet.clinicCancels(prescription: id, installation: "4", now: now) == .isFinal)
        let other = provet.clinicCancels(prescription: id, installation: "5", now: now)
        #expect(other == .noSuchPrescription)
        #expect(clinic.ledger.last?.actor == .clinic)
        #expect(clinic.patch(id, ["status": 4]).status == 400)
    }

    @Test func `the clinic may set a status that nobody knows`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription(3)
        let outcome = clinic.provet.clinicSets(
            status: 17,
            prescription: id,
            installation: "4",
            now: clinic.now
        )
        #expect(outcome == .done)
        let read = clinic.send("GET", "eprescription/prescription/\(id)/").json
        #expect(read?["status"] == 17)
        #expect(clinic.patch(id, ["status": 4]).status == 400)
    }

    @Test func `a full ledger stops every effect`() throws {
        var world = SharedWorld(faults: .none)
        world.ledger = EffectLedger(capacity: 0)
        let configuration = SimulatorConfiguration()
        var installation = ProvetInstallation(name: "4", place: 0, configuration: configuration)
        let call = Call(
            request: SimulatedRequest("POST", "", body: Clinic.sale.bytes),
            operation: .createSale,
            id: 0,
            now: 0,
            links: Links(host: "provet.test", installation: "4")
        )
        #expect(installation.perform(call, in: &world).status == 507)
        #expect(installation.sales.nextID == 2001)
    }

    @Test func `time does not go back`() throws {
        var clinic = try Clinic()
        _ = try clinic.prescription()
        clinic.now -= 60_000
        _ = try clinic.prescription()
        #expect(clinic.ledger.map(\.at) == [Clinic.morning, Clinic.morning])
    }
}
