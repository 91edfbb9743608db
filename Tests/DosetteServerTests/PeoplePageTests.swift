import Foundation
import Testing

@testable import DosetteServer

@Suite("The page about people")
struct PeoplePageTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs").standardized

    /// The cells of a table's rows, without what marks them as code.
    private static func rows(_ text: String) -> [[String]] {
        text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.replacing("`", with: "").trimmingCharacters(in: .whitespaces) }
        }
    }

    /// Which roles have which right, as a page's table says it.
    private static func told(_ text: String) -> [String: Set<String>] {
        let rows = rows(text)
        guard let head = rows.first(where: { $0.first == "right" && $0.count > 2 }) else {
            return [:]
        }
        var told: [String: Set<String>] = [:]
        for row in rows where row.count == head.count && Right(rawValue: row[0]) != nil {
            told[row[0]] = Set(zip(head, row).filter { $0.1 == "✓" }.map(\.0))
        }
        return told
    }

    private static var granted: [String: Set<String>] {
        let pairs = Right.allCases.map { ($0.rawValue, Set($0.roles.map(\.rawValue))) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private static func page() throws -> String {
        try String(contentsOf: folder.appending(path: "people.md"), encoding: .utf8)
    }

    @Test func `the page's table of roles and rights is the code's`() throws {
        #expect(Self.told(try Self.page()) == Self.granted)
    }

    @Test func `a right too many in the table is found`() throws {
        let row = "| `audit` | read the journal, checkpoints, proofs | | | |"
        let page = try Self.page()
        #expect(page.contains(row), "the row that is spoiled is gone")
        let spoiled = page.replacing(row, with: row.replacing("| | | |", with: "| ✓ | | |"))
        #expect(Self.told(spoiled) != Self.granted)
    }

    @Test func `the page names each path at which a right is asked for`() throws {
        let page = try Self.page()
        for path in ["signals", "plan", "dispenses", "proposals", "clinics", "clients", "backup"] {
            #expect(page.contains("/\(path)"), "\(path)")
        }
        for part in ConsoleRoute.Section.allCases {
            let console = try String(
                contentsOf: Self.folder.appending(path: "console.md"),
                encoding: .utf8
            )
            let rows = Self.rows(console).filter {
                $0.first == "[\(part.title)](#\(part.title.lowercased()))"
            }
            #expect(rows.count == 1, "\(part.title)")
            #expect(rows.first?.last?.contains(part.right.rawValue) == true, "\(part.title)")
        }
    }
}
