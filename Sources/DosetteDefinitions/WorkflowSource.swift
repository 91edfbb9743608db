import DosetteCore

/// A workflow definition as it was written, before anything is checked.
package struct WorkflowSource: Hashable, Sendable {
    /// What to call it in messages: a path or a name.
    package let file: String
    package let text: String

    package init(file: String, text: String) {
        self.file = file
        self.text = text
    }
}

/// A definition read from YAML: names still, but every one with its place.
struct WorkflowDraft {
    struct Part {
        let name: String
        let place: YAMLValue
        let starts: Reference?
        let entry: Entry?
        let states: [State]
    }

    struct Entry {
        let place: YAMLValue
        let action: String
        let needs: String?
    }

    struct State {
        let name: String
        let place: YAMLValue
        var action: Reference?
        var saga: [Step] = []
        var undo: Reference?
        var on: [(trigger: String, target: Reference)] = []
        var after: (span: TimeSpan, target: Reference)?
        var remind: TimeSpan?
        var rules: [Rule] = []
        var abort: Condition?
        var responsible: Responsible?
        var rests = false
        var isExclusive = false
    }

    struct Step {
        let place: YAMLValue
        let action: String
        let undo: String?
        let isPivot: Bool
        let parksOnRefusal: Bool
    }

    struct Rule {
        let place: YAMLValue
        let condition: Condition
        let target: Reference
    }

    struct Condition {
        let terms: [(part: Reference, states: [Reference])]
        let needsConfirmation: Bool
    }

    /// A name that refers to something else in the definition.
    struct Reference {
        let name: String
        let place: YAMLValue
    }

    let name: String
    let version: Int
    let parts: [Part]
}
