import DosetteCore
import DosetteEngine

/// What was dispensed of an order, and the form for the next time.
struct DispenseForm: Sendable {
    struct Item: Sendable {
        let name: String
        let supply: OrderWords.Supply
        let packages: Int
    }

    let items: [Item]
    let dispenses: [RepeatPlan.Dispense]
    /// Whether anything may be dispensed now by who looks.
    let isOpen: Bool
    let mayReverse: Bool
    /// The id that the next dispense gets, so that a form that is sent twice counts once.
    let nextID: String
    let today: CalendarDate
    let act: SitePath
    let reverse: SitePath
    let formKey: HTML
    let problem: Problem?

    var markup: HTML {
        HTML(.div) {
            HTML(.table, .class("items")) {
                HTML(.caption) { "What is left" }
                HTML(.thead) {
                    HTML(.tr) {
                        ["Item", "Left", "Until"].map { title in HTML(.th, .scope("col")) { title }
                        }
                    }
                }
                HTML(.tbody) {
                    items.map { item in
                        HTML(.tr) {
                            HTML(.th, .scope("row")) { item.name }
                            HTML(.td) { item.supply.text }
                            HTML(.td) { item.supply.lastDay }
                        }
                    }
                }
            }
            if !dispenses.isEmpty { done }
            if isOpen { form }
        }
    }

    private var done: HTML {
        HTML(.div) {
            HTML(.h3) { "Dispensed" }
            HTML(.ul) {
                dispenses.map { dispense in
                    HTML(.li) {
                        "\(dispense.day.text): \(dispense.packages) of item \(dispense.item + 1) (\(dispense.id))"
                        if mayReverse { reversal(dispense) }
                    }
                }
            }
        }
    }

    private func reversal(_ dispense: RepeatPlan.Dispense) -> HTML {
        HTML(.details, .id("reverse-\(dispense.id)")) {
            HTML(.summary) { "Take it back" }
            HTML(.form, .post, .action(reverse)) {
                formKey
                ConsoleAPI.hidden("dispense", dispense.id)
                HTML(.label, .for("why-\(dispense.id)")) { "Why?" }
                HTML(.input, .id("why-\(dispense.id)"), .name("reason"), .type("text"), .required)
                HTML(.button, .type("submit")) { "Take it back" }
            }
        }
    }

    private var form: HTML {
        HTML(.form, .post, .action(act), .id("dispense-form")) {
            formKey
            ConsoleAPI.hidden("dispense_id", nextID)
            if let problem {
                HTML(.p, .class("state bad"), .role("alert")) { FormWords.text(problem) }
            }
            HTML(.h3) { "Record a dispense" }
            HTML(.div, .class("fields three")) {
                field("item", "Item") {
                    HTML(.select, .id("item"), .name("item")) {
                        items.indices.map { index in
                            HTML(.option, .value("\(index)")) { items[index].name }
                        }
                    }
                }
                field("packages", "Packages") {
                    HTML(
                        .input,
                        .id("packages"),
                        .name("packages"),
                        .type("text"),
                        .inputMode("numeric"),
                        .value("\(items.first?.packages ?? 1)"),
                        .required
                    )
                }
                field("day", "Day") {
                    HTML(
                        .input,
                        .id("day"),
                        .name("day"),
                        .type("date"),
                        .value(today.text),
                        .required
                    )
                }
                field("batch", "Batch (optional)") {
                    HTML(.input, .id("batch"), .name("batch"), .type("text"))
                }
            }
            HTML(.div, .class("buttons")) {
                HTML(.button, .type("submit")) { "Record the dispense" }
            }
        }
    }

    private func field(
        _ id: String,
        _ label: String,
        @HTMLBuilder _ content: () -> HTML
    ) -> HTML {
        HTML(.div, .class("field")) {
            HTML(.label, .for(id)) { label }
            content()
        }
    }
}
