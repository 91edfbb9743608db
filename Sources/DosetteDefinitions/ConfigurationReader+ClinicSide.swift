import DosetteCore
import Foundation

/// What a configuration says of the clinic's side: buttons, home delivery and the hookup.
extension ConfigurationReader {
    /// Characters of the hookup's token: fewer can be guessed.
    static let hookupTokenLength = 32...512
    static let prefixCharactersMaximum = 64
    static let frameOriginsMaximum = 16
    static let domainsMaximum = 64
    private static let replayWindows = TimeSpan.seconds(1)...TimeSpan.hours(1)
    private static let sessions = TimeSpan.minutes(1)...TimeSpan.hours(12)
    private static let lookIntervals = TimeSpan.seconds(1)...TimeSpan.days(1)

    private static let buttonKeys = [
        "algorithm", "over", "salt_place", "salt_env", "salt_file", "id_parameter", "id_prefix",
        "hash_parameter", "user_parameter", "department_parameter", "frame_origins",
        "replay_window", "session",
    ]

    func buttons(_ value: YAMLValue) -> ButtonsConfiguration? {
        guard let members = value.members(known: Self.buttonKeys) else { return nil }
        var buttons = ButtonsConfiguration.standard
        buttons.algorithm =
            members["algorithm"]?.choice(ButtonsConfiguration.Algorithm.self) ?? buttons.algorithm
        buttons.scope = members["over"]?.choice(ButtonsConfiguration.Scope.self) ?? buttons.scope
        buttons.saltPlace =
            members["salt_place"]?.choice(ButtonsConfiguration.SaltPlace.self) ?? buttons.saltPlace
        buttons.salt = secret("salt", members)
        readParameters(members, &buttons)
        buttons.idPrefix = members["id_prefix"].flatMap(prefix) ?? buttons.idPrefix
        buttons.frameOrigins = optional(members["frame_origins"]).map(frameOrigins) ?? []
        buttons.replayWindow =
            members["replay_window"]?.duration(in: Self.replayWindows) ?? buttons.replayWindow
        buttons.session = members["session"]?.duration(in: Self.sessions) ?? buttons.session
        return buttons
    }

    /// The names of what a button sends; two of the same name could not be told apart.
    private func readParameters(
        _ members: [String: YAMLValue],
        _ buttons: inout ButtonsConfiguration
    ) {
        func name(_ key: String, _ standard: String) -> String {
            members[key].flatMap(token) ?? standard
        }
        buttons.idParameter = name("id_parameter", buttons.idParameter)
        buttons.hashParameter = name("hash_parameter", buttons.hashParameter)
        buttons.userParameter = name("user_parameter", buttons.userParameter)
        buttons.departmentParameter = name("department_parameter", buttons.departmentParameter)
        let names = [
            ("id_parameter", buttons.idParameter), ("hash_parameter", buttons.hashParameter),
            ("user_parameter", buttons.userParameter),
            ("department_parameter", buttons.departmentParameter),
        ]
        for (key, name) in names where names.contains(where: { $0.0 != key && $0.1 == name }) {
            members[key]?.fail("two parameters cannot both be named \(name)")
        }
    }

    /// What stands before an id: nothing, or a few visible characters.
    private func prefix(_ value: YAMLValue) -> String? {
        if value.isNull { return "" }
        guard let text = value.text() else { return nil }
        let isVisible = text.unicodeScalars.allSatisfy { (0x21...0x7E).contains($0.value) }
        guard text.count <= Self.prefixCharactersMaximum, isVisible else {
            value.fail("at most \(Self.prefixCharactersMaximum) visible ASCII characters are due")
            return nil
        }
        return text
    }

    private func frameOrigins(_ value: YAMLValue) -> [String] {
        let elements = value.elements() ?? []
        if elements.count > Self.frameOriginsMaximum {
            value.fail("at most \(Self.frameOriginsMaximum) origins are taken")
        }
        return elements.compactMap(frameOrigin)
    }

    /// An origin that stands in a header as it is: nothing but scheme, host and port.
    private func frameOrigin(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        guard let url = URL(string: text), let scheme = url.scheme, let host = url.host(),
            HostName.isValid(host), url.port.map({ (1...65_535).contains($0) }) ?? true,
            text == "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")",
            scheme == "https" || (scheme == "http" && Loopback.includes(host))
        else {
            value.fail("an origin is due, such as https://clinic.provetcloud.com, without a path")
            return nil
        }
        return text
    }

    func homeDelivery(_ value: YAMLValue) -> HomeDeliveryConfiguration? {
        guard let members = value.members(known: ["on", "interval"]) else { return nil }
        var homeDelivery = HomeDeliveryConfiguration.standard
        homeDelivery.isOn = members["on"]?.flag() ?? homeDelivery.isOn
        homeDelivery.interval =
            members["interval"]?.duration(in: Self.lookIntervals) ?? homeDelivery.interval
        return homeDelivery
    }

    // MARK: - Hookup

    private static let hookupKeys = [
        "token_env", "token_file", "domains", "time_zone", "fee", "buttons", "home_delivery",
    ]

    func hookup(_ value: YAMLValue) -> HookupConfiguration? {
        guard let members = value.members(known: Self.hookupKeys) else { return nil }
        for name in ["domains", "time_zone"] where members[name] == nil { value.missing(name) }
        let token = hookupToken(members, value)
        let domains = members["domains"].flatMap(domains)
        let zone = members["time_zone"].flatMap(timeZone)
        let fee = optional(members["fee"]).flatMap(fee) ?? .standard
        let buttons = optional(members["buttons"]).flatMap(buttons) ?? .standard
        let homeDelivery = optional(members["home_delivery"]).flatMap(homeDelivery) ?? .standard
        if buttons.salt != nil {
            // Whoever sets one clinic up would know the salt of all.
            members["buttons"]?.fail("a salt of one's own is for one clinic: leave it out here")
        }
        guard let token, let domains, let zone else { return nil }
        return HookupConfiguration(
            token: token,
            domains: domains,
            timeZone: zone,
            fee: fee,
            buttons: buttons,
            homeDelivery: homeDelivery
        )
    }

    private func hookupToken(_ members: [String: YAMLValue], _ value: YAMLValue) -> Secret? {
        guard let place = optional(members["token_env"]) ?? optional(members["token_file"]) else {
            value.missing("token_env")
            return nil
        }
        guard let token = secret("token", members) else { return nil }
        let isPlain = token.text.utf8.allSatisfy(HostName.isURLCharacter)
        guard Self.hookupTokenLength.contains(token.text.utf8.count), isPlain else {
            let least = Self.hookupTokenLength.lowerBound
            let most = Self.hookupTokenLength.upperBound
            place.fail("the token must be \(least) to \(most) characters of A-Za-z0-9._~-")
            return nil
        }
        return token
    }

    private func domains(_ value: YAMLValue) -> [String]? {
        guard let elements = value.elements() else { return nil }
        guard (1...Self.domainsMaximum).contains(elements.count) else {
            value.fail("from 1 to \(Self.domainsMaximum) domains are due")
            return nil
        }
        return elements.compactMap { element in
            guard let text = element.text() else { return nil }
            let domain = text.lowercased()
            guard HostName.isValid(domain) else {
                element.fail("a host's name is due, such as provetcloud.com")
                return nil
            }
            return domain
        }
    }
}

/// The spelling of hosts' names.
enum HostName {
    static let charactersMaximum = 253

    /// Labels of letters, digits and hyphens with dots between them.
    static func isValid(_ text: String) -> Bool {
        guard (1...charactersMaximum).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-")
                    && label.last != UInt8(ascii: "-") && label.allSatisfy(isLabelCharacter)
            }
    }

    private static func isLabelCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// What stands in a URL's path as it is.
    static func isURLCharacter(_ byte: UInt8) -> Bool {
        isLabelCharacter(byte) || [".", "_", "~"].contains(Unicode.Scalar(byte))
    }
}
