import Crypto
import DosetteCore
import Foundation

/// A bearer token that opens the API, known by its digest only.
package struct AccessToken: Sendable {
    /// Who acts when a request bears the token.
    package let owner: String
    let digest: [UInt8]

    /// - Parameters:
    ///   - owner: The name that stands in the journal.
    ///   - token: The secret; it is not kept.
    package init(owner: String, token: String) {
        self.owner = owner
        digest = Self.digest(of: token)
    }

    static func digest(of token: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(token.utf8)))
    }
}

/// What is wrong with a file of tokens, all of it; without any token.
package struct AccessTokensError: Error, Hashable, CustomStringConvertible {
    package let problems: [String]

    package var description: String { problems.joined(separator: "\n") }
}

/// The file that says who may call: lines of `owner token`, and comments after `#`.
package enum AccessTokens {
    package static let tokenLengths = 32...512
    package static let fileBytesMaximum = 1 << 20
    /// The permissions that nobody but the file's owner may have.
    static let foreignPermissions = 0o077

    /// Reads the tokens of a file that only its owner can read.
    ///
    /// - Parameter file: The path.
    /// - Returns: The tokens, one or more, in the file's order.
    /// - Throws: ``AccessTokensError`` with every line that breaks a rule.
    package static func read(file: String) throws(AccessTokensError) -> [AccessToken] {
        // What is judged must be the file itself, not a link to it.
        let path = URL(filePath: file).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw AccessTokensError(problems: ["\(file): there is no such file"])
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
        return try parse(text, file: file)
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
            var broken = brokenRules(words)
            if broken.isEmpty {
                let token = AccessToken(owner: words[0], token: words[1])
                if tokens.contains(where: { ConstantTime.areEqual($0.digest, token.digest) }) {
                    broken.append("the token stands on an earlier line already")
                }
                tokens.append(token)
            }
            problems += broken.map { "\(file):\(index + 1): \($0)" }
        }
        if problems.isEmpty, tokens.isEmpty { problems.append("\(file): there is no token in it") }
        guard problems.isEmpty else { throw AccessTokensError(problems: problems) }
        return tokens
    }

    /// The words before a comment.
    private static func words(of line: Substring) -> [String] {
        line.split { $0.isWhitespace }.prefix { !$0.hasPrefix("#") }.map(String.init)
    }

    private static func brokenRules(_ words: [String]) -> [String] {
        guard words.count == 2 else {
            return ["an owner and a token are due, separated by white space"]
        }
        var broken: [String] = []
        if !Token.isValid(words[0]) { broken.append("the owner must be \(Token.rule)") }
        if !tokenLengths.contains(words[1].utf8.count) {
            let (least, most) = (tokenLengths.lowerBound, tokenLengths.upperBound)
            broken.append("the token must have \(least) to \(most) characters")
        }
        if !words[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            broken.append("the token must be visible ASCII characters")
        }
        return broken
    }

    /// The owner of a token that a caller presents, or nothing.
    ///
    /// Every token is compared, in a time that does not depend on how much of one is right.
    static func owner(of presented: String, among tokens: [AccessToken]) -> String? {
        let digest = AccessToken.digest(of: presented)
        var owner: String?
        for token in tokens where ConstantTime.areEqual(token.digest, digest) {
            owner = token.owner
        }
        return owner
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
