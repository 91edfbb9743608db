import DosetteAuditFiles

/// Text for a page: whatever it is, it stays text.
enum PageText {
    static func text(_ text: String) -> String {
        var safe = ""
        for scalar in AuditText.plain(text).unicodeScalars {
            switch scalar {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    /// A table; its cells are HTML already.
    static func table(_ name: String, _ head: [String], _ rows: [[String]]) -> String {
        let titles = head.map { "<th scope=\"col\">\($0)</th>" }.joined()
        let lines = rows.map { row in
            "<tr>" + row.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        return "<table class=\"\(name)\"><thead><tr>\(titles)</tr></thead>\n<tbody>\n"
            + lines.joined(separator: "\n") + "\n</tbody></table>"
    }

    static func list(_ items: [String], _ name: String) -> String {
        "<ul class=\"\(name)\">" + items.map { "<li>\($0)</li>" }.joined(separator: "\n") + "</ul>"
    }

    static let style = """
        :root { color-scheme: light; }
        body { font: 15px/1.45 "Liberation Sans", Arial, sans-serif; color: #1b1f23; margin: 2rem auto;
          max-width: 62rem; padding: 0 1.5rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .3rem; }
        h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #c9ced4; }
        h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
        p { margin: .4rem 0; }
        .lead { color: #57606a; }
        .verdict { border: 2px solid #1a7f37; border-radius: 6px; padding: .7rem 1rem; margin: 1rem 0; }
        .verdict.wrong { border-color: #b42318; }
        .verdict strong { color: #1a7f37; }
        .verdict.wrong strong { color: #b42318; }
        table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
          border-bottom: 1px solid #e3e6e9; overflow-wrap: anywhere; }
        th { font-size: .85rem; color: #57606a; white-space: nowrap; }
        table.facts td:first-child { width: 11rem; color: #57606a; }
        table.timeline td:nth-child(1) { white-space: nowrap; font-variant-numeric: tabular-nums; }
        table.timeline td:nth-child(2) { min-width: 5rem; }
        table.timeline td:nth-child(4) { min-width: 6rem; }
        table.timeline td:last-child, table.doubts td:first-child { white-space: nowrap; }
        code, pre { font: 13px/1.5 "Liberation Mono", Consolas, monospace; overflow-wrap: anywhere; }
        pre { background: #f4f6f8; border: 1px solid #e3e6e9; border-radius: 6px; padding: .6rem .8rem;
          white-space: pre-wrap; }
        ul { margin: .4rem 0; padding-left: 1.2rem; }
        a { color: #0a4d8c; text-decoration: none; }
        footer { margin-top: 2.5rem; color: #57606a; font-size: .85rem; }
        @media print {
          body { margin: 0; max-width: none; padding: 0; font-size: 10.5pt; }
          tr, .verdict, pre { break-inside: avoid; }
          h2, h3 { break-after: avoid; }
          thead { display: table-header-group; }
          a { color: inherit; }
          .order { break-before: page; }
          .order:first-of-type { break-before: auto; }
        }
        @page { margin: 16mm; }
        """
}
