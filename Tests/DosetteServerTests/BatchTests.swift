import DosetteCore
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Handing orders in by the batch", .timeLimit(.minutes(1)))
struct BatchTests {
    private static let type = HTTPFields(named: ["Content-Type": "application/x-ndjson"])

    private static func statuses(_ answer: Client.Answer) -> [Int] {
        answer.lines.compactMap { $0["status"]?.intValue }
    }

    @Test func `lines are answered in their order`() async throws {
        try await World().serve { client in
            let ids = (1...300).map { "HD-\($0)" }
            let answer = try await client.batch(ids.map { Sample.order($0).text }, Self.type)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            #expect(answer.lines.compactMap { $0["line"]?.intValue } == Array(1...300))
            #expect(answer.lines.compactMap { $0["order_id"]?.stringValue } == ids)
            #expect(Self.statuses(answer).allSatisfy { $0 == 202 })
            #expect(try await client.get("/v1/orders?limit=1000").json?["next"] == .null)
        }
    }

    @Test func `a bad line does not stop the others`() async throws {
        try await World().serve { client in
            let long = Sample.order("HD-long").text + String(repeating: " ", count: 48 * 1024)
            let answer = try await client.batch([
                Sample.order("HD-1").text,
                "{not json",
                "",
                Sample.order("HD-2").with("/clinic", "nowhere").text,
                long,
                "   \r",
                "[]",
                Sample.order("HD 3").text,
                Sample.order("HD-4").text + "\r",
            ])
            #expect(answer.lines.compactMap { $0["line"]?.intValue } == [1, 2, 4, 5, 7, 8, 9])
            #expect(Self.statuses(answer) == [202, 400, 422, 413, 422, 422, 202])
            let ids = answer.lines.map { $0["order_id"] }
            #expect(ids == ["HD-1", .null, "HD-2", .null, .null, .null, "HD-4"])
            #expect(answer.lines[0]["problem"] == nil)
            #expect(answer.lines[1]["problem"]?["title"] == "Not JSON")
            let error = answer.lines[2]["problem"]?["errors"]?.arrayValue?.first
            #expect(error?["rule"] == "unknown_clinic")
        }
    }

    @Test func `of lines about one order the first one is the order`() async throws {
        try await World().serve { client in
            for number in 1...20 {
                let answer = try await client.batch([
                    Sample.order("HD-\(number)").text,
                    Sample.order("HD-\(number)", remarks: "other").text,
                    Sample.order("HD-\(number)").text,
                ])
                #expect(Self.statuses(answer) == [202, 409, 200])
            }
        }
    }

    @Test func `a full queue refuses line by line`() async throws {
        try await World(queuedOrders: 2).serve { client in
            let lines = (1...4).map { Sample.order("HD-\($0)").text }
            let answer = try await client.batch(lines)
            #expect(Self.statuses(answer).sorted() == [202, 202, 503, 503])
            let problem = answer.lines.first { $0["status"] == 503 }?["problem"]
            #expect(problem?["rule"] == "queue_full")
            #expect(problem?["retry_after"] == 5)
        }
    }

    @Test func `an empty batch has an empty answer`() async throws {
        try await World().serve { client in
            let answer = try await client.batch(["", "", ""])
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
        }
    }

    @Test(arguments: [("application/json", 415), ("application/jsonl", 200), ("text/csv", 415)])
    func `a batch says that it is lines or says nothing`(type: String, status: Int) async throws {
        try await World().serve { client in
            let headers = HTTPFields(named: ["Content-Type": type])
            let answer = try await client.batch([Sample.order().text], headers)
            #expect(answer.status == status)
        }
    }

    @Test func `a batch that is announced as too long is refused`() async throws {
        try await World().serve { client in
            let length = "\(64 * 1024 * 1024 + 1)"
            let headers = HTTPFields(named: ["Content-Length": length])
            let answer = try await client.call(.post, "/v1/orders/batch", headers)
            #expect(answer.status == 413)
        }
    }
}

@Suite("Cutting a body into lines", .timeLimit(.minutes(1)))
struct LineSplitterTests {
    /// The lines of `text`, fed in pieces of `size` bytes.
    private func lines(_ text: String, by size: Int, limit: Int = 8) -> [String] {
        var splitter = LineSplitter(byteCountMaximum: limit)
        var lines: [LineSplitter.Line] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            lines += splitter.feed(bytes[start..<min(bytes.count, start + size)])
        }
        lines += splitter.finish()
        return lines.map { line in
            switch line.content {
            case .bytes(let bytes): "\(line.number) \(String(decoding: bytes, as: UTF8.self))"
            case .tooLong: "\(line.number) too long"
            }
        }
    }

    @Test(arguments: 1...30)
    func `lines do not depend on how the bytes come`(size: Int) {
        let text = "one\n\n  \r\n12345678\n123456789\n12345678\r\n123456789\r\nlast"
        #expect(
            lines(text, by: size) == [
                "1 one", "4 12345678", "5 too long", "6 12345678", "7 too long", "8 last",
            ]
        )
    }

    @Test func `an end at the end begins no line`() {
        #expect(lines("one\n", by: 2) == ["1 one"])
        #expect(lines("", by: 1).isEmpty)
        #expect(lines("123456789", by: 4) == ["1 too long"])
    }
}
