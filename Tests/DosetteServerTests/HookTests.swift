import DosetteCore
import DosetteEngine
import DosetteKeys
import HTTPTypes
import HummingbirdTesting
import Logging
import Synchronization
import Testing

@testable import DosetteServer

@Suite("Webhooks from Provet", .timeLimit(.minutes(1)))
struct HookTests {
    private static let json = HTTPFields(named: ["Content-Type": "application/json"])

    @Test func `a webhook becomes a hint, as a form or as JSON`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let path = clinic.hookPath()
            #expect(try await client.postForm(path, "client_id=7").status == 200)
            #expect(try await client.post(path, ["invoice_id": 12], Self.json).status == 200)
            #expect(try await client.post(path, ["invoice_id": "13"], Self.json).status == 200)
            let bare = try await client.call(.post, path, [:], body: Array("department_id=1".utf8))
            #expect(bare.status == 200)
        }
        let hints = clinic.hints.all.map { "\($0.clinic) \($0.subject.rawValue) \($0.id)" }
        #expect(
            hints == [
                "nordic-vets client_id 7", "nordic-vets invoice_id 12", "nordic-vets invoice_id 13",
                "nordic-vets department_id 1",
            ]
        )
    }

    @Test func `each known key of a call is a hint, and unknown ones are left out`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let pairs = ClinicHint.Subject.allCases.map { "\($0.rawValue)=3" }
            let form = (pairs + ["appointment_id=4", "client_id_x=5", "x"]).joined(separator: "&")
            #expect(try await client.postForm(clinic.hookPath(), form).status == 200)
            for form in [
                "", "client_id=", "client_id=-1", "client_id=x", "client_id=0", "user_id=1",
            ] {
                #expect(try await client.postForm(clinic.hookPath(), form).status == 200)
            }
        }
        #expect(Set(clinic.hints.all.map(\.subject)) == Set(ClinicHint.Subject.allCases))
        #expect(clinic.hints.all.count == ClinicHint.Subject.allCases.count)
    }

    @Test func `a forged webhook finds nothing`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let token = clinic.keys.secret(for: "hook/nordic-vets")
            for path in [
                "/hooks/nordic-vets/x", "/hooks/nordic-vets/\(token)x",
                "/hooks/fjord-vets/\(token)",
                "/hooks/unknown-vets/\(clinic.keys.secret(for: "hook/unknown-vets"))",
                "/hooks/nordic-vets/\(clinic.keys.secret(for: "launch/nordic-vets/client"))",
                "/hooks/nordic-vets/" + String(repeating: "x", count: 3_000),
            ] {
                let answer = try await client.postForm(path, "client_id=7")
                #expect(answer.status == 404, "\(path)")
                #expect(answer.rule == "no_such_path")
            }
        }
        #expect(clinic.hints.all.isEmpty)
    }

    @Test func `garbage is refused`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let path = clinic.hookPath()
            for body in ["{", "[1]", "7", "{\"client_id\":7}x"] {
                let answer = try await client.call(.post, path, Self.json, body: Array(body.utf8))
                #expect(answer.status == 400, "\(body)")
            }
            for form in ["client_id=%FF", "%ZZ=1", String(repeating: "a=1&", count: 40)] {
                #expect(try await client.postForm(path, form).status == 400, "\(form)")
            }
            let bytes = try await client.call(.post, path, Client.form, body: [0xFF, 0xFE])
            #expect(bytes.status == 400)
            let xml = HTTPFields(named: ["Content-Type": "text/xml"])
            #expect(try await client.call(.post, path, xml, body: [0x3C]).status == 415)
            let long = "client_id=7&x=" + String(repeating: "x", count: 5_000)
            #expect(try await client.postForm(path, long).status == 413)
            #expect(try await client.get(path).status == 405)
        }
        #expect(clinic.hints.all.isEmpty)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `no bytes break the door`(seed: UInt64) async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<200 {
                let count = Int.random(in: 0..<64, using: &random)
                let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                for headers in [Self.json, Client.form, [:]] {
                    let answer = try await client.call(
                        .post,
                        clinic.hookPath(),
                        headers,
                        body: bytes
                    )
                    #expect([200, 400].contains(answer.status), "seed \(seed): \(bytes)")
                }
            }
        }
    }

    @Test func `a flood is answered and dropped`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            for id in 1...300 {
                let answer = try await client.postForm(clinic.hookPath(), "client_id=\(id)")
                #expect(answer.status == 200)
            }
            #expect(clinic.hints.all.count == ServerLimits.hintsPerSecond)
            let other = clinic.hookPath("fjord-vets")
            #expect(try await client.postForm(other, "client_id=1").status == 200)
            #expect(clinic.hints.all.count == ServerLimits.hintsPerSecond + 1)
            clinic.world.clock.move(by: .seconds(1))
            #expect(try await client.postForm(clinic.hookPath(), "client_id=1").status == 200)
            #expect(clinic.hints.all.count == ServerLimits.hintsPerSecond + 2)
        }
    }

    @Test func `no secret of a path reaches metrics or the log`() async throws {
        let clinic = try ClinicWorld()
        let lines = Mutex<[String]>([])
        let logger = Logger(label: "test") { _ in
            CollectingHandler { line in lines.withLock { $0.append(line) } }
        }
        let server = DosetteServer(
            clinic.world.engine,
            ServerConfiguration(host: "127.0.0.1", port: 0, tokens: []),
            clinicSide: clinic.side,
            logger: logger
        )
        try await clinic.world.engine.start()
        try await server.application().test(.router) { tester in
            let client = Client(client: tester, engine: clinic.world.engine)
            let session = try await client.launch()
            _ = try await client.get(session)
            _ = try await client.get(Press(salt: "x").get)
            _ = try await client.postForm(clinic.hookPath(), "client_id=7")
            _ = try await client.postForm(clinic.hookPath() + "x", "client_id=7")
            _ = try await client.postForm("/hookup/\(ClinicWorld.hookupToken)", "a=b")
            let page = try await client.get("/metrics")
            #expect(page.text.contains("route=\"hook\",status=\"4xx\""))
            let text = page.text + lines.withLock { $0 }.joined(separator: "\n")
            #expect(text.contains("request answered"))
            let secrets = [
                clinic.keys.secret(for: "hook/nordic-vets"), ClinicWorld.hookupToken,
                String(session.dropFirst("/launch/session/".count)), Press().hash,
            ]
            for secret in secrets { #expect(!text.contains(secret)) }
        }
    }

    @Test func `a disabled clinic's webhooks are answered and dropped`() async throws {
        let clinic = try ClinicWorld()
        let known = try #require(clinic.directory.clinic(World.clinic))
        clinic.directory.put(try #require(Clinic(known.configuration, isDisabled: true)))
        try await clinic.world.serve { client async throws in
            #expect(try await client.postForm(clinic.hookPath(), "client_id=7").status == 200)
        }
        #expect(clinic.hints.all.isEmpty)
    }
}

/// Collects log lines with all that they say.
private struct CollectingHandler: LogHandler {
    let collect: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(_ collect: @escaping @Sendable (String) -> Void) {
        self.collect = collect
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        collect("\(event.message) \(metadata) \(event.metadata ?? [:])")
    }
}
