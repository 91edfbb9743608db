import DosetteCore
import DosetteEngine
import DosetteStore

/// The first page: what needs a person, where the orders are, and how it goes.
struct TodayPage: Sendable {
    let facts: Facts
    let links: Links

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Today" }
            HTML(.div, .hook("health")) { healthMarkup }
            Pieces.section("What needs a person", "needs") { needsMarkup }
            Pieces.section("Orders by state", "states") { statesMarkup }
            Pieces.section("How it goes", "flow") { flowMarkup }
            Pieces.section("Ends soon", "expiring") { expiringMarkup }
            Pieces.section("Clinics and their calls", "calls") { callsMarkup }
        }
    }

    @HTMLBuilder private var healthMarkup: HTML {
        if !facts.isReady {
            HTML(.p, .class("state bad"), .role("status")) {
                "Orders are not taken or worked on just now. If it stays so, look at the server's log."
            }
        }
    }

    // MARK: - What needs a person

    private func count(_ condition: (OrderTally) -> Bool) -> Int {
        facts.tally.filter(condition).reduce(0) { $0 + $1.count }
    }

    private var atPharmacistCount: Int {
        count { $0.isOpen && $0.parkedKind == nil && $0.prescriptionState == "sent" }
    }

    private var needsMarkup: HTML {
        let parked = Dictionary(grouping: facts.tally.filter { $0.parkedKind != nil }) {
            $0.parkedKind ?? ""
        }
        let errors = count {
            $0.isOpen && $0.parkedKind == nil && $0.prescriptionState == "error"
        }
        let isQuiet =
            parked.isEmpty && atPharmacistCount == 0 && errors == 0 && facts.proposalCount == 0
            && facts.webhookTroubles.isEmpty
        return HTML(.div) {
            if isQuiet { HTML(.p, .class("state")) { "Nothing waits for a person." } }
            HTML(.ul, .class("numbers")) {
                number(
                    atPharmacistCount,
                    "wait for a pharmacist" + since(facts.oldestAtPharmacist),
                    facts.oldestAtPharmacist == nil ? "" : "due",
                    links.orders([("state", "sent"), ("open", "yes"), ("direction", "oldest")])
                )
                if errors > 0 {
                    number(
                        errors,
                        "could not be handed to the pharmacy",
                        "bad",
                        links.orders([("state", "error"), ("open", "yes")])
                    )
                }
                parked.sorted { $0.key < $1.key }.map { kind, rows in
                    number(
                        rows.reduce(0) { $0 + $1.count },
                        "parked: \(ParkedWords.title(kind).lowercased())",
                        "bad",
                        links.orders([("parked", kind)])
                    )
                }
                number(
                    facts.proposalCount,
                    "proposals wait for a second person",
                    facts.proposalCount == 0 ? "" : "due",
                    links.proposals
                )
                number(
                    facts.queuedCount,
                    "taken in and not begun" + since(facts.oldestQueued),
                    "",
                    links.orders([("open", "yes"), ("state", "draft")])
                )
            }
            facts.webhookTroubles.map { trouble in HTML(.p, .class("state warn")) { trouble } }
            if !parked.isEmpty {
                HTML(.p) {
                    HTML(.a, .class("go"), .href(links.parked)) { "Decide on parked orders" }
                }
            }
        }
    }

    private func since(_ oldest: Timestamp?) -> String {
        oldest.map { ", the oldest for \(ParkedWords.span(from: $0, to: facts.now))" } ?? ""
    }

    private func number(
        _ count: Int,
        _ what: String,
        _ tone: String,
        _ path: SitePath
    ) -> HTML {
        HTML(.li, count > 0 && !tone.isEmpty ? .class(tone) : nil) {
            HTML(.a, .href(path)) {
                HTML(.span, .class("count")) { NumberWords.text(count) }
                HTML(.span, .class("what")) { " \(what)" }
            }
        }
    }

    // MARK: - States

    private static let states = [
        "draft", "sending", "sent", "accepted_warning", "accepted", "rejected", "canceled", "error",
        "unknown",
    ]

    private var statesMarkup: HTML {
        let prescriptions = facts.tally.filter { hasPrescription($0) }
        let others = Dictionary(grouping: facts.tally.filter { !hasPrescription($0) }) {
            $0.workflowDigest
        }
        return HTML(.div, .class("wide-table")) {
            if facts.tally.isEmpty {
                HTML(.p) {
                    "No order was taken in yet. They come from the pharmacy's own system, or from dosette submit."
                }
            } else {
                HTML(.table, .class("items")) {
                    HTML(.caption) { "All orders that are known" }
                    Pieces.head(["State"], numbers: ["Orders", "Still open", "Parked"])
                    HTML(.tbody) {
                        Self.states.map { state in
                            stateRow(
                                StateWords.title(state),
                                prescriptions.filter { $0.prescriptionState == state },
                                links.orders([("state", state)])
                            )
                        }
                        others.sorted { name($0.key) < name($1.key) }.map { digest, rows in
                            stateRow(name(digest), rows, links.orders([("workflow", digest)]))
                        }
                    }
                }
            }
        }
    }

    private func hasPrescription(_ tally: OrderTally) -> Bool {
        facts.workflows[tally.workflowDigest]?.hasPrescription ?? true
    }

    private func name(_ digest: String) -> String { facts.workflows[digest]?.text ?? "another" }

    @HTMLBuilder private func stateRow(
        _ title: String,
        _ rows: [OrderTally],
        _ path: SitePath
    ) -> HTML {
        let all = rows.reduce(0) { $0 + $1.count }
        let open = rows.filter(\.isOpen).reduce(0) { $0 + $1.count }
        let parked = rows.filter { $0.parkedKind != nil }.reduce(0) { $0 + $1.count }
        if all > 0 {
            HTML(.tr) {
                HTML(.th, .scope("row")) { HTML(.a, .href(path)) { title } }
                Pieces.numbers([all, open, parked])
            }
        }
    }

    // MARK: - Charts

    private var flowMarkup: HTML {
        HTML(.div) {
            HTML(.p, .class("pages")) {
                HTML(.span) { "The last" }
                Span.allCases.map { span in
                    span == facts.span
                        ? HTML(.strong) { span.title }
                        : HTML(.a, .class("go"), .href(links.span(span))) { span.title }
                }
            }
            throughput.markup
            sendingTimes.markup
            decisions
        }
    }

    /// The hours of the span, put together to its columns, oldest first.
    private var columns: [(start: Timestamp, hours: [OrderHour])] {
        let span = facts.span
        let last = OrderHour.number(of: facts.now)
        let first = last - Int64(span.hourCount) + 1
        return (0..<span.hourCount / span.hoursOfColumn).map { column in
            let start = first + Int64(column * span.hoursOfColumn)
            let end = start + Int64(span.hoursOfColumn)
            let hours = facts.hours.filter { hour in
                (start..<end).contains(OrderHour.number(of: hour.start))
            }
            return (OrderHour(number: start).start, hours)
        }
    }

    private var throughput: Chart {
        let columns = columns
        return Chart(
            name: "throughput",
            title: "Orders taken in and sent",
            columnTitle: facts.span == .day ? "Hour" : "From",
            columns: columns.map { columnName($0.start) },
            bars: Chart.Row(
                title: "taken in",
                values: columns.map { $0.hours.reduce(0) { $0 + $1.received } }
            ),
            line: Chart.Row(
                title: "sent to a pharmacist",
                values: columns.map { $0.hours.reduce(0) { $0 + $1.sent } }
            )
        )
    }

    /// `14:00` of a day, `08-20 12:00` of a week, `08-20` of a month; on the clinic's clock.
    private func columnName(_ start: Timestamp) -> String {
        let text = facts.time.text(start).replacing(" UTC", with: "")
        return switch facts.span {
        case .day: String(text.suffix(5))
        case .week: String(text.dropFirst(5))
        case .month: String(text.dropFirst(5).prefix(5))
        }
    }

    private var sendingTimes: Chart {
        Chart(
            name: "sending",
            title: "How long an order takes until it is sent",
            columnTitle: "Time",
            columns: SendingTime.allCases.map(Self.words),
            bars: Chart.Row(
                title: "orders",
                values: SendingTime.allCases.map { time in
                    facts.hours.reduce(0) { $0 + ($1.sendingTimes[time] ?? 0) }
                }
            )
        )
    }

    private static func words(_ time: SendingTime) -> String {
        switch time {
        case .tenSeconds: "≤ 10 s"
        case .minute: "≤ 1 min"
        case .fiveMinutes: "≤ 5 min"
        case .quarterHour: "≤ 15 min"
        case .hour: "≤ 1 h"
        case .fourHours: "≤ 4 h"
        case .day: "≤ 24 h"
        case .later: "more"
        }
    }

    private var decisions: HTML {
        let sums = facts.hours.reduce(into: (accepted: 0, rejected: 0, settled: 0)) { sums, hour in
            sums.accepted += hour.accepted
            sums.rejected += hour.rejected
            sums.settled += hour.settled
        }
        return HTML(.p) {
            """
            In this time \(NumberWords.text(sums.accepted)) were accepted, \
            \(NumberWords.text(sums.rejected)) rejected, and \
            \(NumberWords.text(sums.settled)) came to their end.
            """
        }
    }

    // MARK: - What ends soon

    private var expiringMarkup: HTML {
        HTML(.div) {
            if facts.expiring.isEmpty {
                HTML(.p) {
                    "In the next two weeks no accepted prescription ends that has something left."
                }
            } else {
                HTML(.div, .class("wide-table")) {
                    HTML(.table, .class("items")) {
                        HTML(.caption) {
                            "Accepted, with something left to be dispensed; the first that end"
                        }
                        Pieces.head(["Order", "Clinic", "Ends", "Left"])
                        HTML(.tbody) { facts.expiring.map(expiringRow) }
                    }
                }
            }
        }
    }

    private func expiringRow(_ order: ExpiringOrder) -> HTML {
        let view = (try? JSONReader.read(Array(order.row.view.utf8)))?.objectValue ?? [:]
        return HTML(.tr) {
            HTML(.th, .scope("row")) {
                HTML(.a, .href(links.order(order.row.key))) { order.row.key.orderID }
            }
            HTML(.td) { order.row.clinic }
            HTML(.td) { facts.time.zonedHTML(order.endsAt) }
            HTML(.td) { OrderWords(view).remaining }
        }
    }

    // MARK: - Calls

    private var callsMarkup: HTML {
        HTML(.div) {
            if facts.clinics.isEmpty {
                HTML(.p) { "No clinic is set up." }
            } else {
                HTML(.div, .class("wide-table")) {
                    HTML(.table, .class("items")) {
                        HTML(.caption) {
                            "Provet allows so many calls a minute; the scarcest endpoint is shown"
                        }
                        Pieces.head(["Clinic", "Connection", "Scarcest budget"])
                        HTML(.tbody) { facts.clinics.map(clinicRow) }
                    }
                }
            }
            if let path = links.clinics {
                HTML(.p) {
                    HTML(.a, .class("go"), .href(path)) {
                        facts.hasMoreClinics ? "All clinics" : "More about the clinics"
                    }
                }
            }
        }
    }

    private func clinicRow(_ clinic: ClinicStanding) -> HTML {
        let scarcest = clinic.standing.budgets.min { $0.calls * $1.limit < $1.calls * $0.limit }
        return HTML(.tr) {
            HTML(.th, .scope("row")) { clinic.id }
            HTML(.td) {
                ConnectionWords.badge(clinic.standing.breaker, clinic.isDisabled, facts.time)
            }
            HTML(.td) {
                scarcest.map { "\($0.calls) of \($0.limit) left: \($0.endpoint)" } ?? "not used yet"
            }
        }
    }
}
