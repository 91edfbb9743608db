import Foundation
import Testing

@testable import DosetteSimulator

/// One installation as a client sees it: signed in, with a clock that a test sets.
struct Clinic {
    /// 20 August 2025, 11:20:45 UTC.
    static let morning: Int64 = 1_755_688_845_000

    let provet: SimulatedProvet
    let name: String
    var now = Clinic.morning
    private var authorization: String?

    /// Creates a simulator, signs in without faults, and then lets `faults` begin.
    init(
        _ configuration: SimulatorConfiguration = SimulatorConfiguration(),
        faults: FaultProfile = .none,
        name: String = "4"
    ) throws {
        provet = SimulatedProvet(configuration)
        self.name = name
        let body = try #require(signIn().json)
        authorization = "Bearer \(try #require(body["access_token"]?.text))"
        provet.setFaults(faults)
    }

    /// What came back, as a test wants to see it.
    struct Reply {
        let delayMilliseconds: Int64
        let answer: SimulatedAnswer?

        init(_ reply: SimulatedReply) {
            delayMilliseconds = reply.delayMilliseconds
            answer = reply.answer
        }

        var isCut: Bool { answer == nil }
        var status: Int? { answer?.status }
        var text: String { String(decoding: answer?.body ?? [], as: UTF8.self) }
        var json: JSON? { try? JSONReader.read(answer?.body ?? []) }

        /// The number at the end of the `url`.
        var id: Int? { json?["url"]?.text.flatMap(Clinic.id) }

        /// The numbers of a list's results.
        var ids: [Int]? {
            guard case .array(let results) = json?["results"] else { return nil }
            return results.compactMap { $0["url"]?.text.flatMap(Clinic.id) }
        }
    }

    /// The number at the end of a URL.
    static func id(_ url: String) -> Int? {
        url.split(separator: "/").last.flatMap { Int($0) }
    }

    /// Sends a request to a path below `/api/0.1/`, at ``now``.
    func send(_ method: String, _ path: String, _ body: JSON? = nil) -> Reply {
        sendRaw(method, "/api/0.1/" + path, body?.bytes ?? [])
    }

    /// Sends a request to any path with any header.
    func sendRaw(
        _ method: String,
        _ target: String,
        _ body: [UInt8] = [],
        contentType: String? = nil,
        authorization: String? = nil
    ) -> Reply {
        let request = SimulatedRequest(
            method,
            target,
            host: "provet.test",
            authorization: authorization ?? self.authorization,
            contentType: contentType,
            body: body
        )
        return Reply(provet.handle(request, installation: name, now: now))
    }

    /// Asks for a token.
    func signIn(
        secret: String = "simulated-secret",
        form: String = "grant_type=client_credentials"
    ) -> Reply {
        let pair = Data("dosette:\(secret)".utf8).base64EncodedString()
        return sendRaw(
            "POST",
            "/oauth2/token/",
            Array(form.utf8),
            contentType: "application/x-www-form-urlencoded",
            authorization: "Basic \(pair)"
        )
    }

    /// Signs in until it succeeds, and uses the new token from then on.
    mutating func renewToken() {
        var token: String?
        while token == nil { token = signIn().json?["access_token"]?.text }
        authorization = token.map { "Bearer \($0)" }
    }

    /// The whole ledger at ``now``.
    var ledger: [LedgerEntry] {
        provet.ledger(limit: 10_000, now: now)
    }

    var effects: [LedgerEntry.Effect] { ledger.map(\.effect) }

    func count(of fault: FaultKind) -> Int? {
        provet.summary(now: now).faults[fault]
    }
}

// MARK: - Samples

extension Clinic {
    /// The page's minimal example.
    static let prescription: JSON = [
        "client_id": 1, "department_id": 1, "prescriber_id": 1,
        "issue_time": "2025-08-20T11:20:45Z",
        "prescription_items": [
            [
                "name": "Lorem ipsum", "patients": [1], "strength": "100 mg",
                "instructions": "lorem ipsum", "quantity_packages": 1,
                "valid_until": "2026-08-20",
            ]
        ],
    ]

    static let sale: JSON = ["client": 7, "department": 1]

    /// Creates a prescription and moves it along `statuses`.
    func prescription(_ statuses: Int...) throws -> Int {
        let id = try #require(send("POST", "eprescription/prescription/", Self.prescription).id)
        for status in statuses {
            #expect(patch(id, ["status": .integer(status)]).status == 200)
        }
        return id
    }

    func patch(_ id: Int, _ body: JSON) -> Reply {
        send("PATCH", "eprescription/prescription/\(id)/", body)
    }

    /// A sale with one item, finalized, and its invoice.
    func finalizedSale() throws -> (sale: Int, invoice: Int) {
        let created = send("POST", "countersale/", Self.sale)
        let sale = try #require(created.id)
        let invoice = try #require(created.json?["invoice"]?.text.flatMap(Self.id))
        #expect(send("POST", "countersale/\(sale)/add_item/", ["item": 501]).status == 201)
        #expect(send("POST", "countersale/\(sale)/finalize/").status == 200)
        return (sale, invoice)
    }

    /// The body of a payment.
    static func payment(_ invoice: Int, type: Int = 0) -> JSON {
        ["invoice": .integer(invoice), "payment_type": .integer(type), "sum": "12.00"]
    }
}

extension JSON {
    /// The object without the member `name`.
    func without(_ name: String) -> JSON {
        .object((members ?? []).filter { $0.name != name })
    }

    /// The object with the member `name` set to `value`.
    func with(_ name: String, _ value: JSON) -> JSON {
        .object((without(name).members ?? []) + [Member(name, value)])
    }
}

extension FaultProfile {
    /// The profile in which `kind` happens every time it can.
    static func always(_ kind: FaultKind) -> FaultProfile {
        var profile = FaultProfile()
        profile[kind] = SimulatedRandom.certain
        return profile
    }
}
