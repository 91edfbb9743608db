import DosetteCore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("The example orders", .timeLimit(.minutes(1)))
struct ExampleTests {
    private static let type = HTTPFields(named: ["Content-Type": "application/x-ndjson"])

    /// The lines of a file of `Examples/`.
    private static func lines(_ name: String) throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Examples/\(name)").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.split(separator: "\n").map(String.init)
    }

    @Test func `every good order is taken in`() async throws {
        let orders = try Self.lines("orders.ndjson")
        #expect(orders.count == 200)
        try await World().serve { client in
            let answer = try await client.batch(orders, Self.type)
            let refused = answer.lines.filter { $0["status"] != 202 }
            #expect(refused.isEmpty, "\(refused.first?.text ?? "")")
        }
    }

    @Test func `every bad order is answered as the list says`() async throws {
        let bad = try Self.lines("orders.bad.ndjson")
        let expected = try Self.lines("orders.bad.expected.ndjson")
            .map { try JSONReader.read(Array($0.utf8)) }
        #expect(bad.count >= 40 && bad.count == expected.count)
        let good = try Self.lines("orders.ndjson")
        try await World().serve { client in
            _ = try await client.batch(good, Self.type)
            let answer = try await client.batch(bad, Self.type)
            #expect(answer.lines.count == bad.count)
            for (line, due) in zip(answer.lines, expected) { Self.compare(line, due) }
        }
    }

    private static func compare(_ line: JSON, _ due: JSON) {
        let what = "line \(due["line"]?.text ?? ""): \(due["what"]?.stringValue ?? "")"
        #expect(line["status"] == due["status"], "\(what) got \(line.text)")
        guard due["pointer"]?.stringValue != nil else { return }
        let errors = line["problem"]?["errors"]?.arrayValue ?? []
        let isThere = errors.contains {
            $0["pointer"] == due["pointer"] && $0["rule"] == due["rule"]
        }
        #expect(isThere, "\(what) got \(line.text)")
    }
}
