import DosetteCore
import DosetteEngine
import DosetteTesting
import Testing

@testable import DosetteServer

@Suite struct ClinicStoryTests {
    private static func line(_ event: OrderEvent, by actor: Actor = .dosette) -> String? {
        ClinicStory.line(Fact(event: event, at: StoreSamples.start, actor: actor))
            .map { "\($0.who) \($0.what)" }
    }

    private static func entered(
        _ part: String,
        _ state: String,
        _ cause: Entered.Cause
    ) -> OrderEvent {
        .entered(Entered(part: part, state: state, from: "x", cause: cause))
    }

    @Test func `milestones are told in plain words`() {
        let pharmacist = Actor(.person, name: "Aino")
        let clinic = Actor(.clinic, name: "nordic-vets")
        let accepted = Self.entered("prescription", "accepted", .signal)
        #expect(Self.line(accepted, by: pharmacist) == "Aino accepted it")
        let canceled = Self.entered("prescription", "canceled", .clinic)
        #expect(Self.line(canceled, by: clinic) == "The clinic cancelled it in Provet")
        let charged = Self.entered("fee", "charged", .outcome)
        #expect(Self.line(charged) == "Dosette charged the prescription fee")
        #expect(Self.line(.noticed(Notice(.remarks)), by: clinic)?.contains("remarks") == true)
    }

    @Test func `what no vet asks for is left out`() {
        #expect(Self.line(Self.entered("fee", "charging", .rule)) == nil)
        #expect(Self.line(Self.entered("prescription", "sending", .outcome)) == nil)
        #expect(Self.line(.reminded(part: "prescription", count: 1)) == nil)
        #expect(Self.line(.observed(status: 6, previous: 4)) == nil)
        #expect(Self.line(.asked("cancel")) == nil)
    }

    @Test func `every state of a prescription in which somebody waits or it ends has its words`() {
        for state in PrescriptionLifecycle.known where state != .draft && state != .sending {
            #expect(Self.line(Self.entered("prescription", state.name, .signal)) != nil, "\(state)")
        }
    }
}
