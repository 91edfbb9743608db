import DosetteCore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

/// A directory of a test's own with the path of a file of tokens in it.
private func withTokenFile(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await body(directory.appending(path: "tokens").path)
}

private func text(_ file: String) throws -> String {
    try String(contentsOfFile: file, encoding: .utf8)
}

@Suite("Making and revoking tokens", .timeLimit(.minutes(1)))
struct TokenFileTests {
    private func make(_ owner: String, _ file: String) throws -> TokenFile.Made {
        try TokenFile.create(owner: owner, roles: [.operator], expiresAt: nil, in: file)
    }

    @Test func `the file keeps the digest alone, and only its owner reads it`() async throws {
        try await withTokenFile { file in
            let made = try TokenFile.create(
                owner: "maria",
                roles: [.pharmacist, .auditor],
                expiresAt: Timestamp(text: "2027-01-31T00:00:00Z"),
                in: file
            )
            #expect(!(try text(file).contains(made.secret)))
            #expect(made.secret.utf8.count == "dosette_".utf8.count + 64)
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(!FileManager.default.fileExists(atPath: file + ".new"))
            let tokens = try AccessTokens.read(file: file)
            #expect(tokens == [made.token])
            #expect(AccessTokens.token(of: made.secret, among: tokens) == made.token)
        }
    }

    @Test func `two tokens of one person differ`() async throws {
        try await withTokenFile { file in
            let one = try make("maria", file)
            let two = try make("maria", file)
            #expect(one.secret != two.secret && one.token.id != two.token.id)
            #expect(try AccessTokens.read(file: file).count == 2)
        }
    }

    @Test func `what stands in the file already stays as it is`() async throws {
        try await withTokenFile { file in
            _ = try make("webshop", file)
            let plain = "shop " + String(repeating: "p", count: 32) + " # since May"
            let before = try text(file) + "\n# a comment\n" + plain
            try Data(before.utf8).write(to: URL(filePath: file))
            let made = try make("maria", file)
            #expect(try text(file).hasPrefix(before + "\nmaria sha256:"))
            _ = try TokenFile.revoke(made.token.id, in: file)
            #expect(try text(file) == before + "\n")
        }
    }

    @Test func `a link stays a link, and what it leads to is changed`() async throws {
        try await withTokenFile { file in
            _ = try make("webshop", file)
            let link = file + "-link"
            try FileManager.default.createSymbolicLink(
                atPath: link,
                withDestinationPath: file
            )
            _ = try make("maria", link)
            let attributes = try FileManager.default.attributesOfItem(atPath: link)
            #expect(attributes[.type] as? FileAttributeType == .typeSymbolicLink)
            #expect(try AccessTokens.read(file: file).map(\.owner) == ["webshop", "maria"])
        }
    }

    @Test func `an owner that is no name, and a token without a role, make nothing`() async throws {
        try await withTokenFile { file in
            #expect(throws: AccessTokensError.self) { try make("two words", file) }
            #expect(throws: AccessTokensError.self) { try make("a\nb", file) }
            #expect(throws: AccessTokensError.self) {
                try TokenFile.create(owner: "maria", roles: [], expiresAt: nil, in: file)
            }
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func `a file that others can read or that is broken is left alone`() async throws {
        try await withTokenFile { file in
            let made = try make("maria", file)
            let before = try text(file)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            #expect(throws: AccessTokensError.self) { try make("eino", file) }
            #expect(throws: AccessTokensError.self) {
                try TokenFile.revoke(made.token.id, in: file)
            }
            #expect(try text(file) == before)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            try Data((before + "broken\n").utf8).write(to: URL(filePath: file))
            #expect(throws: AccessTokensError.self) { try make("eino", file) }
            #expect(try text(file) == before + "broken\n")
        }
    }

    @Test func `the last token is kept`() async throws {
        try await withTokenFile { file in
            let one = try make("maria", file)
            let two = try make("eino", file)
            #expect(try TokenFile.revoke(one.token.id, in: file) == one.token)
            #expect(throws: AccessTokensError.self) { try TokenFile.revoke(one.token.id, in: file) }
            #expect(throws: AccessTokensError.self) { try TokenFile.revoke(two.token.id, in: file) }
            #expect(try AccessTokens.read(file: file) == [two.token])
        }
    }
}

@Suite("The tokens that are valid now", .timeLimit(.minutes(1)))
struct TokenBookTests {
    private let now = World.someTime

    /// A book that looks at its file each time it is asked.
    private func book(_ file: String) throws -> TokenBook {
        try TokenBook(file: file, lookInterval: .zero, logger: World.logger)
    }

    @Test func `a token is valid as soon as it is made, and no more when it is revoked`()
        async throws
    {
        try await withTokenFile { file in
            let one = try TokenFile.create(owner: "a", roles: [.auditor], expiresAt: nil, in: file)
            let book = try book(file)
            let two = try TokenFile.create(owner: "b", roles: [.auditor], expiresAt: nil, in: file)
            #expect(book.token(of: two.secret, at: now) == two.token)
            _ = try TokenFile.revoke(one.token.id, in: file)
            #expect(book.token(of: one.secret, at: now) == nil)
            #expect(!book.stillHolds(one.token, at: now))
            #expect(book.stillHolds(two.token, at: now))
        }
    }

    @Test func `between two looks the file is left alone`() async throws {
        try await withTokenFile { file in
            _ = try TokenFile.create(owner: "a", roles: [.auditor], expiresAt: nil, in: file)
            let book = try TokenBook(
                file: file,
                lookInterval: .seconds(3_600),
                logger: World.logger
            )
            let two = try TokenFile.create(owner: "b", roles: [.auditor], expiresAt: nil, in: file)
            #expect(book.token(of: two.secret, at: now) == nil)
        }
    }

    @Test func `a file that broke leaves the tokens as they were, until it is mended`() async throws
    {
        try await withTokenFile { file in
            let one = try TokenFile.create(owner: "a", roles: [.auditor], expiresAt: nil, in: file)
            let book = try book(file)
            let whole = try text(file)
            for broken in ["", "nonsense\n", whole + "x y z\n"] {
                try Data(broken.utf8).write(to: URL(filePath: file))
                #expect(book.token(of: one.secret, at: now) == one.token, "\(broken)")
            }
            try FileManager.default.removeItem(atPath: file)
            #expect(book.token(of: one.secret, at: now) == one.token)
            #expect(book.asksForTokens)
            let two = try TokenFile.create(owner: "b", roles: [.auditor], expiresAt: nil, in: file)
            #expect(book.token(of: two.secret, at: now) == two.token)
            #expect(book.token(of: one.secret, at: now) == nil)
        }
    }

    @Test func `a token whose roles changed is another one`() async throws {
        try await withTokenFile { file in
            let one = try TokenFile.create(owner: "a", roles: [.auditor], expiresAt: nil, in: file)
            let book = try book(file)
            let changed = try text(file).replacing("roles=auditor", with: "roles=operator")
            try Data(changed.utf8).write(to: URL(filePath: file))
            #expect(!book.stillHolds(one.token, at: now))
            #expect(book.token(of: one.secret, at: now)?.roles == [.operator])
        }
    }

    @Test func `a token ends at its time, to the millisecond`() {
        let end = now.advanced(by: .hours(1))
        let secret = String(repeating: "e", count: 32)
        let token = AccessToken(owner: "a", token: secret, roles: [.intake], expiresAt: end)
        let book = TokenBook([token])
        #expect(book.token(of: secret, at: end.advanced(by: .milliseconds(-1))) == token)
        #expect(book.token(of: secret, at: end) == nil)
        #expect(book.asksForTokens, "a door whose last token is over stays shut")
    }
}

@Suite("Trying tokens", .timeLimit(.minutes(1)))
struct DoorWatchTests {
    private static let right = String(repeating: "r", count: 32)
    private let start = World.someTime

    private func gate() -> Gate {
        Gate(tokens: TokenBook([AccessToken(owner: "a", token: Self.right)]), doors: DoorWatch())
    }

    private func refusal(
        _ gate: Gate,
        _ token: String,
        from address: String,
        at now: Timestamp
    ) -> Problem? {
        do {
            _ = try gate.enter(token, from: address, at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `after ten wrong tokens an address waits ten minutes`() {
        let gate = gate()
        for _ in 1...DoorWatch.failuresMaximum {
            #expect(refusal(gate, "wrong", from: "10.0.0.1", at: start)?.rule == "token_unknown")
        }
        let problem = refusal(gate, "wrong", from: "10.0.0.1", at: start)
        #expect(problem?.rule == "locked_out")
        #expect(problem?.retryAfterSeconds == 600)
        #expect(problem?.kind.status == .tooManyRequests)
        let almost = start.advanced(by: .milliseconds(599_999))
        #expect(refusal(gate, "wrong", from: "10.0.0.1", at: almost)?.retryAfterSeconds == 1)
        let end = start.advanced(by: DoorWatch.span)
        #expect(refusal(gate, "wrong", from: "10.0.0.1", at: end)?.rule == "token_unknown")
    }

    @Test func `other addresses, and right tokens, are never kept out`() {
        let gate = gate()
        for _ in 1...100 { _ = refusal(gate, "wrong", from: "10.0.0.1", at: start) }
        #expect(refusal(gate, Self.right, from: "10.0.0.1", at: start) == nil)
        #expect(refusal(gate, "wrong", from: "10.0.0.2", at: start)?.rule == "token_unknown")
    }

    @Test func `wrong tokens now and then lock nobody out`() {
        let gate = gate()
        for turn in 0..<100 {
            let now = start.advanced(by: .minutes(Int64(turn) * 2))
            #expect(refusal(gate, "wrong", from: "10.0.0.1", at: now)?.rule == "token_unknown")
        }
    }

    @Test func `a clock that jumps back keeps nobody out`() {
        let gate = gate()
        for _ in 1...DoorWatch.failuresMaximum {
            _ = refusal(gate, "wrong", from: "10.0.0.1", at: start)
        }
        let before = start.advanced(by: .hours(-1))
        #expect(refusal(gate, "wrong", from: "10.0.0.1", at: before)?.rule == "token_unknown")
    }

    @Test func `so many addresses are remembered, the newest`() {
        let doors = DoorWatch()
        func fail(_ address: Int, _ times: Int) {
            let now = start.advanced(by: .milliseconds(Int64(address)))
            for _ in 1...times { doors.noteFailure("\(address)", at: now) }
        }
        fail(0, DoorWatch.failuresMaximum)
        for address in 1..<DoorWatch.addressesMaximum { fail(address, 1) }
        let now = start.advanced(by: .seconds(60))
        #expect(doors.wait("0", at: now) != nil)
        fail(DoorWatch.addressesMaximum, 1)
        #expect(doors.wait("0", at: now) == nil)
    }

    @Test func `a caller has so many calls at once, and so many a second`() {
        let rates = CallRates(perSecond: 2, burst: 3)
        func taken(_ caller: String, _ milliseconds: Int64) -> Int {
            let now = start.advanced(by: .milliseconds(milliseconds))
            return (1...10).count { _ in rates.take(caller, at: now) }
        }
        #expect(taken("a", 0) == 3)
        #expect(taken("b", 0) == 3, "each has a bucket of its own")
        #expect(taken("a", 499) == 0)
        #expect(taken("a", 1_000) == 2)
        #expect(taken("a", 3_600_000) == 3, "no pause gives more than the burst")
        #expect(taken("a", 0) == 0, "a clock that jumps back gives nothing")
        #expect(taken("a", 500) == 1, "and takes nothing away for long")
    }

    @Test func `in the API a lock-out tells when to come again`() async throws {
        try await World(tokens: RoleToken.all).serve { client in
            let wrong = HTTPFields(named: ["Authorization": "Bearer nonsense"])
            for _ in 1...DoorWatch.failuresMaximum {
                #expect(try await client.get("/v1/orders", wrong).status == 401)
            }
            let answer = try await client.get("/v1/orders", wrong)
            #expect(answer.status == 429 && answer.headers[.retryAfter] == "600")
            let right = RoleToken.bearer(.auditor)
            #expect(try await client.get("/v1/orders", right).status == 200)
        }
    }
}
