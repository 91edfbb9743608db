import DosetteCore
import DosetteEngine

/// What can be said to an order now, and who may say it.
struct Choice: Hashable, Sendable {
    let signal: String
    /// The parked step that is meant, if one is.
    let step: String?
    let right: Right
    let needsSecond: Bool

    /// The choice in one word of a form.
    var value: String { step.map { "\(signal) \($0)" } ?? signal }

    var title: String { Self.title(signal) }

    var isForce: Bool { Signal.forced(by: signal) != nil }

    /// What a signal is called on buttons and in lists.
    static func title(_ signal: String) -> String {
        if let state = Signal.forced(by: signal) {
            return "It stands as \(ParkedWords.plain(state.name)) at Provet"
        }
        return switch signal {
        case "accept": "Accept"
        case "accept_with_warning": "Accept with a warning"
        case "reject": "Reject"
        case "cancel": "Cancel the order"
        case "retry": "Try again"
        case "adopt": "It was done: take over what is there"
        case "resend": "Send it again"
        case "give_up": "Give this step up"
        default: signal.replacing("_", with: " ").capitalizedFirst
        }
    }

    var hint: String? {
        switch signal {
        case "retry":
            "Dosette looks first whether the step was done after all, and goes on from there."
        case "adopt": "Needs the number that Provet shows for it."
        case "resend":
            "Only when it is certain that nothing arrived: what Provet gets twice cannot be deleted."
        case "give_up": "The order goes on without it, as its workflow says."
        case "force_accepted", "force_accepted_warning":
            "Charges the fee at once. When Provet shows something else, the order parks."
        case "reject", "cancel": "A fee that was charged is paid back."
        default: nil
        }
    }

    private static let usual = ["accept", "accept_with_warning", "reject"]

    /// All choices that an order takes now.
    static func all(of order: Order, _ desk: ProposalDesk) -> [Choice] {
        var found: [Choice] = []
        for record in order.parkedParts {
            for action in record.parked.actions {
                found.append(choice(action.rawValue, step: record.parked.step, desk))
            }
        }
        for part in order.parts.indices where order.parts[part].parked == nil {
            found += order.signalNames(part).map { choice($0, step: nil, desk) }
        }
        let isFinal = order.prescription.map { $0 == .rejected || $0 == .canceled } ?? false
        if !isFinal, !found.contains(where: { $0.signal == Signal.cancel }), order.isOpen {
            found.append(choice(Signal.cancel, step: nil, desk))
        }
        found += order.forcibleStates.map { choice(Signal.force($0), step: nil, desk) }
        var seen: Set<String> = []
        let each = found.filter { seen.insert($0.value).inserted }
        // What is said most stands first, and what ends the order last.
        let first = each.filter { usual.contains($0.signal) }
            .sorted {
                (usual.firstIndex(of: $0.signal) ?? 0) < (usual.firstIndex(of: $1.signal) ?? 0)
            }
        let last = each.filter { $0.signal == Signal.cancel }
        return first + each.filter { !usual.contains($0.signal) && $0.signal != Signal.cancel }
            + last
    }

    private static func choice(
        _ signal: String,
        step: String?,
        _ desk: ProposalDesk
    ) -> Choice {
        Choice(
            signal: signal,
            step: step,
            right: Right.needed(for: signal),
            needsSecond: desk.needsSecond(signal)
        )
    }
}

/// What somebody typed into the form of a decision, and what is wrong with it.
struct DecisionEntry: Sendable {
    static let choiceName = "decision"
    static let reasonName = "reason"
    static let remarksName = "remarks"
    static let receiptName = "receipt"
    static let onceName = "once"
    /// Characters of the word that tells one form from another.
    private static let onceLength = 32

    /// Tells this form from every other: sent twice, it is done once.
    var once = ConsoleSessions.random(bytes: onceLength / 2)
    var choice = ""
    var reason = ""
    var remarks = ""
    var receipt = ""
    var problem: Problem?

    init() {}

    init(_ pairs: FormPairs) {
        choice = pairs[Self.choiceName] ?? ""
        reason = (pairs[Self.reasonName] ?? "").trimmingSpaces
        remarks = (pairs[Self.remarksName] ?? "").trimmingSpaces
        receipt = (pairs[Self.receiptName] ?? "").trimmingSpaces
        if let word = pairs[Self.onceName], word.utf8.count == Self.onceLength,
            HexText.bytes(word) != nil
        {
            once = word
        }
    }

    /// The idempotency key of what the form asks for.
    func idempotency(by person: String) -> Idempotency {
        let digest = Engine.digest(of: .object(body(by: person)))
        return Idempotency(key: "console-\(once)", bodyDigest: digest)
    }

    /// What was chosen: a signal, and the parked step that is meant, if one is.
    private var words: [String] { choice.split(separator: " ", maxSplits: 1).map(String.init) }

    var signal: String { words.first ?? "" }

    /// The entry as the API's body of a signal.
    func body(by person: String) -> JSONObject {
        var body: JSONObject = [
            "signal": .string(signal), "reason": .string(reason), "by": .string(person),
        ]
        if words.count == 2 { body["step"] = .string(words[1]) }
        if !remarks.isEmpty { body["remarks"] = .string(remarks) }
        if !receipt.isEmpty {
            let id = Int(receipt).map { JSON($0) } ?? .string(receipt)
            body["receipt"] = ["id": id]
        }
        return body
    }

    /// The fields as they were typed, hidden, for a form that goes on with them.
    var hidden: HTML {
        HTML(.div) {
            ConsoleAPI.hidden(Self.onceName, once)
            ConsoleAPI.hidden(Self.choiceName, choice)
            ConsoleAPI.hidden(Self.reasonName, reason)
            ConsoleAPI.hidden(Self.remarksName, remarks)
            ConsoleAPI.hidden(Self.receiptName, receipt)
        }
    }
}

/// The form of a decision on one order.
struct DecisionForm: Sendable {
    let choices: [Choice]
    let entry: DecisionEntry
    let rights: Set<Right>
    let act: SitePath
    let plan: SitePath
    let formKey: HTML

    private var allowed: [Choice] { choices.filter { rights.contains($0.right) } }
    private var others: [Choice] { choices.filter { !rights.contains($0.right) } }

    var markup: HTML {
        HTML(.div) {
            if allowed.isEmpty {
                problemMarkup
                HTML(.p) { "There is nothing that you can decide here now." }
            } else {
                form
            }
            // Forcing is for the case that nothing else helps; it is no everyday choice of others.
            let others = others.filter { !$0.isForce }
            if !others.isEmpty {
                HTML(.p, .class("soft")) { "Others can: \(Self.words(others))." }
            }
        }
    }

    /// `Accept (pharmacist)`.
    private static func words(_ choices: [Choice]) -> String {
        choices.map { choice in
            let roles = choice.right.roles.map(\.rawValue).joined(separator: " or ")
            return "\(choice.title) (\(roles))"
        }
        .joined(separator: "; ")
    }

    private var form: HTML {
        HTML(.form, .post, .action(act), .id("decide")) {
            formKey
            ConsoleAPI.hidden(DecisionEntry.onceName, entry.once)
            problemMarkup
            HTML(.fieldset) {
                HTML(.legend) { "What shall happen?" }
                allowed.enumerated().map { index, choice in
                    choice.isForce ? HTML() : option(choice, index)
                }
                if allowed.contains(where: \.isForce) { forces }
            }
            field("reason", "Why? It stands in the journal.", isRequired: true) {
                HTML(.textarea, .id("reason"), .name("reason"), .rows(2), .required) {
                    entry.reason
                }
            }
            if allowed.contains(where: { $0.signal == "adopt" }) {
                field("receipt", "Provet's number of what is there (to take over)") {
                    HTML(
                        .input,
                        .id("receipt"),
                        .name("receipt"),
                        .type("text"),
                        .inputMode("numeric"),
                        .value(entry.receipt)
                    )
                }
            }
            if allowed.contains(where: { $0.right == .decide || $0.right == .cancel }) {
                field("remarks", "Remarks for the clinic, written to Provet (optional)") {
                    HTML(.textarea, .id("remarks"), .name("remarks"), .rows(2)) { entry.remarks }
                }
            }
            HTML(.div, .class("buttons")) {
                HTML(.button, .class("main"), .type("submit")) { "Do it" }
                if rights.contains(.readPersonal) {
                    HTML(.button, .type("submit"), .formAction(plan)) {
                        "Show first what would be sent"
                    }
                }
            }
        }
    }

    /// What a person may say of Provet in place of a look, folded away.
    private var forces: HTML {
        let isChosen = allowed.contains { $0.isForce && $0.value == entry.choice }
        return HTML(.details, .id("force"), isChosen ? .open : nil) {
            HTML(.summary) { "Force a state, when nothing else helps" }
            HTML(.p, .class("soft")) {
                "Only for what you have seen in Provet yourself and Dosette cannot see. The order goes on as if Dosette had seen it; Provet is not told of the state."
            }
            allowed.enumerated().map { index, choice in
                choice.isForce ? option(choice, index) : HTML()
            }
        }
    }

    @HTMLBuilder private var problemMarkup: HTML {
        if let problem = entry.problem {
            HTML(.p, .class("state bad"), .role("alert"), .id("decide-error")) {
                FormWords.text(problem)
            }
        }
    }

    private func option(_ choice: Choice, _ index: Int) -> HTML {
        HTML(.div, .class("option")) {
            HTML(.label, .class("check")) {
                HTML(
                    .input,
                    .type("radio"),
                    .name(DecisionEntry.choiceName),
                    .value(choice.value),
                    .required,
                    choice.hint == nil ? nil : .describedBy("choice-\(index)"),
                    entry.choice == choice.value ? .checked : nil
                )
                HTML(.span) {
                    HTML(.strong) { choice.title }
                    if let step = choice.step {
                        HTML(.span, .class("soft")) { " – \(ActionWords.title(step))" }
                    }
                    if choice.needsSecond {
                        " "
                        HTML(.span, .class("badge warn")) { "a second person confirms" }
                    }
                }
            }
            if let hint = choice.hint {
                HTML(.span, .class("hint"), .id("choice-\(index)")) { hint }
            }
        }
    }

    private func field(
        _ id: String,
        _ label: String,
        isRequired: Bool = false,
        @HTMLBuilder _ content: () -> HTML
    ) -> HTML {
        HTML(.div, .class("field")) {
            HTML(.label, .for(id)) { label }
            content()
        }
    }
}
