import DosetteDefinitions
import Foundation
import Testing

@Suite("A definition as a whole")
struct WholeDefinitionTests {
    /// Mistakes of every kind, in all parts: whoever wrote them mends them in one go.
    static let spoilt = """
        workflow: spoilt
        version: 1
        owner: me
        parts:
          prescription: { starts: sent, states: {
              draft: { do: provet.create, on: { done: sending, given_up: canceled } },
              sending: { do: pharmacy.transmit, on: { refused: error } },
              sent: { by: pharmacist, remind: 4h, on: { accept: acepted, reject: draft } },
              accepted: { rest: yes please },
              rejected: { rest: true },
              canceled: { rest: true },
              error: { by: operator, on: { retry: sending } } } }
          fee: { starts: waiting, states: {
              waiting: { when: [{ prescription: [sent], go: charging }] },
              charging: {
                saga: [{ do: provet.fetch_fee_item, pivot: true }, { undo: provet.nothing }],
                on: { done: charged } },
              charged: {},
              halved: { rest: true } } }
          packing: { starts: open, state: { open: { rest: true } } }
        """

    @Test func `every mistake is told at once, in the order of the lines`() {
        let performed: Set<String> = ["pharmacy.transmit", "provet.fetch_fee_item"]
        let problems = SampleDefinition.problems(in: Self.spoilt, performed: performed)
        #expect(problems.joined(separator: "\n") == Self.problems)
    }

    static let problems = """
        sample.yaml:3:8: owner: there is no key owner here (known: workflow, version, parts)
        sample.yaml:5:17: parts.prescription: the lifecycle needs these states too: \
        accepted_warning, unknown
        sample.yaml:5:27: parts.prescription.starts: a prescription starts in draft
        sample.yaml:6:20: parts.prescription.states.draft.do: nobody performs the action \
        provet.create
        sample.yaml:7:16: parts.prescription.states.sending: on says nothing of done
        sample.yaml:8:57: parts.prescription.states.sent.on.accept: part prescription has no state \
        acepted; did you mean accepted?
        sample.yaml:8:74: parts.prescription.states.sent.on.reject: the prescription lifecycle \
        forbids sent → draft; legal: accepted, accepted_warning, rejected, canceled, error
        sample.yaml:9:17: parts.prescription.states.accepted: an order can wait here for ever: \
        name who moves it on (by) or say rest: true
        sample.yaml:9:25: parts.prescription.states.accepted.rest: true or false is due
        sample.yaml:12:14: parts.prescription.states.error: an order can wait here for ever: give \
        remind or after
        sample.yaml:13:8: parts.fee: the lifecycle needs these states too: not_charged, refunding, \
        refunded, not_applicable
        sample.yaml:14:25: parts.fee.states.waiting.when[0]: a fee is charged only on \
        prescription: [accepted, accepted_warning]
        sample.yaml:15:17: parts.fee.states.charging: on says nothing of undone
        sample.yaml:16:16: parts.fee.states.charging.saga[0]: a pivot needs an undo: it covers the \
        steps before it
        sample.yaml:16:60: parts.fee.states.charging.saga[1].do: this key is required
        sample.yaml:18:16: parts.fee.states.charged: a dead end: say rest: true if the order may \
        end here
        sample.yaml:19:15: parts.fee.states.halved: the fee lifecycle has no such state; it has \
        waiting, charging, charged, not_charged, refunding, refunded, not_applicable
        sample.yaml:19:15: parts.fee.states.halved: nothing leads to this state
        sample.yaml:20:12: parts.packing.states: this key is required
        sample.yaml:20:35: parts.packing.state: there is no key state here; did you mean states? \
        (known: starts, each_entry, states)
        """

    @Test(arguments: [
        ("", "sample.yaml:1:1: the file is empty"),
        ("# Only words.\n", "sample.yaml:1:1: the file is empty"),
        ("home delivery", "sample.yaml:1:1: a mapping is due"),
        ("- workflow: a", "sample.yaml:1:1: a mapping is due"),
        (
            "workflow: a\n\tversion: 1",
            "sample.yaml:2:1: found a tab character that violates indentation"
        ),
        ("workflow: a\nversion: {", "sample.yaml:3:1: did not find expected node content"),
        ("workflow: *name", "sample.yaml:1:11: found undefined alias"),
        ("workflow: a\n---\nworkflow: b", "sample.yaml:2:1: but found another document"),
        ("workflow: a\u{1}", "sample.yaml:1:1: control characters are not allowed"),
    ])
    func `what is no definition at all is told so`(text: String, problem: String) {
        #expect(SampleDefinition.problems(in: text) == [problem])
    }

    @Test func `what is missing is told together`() {
        let problems = SampleDefinition.problems(in: "parts:\n  packing: {}\n")
        #expect(
            problems == [
                "sample.yaml:1:1: workflow: this key is required",
                "sample.yaml:1:1: version: this key is required",
                "sample.yaml:2:12: parts.packing.starts: this key is required",
                "sample.yaml:2:12: parts.packing.states: this key is required",
            ]
        )
        #expect(
            SampleDefinition.problems(in: "workflow: a\nversion: 1\nparts: {}\n")
                == ["sample.yaml:1:1: parts: a workflow has one part or more"]
        )
    }

    @Test func `a key that is given twice is told with its place`() {
        let twice = SampleDefinition.sound
            .replacing(
                "      rejected: {",
                with: "      accepted: { rest: true }\n      rejected: {"
            )
        #expect(SampleDefinition.problems(in: twice) == ["sample.yaml:12:7: given twice: accepted"])
    }

    @Test func `a file that is too long is not read`() {
        let room = 48 * 1024 - SampleDefinition.sound.utf8.count - 1
        let longest = SampleDefinition.sound + "\n" + String(repeating: "#", count: room)
        #expect(SampleDefinition.problems(in: longest).isEmpty)
        let problems = SampleDefinition.problems(in: longest + "#")
        #expect(problems == ["sample.yaml:1:1: the file is longer than 49152 bytes"])
    }

    @Test(arguments: ["0", "-1", "1000001", "1.0", "one", "''"])
    func `a version is a number of its own`(version: String) {
        let text = SampleDefinition.sound.replacing("version: 1", with: "version: \(version)")
        #expect(
            SampleDefinition.problems(in: text)
                == ["sample.yaml:2:10: version: an integer from 1 to 1000000 is due"]
        )
    }

    @Test func `a part has as many states as a word has bits`() {
        func definition(stateCount: Int) -> String {
            let states = (1..<stateCount).map { "s\($0): { after: { 1h: s\($0 + 1) } }" }
            return """
                workflow: long
                version: 1
                parts: { packing: { starts: s1, states: {
                  \(states.joined(separator: ", ")), s\(stateCount): { rest: true } } } }
                """
        }
        #expect(SampleDefinition.problems(in: definition(stateCount: 64)).isEmpty)
        #expect(
            SampleDefinition.problems(in: definition(stateCount: 65))
                == ["sample.yaml:3:19: parts.packing: a part has 64 states at the most"]
        )
    }
}

/// What should be told and is not, or not well; each is a finding about the sources.
@Suite("What a definition still gets away with")
struct KnownDefinitionIssueTests {
    @Test(arguments: [
        ("version: 1", "version: &one 1"),
        ("remind: 4h", "remind: &wait 4h"),
        ("rejected: { rest: true }", "rejected: &end { rest: true }"),
        (
            "rejected: { rest: true }\n      canceled: { rest: true }",
            "rejected: &end { rest: true }\n      canceled: *end"
        ),
        ("[rejected, canceled], go", "&ends [rejected, canceled], go"),
    ])
    func `anchors and aliases are refused`(old: String, new: String) throws {
        let text = SampleDefinition.sound.replacing(old, with: new, maxReplacements: 1)
        try #require(text != SampleDefinition.sound)
        let problems = SampleDefinition.problems(in: text)
        #expect(problems.contains { $0.contains("anchors and aliases are not taken here") })
    }

    @Test(.timeLimit(.minutes(1)))
    func `aliases of aliases are refused before they are taken apart`() {
        let lines = (1...60).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
        let text = (["k0: &a0 [x, x]"] + lines + ["? *a60", ": x"]).joined(separator: "\n")
        #expect(
            SampleDefinition.problems(in: text) == [
                "sample.yaml:2:10: anchors and aliases are not taken here"
            ]
        )
    }

    @Test func `a name is given once, however it is written`() {
        let text = SampleDefinition.sound.replacing(
            "on: { accept: accepted",
            with: "\"on\": { cancel: canceled }, on: { accept: accepted"
        )
        let problems = SampleDefinition.problems(in: text)
        #expect(problems.contains { $0.hasSuffix("given twice: on") }, "\(problems)")
    }

    @Test func `a deadline never charges a fee`() {
        let text = SampleDefinition.sound
            .replacing(
                "      waiting:\n        when:",
                with: "      waiting:\n        after: { 1h: charging }\n        when:"
            )
        #expect(SampleDefinition.problems(in: text).count == 1)
    }

    @Test(arguments: ["{}", "{ confirmed: true }", "{ prescription: [rejected], go: charged }"])
    func `an abort has a condition and nothing else`(abort: String) throws {
        let text = SampleDefinition.sound
            .replacing("abort: { prescription: [rejected, canceled] }", with: "abort: \(abort)")
        try #require(text != SampleDefinition.sound)
        #expect(SampleDefinition.problems(in: text).count == 1)
    }

    @Test func `a wrong version does not hide the mistakes in the parts`() {
        let text = SampleDefinition.sound
            .replacing("version: 1", with: "version: 0")
            .replacing("reject: rejected", with: "reject: regected")
        #expect(SampleDefinition.problems(in: text).count == 2)
    }

    @Test func `a mistake in a block is told in the line of its key`() {
        let text = SampleDefinition.sound + "\n      lost:\n        rest: true"
        let line = text.split(separator: "\n").count - 1
        let problem = "parts.packing.states.lost: nothing leads to this state"
        #expect(SampleDefinition.problems(in: text) == ["sample.yaml:\(line):7: \(problem)"])
    }
}
