import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

/// The hostile texts on every page of the console that shows what people or far sides wrote.
@Suite("Hostile texts in the console", .timeLimit(.minutes(1)))
struct HostilePageTests {
    private static func texts() throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Browser/hostile.json").standardized
        let json = try JSONReader.read(Array(Data(contentsOf: file)))
        return (json.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
    }

    /// The texts that fit, so many of them joined as fit into `bytes`.
    private static func bundles(upTo bytes: Int) throws -> [String] {
        var bundles: [String] = []
        for text in try texts() where (1...bytes).contains(text.utf8.count) {
            if let last = bundles.last, last.utf8.count + text.utf8.count + 3 <= bytes {
                bundles[bundles.count - 1] = last + " | " + text
            } else {
                bundles.append(text)
            }
        }
        return bundles
    }

    /// What is wrong with a page; a text that does not stand there as it was written is wrong too.
    private func check(_ page: Client.Answer, shows texts: [String], _ name: String) {
        let reading = PageCheck.read(page.text)
        #expect(page.status < 500, "\(name): \(page.status)")
        #expect(reading.problems == [], "\(name)")
        #expect(PageCheck.inline(page.text) == [], "\(name)")
        let said = reading.elements.flatMap { [$0.text] + $0.attributes.values }.joined(
            separator: "\n"
        )
        let missing = texts.filter { !said.contains($0.replacing("\0", with: "")) }
        #expect(missing == [], "\(name)")
    }

    // MARK: - Orders

    private static func order(_ id: String, _ texts: ArraySlice<String>) -> JSON {
        let items = texts.map { text -> JSON in
            [
                "name": .string(text), "patients": [1], "strength": .string(text),
                "instructions": .string(text), "quantity_packages": 1,
                "valid_until": "2025-12-30",
            ]
        }
        return Sample.order(id, remarks: texts.first ?? "").with(
            "/prescription/prescription_items",
            .array(items)
        )
    }

    @Test func `as names, strengths, instructions and remarks of orders`() async throws {
        let texts = try Self.bundles(upTo: 200)
        try await World().serve { client in
            let visitor = try await Visitor.enter(client, [("name", "Aino")])
            var number = 0
            for start in stride(from: 0, to: texts.count, by: 20) {
                number += 1
                let some = texts[start..<min(start + 20, texts.count)]
                let taken = try await client.post("/v1/orders", Self.order("HD-\(number)", some))
                try #require(taken.status == 202, "\(taken.text)")
                let path = "/console/orders/webshop/HD-\(number)"
                check(try await visitor.get(path), shows: [], path)
                let open = try await visitor.get(path + "?show=personal")
                check(open, shows: [], path)
                let reading = PageCheck.read(open.text)
                let entries = reading.elements.map(\.text).joined()
                for text in some { #expect(entries.contains(JSON.string(text).text), "\(text)") }
            }
            for path in ["/console", "/console/orders", "/console/clinics", "/console/audit"] {
                check(try await visitor.get(path), shows: [], path)
            }
        }
    }

    // MARK: - What people say

    @Test func `as reasons of proposals, and as the names of those who make them`() async throws {
        let reasons = try Self.bundles(upTo: 1_000)
        let names = try Self.bundles(upTo: 200).map(\.trimmingSpaces)
        let world = try World(fourEyes: FourEyes([.cancel]))
        try await world.serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let desk = client.engine.proposals
            let key = try #require(OrderKey(source: "webshop", orderID: "HD-1"))
            let cancel = DeedSignal(name: "cancel")
            for (index, reason) in reasons.enumerated() {
                let name = names[index % names.count]
                let made = try await desk.propose(cancel, to: [key], by: name, reason: reason)
                guard index.isMultiple(of: 2) else { continue }
                _ = try await desk.withdraw(made.id, by: name, reason: reason)
            }
            let visitor = try await Visitor.enter(client, [("name", "Aino")])
            let open = desk.all.filter { $0.state == .open }
            let list = try await visitor.get("/console/proposals")
            check(list, shows: open.map(\.made.reason), "proposals")
            for proposal in desk.all.prefix(40) {
                let page = try await visitor.get("/console/proposals/\(proposal.id)")
                check(page, shows: [proposal.made.person], proposal.id)
            }
            let order = try await visitor.get("/console/orders/webshop/HD-1")
            check(order, shows: open.map(\.made.person), "order")
        }
    }

    @Test func `as the name of who is signed in, and where one wants to go`() async throws {
        let texts = try Self.texts().filter { ServerLimits.personBytes.contains($0.utf8.count) }
        try await World().serve { client in
            for text in texts where !text.trimmingSpaces.isEmpty {
                let visitor = try await Visitor.enter(client, [("name", text)])
                let page = try await visitor.get("/console/proposals/gone")
                // Decoding a form drops a byte order mark at the start.
                let isMarked = text.unicodeScalars.first == "\u{FEFF}"
                let shown = isMarked ? [] : [text.trimmingSpaces]
                check(page, shows: shown, "\(text.debugDescription)")
            }
            for text in texts.prefix(200) {
                let path = "/console/sign-in?next=" + FormText.encoded(text)
                check(try await client.get(path), shows: [], path)
            }
        }
    }

    @Test func `as what is typed into a form that comes back`() async throws {
        let texts = try Self.bundles(upTo: 900)
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let visitor = try await Visitor.enter(client, [("name", "Aino")])
            for text in texts.prefix(100) {
                let fields = [
                    ("decision", text), ("reason", text), ("remarks", text), ("receipt", text),
                ]
                let page = try await visitor.post("/console/orders/webshop/HD-1/act", fields)
                check(page, shows: [text.trimmingSpaces], "act")
                let search = try await visitor.get("/console/orders?q=" + FormText.encoded(text))
                check(search, shows: [], "search")
            }
        }
    }

    // MARK: - What far sides say

    @Test func `as the reason for which an order is parked`() async throws {
        let texts = try Self.bundles(upTo: 900)
        let world = try World(
            performer: FakePerformer(creation: .refused(reason: texts.joined(separator: " / ")))
        )
        try await world.run { client in
            #expect(try await client.post("/v1/orders", Sample.order()).status == 202)
            _ = try await client.wait(for: "HD-1") { !$0.parkedParts.isEmpty }
            let visitor = try await Visitor.enter(client, [("name", "Aino")])
            for path in ["/console/parked", "/console/orders/webshop/HD-1", "/console"] {
                let page = try await visitor.get(path)
                check(page, shows: path == "/console" ? [] : [texts[0]], path)
            }
        }
    }

    // MARK: - The check itself

    @Test func `a text that is put in without escaping is found`() throws {
        let shell = HTML.document(HTML(.div, .class("CLASS")) { HTML(.p) { "TEXT" } })
        #expect(PageCheck.read(shell).problems == [])
        let dangerous = try Self.texts().filter { text in
            text.unicodeScalars.contains { "<>&\"'".unicodeScalars.contains($0) }
        }
        #expect(dangerous.count > 500)
        let frame = PageCheck.read(shell).shape
        for text in dangerous {
            let inside = PageCheck.read(shell.replacing("TEXT", with: text))
            let isSeen = inside.problems != [] || inside.shape != frame
            #expect(isSeen || Self.isEntity(text), "\(text.debugDescription)")
        }
        for text in dangerous where text.contains("\"") {
            let inside = PageCheck.read(shell.replacing("CLASS", with: text))
            #expect(inside.problems != [] || inside.shape != frame, "\(text.debugDescription)")
        }
        let escaped = HTML.document(HTML(.div, .class(dangerous[0])) { HTML(.p) { dangerous[0] } })
        #expect(PageCheck.read(escaped).problems == [])
        #expect(PageCheck.read(escaped).shape == frame)
    }

    /// Whether all that is dangerous in a text is written as entities already.
    private static func isEntity(_ text: String) -> Bool {
        let rest = ["&lt;", "&gt;", "&quot;", "&#39;", "&amp;"].reduce(text) {
            $0.replacing($1, with: "")
        }
        return !rest.unicodeScalars.contains { "<>&\"'".unicodeScalars.contains($0) }
    }
}
