import DosetteCore
import DosetteDefinitions
import Foundation

/// A clinic as somebody brings it while the server runs: the object of the outer contract, read strictly, and written
/// again without its secret.
struct ClinicDraft {
    static let nameBytes = 1...256
    static let urlBytes = 1...2_048
    static let secretBytes = 1...4_096
    static let originsMaximum = 16
    /// Times, in milliseconds, as in the configuration file.
    static let ages = 1_000...2_592_000_000
    static let replayWindows = 1_000...3_600_000
    static let sessions = 60_000...43_200_000

    let configuration: ClinicConfiguration

    init(_ configuration: ClinicConfiguration) {
        self.configuration = configuration
    }

    /// What is sealed of a clinic.
    struct Secrets {
        let client: String
        /// The salt of its buttons, where one was configured.
        let salt: String?
    }

    /// Reads an object.
    ///
    /// - Parameters:
    ///   - object: `{id, base_url, token_url, client_id, client_secret, time_zone, fee?, …}`.
    ///   - secrets: The secrets, when they are not in the object.
    ///   - isKept: Whether it was taken in before: limits on times are not asked again.
    /// - Throws: ``InvalidDocument`` with every rule that is broken.
    init(
        _ object: JSONObject,
        secrets: Secrets? = nil,
        isKept: Bool = false
    ) throws(InvalidDocument) {
        var reader = DraftReader(object, secrets, isKept: isKept)
        guard let configuration = reader.read() else {
            throw InvalidDocument(reader.members.violations)
        }
        self.configuration = configuration
    }

    /// The object without the secret: what the journal and the API show.
    var settings: JSONObject {
        var object: JSONObject = [
            "id": .string(configuration.id),
            "base_url": .string(configuration.baseURL),
            "token_url": .string(configuration.tokenURL),
            "client_id": .string(configuration.clientID),
            "time_zone": .string(configuration.timeZone),
            "fee": [
                "charge": .bool(configuration.fee.charging == .prescriptionFee),
                "payment_type": JSON(configuration.fee.paymentType),
                "settings_path": .string(configuration.fee.settingsPath),
                "item_field": .string(configuration.fee.itemField),
                "settings_age_ms": .integer(configuration.fee.settingsAge.milliseconds),
            ],
            "buttons": .object(buttons),
            "home_delivery": [
                "on": .bool(configuration.homeDelivery.isOn),
                "interval_ms": .integer(configuration.homeDelivery.interval.milliseconds),
            ],
        ]
        object["calls_per_minute"] = configuration.callsPerMinute.map { JSON($0) }
        return object
    }

    private var buttons: JSONObject {
        let buttons = configuration.buttons
        return [
            "algorithm": .string(buttons.algorithm.rawValue),
            "over": .string(buttons.scope.rawValue),
            "salt_place": .string(buttons.saltPlace.rawValue),
            "id_parameter": .string(buttons.idParameter),
            "id_prefix": .string(buttons.idPrefix),
            "hash_parameter": .string(buttons.hashParameter),
            "user_parameter": .string(buttons.userParameter),
            "department_parameter": .string(buttons.departmentParameter),
            "frame_origins": .array(buttons.frameOrigins.map { .string($0) }),
            "replay_window_ms": .integer(buttons.replayWindow.milliseconds),
            "session_ms": .integer(buttons.session.milliseconds),
        ]
    }

    /// Whether both say the same, secrets included.
    func isSame(as other: ClinicDraft) -> Bool {
        settings == other.settings && secretText == other.secretText
    }

    /// The secrets in one text, to be sealed.
    var secretText: String {
        var object: JSONObject = ["client_secret": .string(configuration.clientSecret.text)]
        object["salt"] = configuration.buttons.salt.map { .string($0.text) }
        return JSON.object(object).text
    }

    /// Reads what ``secretText`` wrote.
    static func secrets(_ text: String) -> Secrets? {
        guard let json = try? JSONReader.read(Array(text.utf8)),
            let client = json["client_secret"]?.stringValue
        else { return nil }
        return Secrets(client: client, salt: json["salt"]?.stringValue)
    }
}

private struct DraftReader {
    var members: MemberReader
    private let secrets: ClinicDraft.Secrets?

    /// Whether times are held to their limits.
    private let isStrict: Bool

    init(_ object: JSONObject, _ secrets: ClinicDraft.Secrets?, isKept: Bool) {
        members = MemberReader(object, at: "")
        self.secrets = secrets
        isStrict = !isKept
    }

    private func limits(_ range: ClosedRange<Int>) -> ClosedRange<Int> {
        isStrict ? range : 0...Int.max
    }

    private static let names = [
        "id", "base_url", "token_url", "client_id", "client_secret", "time_zone", "fee",
        "calls_per_minute", "buttons", "home_delivery",
    ]

    mutating func read() -> ClinicConfiguration? {
        members.refuseUnknown(Self.names)
        let id = members.token("id", members.required("id"))
        let base = url("base_url")
        let tokenURL = url("token_url")
        let clientID = members.text(
            "client_id",
            members.required("client_id"),
            bytes: ClinicDraft.nameBytes
        )
        let secret = readSecret()
        let zone = timeZone()
        let fee = readFee()
        let buttons = readButtons()
        let delivery = readHomeDelivery()
        let calls = members.integer(
            "calls_per_minute",
            members.optional("calls_per_minute"),
            in: 1...10_000_000
        )
        guard members.violations.isEmpty, let id, let base, let tokenURL, let clientID, let secret,
            let zone
        else { return nil }
        return ClinicConfiguration(
            id: id,
            baseURL: base.hasSuffix("/") ? String(base.dropLast()) : base,
            tokenURL: tokenURL,
            clientID: clientID,
            clientSecret: Secret(secret),
            timeZone: zone,
            fee: fee,
            callsPerMinute: calls,
            buttons: buttons,
            homeDelivery: delivery
        )
    }

    private mutating func url(_ name: String) -> String? {
        guard
            let text = members.text(name, members.required(name), bytes: ClinicDraft.urlBytes)
        else { return nil }
        guard let url = URL(string: text), url.scheme == "https" || url.scheme == "http",
            url.host()?.isEmpty == false, url.query() == nil, url.fragment() == nil,
            url.user() == nil, url.password() == nil
        else {
            members.fail(
                name,
                "not_a_url",
                "A URL is due, such as https://clinic.example/4/api/0.1."
            )
            return nil
        }
        return text
    }

    private mutating func readSecret() -> String? {
        if let secrets { return secrets.client }
        let given = members.required("client_secret")
        return members.text("client_secret", given, bytes: ClinicDraft.secretBytes)
    }

    private mutating func timeZone() -> String? {
        let given = members.required("time_zone")
        guard let text = members.text("time_zone", given, bytes: ClinicDraft.nameBytes) else {
            return nil
        }
        guard TimeZone(identifier: text) != nil else {
            let detail = "No such time zone is known; names look like Europe/Helsinki."
            members.fail("time_zone", "unknown_time_zone", detail)
            return nil
        }
        return text
    }

    /// Reads a member that is an object; its violations are added to those here.
    private mutating func section(
        _ name: String,
        _ known: [String],
        _ read: (inout MemberReader) -> Void
    ) {
        guard let value = members.optional(name) else { return }
        guard let object = value.objectValue else {
            return members.fail(name, "wrong_type", "An object is due, not \(value.kindName).")
        }
        var reader = MemberReader(object, at: "/\(name)")
        reader.refuseUnknown(known)
        read(&reader)
        members.absorb(reader.violations)
    }

    private mutating func readFee() -> FeeConfiguration {
        var fee = FeeConfiguration.standard
        let ages = limits(ClinicDraft.ages)
        let known = ["charge", "payment_type", "settings_path", "item_field", "settings_age_ms"]
        section("fee", known) { reader in
            if let charge = reader.flag("charge", reader.optional("charge")) {
                fee.charging = charge ? .prescriptionFee : .nothing
            }
            let type = reader.integer("payment_type", reader.optional("payment_type"), in: 0...99)
            fee.paymentType = type ?? fee.paymentType
            if type == 8 {
                reader.fail("payment_type", "not_a_choice", "Provet refuses payment type 8.")
            }
            fee.settingsPath = reader.name("settings_path") ?? fee.settingsPath
            fee.itemField = reader.name("item_field") ?? fee.itemField
            fee.settingsAge = reader.span("settings_age_ms", ages) ?? fee.settingsAge
        }
        return fee
    }

    private mutating func readButtons() -> ButtonsConfiguration {
        var buttons = ButtonsConfiguration.standard
        let known = [
            "algorithm", "over", "salt_place", "id_parameter", "id_prefix", "hash_parameter",
            "user_parameter", "department_parameter", "frame_origins", "replay_window_ms",
            "session_ms",
        ]
        buttons.salt = secrets?.salt.map { Secret($0) }
        let windows = limits(ClinicDraft.replayWindows)
        let sessions = limits(ClinicDraft.sessions)
        section("buttons", known) { reader in
            buttons.algorithm = reader.choice("algorithm") ?? buttons.algorithm
            buttons.scope = reader.choice("over") ?? buttons.scope
            buttons.saltPlace = reader.choice("salt_place") ?? buttons.saltPlace
            buttons.idParameter = reader.name("id_parameter") ?? buttons.idParameter
            buttons.idPrefix =
                reader.text("id_prefix", reader.optional("id_prefix"), bytes: 0...64)
                ?? buttons.idPrefix
            buttons.hashParameter = reader.name("hash_parameter") ?? buttons.hashParameter
            buttons.userParameter = reader.name("user_parameter") ?? buttons.userParameter
            buttons.departmentParameter =
                reader.name("department_parameter") ?? buttons.departmentParameter
            buttons.frameOrigins = reader.origins("frame_origins")
            buttons.replayWindow =
                reader.span("replay_window_ms", windows) ?? buttons.replayWindow
            buttons.session = reader.span("session_ms", sessions) ?? buttons.session
            let names = [
                buttons.idParameter, buttons.hashParameter, buttons.userParameter,
                buttons.departmentParameter,
            ]
            if Set(names).count < names.count {
                reader.fail(nil, "same_name", "The parameters must have different names.")
            }
            if !buttons.idPrefix.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                reader.fail("id_prefix", "not_visible", "Visible ASCII characters are due.")
            }
        }
        return buttons
    }

    private mutating func readHomeDelivery() -> HomeDeliveryConfiguration {
        var delivery = HomeDeliveryConfiguration.standard
        let ages = limits(ClinicDraft.ages)
        section("home_delivery", ["on", "interval_ms"]) { reader in
            delivery.isOn = reader.flag("on", reader.optional("on")) ?? delivery.isOn
            delivery.interval = reader.span("interval_ms", ages) ?? delivery.interval
        }
        return delivery
    }
}

extension MemberReader {
    fileprivate mutating func name(_ name: String) -> String? {
        text(name, optional(name), bytes: ClinicDraft.nameBytes)
    }

    /// A time in milliseconds.
    fileprivate mutating func span(_ name: String, _ range: ClosedRange<Int>) -> TimeSpan? {
        integer(name, optional(name), in: range).map { .milliseconds(Int64($0)) }
    }

    fileprivate mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String
    ) -> Value? where Value.RawValue == String {
        guard let value = optional(name) else { return nil }
        return choice(name, value, Value.allCases.map(\.rawValue)).flatMap(Value.init(rawValue:))
    }

    /// Over http only from this machine: what is framed is shown to whoever can change the frame.
    private static func isOrigin(_ text: String) -> Bool {
        guard let match = text.wholeMatch(of: /(https?):\/\/([A-Za-z0-9.-]+)(:[0-9]{1,5})?/) else {
            return false
        }
        return match.1 == "https" || Loopback.includes(String(match.2))
    }

    /// Origins such as `https://clinic.example`: a scheme, a host, perhaps a port, nothing more.
    fileprivate mutating func origins(_ name: String) -> [String] {
        guard let value = optional(name) else { return [] }
        let list = value.arrayValue?.compactMap(\.stringValue) ?? []
        guard list.count == value.arrayValue?.count, list.count <= ClinicDraft.originsMaximum,
            list.allSatisfy(Self.isOrigin)
        else {
            let most = ClinicDraft.originsMaximum
            fail(
                name,
                "not_origins",
                "\(most) origins at the most are due: https://clinic.example."
            )
            return []
        }
        return list
    }
}
