import DosetteCore
import DosetteEngine
import Foundation
package import Logging
import Synchronization

/// The tokens that are valid now: those of a file, which is read again when it changes.
///
/// A file that cannot be read any more leaves the tokens as they were, and says so in the log: a slip of the hand must not lock
/// the pharmacy out. Whoever revokes a token by `dosette token revoke` never leaves such a file.
package final class TokenBook: Sendable {
    private struct Stamp: Hashable {
        let modifiedAt: Date?
        let size: Int?
        let number: Int?
    }

    private struct State {
        var tokens: [AccessToken]
        var stamp: Stamp?
        var lookedAt: ContinuousClock.Instant
        /// What was complained about already.
        var broken: Stamp?
    }

    private let file: String?
    /// How long a change of the file may go unseen.
    private let lookInterval: Duration
    private let logger: Logger
    private let state: Mutex<State>

    /// Tokens that never change.
    package init(_ tokens: [AccessToken]) {
        file = nil
        lookInterval = .zero
        logger = Logger(label: "dosette")
        state = Mutex(State(tokens: tokens, stamp: nil, lookedAt: .now))
    }

    /// The tokens of a file.
    ///
    /// - Parameters:
    ///   - file: The path.
    ///   - lookInterval: How long a change of the file may go unseen.
    ///   - logger: Where it says that the file was read again, or cannot be read.
    /// - Throws: ``AccessTokensError`` with every line that breaks a rule.
    package init(
        file: String,
        lookInterval: Duration = .seconds(1),
        logger: Logger
    ) throws(AccessTokensError) {
        self.file = file
        self.lookInterval = lookInterval
        self.logger = logger
        let stamp = Self.stamp(of: file)
        let tokens = try AccessTokens.read(file: file)
        state = Mutex(State(tokens: tokens, stamp: stamp, lookedAt: .now))
    }

    /// Whether a token is due at all.
    var asksForTokens: Bool { file != nil || !state.withLock { $0.tokens.isEmpty } }

    /// All tokens, also those whose time is over.
    var all: [AccessToken] {
        lookAgain()
        return state.withLock { $0.tokens }
    }

    /// The token that somebody presents, if it is valid now.
    func token(of presented: String, at now: Timestamp) -> AccessToken? {
        AccessTokens.token(of: presented, among: all).flatMap { $0.isValid(at: now) ? $0 : nil }
    }

    /// The person whom a trusted proxy names, if there is such a line and its time is not over.
    func person(login: String, at now: Timestamp) -> AccessToken? {
        all.first { $0.login == login.lowercased() }.flatMap { $0.isValid(at: now) ? $0 : nil }
    }

    /// Whether a token that was valid still is: it stands in the file, and its time is not over.
    func stillHolds(_ token: AccessToken, at now: Timestamp) -> Bool {
        token.isValid(at: now) && all.contains(token)
    }

    private func lookAgain() {
        guard let file else { return }
        let isDue = state.withLock { state in
            guard ContinuousClock.now - state.lookedAt >= lookInterval else { return false }
            state.lookedAt = .now
            return true
        }
        guard isDue else { return }
        let stamp = Self.stamp(of: file)
        guard state.withLock({ $0.stamp != stamp }) else { return }
        do throws(AccessTokensError) {
            let tokens = try AccessTokens.read(file: file)
            state.withLock { state in
                state.tokens = tokens
                state.stamp = stamp
            }
            logger.notice("the tokens were read again")
        } catch {
            // It is tried again each time: what failed may have been the reading alone.
            let isNews = state.withLock { state in
                defer { state.broken = stamp }
                return state.broken != stamp
            }
            guard isNews else { return }
            logger.error(
                "the tokens file cannot be read: the tokens stay as they were",
                metadata: [LogKey.detail: "\(error.problems.count) problems"]
            )
        }
    }

    private static func stamp(of file: String) -> Stamp {
        let path = URL(filePath: file).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return Stamp(
            modifiedAt: attributes?[.modificationDate] as? Date,
            size: (attributes?[.size] as? NSNumber)?.intValue,
            number: (attributes?[.systemFileNumber] as? NSNumber)?.intValue
        )
    }
}
