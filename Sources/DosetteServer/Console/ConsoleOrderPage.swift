import DosetteCore
import DosetteEngine
import DosetteStore

/// One order for the pharmacy's people: where it is, why it waits, what can be done, and all that happened.
struct ConsoleOrderPage: Sendable {
    /// One event as the page shows it.
    struct Happening: Sendable {
        let position: Int64
        let line: OrderStory.Line
        /// The state that it leads a part to, if it does.
        let entered: Entered?
        /// The entry for people, with what is personal only when it was asked for.
        let entry: String
    }

    let order: Order
    let words: OrderWords
    /// What holds it back at this moment beyond its own events.
    let detail: String?
    let happenings: [Happening]
    let isCut: Bool
    let showsPersonal: Bool
    let form: DecisionForm
    let proposals: [Proposal]
    let time: ClinicTime
    let now: Timestamp
    let said: String?
    let dispense: DispenseForm?
    let links: Links

    /// Where the page leads.
    struct Links: Sendable {
        let own: SitePath
        let personal: SitePath?
        let proof: SitePath?
        let report: SitePath?
        let workflow: SitePath
        let proposal: @Sendable (String) -> SitePath
    }

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Order \(order.received.key.orderID)" }
            if let said {
                HTML(.p, .class("notice"), .role("status")) { "Recorded: \(said)." }
            }
            HTML(.div, .hook("state"), .live("polite")) { stateMarkup }
            HTML(.div, .hook("proposals")) { proposalsMarkup }
            if showsPersonal, order.delivery == nil {
                section("The prescription", "prescription") { prescriptionMarkup }
            }
            section("What can be done now", "do") { form.markup }
            section("Where it stands", "parts") { partsMarkup }
            if let dispense { section("Dispenses", "dispense") { dispense.markup } }
            section("What happened", "story") { storyMarkup }
            section("For the record", "record") { recordMarkup }
        }
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

    // MARK: - State

    private var stateMarkup: HTML {
        HTML(.div) {
            HTML(.p, .class("state \(words.tone.rawValue)")) { words.state }
            HTML(.section) {
                HTML(.dl) {
                    waitingFacts
                    Self.fact("Clinic") { HTML(order.received.clinic) }
                    Self.fact("Source") { HTML(order.received.key.source) }
                    Self.fact("Fee") { HTML(words.fee) }
                    if order.received.priority == .urgent { Self.fact("Urgent") { HTML("yes") } }
                    if let id = order.provetID { Self.fact("In Provet") { HTML("number \(id)") } }
                    Self.fact("Taken in") { time.zonedHTML(order.receivedAt) }
                    Self.fact("Changed") { time.zonedHTML(order.changedAt) }
                }
            }
        }
    }

    @HTMLBuilder private var waitingFacts: HTML {
        if let record = order.parkedParts.first {
            Self.fact("Parked") {
                HTML("\(ActionWords.title(record.parked.step)). \(record.parked.reason)")
            }
            Self.fact("What that means") { HTML(ParkedWords.meaning(record.parked.kind)) }
        }
        if let waiting = order.waiting {
            Self.fact("Waits for") {
                HTML(words.waitsFor ?? ParkedWords.person(waiting.by))
                HTML(.span, .class("soft")) {
                    " – \(ParkedWords.plain(ActionWords.told(waiting.what)))"
                }
            }
            Self.fact("Since") {
                time.zonedHTML(waiting.since)
                " (\(ParkedWords.span(from: waiting.since, to: now)))"
            }
            Self.fact(waiting.isReminder ? "Reminder" : "Until") { untilMarkup(waiting) }
        } else {
            Self.fact("Waits for") { HTML("nothing: it rests") }
        }
        if let detail { Self.fact("At this moment") { HTML(time.localized(detail)) } }
    }

    @HTMLBuilder private func untilMarkup(_ waiting: Waiting) -> HTML {
        if let until = waiting.until {
            // A moment that is over is not what it waits for any more: it is the order's turn.
            if until > now { time.zonedHTML(until) } else { "any moment now" }
        } else {
            switch waiting.by {
            case .dosette: "it is its turn; nobody has to do anything"
            case .provet: "Provet answers"
            case .pharmacist, .pharmacy, .operator, .clinic: "somebody decides"
            }
        }
    }

    private static func fact(_ name: String, @HTMLBuilder _ value: () -> HTML) -> HTML {
        HTML(.div) {
            HTML(.dt) { name }
            HTML(.dd) { value() }
        }
    }

    @HTMLBuilder private var proposalsMarkup: HTML {
        proposals.map { proposal in
            HTML(.p, .class("notice")) {
                "\(proposal.made.person) proposes: \(ParkedWords.deed(proposal.deed)). "
                HTML(.a, .href(links.proposal(proposal.id))) { "Look at it and decide" }
            }
        }
    }

    // MARK: - The prescription

    private var prescriptionMarkup: HTML {
        let items = order.received.prescription["prescription_items"]?.arrayValue ?? []
        let remarks = order.received.prescription["remarks"]?.stringValue ?? ""
        return HTML(.div) {
            HTML(.table, .class("items")) {
                HTML(.caption) { "What the veterinarian prescribes" }
                HTML(.thead) {
                    HTML(.tr) {
                        ["Product", "Strength", "Instructions", "Packages"].map { title in
                            HTML(.th, .scope("col")) { title }
                        }
                    }
                }
                HTML(.tbody) {
                    items.map { item in
                        HTML(.tr) {
                            HTML(.th, .scope("row")) { item["name"]?.stringValue ?? "" }
                            HTML(.td) { item["strength"]?.stringValue ?? "" }
                            HTML(.td) { item["instructions"]?.stringValue ?? "" }
                            HTML(.td) { "\(item["quantity_packages"]?.intValue ?? 1)" }
                        }
                    }
                }
            }
            if !remarks.isEmpty { HTML(.p) { "Remarks: \(remarks)" } }
        }
    }

    // MARK: - Parts

    private var partsMarkup: HTML {
        HTML(.div, .class("parts")) {
            order.parts.indices.map { part in
                let description = order.workflow.parts[part]
                let visited = happenings.compactMap(\.entered)
                    .filter { $0.part == description.name }
                    .map(\.state)
                return HTML(.div, .class("part")) {
                    HTML(.h3) {
                        "\(ParkedWords.plain(description.name)): \(ParkedWords.plain(order.stateName(of: part)))"
                    }
                    StateDiagram(
                        order.workflow,
                        part: part,
                        current: order.stateName(of: part),
                        visited: visited
                    )
                    .markup
                }
            }
        }
    }

    // MARK: - Story

    private var storyMarkup: HTML {
        HTML(.div) {
            if isCut {
                HTML(.p, .class("soft")) { "Only the newest \(happenings.count) events are shown." }
            }
            if !showsPersonal {
                HTML(.p, .class("soft")) {
                    "What is prescribed, and what is said of people, is hidden. "
                    if let personal = links.personal {
                        HTML(.a, .href(personal)) { "Show it" }
                        " – that you looked stands in the journal."
                    }
                }
            } else {
                HTML(.p, .class("notice")) {
                    "What is said of people is shown; that you looked stands in the journal. "
                    HTML(.a, .href(links.own)) { "Hide it" }
                }
            }
            HTML(.ol, .class("plain story")) { happenings.reversed().map(line) }
        }
    }

    private func line(_ happening: Happening) -> HTML {
        HTML(.li) {
            HTML(.p) {
                time.zonedHTML(happening.line.at)
                " "
                HTML(.strong) { happening.line.who }
            }
            HTML(.p) { time.localized(happening.line.what) }
            if let why = happening.line.why { HTML(.p, .class("soft")) { why } }
            HTML(.details, .id("entry-\(happening.position)")) {
                HTML(.summary) { "Entry \(happening.position) of the journal" }
                HTML(.pre) { happening.entry }
            }
        }
    }

    private var recordMarkup: HTML {
        HTML(.ul) {
            HTML(.li) { HTML(.a, .href(links.workflow)) { "The workflow that it follows" } }
            if let report = links.report {
                HTML(.li) { HTML(.a, .href(report)) { "Download the auditor's report" } }
            }
            if let proof = links.proof {
                HTML(.li) {
                    HTML(.a, .href(proof)) {
                        "Download the proof that its entries stand in the journal"
                    }
                }
            }
        }
    }
}
