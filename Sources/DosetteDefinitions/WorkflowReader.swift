import DosetteCore

/// Reads a definition's YAML into a draft; structure only, references are checked later.
struct WorkflowReader {
    static let versions = 1...1_000_000
    static let spans = TimeSpan.seconds(1)...TimeSpan.days(3_650)

    static func read(_ document: YAMLValue) -> WorkflowDraft? {
        guard let members = document.members(known: ["workflow", "version", "parts"]) else {
            return nil
        }
        for name in ["workflow", "version", "parts"] where members[name] == nil {
            document.missing(name)
        }
        let name = members["workflow"].flatMap(identifier)
        let version = members["version"]?.integer(in: versions)
        let parts = members["parts"]?.members()?.compactMap { part($0.name, $0.value) } ?? []
        // What is wrong with these has been said; the parts are checked all the same.
        return WorkflowDraft(name: name ?? "", version: version ?? 0, parts: parts)
    }

    /// A name of ours: a lower-case letter, then letters, digits and `_`.
    private static func identifier(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        return check(text, value) ? text : nil
    }

    private static func check(_ name: String, _ place: YAMLValue) -> Bool {
        let isName = isWord(name) && name.utf8.count <= 64
        if !isName {
            place.fail("a name is a lower-case letter, then up to 63 of a-z 0-9 _")
        }
        return isName
    }

    /// A lower-case letter, then letters, digits and `_`.
    ///
    /// By hand: a regular expression is compiled anew for every name, a third of an engine's start.
    private static func isWord(_ text: some StringProtocol) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = text.utf8.first, letters.contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            letters.contains(byte) || digits.contains(byte) || byte == UInt8(ascii: "_")
        }
    }

    private static func actionName(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count >= 2, words.allSatisfy(isWord),
            text.utf8.count <= Token.lengths.upperBound
        else {
            value.fail("an action's name looks like provet.create_prescription")
            return nil
        }
        return text
    }

    private static func reference(_ value: YAMLValue) -> WorkflowDraft.Reference? {
        value.text().map { WorkflowDraft.Reference(name: $0, place: value) }
    }

    private static func part(_ name: String, _ place: YAMLValue) -> WorkflowDraft.Part? {
        guard check(name, place),
            let members = place.members(known: ["starts", "each_entry", "states"])
        else { return nil }
        for name in ["starts", "states"] where members[name] == nil { place.missing(name) }
        let states = members["states"]?.members()
        if states?.isEmpty == true { place.fail("a part has one state or more") }
        return WorkflowDraft.Part(
            name: name,
            place: place,
            starts: members["starts"].flatMap(reference),
            entry: members["each_entry"].flatMap(entry),
            states: states?.compactMap { state($0.name, $0.value) } ?? []
        )
    }

    private static func entry(_ place: YAMLValue) -> WorkflowDraft.Entry? {
        guard let members = place.members(known: ["do", "needs"]) else { return nil }
        guard let value = members["do"] else {
            place.missing("do")
            return nil
        }
        guard let action = actionName(value) else { return nil }
        return WorkflowDraft.Entry(
            place: place,
            action: action,
            needs: members["needs"].flatMap(actionName)
        )
    }

    // MARK: - States

    private static let stateKeys = [
        "do", "saga", "undo", "on", "after", "remind", "when", "abort", "by", "rest", "exclusive",
    ]

    private static func state(_ name: String, _ place: YAMLValue) -> WorkflowDraft.State? {
        guard check(name, place) else { return nil }
        var state = WorkflowDraft.State(name: name, place: place)
        if place.isNull { return state }
        guard let members = place.members(known: stateKeys) else { return nil }
        state.action = members["do"].flatMap { value in
            actionName(value).map { WorkflowDraft.Reference(name: $0, place: value) }
        }
        state.saga = members["saga"]?.elements()?.compactMap(step) ?? []
        state.undo = members["undo"].flatMap(reference)
        state.on = members["on"].map(triggers) ?? []
        state.after = members["after"].flatMap(after)
        state.remind = members["remind"]?.duration(in: spans)
        state.rules = members["when"]?.elements()?.compactMap(rule) ?? []
        state.abort = members["abort"].flatMap(abort)
        state.responsible = members["by"]?.choice(Responsible.self)
        state.rests = members["rest"]?.flag() ?? false
        if let exclusive = members["exclusive"] {
            state.isExclusive = exclusive.text() == "client"
            if !state.isExclusive { exclusive.fail("exclusive is per client: write client") }
        }
        return state
    }

    private static func triggers(
        _ place: YAMLValue
    ) -> [(trigger: String, target: WorkflowDraft.Reference)] {
        (place.members() ?? []).compactMap { name, value in
            guard check(name, value), let target = reference(value) else { return nil }
            return (name, target)
        }
    }

    private static func after(
        _ place: YAMLValue
    ) -> (span: TimeSpan, target: WorkflowDraft.Reference)? {
        guard let members = place.members() else { return nil }
        guard members.count == 1, let (name, value) = members.first,
            let span = TimeSpan(durationText: name), spans.contains(span)
        else {
            place.fail("one deadline is due, such as { 24h: error }")
            return nil
        }
        return reference(value).map { (span, $0) }
    }

    private static func step(_ place: YAMLValue) -> WorkflowDraft.Step? {
        enum OnRefusal: String, CaseIterable { case park, undo }
        guard let members = place.members(known: ["do", "undo", "pivot", "refused"]) else {
            return nil
        }
        guard let value = members["do"] else {
            place.missing("do")
            return nil
        }
        guard let action = actionName(value) else { return nil }
        return WorkflowDraft.Step(
            place: place,
            action: action,
            undo: members["undo"].flatMap(actionName),
            isPivot: members["pivot"]?.flag() ?? false,
            parksOnRefusal: members["refused"]?.choice(OnRefusal.self) == .park
        )
    }

    private static func rule(_ place: YAMLValue) -> WorkflowDraft.Rule? {
        guard let members = place.members() else { return nil }
        guard let go = members.first(where: { $0.name == "go" })?.value else {
            place.missing("go")
            return nil
        }
        let terms = members.filter { $0.name != "go" && $0.name != "confirmed" }
        guard !terms.isEmpty else {
            place.fail("a condition is due, such as prescription: [accepted]")
            return nil
        }
        guard let target = reference(go) else { return nil }
        return WorkflowDraft.Rule(place: place, condition: condition(members), target: target)
    }

    private static func abort(_ place: YAMLValue) -> WorkflowDraft.Condition? {
        guard let members = place.members() else { return nil }
        guard members.contains(where: { $0.name != "confirmed" && $0.name != "go" }) else {
            place.fail("a condition is due, such as prescription: [rejected, canceled]")
            return nil
        }
        if let go = members.first(where: { $0.name == "go" })?.value {
            go.fail("an abort goes nowhere: on says where undone leads")
        }
        return condition(members)
    }

    private static func condition(
        _ members: [(name: String, value: YAMLValue)]
    ) -> WorkflowDraft.Condition {
        let terms = members.filter { $0.name != "go" && $0.name != "confirmed" }
        let confirmed = members.first { $0.name == "confirmed" }?.value.flag()
        return WorkflowDraft.Condition(
            terms: terms.map { name, value in
                let part = WorkflowDraft.Reference(name: name, place: value)
                return (part, value.elements()?.compactMap(reference) ?? [])
            },
            needsConfirmation: confirmed ?? false
        )
    }
}
