import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteStore

/// What proves the journal: checkpoints, who else has them, and a check of everything.
struct AuditPage: Sendable {
    /// Nothing where no checkpoints are made.
    let report: CheckpointReport?
    let eventCount: UInt64?
    /// A page of the checkpoints, newest first.
    let checkpoints: [(number: Int, row: CheckpointRow)]
    let progress: JournalCheckDesk.Progress?
    let last: JournalCheckDesk.Outcome?
    let time: ClinicTime
    let now: Timestamp
    let verify: SitePath
    let formKey: HTML
    let order: SitePath
    let older: SitePath?
    let newest: SitePath?

    var content: HTML {
        HTML(.div) {
            HTML(.h1) { "Audit" }
            HTML(.p) {
                """
                Everything that happened stands in one journal that only grows. A checkpoint is a signed word on all of it \
                up to an event: whoever holds one finds out if anything before it is changed.
                """
            }
            Pieces.section("Check the journal", "check") { checkMarkup }
            Pieces.section("Who else has checkpoints", "witnesses") { witnessMarkup }
            Pieces.section("Checkpoints", "checkpoints") { checkpointMarkup }
            Pieces.section("One order", "one") { orderMarkup }
        }
    }

    // MARK: - The check

    private var checkMarkup: HTML {
        HTML(.div) {
            HTML(.p) {
                """
                Every entry is hashed and compared with all checkpoints, and every order is derived anew and compared with \
                what is shown. The server goes on working meanwhile; a long journal takes minutes.
                """
            }
            if let progress {
                HTML(.p, .class("state"), .role("status")) {
                    """
                    Being checked since \(time.zoned(progress.startedAt)), asked for by \(progress.by): \
                    \(progress.percent) % done.
                    """
                }
            } else {
                HTML(.form, .post, .action(verify)) {
                    formKey
                    HTML(.div, .class("buttons")) {
                        HTML(.button, .class("main"), .type("submit")) { "Check it now" }
                    }
                }
            }
            if let last { outcome(last) }
        }
    }

    private func outcome(_ outcome: JournalCheckDesk.Outcome) -> HTML {
        HTML(.div) {
            HTML(.h3) { "The last check" }
            HTML(.p, .class(outcome.isGood ? "state" : "state bad"), .role("status")) {
                verdict(outcome)
            }
            HTML(.dl) {
                Pieces.fact("Asked for by") { HTML(outcome.by) }
                Pieces.fact("Ended") { time.zonedHTML(outcome.endedAt) }
                Pieces.fact("Events read") { HTML(NumberWords.text(outcome.eventCount)) }
                Pieces.fact("Orders derived") { HTML(NumberWords.text(outcome.orderCount)) }
            }
            if !outcome.problems.isEmpty {
                HTML(.h3) { "What is wrong" }
                Pieces.list(outcome.problems)
                if outcome.problemCount > outcome.problems.count {
                    HTML(.p) {
                        "And \(NumberWords.text(outcome.problemCount - outcome.problems.count)) more."
                    }
                }
            }
            if !outcome.proved.isEmpty {
                HTML(.details, .id("proved")) {
                    HTML(.summary) { "What was proved" }
                    Pieces.list(outcome.proved)
                }
            }
        }
    }

    private func verdict(_ outcome: JournalCheckDesk.Outcome) -> String {
        if outcome.failure != nil {
            return "The check did not come to its end; see the server's log."
        }
        if outcome.isGood {
            return "All is well: nothing was changed, and every order is as its events say."
        }
        return "\(NumberWords.text(outcome.problemCount)) things are not as they should be."
    }

    // MARK: - Witnesses

    private var witnessMarkup: HTML {
        HTML(.div) {
            if report?.wasMarkMissing == true {
                HTML(.p, .class("state warn")) {
                    "When the server started, the mark beside the signing key was gone. Find out who took it away."
                }
            }
            if let witnesses = report?.witnesses, !witnesses.isEmpty {
                HTML(.div, .class("wide-table")) {
                    HTML(.table, .class("items")) {
                        HTML(.caption) { "Second parties that keep checkpoints" }
                        Pieces.head(["Witness", "Has", "State"])
                        HTML(.tbody) { witnesses.map(witness) }
                    }
                }
            } else {
                HTML(.p) {
                    """
                    Nobody else has them. Then whoever may change this machine may change the journal and its checkpoints \
                    alike: name a witness in the configuration.
                    """
                }
            }
        }
    }

    private func witness(_ witness: CheckpointReport.Witness) -> HTML {
        HTML(.tr) {
            HTML(.th, .scope("row")) { witness.name }
            HTML(.td) { "\(NumberWords.text(Int64(clamping: witness.size))) events" }
            HTML(.td) {
                if let failure = witness.failure {
                    HTML(.span, .class("badge bad")) {
                        failure.contradicts ? "contradicts" : "does not follow"
                    }
                    " \(failure.reason)"
                    if let since = witness.failingSince { ", since \(time.zoned(since))" }
                } else {
                    HTML(.span, .class("badge good")) { "follows" }
                }
            }
        }
    }

    // MARK: - Checkpoints

    private var checkpointMarkup: HTML {
        HTML(.div) {
            if let eventCount {
                HTML(.p) {
                    """
                    The journal has \(NumberWords.text(Int64(clamping: eventCount))) events; the newest checkpoint covers \
                    \(NumberWords.text(Int64(clamping: report?.size ?? checkpoints.first?.row.size ?? 0))) of them.
                    """
                }
            }
            if checkpoints.isEmpty {
                HTML(.p) { "No checkpoint was signed yet: a running server makes one." }
            } else {
                HTML(.div, .class("wide-table")) { table }
            }
            HTML(.nav, .class("pages"), .label("Pages of the list")) {
                if let newest { HTML(.a, .class("go"), .href(newest)) { "The newest" } }
                if let older { HTML(.a, .class("go"), .href(older)) { "Older ones" } }
            }
        }
    }

    private var table: HTML {
        HTML(.table, .class("items")) {
            HTML(.caption) { "The newest stand first" }
            Pieces.head(["Made", "Root and note"], numbers: ["Events"])
            HTML(.tbody) {
                checkpoints.map { entry in
                    HTML(.tr) {
                        HTML(.th, .scope("row")) { time.zonedHTML(entry.row.madeAt) }
                        HTML(.td) {
                            HTML(.details, .id("note-\(entry.number)")) {
                                HTML(.summary) { HTML(.code) { entry.row.root.base64 } }
                                HTML(.pre) { HTML(.code) { entry.row.note } }
                            }
                        }
                        HTML(.td, .class("number")) {
                            NumberWords.text(Int64(clamping: entry.row.size))
                        }
                    }
                }
            }
        }
    }

    private var orderMarkup: HTML {
        HTML(.p) {
            "The proof that an order's entries stand in the journal, and the auditor's report about it, are on the order's own page: "
            HTML(.a, .href(order)) { "find the order" }
            "."
        }
    }
}
