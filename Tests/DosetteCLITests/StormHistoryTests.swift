import DosetteCore
import Testing

@testable import DosetteCLI

@Suite("What clients of a storm were told")
struct StormHistoryTests {
    private typealias Stored = StormHistory.Stored

    /// A history in which order 0 is sent three times: taken, known, and refused with another content.
    private static let told = [(202, 0), (200, 0), (409, 1)]

    private func problems(
        _ told: [(status: Int, content: Int)],
        stored: [Stored] = [Stored(order: 0, content: 0)],
        shown: [Int] = [0],
        sent: Int? = nil
    ) -> [String] {
        var history = StormHistory()
        for (status, content) in told {
            history.note(
                status,
                to: StormDocument(order: 0, content: content, notation: .plain)
            )
        }
        return history.problems(stored: stored, shown: shown, sent: sent ?? told.count)
    }

    @Test func `a history that agrees with the journal has no problem`() {
        #expect(problems(Self.told) == [])
    }

    @Test func `an order whose acknowledgement nobody heard may be known at once`() {
        #expect(problems([(200, 0), (409, 1)]) == [])
    }

    @Test func `an acknowledged order that is gone is found`() {
        #expect(
            problems([(202, 0)], stored: [], shown: []) == [
                "order S-0 was acknowledged and is gone"
            ]
        )
    }

    @Test func `an order that was only called known and is not there is found`() {
        #expect(
            problems([(200, 0)], stored: [], shown: []) == [
                "order S-0 was answered and is not there"
            ]
        )
    }

    @Test func `a second 202 is found, also for the same content`() {
        #expect(problems([(202, 0), (202, 0)]) == ["order S-0 was taken in 2 times"])
    }

    @Test func `a 202 for another content than the stored one is found`() {
        #expect(
            problems([(202, 1), (200, 0)]) == [
                "order S-0 was acknowledged with another content than it has"
            ]
        )
    }

    @Test func `a 200 for another content is found`() {
        #expect(
            problems([(202, 0), (200, 1)]) == [
                "order S-0 was called known with another content than it has"
            ]
        )
    }

    @Test func `a 409 for the order's own content is found`() {
        #expect(
            problems([(202, 0), (409, 0)]) == [
                "order S-0 was refused as a conflict with its own content"
            ]
        )
    }

    @Test func `a content that nobody was told of is found`() {
        #expect(
            problems([(409, 1)]) == ["order S-0 has a content that nobody was told was taken"]
        )
    }

    @Test func `two orders under one id are found`() {
        let twice = [Stored(order: 0, content: 0), Stored(order: 0, content: 0)]
        #expect(
            problems(Self.told, stored: twice) == ["order S-0 is in the journal more than once"]
        )
    }

    @Test func `a list that shows an order twice, or not at all, is found`() {
        #expect(problems(Self.told, shown: [0, 0]) == ["a list shows an order twice"])
        #expect(
            problems(Self.told, shown: []) == [
                "order S-0 is in a list or in the journal, not in both"
            ]
        )
    }

    @Test func `an order that was never sent is found`() {
        let more = [Stored(order: 0, content: 0), Stored(order: 7, content: nil)]
        #expect(
            problems(Self.told, stored: more, shown: [0, 7]) == [
                "order S-7 is there and was never sent"
            ]
        )
    }

    @Test func `a document without an answer, or with another one, is found`() {
        #expect(problems(Self.told, sent: 4) == ["4 documents were sent and 3 answered"])
        #expect(problems(Self.told + [(422, 0)]) == ["order S-0 was answered with 422"])
    }
}

@Suite("What clients of a storm send")
struct StormLoadTests {
    private let rules: OrderRules

    init() throws {
        let today = try #require(CalendarDate(year: 2025, month: 8, day: 21))
        rules = OrderRules(
            clinicNames: Stage.clinics.map(\.0),
            intervalUnits: []
        ) { _ in
            OrderRules.Clinic(today: today) { _ in today }
        }
    }

    private func meaning(_ document: StormDocument) throws -> [UInt8] {
        let json = try JSONReader.read(document.bytes)
        return try OrderDocument.decode(json, rules: rules).meaning.canonicalBytes
    }

    @Test func `another notation is other bytes and the same content`() throws {
        let plain = StormDocument(order: 3, content: 0, notation: .plain)
        for seed in UInt64(1)...100 {
            let other = StormDocument(order: 3, content: 0, notation: .other(seed))
            #expect(other.bytes != plain.bytes, "seed \(seed)")
            #expect(try meaning(other) == meaning(plain), "seed \(seed)")
        }
    }

    @Test func `another content is another content, and is recognised`() throws {
        let first = StormDocument(order: 3, content: 0, notation: .plain)
        let second = StormDocument(order: 3, content: 2, notation: .plain)
        #expect(try meaning(first) != meaning(second))
        let prescription = try JSONReader.read(second.bytes)["prescription"]?.objectValue
        #expect(StormDocument.content(of: try #require(prescription)) == 2)
        #expect(StormDocument.order(of: second.orderID) == 3)
    }

    @Test func `all kinds of documents are drawn, and all are sent`() {
        let load = StormLoad(documents: 2_000, seed: 1)
        let documents = load.units.flatMap { $0 }
        #expect(documents.count == 2_000)
        #expect(documents.contains { $0.content > 0 })
        #expect(documents.contains { $0.content == 0 && $0.notation != .plain })
        let plain = documents.filter { $0.content == 0 && $0.notation == .plain }
        #expect(Set(plain).count < plain.count, "no exact duplicate was drawn")
        #expect(load.units.contains { $0.count == 1 })
        #expect(load.units.contains { $0.count > 1 })
    }

    @Test func `the same seed draws the same documents`() {
        #expect(
            StormLoad(documents: 500, seed: 7).units == StormLoad(documents: 500, seed: 7).units
        )
        #expect(
            StormLoad(documents: 500, seed: 7).units != StormLoad(documents: 500, seed: 8).units
        )
    }
}
