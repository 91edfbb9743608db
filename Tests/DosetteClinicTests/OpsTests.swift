import DosetteCore
import DosetteTesting
import Foundation
import Testing

/// Alert rules, dashboard and runbooks against what a server really says.
@Suite("Alerts, dashboard and runbooks")
struct OpsTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().appending(path: "../..").standardized

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The names of our metrics, and of the process's, in a text.
    static func metrics(in text: String) -> Set<String> {
        Set(text.matches(of: /\b(?:dosette|process)_[a-z_]+[a-z]\b/).map { String($0.output) })
    }

    /// The queries of a dashboard.
    static func queries(in dashboard: JSON) -> [String] {
        (dashboard["panels"]?.arrayValue ?? []).flatMap { panel in
            (panel["targets"]?.arrayValue ?? []).compactMap { $0["expr"]?.stringValue }
        }
    }

    /// What a heading is called in a link.
    static func anchor(_ heading: some StringProtocol) -> String {
        String(
            heading.lowercased().replacing(" ", with: "-").unicodeScalars.filter { scalar in
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || scalar == "-" || scalar == "_"
            }.map(Character.init)
        )
    }

    private struct Alert {
        let name: String
        let text: String
    }

    private static func alerts() throws -> [Alert] {
        try text("ops/alerts.yaml").components(separatedBy: "- alert: ").dropFirst().map { part in
            Alert(name: String(part.prefix { $0 != "\n" }), text: part)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `every metric of alerts, dashboard and document is on a server's page`() async throws {
        var names: Set<String> = []
        try await LiveStack.run { stack in
            let page = try await MetricsTests.page(stack)
            names = page.names.union(page.families.keys)
        }
        let rules = Self.metrics(in: try Self.text("ops/alerts.yaml"))
        #expect(rules.count > 15)
        #expect(rules.subtracting(names) == [])
        let dashboard = try JSONReader.read(Array(try Self.text("ops/grafana/dosette.json").utf8))
        let queries = Self.queries(in: dashboard)
        #expect(queries.count > 40)
        let drawn = Self.metrics(in: queries.joined(separator: "\n"))
        #expect(drawn.subtracting(names) == [])
        #expect(!Self.metrics(in: "rate(dosette_no_such_total[5m])").isSubset(of: names))
    }

    @Test(.timeLimit(.minutes(1)))
    func `every metric of a server's page is explained, and no other`() async throws {
        var names: Set<String> = []
        try await LiveStack.run { stack in
            names = Set(try await MetricsTests.page(stack).families.keys)
        }
        let table = try Self.text("docs/observability.md").matches(
            of: /\n\| `([a-z_]+)` \| (?:c|g|h)/
        )
        let explained = Set(table.map { String($0.output.1) })
        #expect(names.subtracting(explained) == [])
        #expect(explained.subtracting(names) == [])
    }

    @Test func `every alert has a severity, a summary, a runbook and a test`() throws {
        let document = try Self.text("docs/operations.md")
        let headings = document.matches(of: /\n#+ ([^\n]+)/).map { Self.anchor($0.output.1) }
        let tests = try Self.text("ops/alerts.test.yaml")
        let alerts = try Self.alerts()
        #expect(alerts.count > 20)
        #expect(Set(alerts.map(\.name)).count == alerts.count)
        for alert in alerts {
            #expect(alert.text.contains(/severity: (critical|warning) \}/), "\(alert.name)")
            #expect(alert.text.contains("summary: "), "\(alert.name)")
            let link = alert.text.firstMatch(of: /runbook_url: docs\/operations\.md#([a-z_-]+)/)
            let anchor = try #require(link?.output.1, "\(alert.name) has no runbook")
            #expect(headings.contains(String(anchor)), "\(alert.name): there is no #\(anchor)")
            #expect(tests.contains("alertname=\"\(alert.name)\""), "\(alert.name) has no test")
            #expect(document.contains("`\(alert.name)`"), "\(alert.name) is not in the table")
        }
    }

    @Test func `headings are found as links name them`() {
        #expect(Self.anchor("Runbook: disk full") == "runbook-disk-full")
        #expect(Self.anchor("in_doubt") == "in_doubt")
        #expect(
            Self.anchor("Provet does not answer, or says no") == "provet-does-not-answer-or-says-no"
        )
    }
}
