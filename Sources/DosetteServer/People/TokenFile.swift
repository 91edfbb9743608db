package import DosetteCore
import Foundation

/// Changes the file of tokens: whole, or not at all.
package enum TokenFile {
    /// Random bytes of a token.
    private static let secretBytes = 32
    private static let prefix = "dosette_"

    /// A new token, which is told once and never again.
    package struct Made: Sendable {
        package let secret: String
        package let token: AccessToken
    }

    /// Makes a token and adds its digest to the file, which is made when it is missing.
    ///
    /// When this returns, the file is on disk; a running server takes it up within a second.
    ///
    /// - Parameters:
    ///   - owner: Who will act with it.
    ///   - roles: What it allows; one or more.
    ///   - expiresAt: From when on it opens nothing.
    ///   - file: The path.
    /// - Returns: The token with its secret.
    /// - Throws: ``AccessTokensError``; the file is as it was.
    package static func create(
        owner: String,
        roles: Set<Role>,
        expiresAt: Timestamp?,
        in file: String
    ) throws(AccessTokensError) -> Made {
        guard Token.isValid(owner), !roles.isEmpty else {
            let problem = "a token needs a role, and as owner \(Token.rule)"
            throw AccessTokensError(problems: [problem])
        }
        let secret = prefix + random()
        let made = AccessToken(owner: owner, token: secret, roles: roles, expiresAt: expiresAt)
        try add(made, to: file)
        return Made(secret: secret, token: made)
    }

    /// Adds a person whom a trusted proxy signs in; as ``create(owner:roles:expiresAt:in:)``, without a secret.
    package static func create(
        owner: String,
        login: String,
        roles: Set<Role>,
        expiresAt: Timestamp?,
        in file: String
    ) throws(AccessTokensError) -> AccessToken {
        guard Token.isValid(owner), !roles.isEmpty, AccessToken.isLogin(login) else {
            let problem =
                "a login is visible ASCII characters; it needs a role, and as owner \(Token.rule)"
            throw AccessTokensError(problems: [problem])
        }
        let made = AccessToken(owner: owner, login: login, roles: roles, expiresAt: expiresAt)
        try add(made, to: file)
        return made
    }

    private static func add(
        _ made: AccessToken,
        to file: String
    ) throws(AccessTokensError) {
        let isThere = FileManager.default.fileExists(atPath: file)
        var text = isThere ? try AccessTokens.text(of: file) : heading
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        text += line(of: made) + "\n"
        _ = try AccessTokens.parse(text, file: file)
        try write(text, file)
    }

    /// Takes a token out of the file.
    ///
    /// - Parameters:
    ///   - id: As ``AccessToken/id`` has it.
    ///   - file: The path.
    /// - Returns: The token.
    /// - Throws: ``AccessTokensError`` when there is no such token, or it is the last one, without which everybody could come in.
    package static func revoke(
        _ id: String,
        in file: String
    ) throws(AccessTokensError) -> AccessToken {
        let text = try AccessTokens.text(of: file)
        let tokens = try AccessTokens.parse(text, file: file)
        guard let token = tokens.first(where: { $0.id == id }) else {
            throw AccessTokensError(problems: ["\(file): there is no token \(id)"])
        }
        guard tokens.count > 1 else {
            let problem = "\(file): it is the last token; make another one first"
            throw AccessTokensError(problems: [problem])
        }
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let kept = lines.filter { line in
            guard let own = try? AccessTokens.parse(String(line), file: file).first else {
                return true
            }
            return own.id != id
        }
        try write(kept.joined(separator: "\n"), file)
        return token
    }

    private static let heading = """
        # Who may call: owner, digest of the token, roles, end. dosette token create adds lines.

        """

    private static func line(of token: AccessToken) -> String {
        let roles = token.roles.map(\.rawValue).sorted().joined(separator: ",")
        let key =
            token.login.map { AccessTokens.loginPrefix + $0 }
            ?? AccessTokens.digestPrefix + HexText.of(token.digest)
        let end = token.expiresAt.map { " expires=\($0.text)" } ?? ""
        return "\(token.owner) \(key) roles=\(roles)\(end)"
    }

    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return HexText.of(
            (0..<secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        )
    }

    /// Writes beside the file and renames, so that whoever reads finds the old or the new one.
    private static func write(_ text: String, _ file: String) throws(AccessTokensError) {
        let target = URL(filePath: file).resolvingSymlinksInPath()
        let beside = target.path + ".new"
        let manager = FileManager.default
        try? manager.removeItem(atPath: beside)
        let isMade = manager.createFile(
            atPath: beside,
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        // Whoever could read the old one reads the new one: root may change the file of the service.
        if let old = try? manager.attributesOfItem(atPath: target.path) {
            let owner = old.filter { $0.key == .ownerAccountID || $0.key == .groupOwnerAccountID }
            try? manager.setAttributes(owner, ofItemAtPath: beside)
        }
        guard isMade, let handle = FileHandle(forWritingAtPath: beside),
            (try? handle.synchronize()) != nil, (try? handle.close()) != nil,
            // Both texts live until the call is over.
            unsafe rename(beside, target.path) == 0
        else {
            throw AccessTokensError(problems: ["\(file): cannot be written"])
        }
        flushNames(in: target.deletingLastPathComponent())
    }

    /// Has the new file's name on disk too, where the file system can; what is in the file is there already.
    private static func flushNames(in directory: URL) {
        // Sound: the text lives for the call.
        let descriptor = unsafe open(directory.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
