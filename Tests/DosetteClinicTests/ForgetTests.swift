import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import Testing

/// Forgetting a person, over real sockets and in real files.
@Suite("Forgetting a client", .timeLimit(.minutes(1)), .serialized)
struct ForgetTests {
    private static let order = OrderKey(source: "webshop", orderID: "HD-to-be-forgotten")

    /// What nobody may find afterwards.
    private static let secrets = [
        "Zyrtoxalin forte", "give Rekku one tablet", "owner Maija Meikalainen", "phone 0401234567",
        "Maija asked for it", "pack it in the red box", "987654321012",
    ]

    private static let document: JSON = [
        "order_id": "HD-to-be-forgotten", "source": "webshop", "clinic": .string(LiveStack.clinic),
        "personal": ["/prescription/prescription_items/0/dosage_form"],
        "prescription": [
            "client_id": 1, "department_id": 1, "prescriber_id": 1,
            "issue_time": .string(Timestamp(milliseconds: Self.nowMilliseconds).text),
            "remarks": "owner Maija Meikalainen, phone 0401234567",
            "prescription_items": [
                [
                    "name": "Zyrtoxalin forte", "patients": [1], "strength": "987654321012 mg",
                    "instructions": "give Rekku one tablet", "quantity_packages": 1,
                    "dosage_form": "pack it in the red box", "valid_until": "2099-01-01",
                    "repeat_number": 2,
                ]
            ],
        ],
    ]

    private static let nowMilliseconds = Int64(Date().timeIntervalSince1970 * 1000)
    private static var key: OrderKey {
        get throws { try #require(order) }
    }

    private static func path(_ word: String = "") -> String {
        "/v1/clients/\(LiveStack.clinic)/1\(word)"
    }

    private static let decision: JSON = ["by": "Aino", "reason": "the client asked for it"]

    /// Hands the order in, and cancels it with a person's words; nothing is open then.
    private func live(_ stack: LiveStack) async throws {
        let taken = try await stack.post("/v1/orders", Self.document)
        #expect(taken.status == 202, "\(taken.text)")
        let key = try Self.key
        try await stack.wait(for: key, "sent") { $0.prescription == .sent }
        let said: JSON = [
            "signal": "cancel", "by": "Aino", "reason": "Maija asked for it",
            "remarks": "owner Maija Meikalainen changed her mind",
        ]
        let path = "/v1/orders/webshop/HD-to-be-forgotten/signals"
        #expect(try await stack.post(path, said).status == 202)
        try await stack.wait(for: key, "closed") { !$0.isOpen }
    }

    /// The bytes of every file of the data directory.
    private func files(_ directory: URL) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory.path) {
            let data = try? Data(contentsOf: directory.appending(path: name))
            if let data, !data.isEmpty { found[name] = data }
        }
        return found
    }

    private func withStack(
        record: TimeSpan,
        _ body: (LiveStack, URL, Int) async throws -> Void
    ) async throws {
        try await LiveStack.withProvet { provet in
            try await LiveStack.withDirectory { directory in
                try await LiveStack.live(
                    provet,
                    directory,
                    { configuration in
                        configuration.personalData.recordRetention = record
                    },
                    { stack in try await body(stack, directory, provet) }
                )
            }
        }
    }

    // MARK: - Nothing is left

    @Test func `of a forgotten client no byte is left in any file or log`() async throws {
        try await withStack(record: .zero) { stack, directory, _ in
            try await live(stack)
            let path = "/v1/orders/webshop/HD-to-be-forgotten/events?by=Aino"
            let told = try await stack.get(path).text
            for secret in Self.secrets { #expect(told.contains(secret), "\(secret)") }
            let before = try await stack.engine.store.events(from: 0, limit: 10_000)
            let answer = try await stack.post(Self.path("/forget"), Self.decision)
            #expect(answer.status == 200, "\(answer.text)")
            let states = answer.json?["keys"]?.arrayValue?.compactMap { $0["state"]?.stringValue }
            #expect(states == ["destroyed", "destroyed"], "\(answer.text)")

            let files = try files(directory)
            // The search itself can fail: the order's own name stays, and is found.
            #expect(files.values.contains { $0.range(of: Data("HD-to-be-forgotten".utf8)) != nil })
            for secret in Self.secrets {
                for (name, data) in files {
                    #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) in \(name)")
                }
                #expect(!stack.log.text.contains(secret), "\(secret) in the log")
            }
            // Entries are what they were: their hashes and proofs stay.
            let after = try await stack.engine.store.events(from: 0, limit: 10_000)
            #expect(Array(after.prefix(before.count)) == before)
            let kinds = try after.dropFirst(before.count)
                .map { try EventCodec.envelope($0.entry).kind }
            #expect(
                kinds == ["client.forget_asked/1", "client.forgotten/1", "client.forgotten/1"]
            )
            try await stack.checkAudit()
            let report = try await AuditReplay.run(
                stack.engine.store,
                options: .init(opening: stack.engine.opening)
            )
            #expect(report.problems == [])
        }
    }

    @Test func `a forgotten order is shown without its words and takes none`() async throws {
        try await withStack(record: .zero) { stack, _, _ in
            try await live(stack)
            _ = try await stack.post(Self.path("/forget"), Self.decision)
            let order = "/v1/orders/webshop/HD-to-be-forgotten"
            #expect(try await stack.get(order).json?["prescription"]?["state"] == "canceled")
            let events = try await stack.get("\(order)/events")
            #expect(events.status == 200)
            #expect(events.text.contains("[sealed]"))
            let said: JSON = ["signal": "retry", "by": "Aino", "reason": "why not"]
            let refused = try await stack.post("\(order)/signals", said)
            #expect(refused.status == 409)
            #expect(refused.rule == "forgotten", "\(refused.text)")
            // The same document again is not known by its digest any more.
            let again = try await stack.post("/v1/orders", Self.document)
            #expect(again.status == 409)
            let rule = again.json?["errors"]?.arrayValue?.first?["rule"]
            #expect(rule == "forgotten", "\(again.text)")
            #expect(try await stack.get(Self.path()).status == 404)
        }
    }

    @Test func `with four eyes two persons forget, and the proposal names no client`() async throws
    {
        let twoForget: @Sendable (inout Configuration) -> Void = { configuration in
            configuration.personalData.recordRetention = .zero
            configuration.fourEyes = FourEyes([.forget])
        }
        try await LiveStack.run(twoForget) { stack in
            try await live(stack)
            let direct = try await stack.post(Self.path("/forget"), Self.decision)
            #expect(direct.status == 409 && direct.rule == "four_eyes", "\(direct.text)")
            let client = "\(LiveStack.clinic)/1"
            let made = try await stack.post(
                "/v1/proposals",
                Self.decision.with("do", "forget").with("client", .string(client))
            )
            #expect(made.status == 201, "\(made.text)")
            // Who decides knows whom it is about.
            #expect(made.json?["client"] == .string(client))
            let path = try #require(made.json?["proposal"]?.stringValue).confirming
            #expect(try await stack.post(path, Self.decision).rule == "same_person")
            #expect(try await stack.get(Self.path()).status == 200)
            let second: JSON = ["by": "Eino", "reason": "I saw the letter"]
            let done = try await stack.post(path, second)
            #expect(done.json?["state"] == "done", "\(done.text)")
            #expect(try await stack.get(Self.path()).status == 404)
            for event in try await stack.engine.store.events(from: 0, limit: 10_000) {
                let entry = try JSONReader.read(event.entry)
                guard entry["kind"]?.stringValue?.hasPrefix("proposal.") == true else { continue }
                let text = String(decoding: event.entry, as: UTF8.self)
                #expect(!text.contains(client) && !text.contains("client_id"), "\(text)")
                #expect(entry["data"]?["deed"]?["client"] == nil)
            }
            try await stack.checkAudit()
            let report = try await AuditReplay.run(
                stack.engine.store,
                options: .init(opening: stack.engine.opening)
            )
            #expect(report.problems == [])
        }
    }

    @Test func `nobody is asked to confirm what would be refused`() async throws {
        let twoForget: @Sendable (inout Configuration) -> Void = { configuration in
            configuration.fourEyes = FourEyes([.forget])
        }
        try await LiveStack.run(twoForget) { stack in
            #expect(try await stack.post("/v1/orders", Self.document).status == 202)
            let made = try await stack.post(
                "/v1/proposals",
                Self.decision.with("do", "forget").with("client", .string("\(LiveStack.clinic)/1"))
            )
            #expect(made.status == 409 && made.rule == "open_orders", "\(made.text)")
        }
    }

    // MARK: - What must be kept is kept

    @Test func `what the law wants kept is kept, and the rest goes`() async throws {
        try await withStack(record: .days(1_826)) { stack, directory, _ in
            try await live(stack)
            let answer = try await stack.post(Self.path("/forget"), Self.decision)
            let states = answer.json?["keys"]?.arrayValue?.compactMap { $0["state"]?.stringValue }
            #expect(states == ["to_be_destroyed", "destroyed"], "\(answer.text)")
            let told = try await stack.get("/v1/orders/webshop/HD-to-be-forgotten/events").text
            #expect(told.contains("Zyrtoxalin forte"))
            #expect(told.contains("Maija asked for it"))
            #expect(!told.contains("phone 0401234567"))
            #expect(!told.contains("red box"))
            // Nothing stands in plain text, though it is kept.
            for secret in Self.secrets {
                for (name, data) in try files(directory) {
                    #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) in \(name)")
                }
            }
            let again = try await stack.post(Self.path("/forget"), Self.decision)
            #expect(again.json == answer.json)
        }
    }

    @Test func `an open order, a legal hold and an unknown client are told apart`() async throws {
        try await withStack(record: .zero) { stack, _, _ in
            #expect(try await stack.post(Self.path("/forget"), Self.decision).status == 404)
            #expect(try await stack.post("/v1/orders", Self.document).status == 202)
            let open = try await stack.post(Self.path("/forget"), Self.decision)
            #expect(open.status == 409)
            #expect(open.rule == "open_orders")
            #expect(try await stack.post(Self.path("/forget"), ["by": "Aino"]).status == 422)
            try await stack.wait(for: Self.key, "sent") { $0.prescription == .sent }
            let cancel: JSON = ["signal": "cancel", "by": "Aino", "reason": "a mistake"]
            let path = "/v1/orders/webshop/HD-to-be-forgotten/signals"
            _ = try await stack.post(path, cancel)
            try await stack.wait(for: Self.key, "closed") { !$0.isOpen }
            let held = try await stack.post(Self.path("/hold"), Self.decision)
            #expect(held.json?["held"] == .bool(true))
            let refused = try await stack.post(Self.path("/forget"), Self.decision)
            #expect(refused.status == 409)
            #expect(refused.rule == "legal_hold")
            let released = try await stack.post(Self.path("/release"), Self.decision)
            #expect(released.json?["held"] == .bool(false))
            #expect(try await stack.post(Self.path("/forget"), Self.decision).status == 200)
            #expect(try await stack.get("/v1/clients/nordic-vets/x").status == 422)
        }
    }

    // MARK: - Crashes and copies

    @Test func `a key of an old copy is destroyed at the next start`() async throws {
        try await LiveStack.withProvet { provet in
            try await LiveStack.withDirectory { directory in
                let file = directory.appending(path: "keys/clients.sqlite")
                let copy = directory.appending(path: "old-copy")
                let change: @Sendable (inout Configuration) -> Void = {
                    $0.personalData.recordRetention = .zero
                }
                try await LiveStack.live(provet, directory, change) { stack in
                    try await live(stack)
                    try FileManager.default.copyItem(at: file, to: copy)
                    _ = try await stack.post(Self.path("/forget"), Self.decision)
                }
                try FileManager.default.removeItem(at: file)
                try FileManager.default.moveItem(at: copy, to: file)
                try await LiveStack.live(provet, directory, change) { stack in
                    let events = try await stack.get("/v1/orders/webshop/HD-to-be-forgotten/events")
                    #expect(events.text.contains("[sealed]"))
                    #expect(!events.text.contains("Zyrtoxalin"))
                    #expect(try await stack.get(Self.path()).status == 404)
                }
            }
        }
    }

    @Test func `a journal whose keys are lost is not worked on`() async throws {
        try await LiveStack.withProvet { provet in
            try await LiveStack.withDirectory { directory in
                try await LiveStack.live(provet, directory) { try await live($0) }
                try FileManager.default.removeItem(
                    at: directory.appending(path: "keys/clients.sqlite")
                )
                await #expect(throws: StoreError.self) {
                    try await LiveStack.live(provet, directory) { _ in }
                }
                try await LiveStack.live(
                    provet,
                    directory,
                    { $0.personalData.acceptsLostKeys = true },
                    { stack in
                        let order = "/v1/orders/webshop/HD-to-be-forgotten"
                        let answer = try await stack.get(order)
                        #expect(answer.status != 200)
                    }
                )
            }
        }
    }

    @Test func `no remarks are taken for whoever asked to be forgotten`() async throws {
        try await withStack(record: .days(1_826)) { stack, _, _ in
            try await live(stack)
            #expect(try await stack.post(Self.path("/forget"), Self.decision).status == 200)
            let path = "/v1/orders/webshop/HD-to-be-forgotten/signals"
            let remark: JSON = [
                "signal": "remark", "by": "Aino", "reason": "r", "remarks": "call again",
            ]
            let refused = try await stack.post(path, remark)
            #expect(refused.status == 409)
            #expect(refused.rule == "remarks_forgotten", "\(refused.text)")
            let again = try await stack.post(path, ["signal": "cancel", "by": "A", "reason": "r"])
            #expect(again.rule != "remarks_forgotten")
        }
    }

    // MARK: - Who read

    @Test func `who reads what is personal is an event, once in a while`() async throws {
        try await withStack(record: .zero) { stack, _, _ in
            try await live(stack)
            let path = "/v1/orders/webshop/HD-to-be-forgotten/events"
            _ = try await stack.get("\(path)?by=Aino")
            _ = try await stack.get("\(path)?by=Aino")
            _ = try await stack.get("\(path)?by=Eino")
            _ = try await stack.get("\(path)?form=sealed&by=Vieno")
            let events = try await stack.engine.store.events(of: .engine, from: 0, limit: 1_000)
            let reads = try events.map { try EventCodec.envelope($0.entry) }
                .filter { $0.kind == "operator.read/1" }
            #expect(reads.map(\.actor.name) == ["Aino", "Eino"])
            #expect(reads.first?.data["of"] == "webshop/HD-to-be-forgotten")
        }
    }
}

extension JSON {
    fileprivate func with(_ name: String, _ value: JSON) -> JSON {
        var object = objectValue ?? [:]
        object[name] = value
        return .object(object)
    }
}

extension String {
    /// Where a proposal with this id is confirmed.
    fileprivate var confirming: String { "/v1/proposals/\(self)/confirm" }
}
