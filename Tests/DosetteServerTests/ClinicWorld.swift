import Crypto
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import DosetteStore
import HTTPTypes
import Synchronization

@testable import DosetteServer

/// A clinic's Provet as the pages see it: client N has the animals N1 and N2, consultation C is of
/// client C/10.
final class FakeRecords: ClinicRecords {
    struct Script: Sendable {
        var missingPermission: String?
        var isReachable = true
        var unknownClients: Set<Int> = []
        var callCount = 0
    }

    static let name = "Åsa <b>O'Hara</b>"

    private let script = Mutex(Script())

    func set(_ change: (inout Script) -> Void) { script.withLock { change(&$0) } }
    var callCount: Int { script.withLock { $0.callCount } }

    private func answer<Value: Sendable>(
        _ permission: String,
        _ value: @autoclosure () -> Value?
    ) -> Looked<Value> {
        let script = script.withLock { script in
            script.callCount += 1
            return script
        }
        guard script.isReachable else {
            return .unreachable(retryAfter: .seconds(7), reason: "no answer")
        }
        guard script.missingPermission != permission else {
            return .forbidden(permission: permission)
        }
        return value().map { .found($0) } ?? .absent
    }

    private func isKnown(_ client: Int) -> Bool {
        script.withLock { !$0.unknownClients.contains(client) }
    }

    func client(_ id: Int, at clinic: String) async -> Looked<ClientRecord> {
        answer(
            "General: Patients and clients",
            isKnown(id)
                ? ClientRecord(
                    id: id,
                    name: id % 7 == 3 ? "Kaija Korhonen" : Self.name,
                    address: ["Satamakatu 3", "00100 Helsinki"],
                    phone: "+358 40 123 4567",
                    isArchived: false
                ) : nil
        )
    }

    private func patient(_ id: Int) -> PatientRecord {
        PatientRecord(
            id: id,
            clientID: id / 10,
            name: id % 10 == 1 ? "Musti" : "Mirri <script>alert(1)</script>",
            species: id % 10 == 1 ? "dog" : "cat",
            breed: nil,
            birth: "2019-04-01",
            weight: nil
        )
    }

    func patient(_ id: Int, at clinic: String) async -> Looked<PatientRecord> {
        answer("General: Patients and clients", (1...2).contains(id % 10) ? patient(id) : nil)
    }

    func patients(ofClient id: Int, at clinic: String) async -> Looked<[PatientRecord]> {
        answer("General: Patients and clients", [patient(id * 10 + 1), patient(id * 10 + 2)])
    }

    func consultation(_ id: Int, at clinic: String) async -> Looked<ConsultationRecord> {
        answer(
            "General: Consultations",
            id >= 10
                ? ConsultationRecord(
                    id: id,
                    clientID: id / 10,
                    patientIDs: [id / 10 * 10 + 2],
                    veterinarianID: 3,
                    departmentID: 2,
                    complaint: "itches"
                ) : nil
        )
    }

    func prescribers(at clinic: String) async -> Looked<[PrescriberRecord]> {
        answer(
            "Settings: Users",
            [
                PrescriberRecord(id: 1, name: "Vera Vet"),
                PrescriberRecord(id: 2, name: "Olli Öhman"),
                PrescriberRecord(id: 3, name: "Ann \"Nan\" O'Neill"),
            ]
        )
    }

    func departments(at clinic: String) async -> Looked<[DepartmentRecord]> {
        answer(
            "Settings: Departments",
            [DepartmentRecord(id: 1, name: "Main"), DepartmentRecord(id: 2, name: "Surgery")]
        )
    }

    func prescription(_ id: Int, at clinic: String) async -> Looked<JSON> {
        answer("Settings: Items", id < 1_000 ? ["id": JSON(id), "items": []] : nil)
    }
}

/// Keeps what it was asked for, and answers what a test says.
final class FakeOffice: ClinicOffice {
    private let calls = Mutex<[String]>([])
    private let failure = Mutex<ClinicFailure?>(nil)

    var log: [String] { calls.withLock { $0 } }

    func fail(with failure: ClinicFailure?) { self.failure.withLock { $0 = failure } }

    private func answer(_ call: String) throws(ClinicFailure) -> JSONObject {
        calls.withLock { $0.append(call) }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return ["id": "nordic-vets", "state": "ready"]
    }

    func views() -> [JSONObject] { [["id": "nordic-vets"]] }

    func view(of clinic: String) throws(ClinicFailure) -> JSONObject {
        guard clinic == World.clinic else { throw .noSuchClinic }
        return try answer("view \(clinic)")
    }

    func add(
        _ draft: JSONObject,
        by actor: Actor,
        reason: String?
    ) async throws(ClinicFailure) -> JSONObject {
        try answer("add \(JSON.object(draft).text) by \(actor.name ?? "")")
    }

    func hookUp(
        _ payload: JSONObject,
        as name: String?
    ) async throws(ClinicFailure) -> JSONObject {
        try answer("hookUp \(JSON.object(payload).text) as \(name ?? "-")")
    }

    func setDisabled(
        _ isDisabled: Bool,
        _ clinic: String,
        by actor: Actor,
        reason: String
    ) async throws(ClinicFailure) -> JSONObject {
        try answer(
            "\(isDisabled ? "disable" : "enable") \(clinic) by \(actor.name ?? ""): \(reason)"
        )
    }

    func remove(_ clinic: String, by actor: Actor, reason: String) async throws(ClinicFailure) {
        _ = try answer("remove \(clinic) by \(actor.name ?? ""): \(reason)")
    }

    func check(_ clinic: String) async throws(ClinicFailure) -> JSONObject {
        try answer("check \(clinic)")
    }

    func settings(of clinic: String) async throws(ClinicFailure) -> JSONObject {
        try answer("settings \(clinic)")
    }

    func buttons(
        of clinic: String,
        create: Bool,
        by actor: Actor
    ) async throws(ClinicFailure) -> JSONObject {
        try answer("buttons \(clinic) \(create ? "create by \(actor.name ?? "")" : "")")
    }

    func webhooks(
        of clinic: String,
        create: Bool,
        by actor: Actor
    ) async throws(ClinicFailure) -> JSONObject {
        try answer("webhooks \(clinic) \(create ? "create by \(actor.name ?? "")" : "")")
    }
}

/// A pharmacy whose clinics have buttons, webhooks and a hookup URL.
struct ClinicWorld: Sendable {
    static let salt = "a salt that nobody guesses"
    static let origin = "https://nordic.provetcloud.example"
    static let hookupToken = "hookup-token-that-nobody-guesses"
    static let client = 7

    let world: World
    let records = FakeRecords()
    let office = FakeOffice()
    let keys: MasterKey
    let directory: ClinicDirectory
    let hints: Hints
    let side: ClinicSide

    final class Hints: Sendable {
        private let taken = Mutex<[ClinicHint]>([])
        var all: [ClinicHint] { taken.withLock { $0 } }
        func take(_ hint: ClinicHint) { taken.withLock { $0.append(hint) } }
    }

    init(
        tokens: [AccessToken] = [],
        publicURL: String? = nil,
        buttons: ButtonsConfiguration? = nil,
        store: any Store = InMemoryStore(),
        keys: MasterKey = MasterKey()
    ) throws {
        let hints = Hints()
        var clinics = World.clinics
        clinics[0].buttons =
            buttons
            ?? ButtonsConfiguration(salt: Secret(Self.salt), frameOrigins: [Self.origin])
        let directory = try ClinicDirectory(clinics)
        let (records, office) = (records, office)
        self.keys = keys
        self.directory = directory
        self.hints = hints
        let makeSide = { @Sendable (engine: Engine) in
            ClinicSide(
                directory: directory,
                records: records,
                office: office,
                keys: keys,
                publicURL: publicURL,
                hookup: Self.hookup,
                hint: { hints.take($0) },
                ordersOfClient: { clinic, client, limit async throws(StoreError) in
                    let all = try await engine.orders(OrderQuery(clinic: clinic, limit: 1_000))
                    let own = client == Self.client ? all.filter(Self.isOwn) : []
                    return Array(own.reversed().prefix(limit))
                }
            )
        }
        world = try World(tokens: tokens, store: store) {
            makeSide($0)
        }
        side = makeSide(world.engine)
    }

    private static let hookup = HookupConfiguration(
        token: Secret(hookupToken),
        domains: ["provetcloud.example"],
        timeZone: "Europe/Helsinki"
    )

    /// Orders of these tests that come by the button are all of one client.
    private static func isOwn(_ row: OrderRow) -> Bool { row.key.source == OrderForm.source }

    func hookPath(_ clinic: String = World.clinic) -> String {
        "/hooks/\(clinic)/\(keys.secret(for: "hook/\(clinic)"))"
    }
}

/// What a browser sends when somebody presses a button in Provet.
struct Press: Sendable {
    var clinic = World.clinic
    var place = "client"
    var id = "7"
    var salt = ClinicWorld.salt
    var others: KeyValuePairs<String, String> = ["user": "2", "department": "1"]

    var hash: String {
        SHA256.hash(data: Array((salt + id).utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        .joined()
    }

    var pairs: String {
        (["id=\(id)"] + others.map { "\($0)=\($1)" } + ["hash=\(hash)"]).joined(separator: "&")
    }

    var path: String { "/launch/\(clinic)/\(place)" }
    var get: String { "\(path)?\(pairs)" }
}

extension Client {
    static let form = HTTPFields(named: ["Content-Type": "application/x-www-form-urlencoded"])

    func postForm(
        _ path: String,
        _ form: String,
        _ headers: HTTPFields = [:]
    ) async throws -> Answer {
        var fields = Self.form
        fields.append(contentsOf: headers)
        return try await call(.post, path, fields, body: Array(form.utf8))
    }

    /// Presses a button, and answers the path of the session's page.
    func launch(_ press: Press = Press()) async throws -> String {
        let answer = try await get(press.get)
        guard answer.status == 303, let path = answer.headers[.location] else {
            throw LaunchRefused(status: answer.status, text: answer.text)
        }
        return path
    }
}

struct LaunchRefused: Error {
    let status: Int
    let text: String
}
