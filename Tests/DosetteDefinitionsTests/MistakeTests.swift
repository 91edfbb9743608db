import DosetteDefinitions
import Testing

/// One mistake in a definition that is sound otherwise, and what is said of it.
struct Mistake: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let old: String
    let new: String
    /// The text at whose beginning the problem is, in the spoilt definition.
    let at: String
    let message: String

    init(_ description: String, _ old: String, _ new: String, at: String, _ message: String) {
        testDescription = description
        self.old = old
        self.new = new
        self.at = at
        self.message = message
    }

    /// The definition with this mistake in it.
    var text: String {
        SampleDefinition.sound.replacing(old, with: new, maxReplacements: 1)
    }

    /// What has to be said, all of it.
    var problem: String {
        let before = text.prefix(upTo: text.firstRange(of: at)?.lowerBound ?? text.endIndex)
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        return "\(SampleDefinition.file):\(lines.count):\((lines.last?.count ?? 0) + 1): \(message)"
    }
}

@Suite("One mistake in a definition")
struct MistakeTests {
    @Test func `the definition without a mistake compiles`() {
        #expect(SampleDefinition.problems(in: SampleDefinition.sound).isEmpty)
    }

    @Test(arguments: Mistake.names + Mistake.moves + Mistake.waits + Mistake.works + Mistake.values)
    func `is told with its place, alone`(mistake: Mistake) throws {
        try #require(mistake.text != SampleDefinition.sound)
        try #require(mistake.text.contains(mistake.at))
        #expect(SampleDefinition.problems(in: mistake.text) == [mistake.problem])
    }

    @Test func `nobody has to perform anything where that is not known`() {
        let text = SampleDefinition.sound
            .replacing("pharmacy.transmit", with: "pharmacy.send")
        #expect(SampleDefinition.problems(in: text, performed: nil).isEmpty)
        #expect(SampleDefinition.problems(in: text).count == 1)
        #expect(SampleDefinition.problems(in: text, performed: []).count == 6)
    }
}

// MARK: - Mistakes in names

extension Mistake {
    static let names = [
        Mistake(
            "an unknown key",
            "remind: 4h",
            "remnd: 4h, after: { 1d: error }",
            at: "4h, after",
            """
            parts.prescription.states.sent.remnd: there is no key remnd here; did you mean remind? \
            (known: do, saga, undo, on, after, remind, when, abort, by, rest, exclusive)
            """
        ),
        Mistake(
            "an unknown key that is near to none",
            "exclusive: client",
            "exclusive: client\n        neighbourhood: { of: any }",
            at: "{ of: any }",
            """
            parts.fee.states.charging.neighbourhood: there is no key neighbourhood here \
            (known: do, saga, undo, on, after, remind, when, abort, by, rest, exclusive)
            """
        ),
        Mistake(
            "an unknown key of a step",
            "refused: park",
            "refuse: park",
            at: "park }",
            """
            parts.fee.states.charging.saga[0].refuse: there is no key refuse here; \
            did you mean refused? (known: do, undo, pivot, refused)
            """
        ),
        Mistake(
            "an unknown state",
            "reject: rejected",
            "reject: regected",
            at: "regected",
            """
            parts.prescription.states.sent.on.reject: part prescription has no state regected; \
            did you mean rejected?
            """
        ),
        Mistake(
            "an unknown state that is near to none",
            "{ packed: packed }",
            "{ packed: packed, lost: somewhere_else }",
            at: "somewhere_else",
            """
            parts.packing.states.packing.on.lost: part packing has no state somewhere_else; \
            it has waiting, packing, packed
            """
        ),
        Mistake(
            "an unknown state in a condition",
            "{ prescription: [accepted], go: packing }",
            "{ prescription: [acepted], go: packing }",
            at: "acepted",
            """
            parts.packing.states.waiting.when[0].prescription[0]: part prescription has no state \
            acepted; did you mean accepted?
            """
        ),
        Mistake(
            "an unknown part in a condition",
            "{ prescription: [accepted], go: packing }",
            "{ fees: [charged], go: packing }",
            at: "[charged]",
            """
            parts.packing.states.waiting.when[0].fees: there is no part fees; \
            there are prescription, fee, packing
            """
        ),
        Mistake(
            "an action that nobody performs",
            "do: pharmacy.transmit",
            "do: pharmacy.transmits",
            at: "pharmacy.transmits",
            """
            parts.prescription.states.sending.do: nobody performs the action pharmacy.transmits; \
            did you mean pharmacy.transmit?
            """
        ),
        Mistake(
            "an undo that nobody performs",
            "undo: provet.delete_sale",
            "undo: provet.burn",
            at: "{ do: provet.create_sale",
            "parts.fee.states.charging.saga[1]: nobody performs the action provet.burn"
        ),
        Mistake(
            "a need that nothing fulfils",
            "needs: provet.create_prescription",
            "needs: provet.add_payment",
            at: "{ do: provet.patch_status",
            """
            parts.prescription.each_entry: needs names an action that nothing does: \
            provet.add_payment
            """
        ),
        Mistake(
            "a word of the journal",
            "  packing:\n",
            "  dispense: { starts: open, states: { open: { rest: true } } }\n  packing:\n",
            at: "{ starts: open",
            "parts.dispense: dispense is a word of the journal; choose another name"
        ),
        Mistake(
            "a name that is none",
            "{ packed: packed }",
            "{ packed: packed, Lost: packed }",
            at: "packed }",
            """
            parts.packing.states.packing.on.Lost: a name is a lower-case letter, \
            then up to 63 of a-z 0-9 _
            """
        ),
    ]
}

// MARK: - Mistakes in moves and states

extension Mistake {
    static let moves = [
        Mistake(
            "a move that the lifecycle forbids",
            "on: { accept: accepted, reject: rejected }",
            "on: { accept: accepted, reject: sending }",
            at: "sending } }",
            """
            parts.prescription.states.sent.on.reject: the prescription lifecycle forbids \
            sent → sending; legal: accepted, accepted_warning, rejected, canceled, error
            """
        ),
        Mistake(
            "a move out of a final state",
            "refunded: { rest: true }",
            "refunded: { rest: true, on: { again: refunding } }",
            at: "refunding } }\n      not_applicable",
            """
            parts.fee.states.refunded.on.again: the fee lifecycle forbids \
            refunded → refunding; legal: nothing, it is final
            """
        ),
        Mistake(
            "a deadline that the lifecycle forbids",
            "after: { 24h: error }",
            "after: { 24h: accepted }",
            at: "accepted }",
            """
            parts.prescription.states.sending.after.24h: the prescription lifecycle forbids \
            sending → accepted; legal: sent, error
            """
        ),
        Mistake(
            "a start that the lifecycle has not",
            "starts: draft",
            "starts: sending",
            at: "sending",
            "parts.prescription.starts: a prescription starts in draft"
        ),
        Mistake(
            "a state that nothing leads to",
            "packed: { rest: true }",
            "packed: { rest: true }\n      lost: { rest: true, on: { found: packing } }",
            at: "{ rest: true, on: { found",
            "parts.packing.states.lost: nothing leads to this state"
        ),
        Mistake(
            "a charge without an acceptance",
            "[accepted, accepted_warning], confirmed: true, go: charging",
            "[accepted, sent], confirmed: true, go: charging",
            at: "{ prescription: [accepted, sent]",
            """
            parts.fee.states.waiting.when[0]: a fee is charged only on \
            prescription: [accepted, accepted_warning]
            """
        ),
        Mistake(
            "a charge on something else",
            "prescription: [accepted, accepted_warning], confirmed: true, go: charging",
            "packing: [packed], go: charging",
            at: "{ packing: [packed]",
            """
            parts.fee.states.waiting.when[0]: a fee is charged only on \
            prescription: [accepted, accepted_warning]
            """
        ),
        Mistake(
            "a charge by a signal",
            "      waiting:\n        when:",
            "      waiting:\n        on: { charge: charging }\n        when:",
            at: "charging }",
            """
            parts.fee.states.waiting.on.charge: \
            a fee is charged by a rule (when), never by a signal or a deadline
            """
        ),
    ]
}

// MARK: - States in which an order would wait

extension Mistake {
    private static let packing = "packing: { by: pharmacy, remind: 1h, on: { packed: packed } }"

    static let waits = [
        Mistake(
            "a dead end",
            "packed: { rest: true }",
            "packed: {}",
            at: "{}",
            "parts.packing.states.packed: a dead end: say rest: true if the order may end here"
        ),
        Mistake(
            "a state that says nothing",
            "packed: { rest: true }",
            "packed: null",
            at: "null",
            "parts.packing.states.packed: a dead end: say rest: true if the order may end here"
        ),
        Mistake(
            "a wait for nobody",
            packing,
            "packing: { remind: 1h, on: { packed: packed } }",
            at: "{ remind: 1h",
            """
            parts.packing.states.packing: an order can wait here for ever: \
            name who moves it on (by) or say rest: true
            """
        ),
        Mistake(
            "a wait without a reminder",
            packing,
            "packing: { by: pharmacy, on: { packed: packed } }",
            at: "{ by: pharmacy",
            "parts.packing.states.packing: an order can wait here for ever: give remind or after"
        ),
        Mistake(
            "a wait at Provet without a reminder",
            "unknown: { by: clinic, remind: 24h }",
            "unknown: { by: clinic }",
            at: "{ by: clinic }",
            """
            parts.prescription.states.unknown: \
            an order can wait here for ever: give remind or after
            """
        ),
    ]
}

// MARK: - Mistakes in work and its outcomes

extension Mistake {
    static let works = [
        Mistake(
            "a do without done",
            "{ do: pharmacy.transmit, on: { done: sent, refused: error }",
            "{ do: pharmacy.transmit, on: { refused: error }",
            at: "sending:",
            "parts.prescription.states.sending: on says nothing of done"
        ),
        Mistake(
            "a do that a person cannot end",
            "on: { done: sending, given_up: canceled }",
            "on: { done: sending }",
            at: "{ do: provet.create_prescription, on",
            """
            parts.prescription.states.draft: say where refused or given_up leads, \
            so that a person can end it
            """
        ),
        Mistake(
            "an undo without undone",
            "{ undo: charging, on: { undone: refunded } }",
            "{ undo: charging, on: { refunded: refunded } }",
            at: "{ undo: charging",
            "parts.fee.states.refunding: on says nothing of undone"
        ),
        Mistake(
            "an outcome that never happens",
            "{ packed: packed }",
            "{ packed: packed, undone: waiting }",
            at: "waiting }",
            "parts.packing.states.packing.on.undone: undone never happens here"
        ),
        Mistake(
            "two kinds of work",
            "{ undo: charging, on: { undone: refunded } }",
            """
            { undo: charging, do: provet.fetch_fee_item, \
            on: { done: refunded, refused: refunded } }
            """,
            at: "{ undo: charging",
            "parts.fee.states.refunding: a state has one of do, saga and undo"
        ),
        Mistake(
            "an undo of what is no saga",
            "undo: charging",
            "undo: waiting",
            at: "waiting, on: { undone",
            "parts.fee.states.refunding.undo: waiting has no saga to undo"
        ),
        Mistake(
            "a pivot without an undo",
            "undo: provet.delete_sale, pivot: true",
            "pivot: true",
            at: "{ do: provet.create_sale",
            """
            parts.fee.states.charging.saga[1]: a pivot needs an undo: \
            it covers the steps before it
            """
        ),
        Mistake(
            "an exclusive state without a saga",
            "packing: { by: pharmacy,",
            "packing: { exclusive: client, by: pharmacy,",
            at: "{ exclusive: client, by",
            "parts.packing.states.packing: exclusive is only for a saga"
        ),
        Mistake(
            "an abort without a saga",
            "packing: { by: pharmacy,",
            "packing: { abort: { fee: [refunded] }, by: pharmacy,",
            at: "{ abort: { fee: [refunded] }, by",
            "parts.packing.states.packing: abort is only for a saga"
        ),
    ]
}

// MARK: - Values of another kind

extension Mistake {
    private static let spans = "a duration such as 500ms, 30s, 5m, 24h or 7d is due"

    static let values = [
        Mistake(
            "a duration without a unit",
            "remind: 4h",
            "after: { 1d: error }, remind: 4",
            at: "4,",
            "parts.prescription.states.sent.remind: \(spans)"
        ),
        Mistake(
            "a duration that is too short",
            "remind: 4h",
            "after: { 1d: error }, remind: 500ms",
            at: "500ms",
            "parts.prescription.states.sent.remind: the duration must be from 1s to 3650d"
        ),
        Mistake(
            "two deadlines",
            "after: { 24h: error }",
            "after: { 24h: error, 25h: error }",
            at: "{ 24h: error, 25h",
            """
            parts.prescription.states.sending.after: one deadline is due, such as { 24h: error }
            """
        ),
        Mistake(
            "somebody unknown",
            "by: pharmacist",
            "after: { 1d: error }, by: doctor",
            at: "doctor",
            """
            parts.prescription.states.sent.by: one of dosette, provet, pharmacist, pharmacy, \
            operator, clinic is due
            """
        ),
        Mistake(
            "a flag in words",
            "accepted: { rest: true, on",
            "accepted: { rest: 'true', after: { 1d: canceled }, on",
            at: "'true'",
            "parts.prescription.states.accepted.rest: true or false is due"
        ),
        Mistake(
            "exclusive per something else",
            "exclusive: client",
            "exclusive: clinic",
            at: "clinic\n        saga",
            "parts.fee.states.charging.exclusive: exclusive is per client: write client"
        ),
        Mistake(
            "a list in place of a mapping",
            "each_entry: { do: provet.patch_status, needs: provet.create_prescription }",
            "each_entry: [provet.patch_status]",
            at: "[provet.patch_status]",
            "parts.prescription.each_entry: a mapping is due"
        ),
        Mistake(
            "an action's name that is none",
            "do: provet.patch_status",
            "do: patch status",
            at: "patch status",
            """
            parts.prescription.each_entry.do: \
            an action's name looks like provet.create_prescription
            """
        ),
    ]
}
