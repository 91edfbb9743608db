import DosetteDefinitions
import Foundation

/// What a new configuration says; what is not answered has its default.
struct InitAnswers: Hashable, Sendable {
    enum Secret: Hashable, Sendable {
        case environment(String)
        case file(String)
    }

    struct TLS: Hashable, Sendable {
        let certificate: String
        let key: String
    }

    var data: String?
    var listen: String?
    var publicURL: String?
    var tokensFile: String?
    var clinic: String?
    var baseURL: String?
    var tokenURL: String?
    var clientID: String?
    var secret: Secret?
    var timeZone: String?
    var tls: TLS?
    /// What needs a second person.
    var fourEyes: [String]?

    static let dataDefault = "./data"
    static let listenDefault = ListenAddress.standard.text
    static let clinicDefault = "nordic-vets"
    /// The simulated Provet's.
    static let baseURLDefault = "http://127.0.0.1:9000/4/api/0.1"
    static let clientIDDefault = "dosette"
    static let secretDefault = Secret.environment("PROVET_SECRET")
    static let timeZoneDefault = "Europe/Helsinki"
    static let tokensFileDefault = "./tokens"

    /// Whether the clinic is the simulated one.
    var isTrial: Bool { baseURL == nil || baseURL == Self.baseURLDefault }

    /// Whether callers on other machines are meant to reach the server.
    var isReachable: Bool {
        let isListening = listen.map { !Self.isLoopback($0) } ?? false
        let host = publicURL.flatMap { URL(string: $0)?.host() } ?? "localhost"
        return isListening || !Loopback.includes(host)
    }

    private static func isLoopback(_ listen: String) -> Bool {
        let host = listen.split(separator: ":", omittingEmptySubsequences: false).dropLast()
            .joined(separator: ":").trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        return Loopback.includes(host)
    }

    /// Where tokens are fetched: beside the API, unless something else was said.
    var effectiveTokenURL: String {
        if let tokenURL { return tokenURL }
        var base = baseURL ?? Self.baseURLDefault
        while base.hasSuffix("/") { base.removeLast() }
        let suffix = "/api/0.1"
        if base.hasSuffix(suffix) { base.removeLast(suffix.count) }
        return base + "/oauth2/token/"
    }

    /// The file of those who may call, given or needed.
    private var tokens: String? {
        // Two people are told apart by their tokens alone.
        let isAsked = isReachable || fourEyes?.isEmpty == false
        return tokensFile ?? (isAsked ? Self.tokensFileDefault : nil)
    }

    var needsTokens: Bool { tokens != nil }

    private var tokensLine: String {
        tokens.map { "\(YAMLText.of($0))   # who may call" }
            ?? "null               # required to listen off loopback"
    }

    private var secretLine: String {
        switch secret ?? Self.secretDefault {
        case .environment(let name):
            "client_secret_env: \(YAMLText.of(name))   # or client_secret_file"
        case .file(let file): "client_secret_file: \(YAMLText.of(file))   # or client_secret_env"
        }
    }

    private var fourEyesLine: String {
        let deeds = fourEyes.map { $0.map(YAMLText.of).joined(separator: ", ") } ?? ""
        return "four_eyes: [\(deeds)]"
    }

    private var tlsLine: String {
        guard let tls else {
            return
                "tls: null                       # { certificate_file: …, key_file: … }: https by the server itself"
        }
        let certificate = YAMLText.of(tls.certificate)
        let key = YAMLText.of(tls.key)
        return "tls: { certificate_file: \(certificate), key_file: \(key) }"
    }

    /// The file's text, with comments.
    var text: String {
        """
        # Dosette's configuration. Paths are relative to this file; docs/configuration.md has every key.
        data: \(YAMLText.of(data ?? Self.dataDefault))                    # journal and lock; created when missing
        listen: \(YAMLText.of(listen ?? Self.listenDefault))
        \(tlsLine)
        tokens_file: \(tokensLine)
        public_url: \(publicURL.map(YAMLText.of) ?? "null")                # where clinics reach this server: for buttons, webhooks, hookup
        \(fourEyesLine)                   # what one proposes and another confirms: adopt, resend, forget, bulk, …
        hookup: null                    # { token_env: …, domains: […], time_zone: … } lets clinics add themselves
        personal_data: { retention: { record: 1826d, rest: 0s } }    # docs/audit.md: forgetting a person
        clinics:
          - id: \(YAMLText.of(clinic ?? Self.clinicDefault))             # the clinic's name in orders
            base_url: \(YAMLText.of(baseURL ?? Self.baseURLDefault))     # https://<domain>/<provet_id>/api/0.1
            token_url: \(YAMLText.of(effectiveTokenURL))
            client_id: \(YAMLText.of(clientID ?? Self.clientIDDefault))
            \(secretLine)
            time_zone: \(YAMLText.of(timeZone ?? Self.timeZoneDefault))
            fee: { charge: true, payment_type: 0, settings_path: departmentsettings, item_field: prescription_fee_item }
            calls_per_minute: null      # null = Provet's documented limits
            home_delivery: { on: false, interval: 1m }    # take the clinic's home-delivery orders in
        pharmacy:
          transmit_url: null            # where prescriptions are POSTed; null = handed over at once
          transmit_secret_env: null
          decision: signal              # signal | accept
        timing:
          deadline: 30s                 # of one call
          server_bound: 60s             # how late a cut call may still take effect
          probe_interval: 10s           # between the two looks for an effect
          reconcile_interval: 5m        # between two looks for what a clinic changed
          retry: { attempts: 8, first: 1s, factor: 2, most: 5m }
        audit:                          # checkpoints: signed proof of how far the journal was
          every: 60s                    # when there are new events
          events: 10000                 # or earlier, when there are so many
          origin: null                  # the log's name; null = dosette.local/<8 hex of the key's hash>
          key_file: null                # the signing key; null = keys/checkpoint.key in the data directory
          witnesses: []                 # { directory: PATH }, which must be there, { url: …, key: … }, { standard_output: true }

        """
    }
}

/// Texts as they stand in YAML: as they are where nothing else could be read in them, or quoted.
enum YAMLText {
    /// What a reader of YAML may take for something else than a text.
    private static let words: Set = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ]

    static func of(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    private static func isPlain(_ text: String) -> Bool {
        guard text.wholeMatch(of: /[A-Za-z0-9.\/][A-Za-z0-9._~:\/-]*/) != nil,
            !text.hasSuffix(":"), !words.contains(text.lowercased()), Double(text) == nil
        else { return false }
        // Digits alone, with points or colons between them, are numbers or times to some readers.
        return text.wholeMatch(of: /[0-9.:_-]+/) == nil
            || text.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:[0-9]+/) != nil
    }

    /// Between double quotes, where every character can be written.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            // It means nothing within a text, and readers drop it where one begins.
            case "\u{FEFF}": break
            default: quoted += isShown(scalar) ? String(scalar) : escape(scalar)
            }
        }
        return quoted + "\""
    }

    /// Whether a character stands for itself: visible, and neither an anchor's nor an alias's mark, which are
    /// looked for in the whole text.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "&", "*": return false
        case " "..."~": return true
        default: break
        }
        guard scalar.value >= 0xA0 else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
            .unassigned, .spaceSeparator:
            return false
        default: return true
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let (letter, width) =
            switch scalar.value {
            case ...0xFF: ("x", 2)
            case ...0xFFFF: ("u", 4)
            default: ("U", 8)
            }
        return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
    }
}
