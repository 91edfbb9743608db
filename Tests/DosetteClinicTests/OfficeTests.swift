import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import DosetteStore
import Foundation
import Testing

/// Clinics come, change and go while the server runs.
@Suite("The office of the clinics, whole", .timeLimit(.minutes(1)), .serialized)
struct OfficeTests {
    private static let south = "south-vets"
    private static let secret = "south-secret-that-is-nowhere-in-clear"

    @Test func `a clinic hooks up while the server runs, and an order goes through it`()
        async throws
    {
        try await LiveStack.run { stack in
            let early = try await stack.submit("HD-0", clinic: Self.south).answer
            #expect(early.status == 422)
            let (status, view) = try await stack.hookUp("9", as: Self.south)
            #expect(status == 200)
            #expect(view?["state"] == "ready")
            let (key, taken) = try await stack.submit("HD-1", clinic: Self.south)
            #expect(taken.status == 202)
            try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            try await stack.say("accept", to: key)
            try await stack.wait(for: key, "charged") { $0.fee == .charged }
            let ledger = try await stack.ledger()
            #expect(ledger.allSatisfy { $0.installation == "9" })
            #expect(ClinicTruth(ledger).repeated == [])
            try await stack.checkAudit()
        }
    }

    @Test func `whoever brings what is wrong is told so, and nothing is kept`() async throws {
        try await LiveStack.run { stack in
            let (status, view) = try await stack.hookUp("9", as: Self.south)
            #expect(status == 200, "\(String(describing: view))")
            // Another installation under the name of one that is there.
            let taken = try await stack.hookUp("11", as: Self.south)
            #expect(taken.status == 409)
            #expect(taken.body?["rule"] == "another_installation")
            let own = try await stack.hookUp("9", as: LiveStack.clinic)
            #expect(own.status == 409)
            // Credentials that do not work, and a host that is none of Provet's.
            let bad = try await stack.bring(stack.payload(secret: "wrong"), as: "east-vets")
            #expect(bad.status == 422)
            #expect(bad.rule == "not_allowed_at_provet")
            // Whoever signs in at one installation does not speak for another one.
            var borrowed = stack.payload(secret: Self.secret)
            borrowed["provet_id"] = "4"
            let borrower = try await stack.bring(borrowed, as: "borrower")
            #expect(borrower.status == 422)
            #expect(borrower.text.contains("another_installation"))
            var foreign = stack.payload(secret: Self.secret)
            foreign["token_url"] = "https://evil.example/9/oauth2/token/"
            let stranger = try await stack.bring(foreign, as: "east-vets")
            #expect(stranger.status == 422)
            #expect(stranger.text.contains("foreign_host"))
            var hidden = stack.payload(secret: Self.secret)
            hidden["token_url"] = "http://127.0.0.1@evil.example/9/oauth2/token/"
            #expect(try await stack.bring(hidden, as: "east-vets").status == 422)
            let forged = try await stack.post(
                "/hookup/not-the-token/east-vets",
                .object(stack.payload(secret: Self.secret))
            )
            #expect(forged.status == 404)
            #expect(stack.engine.clinics.clinic("east-vets") == nil)
            let kept = stack.engine.clinics.clinic(Self.south)?.configuration
            #expect(kept?.baseURL.contains("/9/") == true)
            let events = try await stack.clinicEvents()
            #expect(events.map(\.kind) == ["clinic.added/1"])
            try await stack.checkAudit()
        }
    }

    @Test func `a clinic is added, changed, held back, let go and removed, each an event`()
        async throws
    {
        try await LiveStack.run { stack in
            let path = "/v1/clinics/\(Self.south)"
            try await stack.hookUp("9", as: "spare", secret: Self.secret)
            var draft = stack.draft(Self.south, secret: Self.secret)
            let added = try await stack.post("/v1/clinics", .object(draft))
            #expect((200...201).contains(added.status), "\(added.text)")
            draft["time_zone"] = "Europe/Lisbon"
            let changed = try await stack.post("/v1/clinics", .object(draft))
            #expect((200...201).contains(changed.status), "\(changed.text)")
            #expect(changed.json?["time_zone"] == "Europe/Lisbon")
            let why: JSON = ["by": "Aino", "reason": "the clinic moves"]
            #expect(try await stack.post("\(path)/disable", why).status == 200)
            let refused = try await stack.submit("HD-1", clinic: Self.south).answer
            #expect(refused.status == 422)
            #expect(refused.text.contains("clinic_disabled"))
            #expect(try await stack.post("\(path)/enable", why).status == 200)
            let (key, taken) = try await stack.submit("HD-1", clinic: Self.south)
            #expect(taken.status == 202)
            try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            let ready = try await stack.send("DELETE", path, type: "application/json", why.text)
            #expect(ready.status == 409, "not held back: \(ready.text)")
            try await stack.say("reject", to: key)
            try await stack.wait(for: key, "rejected and told") {
                !$0.isOpen && $0.parts.allSatisfy(\.entries.isEmpty)
            }
            let (open, _) = try await stack.submit("HD-2", clinic: Self.south)
            #expect(try await stack.post("\(path)/disable", why).status == 200)
            let busy = try await stack.send("DELETE", path, type: "application/json", why.text)
            #expect(busy.status == 409, "open orders hold it: \(busy.text)")
            #expect(try await stack.post("\(path)/enable", why).status == 200)
            try await stack.wait(for: open, "sent") { $0.prescription == .sent }
            try await stack.say("reject", to: open)
            try await stack.wait(for: open, "rejected and told") {
                !$0.isOpen && $0.parts.allSatisfy(\.entries.isEmpty)
            }
            #expect(try await stack.post("\(path)/disable", why).status == 200)
            let gone = try await stack.send("DELETE", path, type: "application/json", why.text)
            #expect((200..<300).contains(gone.status), "\(gone.text)")
            #expect(try await stack.get(path).status == 404)
            let events = try await stack.clinicEvents().filter { $0.clinic == Self.south }
            let names = [
                "added", "changed", "disabled", "enabled", "disabled", "enabled", "disabled",
                "removed",
            ]
            #expect(events.map(\.kind) == names.map { "clinic.\($0)/1" })
            #expect(events.allSatisfy { $0.actor == Actor(.person, name: "Aino") })
            #expect(events.dropFirst(2).allSatisfy { $0.reason == "the clinic moves" })
            try await stack.checkAudit()
        }
    }

    @Test func `a clinic that is held back gets no call, and goes on afterwards`() async throws {
        try await LiveStack.run { stack in
            try await stack.hookUp("9", as: Self.south)
            let (key, _) = try await stack.submit("HD-1", clinic: Self.south)
            try await stack.wait(for: key, "sent") { $0.prescription == .sent }
            let why: JSON = ["by": "Aino", "reason": "a test"]
            let path = "/v1/clinics/\(Self.south)"
            #expect(try await stack.post("\(path)/disable", why).status == 200)
            try await stack.say("accept", to: key)
            // Its webhooks are answered and lead to nothing.
            let hooks = stack.hookSecret(of: Self.south)
            let hints = stack.engine.counters.hints
            let hooked = try await stack.postForm("/hooks/\(Self.south)/\(hooks)", "client_id=7")
            #expect(hooked.status == 200)
            #expect(stack.engine.counters.hints == hints)
            let before = try await stack.ledger().count
            let looks = stack.engine.counters.reconciled
            // Several rounds of the other clinic pass meanwhile.
            let (other, _) = try await stack.submit("HD-2")
            try await stack.wait(for: other, "sent") { $0.prescription == .sent }
            try await stack.pass { stack.engine.counters.reconciled >= looks + 3 }
            let south = try await stack.ledger().filter { $0.installation == "9" }
            #expect(south.count <= before)
            #expect(!south.contains { $0.statusNew == 4 })
            #expect(await stack.engine.waitingDetail(try await stack.engine.order(key)) != nil)
            #expect(try await stack.post("\(path)/enable", why).status == 200)
            try await stack.wait(for: key, "charged") { $0.fee == .charged }
        }
    }

    @Test func `after a restart the clinic is there, and without the key it is held back`()
        async throws
    {
        try await LiveStack.withProvet { provet in
            try await LiveStack.withDirectory { directory in
                var logs: [String] = []
                try await LiveStack.live(provet, directory) { stack in
                    let hooked = try await stack.hookUp("9", as: Self.south, secret: Self.secret)
                    #expect(hooked.status == 200)
                    let (key, _) = try await stack.submit("HD-1", clinic: Self.south)
                    try await stack.wait(for: key, "sent") { $0.prescription == .sent }
                    let views = try await stack.get("/v1/clinics").text
                    #expect(views.contains(Self.south))
                    #expect(!views.contains(Self.secret))
                    logs.append(stack.log.text)
                }
                try await LiveStack.live(provet, directory) { stack in
                    let key = try #require(OrderKey(source: "webshop", orderID: "HD-1"))
                    try await stack.say("accept", to: key)
                    try await stack.wait(for: key, "charged") { $0.fee == .charged }
                    logs.append(stack.log.text)
                }
                let other = directory.deletingLastPathComponent()
                    .appending(path: "other-key-\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: other) }
                let stranger: @Sendable (inout Configuration) -> Void = { $0.keyFile = other.path }
                try await LiveStack.live(provet, directory, stranger) { stack in
                    #expect(stack.engine.clinics.isDisabled(Self.south))
                    let refused = try await stack.submit("HD-2", clinic: Self.south).answer
                    #expect(refused.text.contains("clinic_disabled"))
                    let (key, _) = try await stack.submit("HD-3")
                    try await stack.wait(for: key, "the others work") { $0.prescription == .sent }
                    logs.append(stack.log.text)
                    try await stack.checkAudit()
                }
                #expect(logs.allSatisfy { !$0.isEmpty && !$0.contains(Self.secret) })
                try Self.checkFiles(directory)
            }
        }
    }

    /// No file has the secret in clear, and one has the clinic's name: it is looked for rightly.
    private static func checkFiles(_ directory: URL) throws {
        let files = try #require(
            FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
        )
        var hasName = false
        for case let file as URL in files where !file.hasDirectoryPath {
            let bytes = try Data(contentsOf: file)
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file.lastPathComponent)")
            hasName = hasName || bytes.range(of: Data(south.utf8)) != nil
        }
        #expect(hasName)
    }
}

extension LiveStack {
    /// What Provet POSTs to the hookup URL, as anybody can make it.
    fileprivate func payload(secret: String) -> JSONObject {
        [
            "provet_id": "9", "client_id": "south-client", "client_secret": .string(secret),
            "algorithm": "RS256", "authorization_grant_type": "client-credentials",
            "client_type": "confidential", "redirect_uris": "",
            "token_url": .string("\(provetRoot)/9/oauth2/token/"),
        ]
    }

    fileprivate func bring(_ payload: JSONObject, as name: String) async throws -> Answer {
        try await post("/hookup/\(Self.hookupToken)/\(name)", .object(payload))
    }

    fileprivate func draft(_ id: String, secret: String) -> JSONObject {
        [
            "id": .string(id), "base_url": .string("\(provetRoot)/9/api/0.1"),
            "token_url": .string("\(provetRoot)/9/oauth2/token/"), "client_id": "south-client",
            "client_secret": .string(secret), "time_zone": "Europe/Helsinki", "by": "Aino",
        ]
    }

    /// The events of stream 0 that tell of clinics.
    fileprivate func clinicEvents() async throws -> [ClinicEventLine] {
        let events = try await engine.store.events(of: .engine, from: 0, limit: 1_000)
        return try events.compactMap { event in
            let json = try JSONReader.read(event.entry)
            guard let kind = json["kind"]?.stringValue, kind.hasPrefix("clinic.") else {
                return nil
            }
            let envelope = try EventCodec.envelope(event.entry)
            return ClinicEventLine(
                kind: kind,
                clinic: json["data"]?["clinic"]?.stringValue,
                actor: envelope.actor,
                reason: envelope.reason
            )
        }
    }

    /// Waits, a bounded time, until a condition holds that no order tells of.
    fileprivate func pass(until condition: () -> Bool) async throws {
        let end = engine.clock.now().advanced(by: .seconds(20))
        while !condition() {
            guard engine.clock.now() < end else { throw NeverCame(what: "a condition") }
            try await engine.clock.sleep(
                until: engine.clock.now().advanced(by: .milliseconds(10))
            )
        }
    }
}

struct ClinicEventLine {
    let kind: String
    let clinic: String?
    let actor: Actor
    let reason: String?
}
