import DosetteCore
import DosetteKeys

/// What a launch opens for a short while: one person at one clinic looks at one client.
///
/// It stands in the page's address, signed, and nowhere else: in a side panel a browser keeps no cookie.
struct LaunchSession: Hashable, Sendable {
    let clinic: String
    let place: LaunchPlace
    /// The client, patient or consultation on whose page the button was pressed.
    let object: Int
    let client: Int
    let user: Int?
    let department: Int?
    let expiresAt: Timestamp
    /// Makes it another one than any before.
    let nonce: String

    private static let purpose = "launch-session"
    static let tokenBytesMaximum = 640

    enum Failure: Error, Hashable {
        /// It is none of ours.
        case unknown
        /// It was one.
        case expired(clinic: String)
    }

    func token(_ keys: MasterKey) -> String {
        let json: JSON = [
            "c": .string(clinic), "p": .string(place.rawValue), "o": JSON(object),
            "l": JSON(client), "u": JSON(user), "d": JSON(department),
            "e": .integer(expiresAt.milliseconds), "n": .string(nonce),
        ]
        let text = Base64URL.text(json.canonicalBytes)
        return "\(text).\(keys.signature(of: text, for: Self.purpose))"
    }

    /// Reads a token.
    ///
    /// - Throws: ``Failure``.
    static func read(
        _ token: String,
        _ keys: MasterKey,
        at now: Timestamp
    ) throws(Failure) -> LaunchSession {
        let halves = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= tokenBytesMaximum, halves.count == 2,
            keys.isValid(String(halves[1]), of: String(halves[0]), for: purpose),
            let bytes = Base64URL.bytes(String(halves[0])),
            let json = try? JSONReader.read(bytes), let session = LaunchSession(json)
        else { throw .unknown }
        guard now < session.expiresAt else { throw .expired(clinic: session.clinic) }
        return session
    }
}

extension LaunchSession {
    fileprivate init?(_ json: JSON) {
        guard let clinic = json["c"]?.stringValue,
            let place = json["p"]?.stringValue.flatMap(LaunchPlace.init),
            let object = json["o"]?.intValue, let client = json["l"]?.intValue,
            let milliseconds = json["e"]?.integerValue, let nonce = json["n"]?.stringValue
        else { return nil }
        self.init(
            clinic: clinic,
            place: place,
            object: object,
            client: client,
            user: json["u"]?.intValue,
            department: json["d"]?.intValue,
            expiresAt: Timestamp(milliseconds: milliseconds),
            nonce: nonce
        )
    }
}
