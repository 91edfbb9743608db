import DosetteCore
import Foundation

/// What is wrong with a file of tokens, all of it; without any token.
package struct AccessTokensError: Error, Hashable, CustomStringConvertible {
    package let problems: [String]

    package init(problems: [String]) {
        self.problems = problems
    }

    package var description: String { problems.joined(separator: "\n") }
}

/// The file that says who may call: a line a token, and comments after `#`.
///
/// `owner sha256:DIGEST roles=operator,pharmacist expires=2027-01-31T00:00:00Z` as `dosette token create` writes it. In place of
/// the digest the token itself may stand; a line without roles has all of them. `owner login:aino@pharmacy.example roles=…`
/// is a person whom a trusted proxy signs in.
package enum AccessTokens {
    package static let tokenLengths = 32...512
    package static let fileBytesMaximum = 1 << 20
    /// The permissions that nobody but the file's owner may have.
    static let foreignPermissions = 0o077
    static let digestPrefix = "sha256:"
    static let loginPrefix = "login:"
    private static let digestBytes = 32

    /// Reads the tokens of a file that only its owner can read.
    ///
    /// - Parameter file: The path.
    /// - Returns: The tokens, one or more, in the file's order.
    /// - Throws: ``AccessTokensError`` with every line that breaks a rule.
    package static func read(file: String) throws(AccessTokensError) -> [AccessToken] {
        try parse(try text(of: file), file: file)
    }

    /// The file's text, when nobody else can read it.
    static func text(of file: String) throws(AccessTokensError) -> String {
        // What is judged must be the file itself, not a link to it.
        let path = URL(filePath: file).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            let problem = "\(file): there is no such file; dosette token create makes it"
            throw AccessTokensError(problems: [problem])
        }
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? foreignPermissions
        guard mode & foreignPermissions == 0 else {
            let problem = "\(file): others may read it; allow it to its owner only (chmod 600)"
            throw AccessTokensError(problems: [problem])
        }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        guard size <= fileBytesMaximum else {
            let problem = "\(file): longer than \(fileBytesMaximum) bytes"
            throw AccessTokensError(problems: [problem])
        }
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else {
            throw AccessTokensError(problems: ["\(file): cannot be read as UTF-8 text"])
        }
        return text
    }

    /// Reads the lines of a file of tokens.
    ///
    /// - Parameters:
    ///   - text: The lines.
    ///   - file: What to call the file in messages.
    /// - Returns: The tokens, one or more, in the file's order.
    /// - Throws: ``AccessTokensError`` with every line that breaks a rule.
    package static func parse(
        _ text: String,
        file: String
    ) throws(AccessTokensError) -> [AccessToken] {
        var tokens: [AccessToken] = []
        var problems: [String] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let words = words(of: line)
            guard !words.isEmpty else { continue }
            var reader = LineReader(words)
            if let token = reader.token() {
                if tokens.contains(where: { Self.areSame($0, token) }) {
                    let what = token.login == nil ? "token" : "login"
                    reader.problems.append("the \(what) stands on an earlier line already")
                }
                tokens.append(token)
            }
            problems += reader.problems.map { "\(file):\(index + 1): \($0)" }
        }
        if problems.isEmpty, tokens.isEmpty { problems.append("\(file): there is no token in it") }
        guard problems.isEmpty else { throw AccessTokensError(problems: problems) }
        return tokens
    }

    private static func areSame(_ lhs: AccessToken, _ rhs: AccessToken) -> Bool {
        lhs.login == rhs.login && ConstantTime.areEqual(lhs.digest, rhs.digest)
    }

    /// The words before a comment.
    static func words(of line: Substring) -> [String] {
        line.split { $0.isWhitespace }.prefix { !$0.hasPrefix("#") }.map(String.init)
    }

    /// The token that a caller presents, or nothing.
    ///
    /// Every token is compared, in a time that does not depend on how much of one is right.
    static func token(of presented: String, among tokens: [AccessToken]) -> AccessToken? {
        let digest = AccessToken.digest(of: presented)
        var found: AccessToken?
        for token in tokens
        where token.login == nil && ConstantTime.areEqual(token.digest, digest) { found = token }
        return found
    }

    /// Reads one line's words.
    private struct LineReader {
        private let words: [String]
        var problems: [String] = []

        init(_ words: [String]) {
            self.words = words
        }

        mutating func token() -> AccessToken? {
            guard words.count >= 2 else {
                problems.append("an owner and a token are due, separated by white space")
                return nil
            }
            if !Token.isValid(words[0]) { problems.append("the owner must be \(Token.rule)") }
            let login = login(words[1])
            let digest = login == nil ? digest(words[1]) : []
            var roles = Set(Role.allCases)
            var expiresAt: Timestamp?
            for (index, word) in words.enumerated().dropFirst(2) {
                let halves = word.split(separator: "=", maxSplits: 1).map(String.init)
                switch (halves.first, halves.count) {
                case ("roles", 2): roles = self.roles(halves[1])
                case ("expires", 2): expiresAt = time(halves[1])
                default:
                    // What stands there may be the token, behind an owner with a space.
                    let place = "word \(index + 1)"
                    problems.append("\(place): roles=… and expires=… may follow, nothing else")
                }
            }
            guard problems.isEmpty, let digest else { return nil }
            if let login {
                return AccessToken(
                    owner: words[0],
                    login: login,
                    roles: roles,
                    expiresAt: expiresAt
                )
            }
            return AccessToken(
                owner: words[0],
                digest: digest,
                roles: roles,
                expiresAt: expiresAt
            )
        }

        /// What stands behind `login:`; nothing when the word is a token.
        private mutating func login(_ word: String) -> String? {
            guard word.hasPrefix(loginPrefix) else { return nil }
            let login = String(word.dropFirst(loginPrefix.count))
            if !AccessToken.isLogin(login) {
                problems.append("behind \(loginPrefix) visible ASCII characters are due")
            }
            if !words.dropFirst(2).contains(where: { $0.hasPrefix("roles=") }) {
                problems.append("a login needs roles=…")
            }
            return login
        }

        private mutating func digest(_ word: String) -> [UInt8]? {
            if word.hasPrefix(digestPrefix) {
                let bytes = HexText.bytes(word.dropFirst(digestPrefix.count))
                if bytes?.count == digestBytes { return bytes }
                problems.append("behind \(digestPrefix) 64 hexadecimal digits are due")
                return nil
            }
            if !tokenLengths.contains(word.utf8.count) {
                let (least, most) = (tokenLengths.lowerBound, tokenLengths.upperBound)
                problems.append("the token must have \(least) to \(most) characters")
            }
            if !word.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                problems.append("the token must be visible ASCII characters")
            }
            return AccessToken.digest(of: word)
        }

        private mutating func roles(_ text: String) -> Set<Role> {
            let names = text.split(separator: ",", omittingEmptySubsequences: false)
            var roles: Set<Role> = []
            for (index, name) in names.enumerated() {
                if let role = Role(rawValue: String(name)) {
                    roles.insert(role)
                } else {
                    let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                    problems.append("role \(index + 1) is none; there are \(known)")
                }
            }
            return roles
        }

        private mutating func time(_ text: String) -> Timestamp? {
            let time = Timestamp(text: text)
            if time == nil {
                problems.append("expires: a time is due, such as 2027-01-31T00:00:00Z")
            }
            return time
        }
    }
}

/// Comparisons whose time tells nothing about what is compared.
enum ConstantTime {
    /// Whether two byte strings are equal; only their lengths may be learned from the time.
    static func areEqual(_ lhs: [UInt8], _ rhs: [UInt8]) -> Bool {
        guard lhs.count == rhs.count else { return false }
        var difference: UInt8 = 0
        for index in lhs.indices { difference |= lhs[index] ^ rhs[index] }
        return difference == 0
    }
}
