import DosetteCore
import DosetteEngine
import DosetteStore

/// Orders that were looked for, a page of them.
struct OrdersPage: Sendable {
    let query: OrdersQuery
    /// Nothing when the search itself is wrong.
    let found: FoundOrders?
    /// The clinics to choose from; nothing when there are too many to choose from a list.
    let clinics: [String]?
    /// The workflows, by digest.
    let workflows: [(digest: String, name: String)]
    let mayAskForPeople: Bool
    let now: Timestamp
    let time: @Sendable (_ clinic: String) -> ClinicTime
    let order: @Sendable (OrderKey) -> SitePath
    /// The page itself.
    let own: SitePath

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Orders" }
            formMarkup
            HTML(.div, .hook("orders")) { foundMarkup }
        }
    }

    // MARK: - What is looked for

    private var formMarkup: HTML {
        HTML(.form, .class("search"), .get, .action(own), .role("search")) {
            HTML(.section, .labelledBy("search-title")) {
                HTML(.h2, .id("search-title")) { "Search" }
                if !query.violations.isEmpty {
                    HTML(.div, .class("errors"), .role("alert")) {
                        HTML(.h3) { "This search cannot be understood" }
                        Pieces.list(
                            query.violations.map { "\($0.pointer.dropFirst()): \($0.detail)" }
                        )
                    }
                }
                HTML(.div, .class("fields three")) {
                    text(.id, "Order number", "The whole number, or how it begins")
                    clinicField
                    choice(.state, "State", OrdersQuery.states.map { ($0, StateWords.title($0)) })
                    choice(
                        .parked,
                        "Parked",
                        OrdersQuery.parkedKinds.map {
                            ($0, $0 == "any" ? "For any reason" : ParkedWords.title($0))
                        }
                    )
                    choice(
                        .open,
                        "Open",
                        [("yes", "Something is to come"), ("no", "Nothing more")]
                    )
                    text(.source, "Source", "Where the order came from")
                    text(.from, "Taken in from", "A day, such as 2025-08-20")
                    text(.to, "Taken in until", "A day, such as 2025-08-20")
                    if mayAskForPeople {
                        text(.client, "Client", "Its number at Provet")
                        text(.patient, "Patient", "Its number at Provet")
                    }
                    if !workflows.isEmpty {
                        choice(.workflow, "Workflow", workflows.map { ($0.digest, $0.name) })
                    }
                    choice(
                        .direction,
                        "Order of the list",
                        [("oldest", "Oldest first")],
                        "Newest first"
                    )
                }
                HTML(.div, .class("buttons")) {
                    HTML(.button, .class("main"), .type("submit")) { "Search" }
                    if query.isNarrowed { HTML(.a, .class("go"), .href(own)) { "All orders" } }
                }
            }
        }
    }

    private var clinicField: HTML {
        clinics.map { clinics in choice(.clinic, "Clinic", clinics.map { ($0, $0) }) }
            ?? text(.clinic, "Clinic", "Its name here")
    }

    private func text(_ field: OrdersQuery.Field, _ title: String, _ hint: String) -> HTML {
        let id = "search-\(field.rawValue)"
        return HTML(.div, .class("field")) {
            HTML(.label, .for(id)) { title }
            HTML(.span, .class("hint"), .id("\(id)-hint")) { hint }
            HTML(
                .input,
                .id(id),
                .name(field.rawValue),
                .type("text"),
                .value(query.sent[field] ?? ""),
                .describedBy("\(id)-hint"),
                .noAutocomplete
            )
        }
    }

    private func choice(
        _ field: OrdersQuery.Field,
        _ title: String,
        _ choices: [(value: String, title: String)],
        _ nothing: String = "Any"
    ) -> HTML {
        let id = "search-\(field.rawValue)"
        return HTML(.div, .class("field")) {
            HTML(.label, .for(id)) { title }
            HTML(.select, .id(id), .name(field.rawValue)) {
                HTML(.option, .value("")) { nothing }
                choices.map { choice in
                    HTML(
                        .option,
                        .value(choice.value),
                        choice.value == query.sent[field] ? .selected : nil
                    ) { choice.title }
                }
            }
        }
    }

    // MARK: - What was found

    /// In the order of the list, whichever way it was read.
    private var rows: [OrderRow] {
        let rows = found?.rows ?? []
        return query.goesBack ? rows.reversed() : rows
    }

    private var foundMarkup: HTML {
        HTML(.section, .labelledBy("found-title")) {
            HTML(.h2, .id("found-title")) { query.isNarrowed ? "What was found" : "All orders" }
            if found?.isCut == true { cutMarkup }
            if rows.isEmpty { emptyMarkup } else { table }
            pagesMarkup
        }
    }

    @HTMLBuilder private var cutMarkup: HTML {
        HTML(.p, .class("notice")) {
            found?.next == nil
                ? "So many orders match that only some of them were looked at. Narrow the search."
                : """
                \(NumberWords.text(OrderSearch.lookedAtMaximum)) orders were looked at; there are more. \
                Go on, or narrow the search.
                """
        }
    }

    @HTMLBuilder private var emptyMarkup: HTML {
        if found != nil {
            HTML(.p) {
                if found?.isCut == true {
                    "None of those that were looked at is meant."
                } else if query.isNarrowed || query.search.after != nil {
                    "No order matches this search."
                } else {
                    "No order was taken in yet. They come from the pharmacy's own system, or from dosette submit."
                }
            }
        }
    }

    private var table: HTML {
        HTML(.div, .class("wide-table")) {
            HTML(.table, .class("items")) {
                HTML(.caption) {
                    query.beginsWithOldest ? "The oldest stand first" : "The newest stand first"
                }
                Pieces.head(["Order", "Clinic", "State", "Waits for", "Since", "Taken in"])
                HTML(.tbody) { rows.map(row) }
            }
        }
    }

    private func row(_ row: OrderRow) -> HTML {
        let view = (try? JSONReader.read(Array(row.view.utf8)))?.objectValue ?? [:]
        let time = time(row.clinic)
        let since = [view["parked"], view["waiting"]].lazy
            .compactMap { $0?["since"]?.stringValue.flatMap(Timestamp.init(text:)) }.first
        return HTML(.tr) {
            HTML(.th, .scope("row")) {
                HTML(.a, .href(order(row.key))) { row.key.orderID }
                HTML(.span, .class("soft")) { " \(row.key.source)" }
            }
            HTML(.td) { row.clinic }
            HTML(.td) {
                Self.state(view, row)
                if let kind = row.parkedKind {
                    " "
                    HTML(.span, .class("badge bad")) { "Parked: \(ParkedWords.title(kind))" }
                }
            }
            HTML(.td) {
                row.parkedKind == nil
                    ? OrderWords(view).waitsFor ?? "nothing" : "somebody's decision"
            }
            HTML(.td) {
                if row.isOpen, let since {
                    time.zonedHTML(since)
                    " (\(ParkedWords.span(from: since, to: now)))"
                } else {
                    "–"
                }
            }
            HTML(.td) { time.zonedHTML(row.receivedAt) }
        }
    }

    private static func state(_ view: JSONObject, _ row: OrderRow) -> HTML {
        if let delivery = view["delivery"]?["state"]?.stringValue {
            return HTML("Home delivery: \(MachineWords.plain(delivery))")
        }
        return HTML(StateWords.title(row.prescriptionState))
    }

    // MARK: - Other pages

    private var pagesMarkup: HTML {
        let (newer, older) =
            query.beginsWithOldest
            ? ("Older orders", "Newer orders") : ("Newer orders", "Older orders")
        return HTML(.nav, .class("pages"), .label("Pages of the list")) {
            if let path = previous { HTML(.a, .class("go"), .href(path)) { newer } }
            if let path = next {
                HTML(.a, .class("go"), .href(path)) {
                    found?.isCut == true ? "Look further" : older
                }
            }
        }
    }

    private var next: SitePath? {
        if query.goesBack {
            return (rows.last?.stream ?? query.search.after.map { $0 }).map {
                own.asking(query.pairs(.after, $0))
            }
        }
        return found?.next.map { own.asking(query.pairs(.after, $0)) }
    }

    private var previous: SitePath? {
        if query.goesBack { return found?.next.map { own.asking(query.pairs(.before, $0)) } }
        guard query.search.after != nil, let first = rows.first else { return nil }
        return own.asking(query.pairs(.before, first.stream))
    }
}
