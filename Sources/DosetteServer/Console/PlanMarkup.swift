import DosetteCore
import DosetteEngine

/// What a dry run found, as a page shows it.
enum PlanMarkup {
    static func html(_ plan: SignalPlan, _ time: ClinicTime) -> HTML {
        HTML(.div, .class("plan")) {
            if let reason = plan.parkedReason {
                HTML(.p) { "It is parked because: \(reason)" }
            }
            if let refusal = plan.refusal {
                HTML(.p, .class("state bad")) { "It would be refused: \(refusal.detail)" }
            } else {
                HTML(.p, .class("label")) { "It would stand in the journal" }
                let story = ConsoleStory(time: time)
                HTML(.ul) { plan.facts.map { fact in HTML(.li) { story.line(fact).what } } }
                HTML(.p, .class("label")) { "It would be sent" }
                steps(plan, time)
            }
        }
    }

    @HTMLBuilder private static func steps(_ plan: SignalPlan, _ time: ClinicTime) -> HTML {
        if plan.steps.isEmpty { HTML(.p) { "Nothing at once." } }
        plan.steps.map { step in
            HTML(.div) {
                HTML(.p) {
                    HTML(.strong) { ActionWords.title(step.action) }
                    step.isLook
                        ? ": looks for the trace of the earlier attempt; it changes nothing. "
                        : ". "
                    HTML(.span, .class("soft")) { "From " }
                    time.zonedHTML(step.dueAt)
                }
                if step.requests.isEmpty {
                    HTML(.p, .class("soft")) { "No request is known beforehand for this step." }
                } else if !step.isLook, !step.requests.contains(where: \.isWrite) {
                    HTML(.p, .class("soft")) { "What it changes then depends on Provet's answers." }
                }
                HTML(.ol) { step.requests.map(request) }
            }
        }
        if !plan.steps.isEmpty {
            HTML(.p, .class("soft")) { "What follows depends on Provet's answers." }
        }
    }

    private static func request(_ draft: RequestDraft) -> HTML {
        HTML(.li) {
            HTML(.code) { "\(draft.method) \(draft.url)" }
            " "
            HTML(.span, .class(draft.isWrite ? "badge warn" : "badge")) {
                draft.isWrite ? "changes something" : "reads only"
            }
            if let body = draft.body { HTML(.pre) { body.text } }
        }
    }
}
