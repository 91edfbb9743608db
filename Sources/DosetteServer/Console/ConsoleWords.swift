import DosetteCore
import DosetteEngine
import DosetteStore

/// Words of the console that are used on many pages.
enum ParkedWords {
    static func meaning(_ kind: ParkedKind) -> String {
        switch kind {
        case .inDoubt:
            "It is not known whether the last call did anything at Provet. Look there before you decide."
        case .conflict: "Provet shows something else than Dosette left there: somebody changed it."
        case .poison: "Dosette cannot work on it any more; see the reason."
        case .refused: "The far side refuses it, and will refuse it again until something changes."
        case .compensation:
            "What was done could not be undone; it stands until a person has seen to it."
        }
    }

    static func title(_ kind: String) -> String {
        switch ParkedKind(rawValue: kind) {
        case .inDoubt: "In doubt"
        case .conflict: "Conflict"
        case .poison: "Cannot be worked on"
        case .refused: "Refused"
        case .compensation: "Not undone"
        case nil: kind
        }
    }

    static func person(_ responsible: Responsible) -> String {
        switch responsible {
        case .dosette: "Dosette goes on by itself"
        case .provet: "Provet answers"
        case .pharmacist: "the pharmacist decides"
        case .pharmacy: "the pharmacy dispenses"
        case .operator: "an operator decides"
        case .clinic: "the clinic acts"
        }
    }

    /// `3 h`, `2 days`.
    static func span(from start: Timestamp, to end: Timestamp) -> String {
        let minutes = max(0, end.milliseconds - start.milliseconds) / 60_000
        if minutes < 1 { return "less than a minute" }
        if minutes < 120 { return "\(minutes) min" }
        if minutes < 48 * 60 { return "\(minutes / 60) h" }
        return "\(minutes / 60 / 24) days"
    }

    static func plain(_ name: String) -> String { name.replacing("_", with: " ") }

    /// How a proposal stands: `done`, or that it was refused, by all of what it is about or by some.
    static func state(of proposal: Proposal) -> String {
        let results = proposal.state.results
        let refused = results.count { $0.refusal != nil }
        if refused == 0 { return proposal.state.name }
        return refused == results.count
            ? "refused when it was to be done" : "done, \(refused) of \(results.count) refused"
    }

    static func deed(_ deed: Deed) -> String {
        switch deed {
        case .signal(let signal, let orders):
            let step =
                signal.step.map { " for the step \u{201C}\(ActionWords.title($0))\u{201D}" } ?? ""
            let id = signal.receiptID.map { ", Provet's number \($0)" } ?? ""
            let count = orders.count == 1 ? "order \(orders[0])" : "\(orders.count) orders"
            return "\(Choice.title(signal.name))\(step)\(id), \(count)"
        case .forget: return "forget a client"
        }
    }
}

/// The states of a prescription for people.
enum StateWords {
    static func title(_ state: String) -> String {
        switch state {
        case "draft": "Taken in"
        case "sending": "On the way to the pharmacy"
        case "sent": "With a pharmacist"
        case "accepted": "Accepted"
        case "accepted_warning": "Accepted with a warning"
        case "rejected": "Rejected"
        case "canceled": "Cancelled"
        case "error": "Not handed over"
        case "unknown": "Unknown at Provet"
        default: MachineWords.title(state)
        }
    }
}

/// How calls to a clinic go.
enum ConnectionWords {
    static func badge(
        _ breaker: Breaker.State,
        _ isDisabled: Bool,
        _ time: ClinicTime
    ) -> HTML {
        if isDisabled { return badge("held back by a person", "warn") }
        switch breaker {
        case .closed: return badge("good", "good")
        case .open(let until):
            return badge("does not answer; tried again at \(time.zoned(until))", "bad")
        case .trying, .halfOpen: return badge("did not answer; being tried again", "warn")
        }
    }

    private static func badge(_ text: String, _ tone: String) -> HTML {
        HTML(.span, .class("badge \(tone)")) { text }
    }
}

/// Numbers for people: `1 234 567`.
enum NumberWords {
    static func text(_ number: Int) -> String { text(Int64(number)) }

    static func text(_ number: Int64) -> String {
        let digits = Array(String(number.magnitude))
        let groups = digits.enumerated().map { index, digit in
            let rest = digits.count - index
            return index > 0 && rest.isMultiple(of: 3) ? "\u{202F}\(digit)" : "\(digit)"
        }
        return (number < 0 ? "−" : "") + groups.joined()
    }

    static func bytes(_ count: Int64) -> String {
        let units: [(Int64, String)] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        for (size, name) in units where count >= size {
            return "\(count / size).\(count % size * 10 / size) \(name)"
        }
        return "\(count) bytes"
    }
}
