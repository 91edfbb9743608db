import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore

/// The clinics that the pharmacy serves: how calls to them go, and what is under way for them.
struct ClinicsPage: Sendable {
    struct Line: Sendable {
        let clinic: Clinic
        let standing: Budgets.Standing
        let lastRound: Timestamp?
        let tally: [OrderTally]

        var count: Int { tally.reduce(0) { $0 + $1.count } }
        var openCount: Int { tally.filter(\.isOpen).reduce(0) { $0 + $1.count } }
        var parkedCount: Int { tally.filter { $0.parkedKind != nil }.reduce(0) { $0 + $1.count } }
    }

    let lines: [Line]
    let now: Timestamp
    let orders: @Sendable ([(name: String, value: String)]) -> SitePath
    let next: SitePath?
    let first: SitePath?

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Clinics" }
            HTML(.div, .hook("clinics")) {
                if lines.isEmpty {
                    HTML(.p, .class("state")) {
                        "No clinic is set up. Add one in the configuration, or with dosette clinic add."
                    }
                }
                lines.enumerated().map { index, line in section(line, index) }
            }
            HTML(.nav, .class("pages"), .label("Pages of the list")) {
                if let first { HTML(.a, .class("go"), .href(first)) { "The first ones" } }
                if let next { HTML(.a, .class("go"), .href(next)) { "More clinics" } }
            }
        }
    }

    private func section(_ line: Line, _ index: Int) -> HTML {
        let clinic = line.clinic
        let time = ClinicTime(timeZone: clinic.configuration.timeZone)
        return HTML(.section, .labelledBy("clinic-\(index)")) {
            HTML(.h2, .id("clinic-\(index)")) { clinic.id }
            HTML(.p) { ConnectionWords.badge(line.standing.breaker, clinic.isDisabled, time) }
            HTML(.dl) {
                Pieces.fact("Orders") {
                    HTML(.a, .href(orders([("clinic", clinic.id)]))) {
                        NumberWords.text(line.count)
                    }
                    ", of which "
                    HTML(.a, .href(orders([("clinic", clinic.id), ("open", "yes")]))) {
                        "\(NumberWords.text(line.openCount)) open"
                    }
                    " and "
                    HTML(.a, .href(orders([("clinic", clinic.id), ("parked", "any")]))) {
                        "\(NumberWords.text(line.parkedCount)) parked"
                    }
                }
                Pieces.fact("Prescriptions looked through") {
                    if let last = line.lastRound {
                        time.zonedHTML(last)
                        " (\(ParkedWords.span(from: last, to: now)) ago)"
                    } else {
                        "not yet since the server started"
                    }
                }
                Pieces.fact("Its clock now") { time.zonedHTML(now) }
                Pieces.fact("Provet") { HTML(clinic.configuration.baseURL) }
                Pieces.fact("Set up") {
                    HTML(
                        clinic.origin == .file
                            ? "in the configuration file" : "while the server ran"
                    )
                }
            }
            budgets(line, index)
        }
    }

    private func budgets(_ line: Line, _ index: Int) -> HTML {
        HTML(.details, .id("budgets-\(index)")) {
            HTML(.summary) { "Calls that are left in this minute" }
            if line.standing.budgets.isEmpty {
                HTML(.p) { "No call was made yet since the server started." }
            } else {
                HTML(.div, .class("wide-table")) {
                    HTML(.table, .class("items")) {
                        HTML(.caption) { "Provet counts calls over a rolling minute" }
                        Pieces.head(["Endpoint"], numbers: ["Left", "Allowed"])
                        HTML(.tbody) {
                            line.standing.budgets.map { budget in
                                HTML(.tr) {
                                    HTML(.th, .scope("row")) { budget.endpoint }
                                    HTML(.td, .class("number")) { "\(budget.calls)" }
                                    HTML(.td, .class("number")) { "\(budget.limit)" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The configuration as it is, to be read.
struct SettingsPage: Sendable {
    let sections: [SettingsSection]

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Settings" }
            HTML(.p) {
                """
                What the server runs with. It is changed in the configuration file, and holds after a restart. Secrets are \
                not shown.
                """
            }
            if sections.isEmpty {
                HTML(.p, .class("state")) { "This server was not told its configuration." }
            }
            sections.enumerated().map { index, section in
                HTML(.section, .labelledBy("settings-\(index)")) {
                    HTML(.h2, .id("settings-\(index)")) { section.title }
                    HTML(.dl) {
                        section.lines.map { line in
                            HTML(.div) {
                                HTML(.dt) { line.name }
                                HTML(.dd) { line.value }
                            }
                        }
                    }
                }
            }
        }
    }
}
