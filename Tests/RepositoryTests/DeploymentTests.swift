import Foundation
import Testing

@Suite("What the program is run with")
struct DeploymentTests {
    private static func text(_ path: String) throws -> String {
        try String(contentsOf: SourceFile.root.appending(path: path), encoding: .utf8)
    }

    // MARK: - Licences

    private struct Resolved: Decodable {
        struct Pin: Decodable {
            struct State: Decodable { let version: String? }
            let identity: String
            let state: State
        }
        let pins: [Pin]
    }

    private struct Row: Hashable, CustomStringConvertible {
        let name: String
        let version: String
        let isOurs: Bool

        var description: String { "\(name) \(version)\(isOurs ? " (ours)" : "")" }
    }

    /// Each package's row: `| [name](link) | version | licence | how |`.
    private static func rows(_ page: String) -> Set<Row> {
        let rows = page.split(separator: "\n").compactMap { line -> Row? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4, let match = cells[0].wholeMatch(of: /\[(.+)\]\(.+\)/) else {
                return nil
            }
            return Row(name: "\(match.1)", version: cells[1], isOurs: cells[3] == "named by us")
        }
        return Set(rows)
    }

    private static func packages() throws -> Set<Row> {
        let manifest = try text("Package.swift")
        let named = manifest.matches(of: /\.package\(url: "[^"]*\/([^"\/]+)"/).map {
            "\($0.1)".replacing(".git", with: "").lowercased()
        }
        let data = Data(try text("Package.resolved").utf8)
        let pins = try JSONDecoder().decode(Resolved.self, from: data).pins
        return Set(
            pins.map {
                Row(
                    name: $0.identity,
                    version: $0.state.version ?? "",
                    isOurs: named.contains($0.identity)
                )
            }
        )
    }

    @Test func `the list of licences has every package, as it is used`() throws {
        let listed = Self.rows(try Self.text("docs/licences.md"))
        let used = try Self.packages()
        #expect(used.count > 20, "only \(used.count) packages were found: the search is broken")
        #expect(listed.subtracting(used).isEmpty, "make licences writes the list anew")
        #expect(used.subtracting(listed).isEmpty, "make licences writes the list anew")
    }

    // MARK: - The unit

    /// A unit's settings; of one that is given twice the last.
    private static func unit() throws -> [String: String] {
        let lines = try text("ops/dosette.service").split(separator: "\n")
        let pairs = lines.filter { !$0.hasPrefix("#") && $0.contains("=") }.map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
        return Dictionary(pairs) { $1 }
    }

    @Test func `systemd waits longer for a stop than the server does`() throws {
        let source = try Self.text("Sources/DosetteCLI/Commands/ServeCommand.swift")
        let drain = try #require(source.firstMatch(of: /drainMaximum = Duration\.seconds\((\d+)\)/))
        let unit = try Self.unit()
        let stop = try #require(unit["TimeoutStopSec"]?.firstMatch(of: /^(\d+)s$/))
        #expect(try #require(Int(stop.1)) > #require(Int(drain.1)))
        #expect(unit["KillSignal"] == "SIGTERM")
    }

    @Test func `what a person must mend is not started again`() throws {
        let unit = try Self.unit()
        #expect(unit["Restart"] == "on-failure")
        #expect(unit["RestartPreventExitStatus"] == "1 2")
        let main = try Self.text("Sources/DosetteCLI/Main.swift")
        #expect(main.contains("case refused = 1") && main.contains("case usage = 2"))
        #expect(main.contains("case unavailable = 3"))
    }

    @Test func `unit, container and page speak of the same places`() throws {
        let unit = try Self.unit()
        let container = try Self.text("ops/Containerfile")
        let page = try Self.text("docs/deployment.md")
        #expect(unit["StateDirectory"] == "dosette")
        for place in ["/etc/dosette/dosette.yaml", "/var/lib/dosette", "/usr/bin/dosette"] {
            #expect(container.contains(place), "\(place) in the container file")
            #expect(page.contains(place), "\(place) on the page")
        }
        #expect(unit["ExecStart"]?.hasPrefix("/usr/bin/dosette serve --config /etc/") == true)
    }

    // MARK: - The threat model

    @Test func `the threat model names tests and commands that are there`() throws {
        let page = try Self.text("docs/threat-model.md")
        let tests = try SourceFile.all(under: "Tests").map { $0.lines.joined(separator: "\n") }
            .joined(separator: "\n")
        let names = Set(page.matches(of: /`([A-Z][A-Za-z]+Tests)`/).map { "\($0.1)" })
        #expect(names.count > 30, "only \(names.count) suites were found: the search is broken")
        for name in names.sorted() {
            #expect(
                tests.contains("struct \(name) ") || tests.contains("struct \(name):"),
                "\(name)"
            )
        }
        let makefile = try Self.text("Makefile")
        for match in page.matches(of: /`make ([a-z-]+)`/) {
            #expect(makefile.contains("\n\(match.1): "), "make \(match.1)")
        }
    }

    // MARK: - Hostile texts

    @Test func `there are a thousand hostile texts, each once`() throws {
        struct Hostile: Decodable, Hashable {
            let kind: String
            let text: String
        }
        let data = Data(try Self.text("Tests/Browser/hostile.json").utf8)
        let texts = try JSONDecoder().decode([Hostile].self, from: data)
        #expect(texts.count == 1_000)
        #expect(Set(texts.map { Array($0.text.utf8) }).count == 1_000)
        #expect(texts.allSatisfy { (1...8_192).contains($0.text.utf8.count) })
        let kinds: Set = [
            "script", "attribute", "link", "encoded", "query", "template", "table", "mark",
            "alphabet", "long", "tag", "name",
        ]
        #expect(Set(texts.map(\.kind)) == kinds)
    }
}
