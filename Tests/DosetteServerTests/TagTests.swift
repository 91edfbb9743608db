import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Tags of orders", .timeLimit(.minutes(1)))
struct TagTests {
    private static let path = "/v1/orders/webshop/HD-1"

    private func ifMatch(_ tag: String) -> HTTPFields { HTTPFields(named: ["If-Match": tag]) }

    @Test func `an order that has not changed is not sent again`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let tag = try #require(try await client.get(Self.path).headers[.eTag])
            for named in [tag, "W/\(tag)", "\"1-0\", \(tag)", "*"] {
                let fields = HTTPFields(named: ["If-None-Match": named])
                let again = try await client.get(Self.path, fields)
                #expect(again.status == 304, "\(named)")
                #expect(again.body.isEmpty)
                #expect(again.headers[.eTag] == tag)
            }
        }
    }

    @Test func `an order that has changed is sent with another tag`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let tag = try #require(try await client.get(Self.path).headers[.eTag])
            _ = try await client.post(Self.path + "/signals", Sample.signal("accept"))
            let fields = HTTPFields(named: ["If-None-Match": tag])
            let answer = try await client.get(Self.path, fields)
            #expect(answer.status == 200)
            #expect(answer.headers[.eTag] != tag)
        }
    }

    @Test func `what is shown beyond the events changes the tag, not the version`() {
        let one = OrderTag(version: 7, ["waiting": ["detail": "a budget"]])
        let other = OrderTag(version: 7, ["waiting": ["detail": "a breaker"]])
        #expect(one.text != other.text)
        #expect(one.text.hasPrefix("\"7-"))
        #expect(other.text.hasPrefix("\"7-"))
    }

    @Test func `nothing is done to an order that has changed since it was seen`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let tag = try #require(try await client.get(Self.path).headers[.eTag])
            let signals = Self.path + "/signals"
            let accept = Sample.signal("accept")
            #expect(try await client.post(signals, accept, ifMatch(tag)).status == 202)
            let count = try await client.engine.events(of: key()).count
            let late = try await client.post(signals, Sample.signal("cancel"), ifMatch(tag))
            #expect(late.status == 412)
            #expect(late.json?["type"] == "urn:dosette:problem:changed")
            #expect(late.rule == "changed")
            for weak in ["W/\(tag)", "\"999999\""] {
                let answer = try await client.post(signals, Sample.signal("cancel"), ifMatch(weak))
                #expect(answer.status == 412, "\(weak)")
            }
            let dispense = Sample.dispense("D-1")
            let refused = try await client.post(Self.path + "/dispenses", dispense, ifMatch(tag))
            #expect(refused.status == 412)
            let events = try await client.engine.events(of: key())
            #expect(!events.contains { $0.version > count && Self.isPersons($0) })
        }
    }

    private func key() throws -> OrderKey {
        try #require(OrderKey(source: "webshop", orderID: "HD-1"))
    }

    private static func isPersons(_ event: RecordedEvent) -> Bool {
        (try? EventCodec.envelope(event.entry))?.actor.kind == .person
    }

    @Test func `of many who have seen the same only one is heard`() async throws {
        try await World().run { client in
            try await client.accept(Sample.order())
            _ = try await client.wait(for: "HD-1") { $0.fee == .charged }
            let order = try await client.engine.order(key())
            let path = Self.path + "/dispenses"
            let fields = ifMatch("\"\(order.version)\"")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...8 {
                    group.addTask {
                        let dispense = Sample.dispense("D-\(number)")
                        return try await client.post(path, dispense, fields).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 1)
            #expect(statuses.count { $0 == 412 } == 7)
        }
    }

    @Test func `a key answers as before, whatever has changed since`() async throws {
        try await World().run { client in
            try await client.send(Sample.order())
            let tag = try #require(try await client.get(Self.path).headers[.eTag])
            let fields = HTTPFields(named: ["If-Match": tag, "Idempotency-Key": "k"])
            let path = Self.path + "/signals"
            let first = try await client.post(path, Sample.signal("accept"), fields)
            let second = try await client.post(path, Sample.signal("accept"), fields)
            #expect(first.status == 202)
            #expect(second.status == 202)
            #expect(second.json == first.json)
        }
    }

    @Test(arguments: ["", "7", "\"7", "7-aa, *", "W/"])
    func `an If-Match that is no list of tags is refused`(field: String) async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let path = Self.path + "/signals"
            let answer = try await client.post(path, Sample.signal("cancel"), ifMatch(field))
            #expect(answer.status == 422)
            #expect(answer.rule == "bad_if_match")
        }
    }

    @Test func `a star takes any version`() async throws {
        try await World().serve { client in
            _ = try await client.post("/v1/orders", Sample.order())
            let path = Self.path + "/signals"
            let answer = try await client.post(path, Sample.signal("cancel"), ifMatch(" * "))
            #expect(answer.status == 202)
        }
    }

    @Test func `an order is handed in with a key or without one`() async throws {
        try await World().serve { client in
            let fields = HTTPFields(named: ["Idempotency-Key": "k"])
            #expect(try await client.post("/v1/orders", Sample.order(), fields).status == 202)
            #expect(try await client.post("/v1/orders", Sample.order(), fields).status == 200)
            let bad = HTTPFields(named: ["Idempotency-Key": String(repeating: "k", count: 65)])
            for answer in [
                try await client.post("/v1/orders", Sample.order(), bad),
                try await client.batch([Sample.order().text], bad),
            ] {
                #expect(answer.status == 422)
                #expect(answer.rule == "bad_idempotency_key")
            }
        }
    }
}
