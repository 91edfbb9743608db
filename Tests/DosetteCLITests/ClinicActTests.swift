import DosetteCore
import DosetteSimulator
import Foundation
import NIOHTTP1
import Testing

@testable import DosetteCLI

@Suite("The clinic's side, as the demo plays it")
struct ClinicActTests {
    private static func entries(_ effects: [String]) throws -> [LedgerEntry] {
        try effects.enumerated().map { index, effect in
            let json: JSON = [
                "sequence": JSON(index + 1), "at": 0, "installation": "4",
                "effect": .string(effect), "actor": "api", "object": JSON(index),
            ]
            return try JSONDecoder().decode(LedgerEntry.self, from: Data(json.canonicalBytes))
        }
    }

    @Test func `an effect that is missing or there twice is found`() throws {
        let charged = ["sale_created", "sale_item_added", "sale_finalized", "payment_added"]
        try ActCheck.due(ActCheck.charge, in: try Self.entries(charged))
        for wrong in [charged + ["payment_added"], Array(charged.dropLast())] {
            #expect(throws: ClinicSideAct.Failure.self) {
                try ActCheck.due(ActCheck.charge, in: try Self.entries(wrong))
            }
        }
    }

    @Test func `one step that fails makes the act fail`() {
        let good = step("a", isGood: true)
        #expect(ClinicSideAct.Outcome(steps: [good]).isClean)
        #expect(!ClinicSideAct.Outcome().isClean)
        let outcome = ClinicSideAct.Outcome(steps: [good, step("b", isGood: false)])
        #expect(!outcome.isClean)
        #expect(outcome.failed == ["b"])
        #expect(outcome.text.contains("NO b: words of b"))
        #expect(outcome.text.hasSuffix("VERDICT: something is wrong"))
    }

    private func step(_ name: String, isGood: Bool) -> ClinicSideAct.Step {
        .init(name: name, title: "", words: "words of \(name)", took: .zero, isGood: isGood)
    }

    @Test func `the origins that may show a page are read from its policy`() {
        let policy = "default-src 'none'; frame-ancestors https://a.example https://b.example"
        for (value, expected) in [
            (policy, "https://a.example https://b.example"), ("default-src 'none'", nil),
        ] {
            let headers: HTTPHeaders = ["Content-Security-Policy": value]
            let answer = WebVisitor.Answer(status: 200, headers: headers, text: "")
            #expect(answer.frameAncestors == expected)
        }
    }

    @Test func `a form's pairs are encoded`() {
        #expect(FormText.encode([("a b", "ä&="), ("c", "")]) == "a%20b=%C3%A4%26%3D&c=")
    }
}
