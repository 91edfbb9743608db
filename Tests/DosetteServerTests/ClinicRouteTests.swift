import DosetteCore
import DosetteEngine
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("The hookup URL", .timeLimit(.minutes(1)))
struct HookUpTests {
    private static let path = "/hookup/\(ClinicWorld.hookupToken)"

    @Test func `credentials come as JSON or as a form`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let json: JSON = ["provet_id": 4, "client_id": "a", "redirect_uris": ["x"]]
            let answer = try await client.post(Self.path, json)
            #expect(answer.status == 200)
            #expect(answer.json?["id"] == "nordic-vets")
            #expect(
                try await client.postForm(Self.path + "/new-vets", "client_id=a+b").status == 200
            )
        }
        #expect(
            clinic.office.log == [
                "hookUp {\"client_id\":\"a\",\"provet_id\":4,\"redirect_uris\":[\"x\"]} as -",
                "hookUp {\"client_id\":\"a b\"} as new-vets",
            ]
        )
    }

    @Test func `without the token there is nothing`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            for path in ["/hookup/x", Self.path + "x", "/hookup/x/new-vets"] {
                #expect(try await client.postForm(path, "client_id=a").status == 404)
            }
            let named = try await client.postForm(Self.path + "/bad%20name", "client_id=a")
            #expect(named.errors == ["/name bad_name"])
            let long = String(repeating: "x", count: ServerLimits.callBytesMaximum + 1)
            #expect(try await client.postForm(Self.path, long).status == 413)
            #expect(try await client.get(Self.path).status == 405)
        }
        #expect(clinic.office.log.isEmpty)
    }

    @Test(
        arguments: [
            (
                ClinicFailure.notAllowed(detail: "Provet refuses them."), 422,
                "not_allowed_at_provet"
            ),
            (.refused(rule: "foreign_host", detail: "Not there."), 409, "foreign_host"),
            (.unreachable(detail: "No answer."), 503, "provet_unreachable"),
            (.store(.init("full")), 503, "store_unavailable"),
            (.noSuchClinic, 404, "no_such_clinic"),
        ]
    )
    func `credentials that do not work are told why`(
        failure: ClinicFailure,
        status: Int,
        rule: String
    ) async throws {
        let clinic = try ClinicWorld()
        clinic.office.fail(with: failure)
        try await clinic.world.serve { client in
            let answer = try await client.postForm(Self.path, "client_id=a&client_secret=s3cret")
            #expect(answer.status == status)
            #expect(answer.rule == rule)
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(!answer.text.contains("s3cret"))
        }
    }
}

@Suite("The clinics' routes of the API", .timeLimit(.minutes(1)))
struct ClinicRouteTests {
    private static let tokens = [
        AccessToken(owner: "admin", token: String(repeating: "a", count: 32))
    ]
    private static let bearer = HTTPFields(
        named: ["Authorization": "Bearer " + String(repeating: "a", count: 32)]
    )

    @Test func `they need a token like all others`() async throws {
        let clinic = try ClinicWorld(tokens: Self.tokens)
        try await clinic.world.serve { client async throws in
            for path in ["", "/a", "/a/check", "/a/settings", "/a/buttons", "/a/prescriptions/1"] {
                #expect(try await client.get("/v1/clinics\(path)").status == 401, "\(path)")
            }
            #expect(try await client.post("/v1/clinics", [:]).status == 401)
            #expect(try await client.call(.delete, "/v1/clinics/a").status == 401)
            // What a browser or Provet calls has no token.
            #expect(try await client.get(Press().get).status == 303)
            #expect(try await client.postForm(clinic.hookPath(), "client_id=1").status == 200)
            #expect(try await client.get("/launch/script.js").status == 200)
        }
        #expect(clinic.office.log.isEmpty)
    }

    @Test func `each does what it says, in the token owner's name`() async throws {
        let clinic = try ClinicWorld(tokens: Self.tokens)
        try await clinic.world.serve { client async throws in
            let path = "/v1/clinics"
            let one = "/v1/clinics/nordic-vets"
            let why: JSON = ["reason": "holiday"]
            #expect(
                try await client.get(path, Self.bearer).json == ["clinics": [["id": "nordic-vets"]]]
            )
            #expect(try await client.post(path, ["id": "a", "by": "x"], Self.bearer).status == 200)
            #expect(try await client.get(one, Self.bearer).status == 200)
            #expect(try await client.get("/v1/clinics/none", Self.bearer).rule == "no_such_clinic")
            #expect(try await client.post(one + "/disable", why, Self.bearer).status == 200)
            #expect(try await client.post(one + "/enable", why, Self.bearer).status == 200)
            for part in ["check", "settings", "buttons", "webhooks"] {
                #expect(try await client.get("\(one)/\(part)", Self.bearer).status == 200)
            }
            #expect(try await client.post(one + "/buttons", [:], Self.bearer).status == 200)
            #expect(try await client.post(one + "/webhooks", [:], Self.bearer).status == 200)
            let removed = try await client.call(
                .delete,
                one,
                Self.bearer,
                body: why.canonicalBytes
            )
            #expect(removed.status == 204)
        }
        #expect(
            clinic.office.log == [
                "add {\"id\":\"a\"} by admin", "view nordic-vets",
                "disable nordic-vets by admin: holiday", "enable nordic-vets by admin: holiday",
                "check nordic-vets", "settings nordic-vets", "buttons nordic-vets ",
                "webhooks nordic-vets ", "buttons nordic-vets create by admin",
                "webhooks nordic-vets create by admin", "remove nordic-vets by admin: holiday",
            ]
        )
    }

    @Test func `whoever acts must say who and why`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let one = "/v1/clinics/nordic-vets"
            let nobody = try await client.post(one + "/disable", [:])
            #expect(nobody.errors == ["/reason required", "/by required"])
            let unknown = try await client.post(one + "/buttons", ["by": "Aino", "create": true])
            #expect(unknown.errors == ["/create unknown_member"])
            #expect(try await client.post("/v1/clinics", ["id": "a"]).errors == ["/by required"])
            #expect(try await client.get(one + "?x=1").status == 422)
            #expect(try await client.call(.delete, one).status == 400)
        }
        #expect(clinic.office.log.isEmpty)
    }

    @Test func `a prescription is shown as Provet has it, or why not`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let path = "/v1/clinics/nordic-vets/prescriptions/"
            #expect(try await client.get(path + "12").json == ["id": 12, "items": []])
            #expect(try await client.get(path + "1234").rule == "no_such_prescription")
            #expect(try await client.get(path + "x").errors == ["/prescription bad_number"])
            #expect(try await client.get("/v1/clinics/none/prescriptions/1").status == 404)
            clinic.records.set { $0.missingPermission = "Settings: Items" }
            let forbidden = try await client.get(path + "12")
            #expect(forbidden.status == 403)
            #expect(forbidden.rule == "permission_missing")
            #expect(forbidden.text.contains("“Settings: Items”"))
            clinic.records.set { $0.isReachable = false }
            let unreachable = try await client.get(path + "12")
            #expect(unreachable.status == 503)
            #expect(unreachable.headers[.retryAfter] == "7")
        }
    }

    @Test func `names from outside open the clinics' pages and not the API`() throws {
        for path in ["/v1/clinics", "/v1/orders", "/metrics"] {
            let head = HTTPRequest(
                method: .get,
                scheme: "https",
                authority: "dosette.example",
                path: path
            )
            #expect(!Route(path).isOpen)
            #expect(throws: Problem.self) {
                try World.openGate.admit(head, from: "::1", at: World.someTime)
            }
        }
        for path in ["/launch/a/client", "/launch/session/t", "/hooks/a/t", "/hookup/t"] {
            #expect(Route(path).isOpen)
        }
    }

    @Test(
        arguments: [
            ("https://dosette.example", true), ("http://localhost:8787/x", false), (nil, false),
        ]
    )
    func `a server that the world can reach does not begin without tokens`(
        publicURL: String?,
        isRefused: Bool
    ) async throws {
        let clinic = try ClinicWorld(publicURL: publicURL)
        let refusal = clinic.world.server.refusal
        #expect((refusal != nil) == isRefused)
        let known = try ClinicWorld(tokens: Self.tokens, publicURL: publicURL)
        #expect(known.world.server.refusal == nil)
    }
}
