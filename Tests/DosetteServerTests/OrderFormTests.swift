import DosetteCore
import DosetteEngine
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("The form of a prescription", .timeLimit(.minutes(1)))
struct OrderFormTests {
    /// What stands in the page's hidden field.
    static func identity(_ page: String) throws -> String {
        let start = try #require(page.firstRange(of: "name=\"form\" value=\""))
        return String(page[start.upperBound...].prefix { $0 != "\"" })
    }

    /// A form that is filled in, as a browser sends it.
    static func filled(
        _ identity: String,
        _ changes: KeyValuePairs<String, String?> = [:],
        items: Int = 1
    ) -> String {
        var pairs: [(String, String)] = [
            ("form", identity), ("items", "\(items)"), ("patients", "71"), ("prescriber", "2"),
            ("department", "1"), ("item-0-name", "Lorem ipsum"), ("item-0-strength", "100+mg"),
            ("item-0-instructions", "one+%C3%A4+day%0D%0Awith+food"), ("item-0-packages", "2"),
            ("item-0-dispenses", "3"), ("item-0-valid-until", "2025-12-24"),
            ("remarks", ""), ("action", ""),
        ]
        for (name, value) in changes {
            pairs.removeAll { $0.0 == name }
            if let value { pairs.append((name, value)) }
        }
        return pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private func withForm(
        _ clinic: ClinicWorld,
        _ body: @Sendable (Client, _ path: String, _ identity: String) async throws -> Void
    ) async throws {
        try await clinic.world.serve { client in
            let path = try await client.launch()
            let page = try await client.get(path)
            try await body(client, path, try Self.identity(page.text))
        }
    }

    @Test func `a form becomes an order in the same queue`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            let changes: KeyValuePairs<String, String?> = [
                "urgent": "yes", "remarks": "%3Cb%3Ehello",
            ]
            let answer = try await client.postForm(path, Self.filled(identity, changes))
            #expect(answer.status == 303)
            let location = try #require(answer.headers[.location])
            #expect(location.hasPrefix(path + "/orders/provet-button/"))
            let page = try await client.get(location)
            #expect(page.status == 200)
            #expect(page.text.contains("Taken in; the prescription is being written in Provet."))
            #expect(page.text.contains("3 of 3 left, 2 packages each"))
            #expect(page.text.contains("Olli Öhman"))
            let list = try await client.get("/v1/orders")
            let view = try #require(list.json?["orders"]?.arrayValue?.first)
            #expect(view["clinic"] == "nordic-vets")
            #expect(view["priority"] == "urgent")
            let id = try #require(view["order_id"]?.stringValue)
            let events = try await client.get("/v1/orders/provet-button/\(id)/events")
            let received = try #require(events.json?["events"]?.arrayValue?.first)
            #expect(received["actor"]?["name"] == "Olli Öhman")
            let prescription = received["data"]?["prescription"]
            #expect(prescription?["client_id"] == 7)
            #expect(prescription?["prescriber_id"] == 2)
            #expect(prescription?["remarks"] == "<b>hello")
            #expect(prescription?["issue_time"] == .string(World.noon.text))
            let item = prescription?["prescription_items"]?.arrayValue?.first
            #expect(item?["instructions"] == "one ä day\nwith food")
            #expect(item?["patients"] == [71])
        }
    }

    @Test func `sending the same form twice makes one order`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            let first = try await client.postForm(path, Self.filled(identity))
            clinic.world.clock.move(by: .minutes(1))
            let second = try await client.postForm(path, Self.filled(identity))
            #expect(first.headers[.location] == second.headers[.location])
            #expect(second.status == 303)
            let list = try await client.get("/v1/orders")
            #expect(list.json?["orders"]?.arrayValue?.count == 1)
            // Another content under the same form is told; nothing is made of it.
            let changed = Self.filled(identity, ["item-0-packages": "3"])
            let conflict = try await client.postForm(path, changed)
            #expect(conflict.status == 409)
            #expect(conflict.text.contains("This form was sent before, with other words"))
            #expect(conflict.text.contains("value=\"3\""))
        }
    }

    @Test func `every mistake stands beside its field, and nothing typed is lost`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            let changes: KeyValuePairs<String, String?> = [
                "patients": nil, "prescriber": "99", "department": "", "item-0-name": "",
                "item-0-strength": "%3Cb%3E5", "item-0-packages": "two", "item-0-dispenses": "0",
                "item-0-valid-until": "2025-02-30", "remarks": "typed+%26+kept",
            ]
            let answer = try await client.postForm(path, Self.filled(identity, changes))
            #expect(answer.status == 422)
            let text = answer.text
            let expected = [
                ("patients", "Choose one or more of these animals."),
                ("prescriber", "Choose one of the list."),
                ("department", "Choose one of the list."),
                ("item-0-name", "Fill this in."), ("item-0-packages", "Give a whole number."),
                ("item-0-dispenses", "The number must be from 1 to 1000."),
                ("item-0-valid-until", "A date that exists is due, written as 2026-08-20."),
            ]
            for (field, words) in expected {
                #expect(text.contains("<a href=\"#\(field)\">"), "\(field)")
                let error = "<span class=\"error\" id=\"\(field)-error\">\(words)</span>"
                #expect(text.contains(error), "\(field)")
            }
            #expect(
                text.contains("aria-describedby=\"item-0-packages-hint item-0-packages-error\"")
            )
            #expect(text.ranges(of: "aria-invalid").count == 8)
            #expect(text.contains("value=\"&lt;b&gt;5\""))
            #expect(text.contains("value=\"two\""))
            #expect(text.contains("typed &amp; kept</textarea>"))
            #expect(text.contains("<title>Error: "))
            #expect(try Self.identity(text) == identity)
            let mended = try await client.postForm(path, Self.filled(identity))
            #expect(mended.status == 303)
        }
    }

    @Test func `items are added without a script, and empty ones are left out`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            for count in 1...5 {
                let form = Self.filled(identity, ["action": "add"], items: count)
                let answer = try await client.postForm(path, form)
                #expect(answer.status == 200)
                #expect(answer.text.contains("value=\"Lorem ipsum\""))
                #expect(answer.text.contains("name=\"items\" value=\"\(min(5, count + 1))\""))
                #expect(answer.text.contains("Add another item") == (count < 4))
                #expect(!answer.text.contains("aria-invalid"))
            }
            // The mistake is in the third of the form and the second of the document.
            let changes: KeyValuePairs<String, String?> = ["item-2-name": "Dolor"]
            let wrong = try await client.postForm(path, Self.filled(identity, changes, items: 3))
            #expect(wrong.status == 422)
            #expect(wrong.text.contains("id=\"item-2-strength-error\""))
            #expect(!wrong.text.contains("id=\"item-1-" + "strength-error\""))
            let huge = Self.filled(identity, items: 1_000_000)
            #expect(try await client.postForm(path, huge).status == 303)
        }
    }

    @Test func `animals and people of others are not taken`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            let others: [KeyValuePairs<String, String?>] = [
                ["patients": "81"], ["prescriber": "4"], ["department": "9"],
                ["patients": "71&patients=81"],
            ]
            for changes in others {
                let answer = try await client.postForm(path, Self.filled(identity, changes))
                #expect(answer.status == 422, "\(changes)")
            }
            let list = try await client.get("/v1/orders")
            #expect(list.json?["orders"]?.arrayValue?.isEmpty == true)
        }
    }

    @Test func `a form of another session, or none, is refused`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            let other = try await client.launch(Press(id: "8"))
            let parts = identity.split(separator: ".").map(String.init)
            let forged = "\(parts[0]).\(World.noon.milliseconds - 1).\(parts[2])"
            for (path, identity) in [
                (other, identity), (path, forged), (path, ""), (path, "a.b.c"), (path, "a.1."),
            ] {
                let answer = try await client.postForm(path, Self.filled(identity))
                #expect(answer.status == 403, "\(identity)")
            }
            #expect(try await client.postForm(path, "").status == 403)
            #expect(try await client.postForm(path, "form=%FF").status == 403)
        }
    }

    @Test(
        arguments: [
            ("Origin", "https://evil.example", 403), ("Origin", "null", 303),
            ("Sec-Fetch-Site", "cross-site", 403), ("Sec-Fetch-Site", "same-site", 403),
            ("Sec-Fetch-Site", "same-origin", 303), ("Origin", "https://dosette.example", 303),
        ]
    )
    func `a form that another site's page sends is refused`(
        name: String,
        value: String,
        status: Int
    ) async throws {
        let tokens = [AccessToken(owner: "webshop", token: String(repeating: "w", count: 32))]
        let clinic = try ClinicWorld(tokens: tokens, publicURL: "https://dosette.example")
        try await withForm(clinic) { client, path, identity in
            let headers = try HTTPFields([HTTPField(name: #require(.init(name)), value: value)])
            let answer = try await client.postForm(path, Self.filled(identity), headers)
            #expect(answer.status == status)
        }
    }

    @Test func `what cannot be taken now is kept in the form`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            clinic.records.set { $0.isReachable = false }
            let unreachable = try await client.postForm(path, Self.filled(identity))
            #expect(unreachable.status == 503)
            #expect(unreachable.text.contains("Go back with your browser"))
            clinic.records.set { $0.isReachable = true }
            clinic.world.engine.drain()
            let stopping = try await client.postForm(path, Self.filled(identity))
            #expect(stopping.status == 503)
            #expect(stopping.headers[.retryAfter] == "10")
            #expect(stopping.text.contains("value=\"Lorem ipsum\""))
            #expect(stopping.text.contains("Send it again in a moment."))
        }
    }

    @Test func `a form that is too long is refused`() async throws {
        let clinic = try ClinicWorld()
        try await withForm(clinic) { client, path, identity in
            let long = String(repeating: "x", count: ServerLimits.formBytesMaximum)
            let answer = try await client.postForm(path, "remarks=\(long)&form=\(identity)")
            #expect(answer.status == 413)
            let text = String(repeating: "%C3%A4", count: 5_000)
            let wrong = Self.filled(identity, ["remarks": text])
            let told = try await client.postForm(path, wrong)
            #expect(told.status == 422)
            #expect(told.text.contains("<a href=\"#remarks\">"))
        }
    }
}
