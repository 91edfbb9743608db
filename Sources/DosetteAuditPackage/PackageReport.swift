package import DosetteAudit
package import DosetteAuditFiles
import DosetteCore
import DosetteEngine
import DosetteStore

/// The page of a package: what happened, why, what was in doubt, what proves it, and how to repeat that.
///
/// It needs no script and no network, and can be printed.
package struct PackageReport {
    private let contents: PackageContents
    private let note: SignedNote
    private let keys: [NoteVerifier]
    private let verdict: AuditVerdict

    package init(
        _ contents: PackageContents,
        note: SignedNote,
        keys: [NoteVerifier],
        verdict: AuditVerdict
    ) {
        self.contents = contents
        self.note = note
        self.keys = keys
        self.verdict = verdict
    }

    /// The whole page.
    package var html: String {
        let sections = [summary, contents.orders.map(section).joined(separator: "\n"), evidence]
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(PageText.text(title))</title>
            <style>
            \(PageText.style)
            </style>
            </head>
            <body>
            \(sections.joined(separator: "\n"))
            <footer>Made by Dosette from the journal itself. Times are in UTC. This page proves nothing: the
            entries and their proofs beside it do.</footer>
            </body>
            </html>

            """
    }

    private var title: String {
        switch contents.selection {
        case .order(let key): "Order \(key)"
        case .days(let from, let to): "Orders from \(from.text) to \(to.text)"
        }
    }

    // MARK: - Summary

    private var summary: String {
        let count = contents.entries.count
        let word = verdict.isGood ? "All \(count) entries are proved" : "Something is wrong"
        let text =
            verdict.isGood
            ? "Each of them is in the log whose signed head stands in <code>checkpoint</code>; no byte was"
                + " changed."
            : PageText.text(verdict.problems.joined(separator: "; "))
        let list = contents.orders.count == 1 ? "" : orderList
        return """
            <h1>\(PageText.text(title))</h1>
            <p class="lead">What is recorded, who did it and why, and what proves it.</p>
            <div class="verdict\(verdict.isGood ? "" : " wrong")"><strong>\(word).</strong> \(text)
            \(contents.newerCount > 0 ? newer : "")</div>
            \(list)
            """
    }

    private var newer: String {
        "<p>\(contents.newerCount) events are newer than the checkpoint and are not in this package.</p>"
    }

    private var orderList: String {
        let rows = contents.orders.map { order in
            [
                "<a href=\"#\(PageText.text(anchor(order.key)))\">\(PageText.text(order.key.description))</a>",
                PageText.text(order.received?.clinic ?? ""),
                "\(order.events.count)",
                "\(Doubt.all(in: order).count)",
            ]
        }
        return PageText.table("orders", ["Order", "Clinic", "Events", "In doubt or stopped"], rows)
    }

    private func anchor(_ key: OrderKey) -> String { "\(key.source)-\(key.orderID)" }

    // MARK: - One order

    private func section(_ order: PackageContents.Order) -> String {
        let heading =
            contents.orders.count == 1
            ? "The order" : "Order \(PageText.text(order.key.description))"
        return """
            <section class="order" id="\(PageText.text(anchor(order.key)))">
            <h2>\(heading)</h2>
            \(facts(order))
            <h3>What happened</h3>
            \(timeline(order))
            <h3>What was in doubt or stopped, and how it was settled</h3>
            \(doubts(order))
            </section>
            """
    }

    private func facts(_ order: PackageContents.Order) -> String {
        guard let received = order.received, let first = order.events.first,
            let last = order.events.last
        else { return "" }
        let rows: [(String, String)] = [
            ("Order", received.key.description), ("Clinic", received.clinic),
            ("Priority", received.priority.rawValue),
            ("Received", first.fact.at.text), ("Last event", last.fact.at.text),
            ("Workflow", "\(received.workflowName), version \(received.workflowVersion)"),
            ("Its text's SHA-256", received.workflowDigest),
            ("Content's SHA-256", received.contentDigest),
        ]
        let table = PageText.table("facts", [], rows.map { [$0.0, PageText.text($0.1)] })
            .replacing("<thead><tr></tr></thead>\n", with: "")
        return table + "\n<h3>What was ordered</h3>\n" + items(received)
    }

    /// What was prescribed or ordered, where it was opened.
    private func items(_ received: Received) -> String {
        guard !received.isClosed else {
            return "<p>It is sealed and was not opened: <code>--by NAME</code> opens it.</p>"
        }
        let content = received.delivery ?? received.prescription
        let list = content["prescription_items"] ?? content["items"]
        let names = ["name", "strength", "instructions", "quantity_packages", "quantity"]
        let rows = (list?.arrayValue ?? []).enumerated().map { index, item in
            ["\(index)"]
                + names.map { name in
                    PageText.text(item[name]?.stringValue ?? item[name]?.text ?? "")
                }
        }
        let head = ["Item", "Name", "Strength", "Instructions", "Packages", "Quantity"]
        let client =
            "<p>For client \(received.clientID) of clinic \(PageText.text(received.clinic)).</p>"
        return client + PageText.table("items", head, rows)
    }

    private func timeline(_ order: PackageContents.Order) -> String {
        let rows = order.events.map { event in
            let line = OrderStory.line(event.fact)
            return [
                PageText.text(line.at.text), PageText.text(line.who), PageText.text(line.what),
                PageText.text(line.why ?? ""), link(event.index),
            ]
        }
        return PageText.table("timeline", ["When", "Who", "What", "Why", "Entry"], rows)
    }

    private func link(_ index: UInt64) -> String {
        let names = EntryProofs.names(index)
        return "<a href=\"\(names.entry)\">\(index)</a> · <a href=\"\(names.proof)\">proof</a>"
    }

    private func doubts(_ order: PackageContents.Order) -> String {
        let doubts = Doubt.all(in: order)
        guard !doubts.isEmpty else { return "<p>Nothing was.</p>" }
        let rows = doubts.map { doubt in
            [
                link(doubt.index),
                "\(PageText.text(doubt.since.what))<br>since \(PageText.text(doubt.since.at.text))",
                doubt.settled.map { settled in
                    let why = settled.line.why.map { ": \(PageText.text($0))" } ?? ""
                    return
                        "\(PageText.text(settled.line.what))<br>by \(PageText.text(settled.line.who)) at"
                        + " \(PageText.text(settled.line.at.text))\(why), entry \(settled.index)"
                } ?? "<strong>still open</strong>",
            ]
        }
        return PageText.table(
            "doubts",
            ["Entry", "What was in doubt or stopped", "How it was settled"],
            rows
        )
    }

    // MARK: - Evidence

    private var evidence: String {
        let signers = keys.filter { key in note.signatures.contains { key.isOwner(of: $0) } }
        let checkpoint = try? Checkpoint(parsing: note.text)
        let rows: [(String, String)] = [
            ("Log", checkpoint?.origin ?? ""),
            ("Entries in the log", checkpoint.map { "\($0.size)" } ?? ""),
            ("Root of its tree", checkpoint?.root.base64 ?? ""),
        ]
        return """
            <section class="order">
            <h2>What proves it</h2>
            \(PageText.table("facts", [], rows.map { [$0.0, "<code>\(PageText.text($0.1))</code>"] })
                .replacing("<thead><tr></tr></thead>\n", with: ""))
            \(others)
            <p>Keys under the head of the log; compare them with what you have from elsewhere:</p>
            <pre>\(PageText.text(signers.map(\.text).joined(separator: "\n")).replacing(" ", with: "\n"))</pre>
            <h3>Proved</h3>
            \(PageText.list(verdict.proved.map(PageText.text), "proved"))
            <h3>Not proved</h3>
            \(PageText.list(verdict.notProved.map(PageText.text), "unproved"))
            <h2>How to repeat it</h2>
            <p>With Dosette, or with the Go program of its repository (Tools/verify-go), which shares no code
            with it. KEY is the log's public key from elsewhere than this folder.</p>
            <pre>dosette audit verify FOLDER --key KEY
            verify-go KEY - FOLDER</pre>
            <p>By hand, for one entry: its leaf is the SHA-256 of a zero byte and the file. The proof's lines
            are the hashes beside the way from that leaf to the root (RFC 6962).</p>
            <pre>{ printf '\\0'; cat \(sampleEntry); } | sha256sum</pre>
            </section>
            """
    }

    /// What is in the package besides the orders' own entries.
    private var others: String {
        let own = Set(contents.orders.flatMap { $0.events.map(\.index) })
        let links = contents.entries.map(\.index).filter { !own.contains($0) }.map(link)
        let files = contents.definitions.map { definition in
            let path = PageText.text(EntryProofs.definitions + definition.name)
            return "<a href=\"\(path)\">\(path)</a>"
        }
        guard !links.isEmpty || !files.isEmpty else { return "" }
        return "<p>Besides, what the engine recorded of the definitions and of its keys: entries "
            + "\(links.joined(separator: ", ")). Definitions that were followed: "
            + "\(files.joined(separator: ", ")).</p>"
    }

    private var sampleEntry: String {
        EntryProofs.names(contents.orders.first?.events.first?.index ?? 0).entry
    }
}
