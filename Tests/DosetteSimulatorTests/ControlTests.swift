import Foundation
import Testing

@testable import DosetteSimulator

@Suite("The control routes")
struct ControlTests {
    private let clinic: Clinic
    private let control: SimulatorControl

    init() throws {
        clinic = try Clinic()
        control = SimulatorControl(provet: clinic.provet)
    }

    private func send(_ method: String, _ target: String, _ body: JSON? = nil) -> SimulatedAnswer {
        let request = SimulatedRequest(method, target, body: body?.bytes ?? [])
        return control.answer(request, now: clinic.now)
    }

    @Test func `health is always well`() {
        clinic.provet.setFaults(.always(.unavailable))
        #expect(send("GET", "/health").status == 200)
    }

    @Test func `the ledger is NDJSON, after a number and up to a limit`() throws {
        for _ in 0..<3 { _ = try clinic.prescription() }
        let answer = send("GET", "/ledger?after=1&limit=1")
        #expect(answer.header("Content-Type") == "application/x-ndjson")
        let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 1)
        let entry = try JSONDecoder().decode(LedgerEntry.self, from: Data(lines[0].utf8))
        #expect(entry.sequence == 2)
        #expect(send("GET", "/ledger").body.count { $0 == UInt8(ascii: "\n") } == 3)
    }

    @Test func `the summary counts every effect and every fault`() throws {
        clinic.provet.setFaults(.always(.cutAfter))
        _ = clinic.send("POST", "eprescription/prescription/", Clinic.prescription)
        let body = Data(send("GET", "/summary").body)
        let summary = try JSONDecoder().decode(SimulatorSummary.self, from: body)
        #expect(summary.effects[.prescriptionCreated] == 1)
        #expect(summary.faults[.cutAfter] == 1)
        #expect(summary.faults.count == FaultKind.allCases.count)
        #expect(String(decoding: body, as: UTF8.self).contains(#""cut_after":1"#))
    }

    @Test func `a profile is set by its name, and single faults beside it`() {
        #expect(send("POST", "/faults", ["profile": "none", "cut_before": 10_000]).status == 200)
        #expect(clinic.send("GET", "countersale/").isCut)
        #expect(send("POST", "/faults", ["profile": "none"]).status == 200)
        #expect(clinic.send("GET", "countersale/").status == 200)
        #expect(send("POST", "/faults", ["profile": "calm"]).status == 400)
        #expect(send("POST", "/faults", ["late_effect_milliseconds": -1]).status == 400)
    }

    @Test func `the clinic acts by itself`() throws {
        let id = try clinic.prescription(3)
        let base: JSON = ["installation": "4", "prescription": .integer(id)]
        let moved = send("POST", "/clinic", base.with("action", "status").with("status", 8))
        #expect(moved.status == 200)
        #expect(clinic.ledger.last?.statusNew == 8)
        #expect(send("POST", "/clinic", base.with("action", "cancel")).status == 200)
        #expect(clinic.ledger.last?.statusNew == 6)
        #expect(send("POST", "/clinic", base.with("action", "cancel")).status == 409)
        #expect(send("POST", "/clinic", base.with("action", "sing")).status == 400)
        #expect(send("POST", "/clinic", base.with("action", "status")).status == 400)
        let other = base.with("prescription", 1).with("action", "cancel")
        #expect(send("POST", "/clinic", other).status == 404)
    }

    @Test func `the fee item of a department is set and taken away`() {
        let base: JSON = ["installation": "4", "department": 1]
        #expect(send("POST", "/settings", base.with("prescription_fee_item", 502)).status == 200)
        let path = "department/1/settings/"
        #expect(clinic.send("GET", path).json?["prescription_fee_item"] == 502)
        #expect(send("POST", "/settings", base.with("prescription_fee_item", .null)).status == 200)
        #expect(clinic.send("GET", path).json?["prescription_fee_item"] == .null)
        #expect(send("POST", "/settings", base).status == 400)
        let other = base.with("department", 99).with("prescription_fee_item", 1)
        #expect(send("POST", "/settings", other).status == 404)
    }

    @Test func `another route is not found`() {
        #expect(send("GET", "/secrets").status == 404)
        #expect(send("POST", "/health").status == 404)
    }
}
