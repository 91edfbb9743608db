import DosetteCore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

/// The texts that the browser test shows in the console, at the API and in the pages' own writer.
@Suite("Hostile texts")
struct HostileTextTests {
    private static func texts() throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Browser/hostile.json").standardized
        let json = try JSONReader.read(Array(Data(contentsOf: file)))
        return (json.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
    }

    @Test func `each is taken as the text of an order and comes back as it is`() throws {
        let texts = try Self.texts()
        #expect(texts.count == 1_000)
        for text in texts {
            var item: JSONObject = [
                "name": "Meloxicam", "patients": [1], "strength": "1.5 mg/ml",
                "instructions": .string(text), "quantity_packages": 1, "repeat_number": 3,
                "valid_until": "2036-08-20",
            ]
            if text.utf8.count <= OrderDocument.nameBytesMaximum { item["name"] = .string(text) }
            let order: JSON = [
                "order_id": "HD-1", "source": "webshop", "clinic": "nordic-vets",
                "prescription": [
                    "client_id": 1, "department_id": 1, "prescriber_id": 1,
                    "issue_time": "2026-11-20T11:20:45Z", "remarks": .string(text),
                    "prescription_items": [.object(item)],
                ],
            ]
            let again = try JSONReader.read(order.canonicalBytes)
            #expect(again == order, "\(text.debugDescription)")
            let problems = Self.problems(of: order)
            #expect(problems.isEmpty, "\(text.debugDescription): \(problems)")
        }
    }

    private static let rules = OrderRules(clinicNames: ["nordic-vets"], intervalUnits: []) { _ in
        let day = CalendarDate(daysSinceEpoch: 20_777)
        return OrderRules.Clinic(today: day) { _ in day }
    }

    private static func problems(of order: JSON) -> [String] {
        do {
            _ = try OrderDocument.decode(order, rules: rules)
            return []
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `none of them makes markup of its own`() throws {
        let shell = HTML.document(HTML(.p, .class("")) { "" })
        let frame = shell.count { $0 == "<" }
        for text in try Self.texts() {
            let page = HTML.document(HTML(.p, .class(text)) { text })
            #expect(page.count { $0 == "<" } == frame, "\(text.debugDescription)")
            #expect(!page.unicodeScalars.contains("\0"), "\(text.debugDescription)")
        }
    }
}
