import DosetteCore
import Synchronization

/// One person who is signed in.
struct ConsoleSession: Hashable, Sendable {
    let person: String
    /// The token that was shown at the door; nothing where none is asked for.
    let token: AccessToken?
    /// Stands in every form: a page of somebody else's does not know it.
    let formKey: String
    let signedInAt: Timestamp
    var seenAt: Timestamp

    var rights: Set<Right> { token?.rights ?? Set(Right.allCases) }

    /// The person as the API knows callers.
    var caller: Caller { token.map { .owner($0) } ?? .anybody }
}

/// Who is signed in; in memory alone, so a restart signs everybody out.
final class ConsoleSessions: Sendable {
    static let countMaximum = 1_000
    /// Of one person.
    static let ownMaximum = 20
    /// A session ends when nothing was asked for so long.
    static let idleMaximum = TimeSpan.hours(1)
    /// It ends in any case after so long.
    static let ageMaximum = TimeSpan.hours(12)
    private static let keyBytes = 32

    /// By the digest of the key: whoever reads memory finds no key that opens anything.
    private let sessions = Mutex<[[UInt8]: ConsoleSession]>([:])

    /// Signs somebody in.
    ///
    /// - Returns: The key, which the person's browser keeps.
    func begin(_ person: String, _ token: AccessToken?, at now: Timestamp) -> String {
        let key = Self.random()
        let session = ConsoleSession(
            person: person,
            token: token,
            formKey: Self.random(),
            signedInAt: now,
            seenAt: now
        )
        sessions.withLock { sessions in
            sessions = sessions.filter { Self.isAlive($0.value, at: now) }
            let own = sessions.filter { $0.value.person == person && $0.value.token == token }
            if own.count >= Self.ownMaximum || sessions.count >= Self.countMaximum {
                // Nobody signs others out by signing in again and again.
                let among = own.isEmpty ? sessions : own
                let oldest = among.min { $0.value.seenAt < $1.value.seenAt }
                if let oldest { sessions[oldest.key] = nil }
            }
            sessions[AccessToken.digest(of: key)] = session
        }
        return key
    }

    /// The session that a browser's key opens, which is seen now.
    ///
    /// - Parameters:
    ///   - key: What the browser kept.
    ///   - now: The engine's time.
    ///   - isUse: Whether a person asks; a page that refreshes itself keeps nobody signed in.
    /// - Returns: The session, unless it is over.
    func session(_ key: String, at now: Timestamp, isUse: Bool = true) -> ConsoleSession? {
        let digest = AccessToken.digest(of: key)
        return sessions.withLock { sessions in
            guard var session = sessions[digest] else { return nil }
            guard Self.isAlive(session, at: now) else {
                sessions[digest] = nil
                return nil
            }
            if isUse {
                session.seenAt = now
                sessions[digest] = session
            }
            return session
        }
    }

    func end(_ key: String) {
        let digest = AccessToken.digest(of: key)
        sessions.withLock { $0[digest] = nil }
    }

    private static func isAlive(_ session: ConsoleSession, at now: Timestamp) -> Bool {
        now < session.seenAt.advanced(by: idleMaximum)
            && now < session.signedInAt.advanced(by: ageMaximum)
    }

    private static func random() -> String { random(bytes: keyBytes) }

    /// So many random bytes as hexadecimal digits.
    static func random(bytes count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return HexText.of(
            (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        )
    }
}
