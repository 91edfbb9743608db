import DosetteCore
import DosetteEngine

/// The page of one order: where it is, what is left of it, and how it came there.
struct OrderPage: Sendable {
    let order: Order
    let story: [PageStory.Line]
    let time: ClinicTime
    /// The session's own page.
    let back: SitePath
    let live: SitePath
    let base: String
    let frame: Page.Frame

    private var words: OrderWords { OrderWords(order.view) }

    var page: Page {
        Page(
            title: "Order of \(time.text(order.receivedAt))",
            base: base,
            frame: frame,
            live: order.isOpen ? live : nil,
            refreshes: order.isOpen,
            content: HTML(.div) {
                HTML(.h1) { "Order of \(time.text(order.receivedAt))" }
                HTML(.div, .live("polite"), .hook("state")) { stateMarkup }
                section("Items", "items") { itemsMarkup }
                section("What happened", "story") { storyMarkup }
                HTML(.p) {
                    HTML(.a, .class("go"), .href(back)) { "All prescriptions of this client" }
                }
            }
        )
    }

    private func section(
        _ title: String,
        _ name: String,
        @HTMLBuilder _ content: () -> HTML
    ) -> HTML {
        HTML(.section, .labelledBy("\(name)-title")) {
            HTML(.h2, .id("\(name)-title")) { title }
            HTML(.div, .hook(name)) { content() }
        }
    }

    /// The parts of the page that change, for the script.
    var changes: JSON {
        [
            "state": .string(stateMarkup.markup),
            "items": .string(itemsMarkup.markup),
            "story": .string(storyMarkup.markup),
        ]
    }

    private var stateMarkup: HTML {
        let words = words
        return HTML(.div) {
            HTML(.p, .class("state \(words.tone.rawValue)")) { words.state }
            HTML(.section) {
                HTML(.dl) {
                    Self.fact("Waits for") { HTML(words.waitsFor ?? "nothing") }
                    Self.fact("Fee") { HTML(words.fee) }
                    if order.received.priority == .urgent { Self.fact("Urgent") { HTML("yes") } }
                    if let remarks { Self.fact("Remarks") { HTML(remarks) } }
                    Self.fact("Changed") { time.html(order.changedAt) }
                    Self.fact("Order number") { HTML("\(order.received.key)") }
                }
            }
        }
    }

    /// What the veterinarian told the pharmacy.
    private var remarks: String? {
        let text = order.received.prescription["remarks"]?.stringValue ?? ""
        return text.isEmpty ? nil : text
    }

    private static func fact(_ name: String, @HTMLBuilder _ value: () -> HTML) -> HTML {
        HTML(.div) {
            HTML(.dt) { name }
            HTML(.dd) { value() }
        }
    }

    private var itemsMarkup: HTML {
        if let delivery = order.delivery { return deliveryMarkup(delivery) }
        let items = order.received.prescription["prescription_items"]?.arrayValue ?? []
        return table(["Product", "Instructions", "Dispenses", "Valid"]) {
            zip(items, words.supplies).map { row($0.0, $0.1) }
        }
    }

    private func table(_ titles: [String], @HTMLBuilder _ rows: () -> HTML) -> HTML {
        HTML(.table, .class("items")) {
            HTML(.thead) {
                HTML(.tr) { titles.map { title in HTML(.th, .scope("col")) { title } } }
            }
            HTML(.tbody) { rows() }
        }
    }

    private func deliveryMarkup(_ delivery: Delivery) -> HTML {
        table(["Product", "Wanted", "Delivered"]) {
            delivery.items.map { item in
                HTML(.tr) {
                    HTML(.th, .scope("row")) {
                        item.name
                        if let substitute = item.substitute { ", replaced by \(substitute)" }
                    }
                    HTML(.td) { "\(item.quantity) wanted" }
                    HTML(.td) { "\(item.delivered) delivered" }
                }
            }
        }
    }

    private func row(_ item: JSON, _ supply: OrderWords.Supply) -> HTML {
        let name = item["name"]?.stringValue ?? ""
        let strength = item["strength"]?.stringValue ?? ""
        let packages = item["quantity_packages"]?.intValue ?? 1
        return HTML(.tr) {
            HTML(.th, .scope("row")) { "\(name) \(strength)" }
            HTML(.td) { item["instructions"]?.stringValue ?? "" }
            HTML(.td) {
                "\(supply.text), \(packages) \(packages == 1 ? "package" : "packages") each"
            }
            HTML(.td) { "until \(supply.lastDay)" }
        }
    }

    private var storyMarkup: HTML {
        HTML(.ol, .class("plain story")) {
            story.reversed().map { line in
                HTML(.li) {
                    HTML(.p) {
                        time.html(line.at)
                        " "
                        HTML(.strong) { line.who }
                    }
                    HTML(.p) { line.what }
                    if let why = line.why { HTML(.p, .class("soft")) { why } }
                }
            }
        }
    }
}
