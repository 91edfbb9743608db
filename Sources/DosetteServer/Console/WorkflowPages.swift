import DosetteCore
import DosetteStore

/// The definitions that there are, and how many orders follow each.
struct WorkflowsPage: Sendable {
    struct Line: Sendable {
        let row: DefinitionRow
        let count: Int
        let openCount: Int
        /// Whether new orders follow it.
        let isOffered: Bool
    }

    /// Those of one name stand together, the newest first.
    let lines: [Line]
    let workflow: @Sendable (_ digest: String) -> SitePath
    let orders: @Sendable (_ digest: String) -> SitePath

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Workflows" }
            HTML(.p) {
                """
                A workflow says what is done with an order, in which state, and who moves it on. An order follows the \
                version with which it began, whatever comes after it.
                """
            }
            HTML(.section, .labelledBy("workflows-title")) {
                HTML(.h2, .id("workflows-title")) { "Definitions" }
                HTML(.div, .hook("workflows"), .class("wide-table")) { table }
            }
        }
    }

    private var table: HTML {
        HTML(.table, .class("items")) {
            HTML(.caption) { "Every version that an order may follow" }
            Pieces.head(["Workflow", "Version", "New orders"], numbers: ["Orders", "Still open"])
            HTML(.tbody) {
                lines.map { line in
                    HTML(.tr) {
                        HTML(.th, .scope("row")) {
                            HTML(.a, .href(workflow(line.row.digest))) {
                                MachineWords.title(line.row.name)
                            }
                        }
                        HTML(.td) { "\(line.row.version)" }
                        HTML(.td) { line.isOffered ? "follow it" : "do not" }
                        HTML(.td, .class("number")) {
                            HTML(.a, .href(orders(line.row.digest))) {
                                NumberWords.text(line.count)
                            }
                        }
                        HTML(.td, .class("number")) { NumberWords.text(line.openCount) }
                    }
                }
            }
        }
    }
}

/// One definition: its parts drawn, and its text.
struct WorkflowPage: Sendable {
    let row: DefinitionRow
    /// Nothing when this version of Dosette cannot read it.
    let workflow: Workflow?
    let count: Int
    let openCount: Int
    let orders: SitePath
    let all: SitePath

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "\(MachineWords.title(row.name)), version \(row.version)" }
            HTML(.p) {
                HTML(.a, .href(orders)) { "\(NumberWords.text(count)) orders" }
                " follow it, \(NumberWords.text(openCount)) of them are still open."
            }
            if let workflow {
                workflow.parts.indices.map { part(workflow, $0) }
            } else {
                HTML(.p, .class("state warn")) { "This version of Dosette cannot draw it." }
            }
            HTML(.section, .labelledBy("text-title")) {
                HTML(.h2, .id("text-title")) { "As it was written" }
                HTML(.details, .id("text")) {
                    HTML(.summary) { "Show the text" }
                    HTML(.pre, .focusableRegion, .role("region"), .label("The definition's text")) {
                        HTML(.code) { row.text }
                    }
                }
                HTML(.dl) {
                    HTML(.div) {
                        HTML(.dt) { "Digest" }
                        HTML(.dd) { HTML(.code) { row.digest } }
                    }
                }
            }
            HTML(.p) { HTML(.a, .class("go"), .href(all)) { "All workflows" } }
        }
    }

    private func part(_ workflow: Workflow, _ index: Int) -> HTML {
        let name = workflow.parts[index].name
        return HTML(.section, .labelledBy("part-\(name)")) {
            HTML(.h2, .id("part-\(name)")) { MachineWords.title(name) }
            StateDiagram(workflow, part: index).markup
        }
    }
}
