import DosetteCore
import DosetteEngine
import Foundation
import Synchronization

/// One clinic's access token: fetched by one caller while the others wait, renewed before it ends.
actor AccessTokens {
    enum Answer: Sendable {
        case token(String)
        /// No token could be had, so nothing was sent.
        case none(retryAfter: TimeSpan?, reason: String)
    }

    private struct Held {
        let text: String
        let renewAt: Timestamp
    }

    private let transport: HTTPTransport
    private let clock: any EngineClock
    private let request: TransportRequest
    private let margin: TimeSpan
    private var held: Held?
    private var isFetching = false
    private var waiterCount = 0
    /// Those who wait for the fetch; each can be cancelled alone.
    private nonisolated let waiters = Mutex<[Int: CheckedContinuation<Answer, Never>]>([:])

    init(
        transport: HTTPTransport,
        clock: any EngineClock,
        tokenURL: String,
        clientID: String,
        clientSecret: String,
        scope: String,
        margin: TimeSpan
    ) {
        self.transport = transport
        self.clock = clock
        self.margin = margin
        // Both are form-encoded first: RFC 6749, 2.3.1.
        let user = FormCoding.encoded(clientID)
        let pair = Data("\(user):\(FormCoding.encoded(clientSecret))".utf8).base64EncodedString()
        let form = "grant_type=client_credentials&scope=\(FormCoding.encoded(scope))"
        request = TransportRequest(
            method: .post,
            url: tokenURL,
            headers: [
                ("Authorization", "Basic \(pair)"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Accept", "application/json"),
            ],
            body: Array(form.utf8)
        )
    }

    /// A token that is good for now.
    ///
    /// - Parameter stale: A token that was just refused and must not be answered again.
    /// - Returns: The token, or why there is none.
    func token(insteadOf stale: String? = nil) async -> Answer {
        if let held, held.text != stale, clock.now() < held.renewAt { return .token(held.text) }
        if isFetching {
            return await waitForFetch()
        }
        isFetching = true
        let answer = await fetch()
        isFetching = false
        let waiting = waiters.withLock { waiters in
            defer { waiters = [:] }
            return waiters.sorted { $0.key < $1.key }.map(\.value)
        }
        for waiter in waiting { waiter.resume(returning: answer) }
        return answer
    }

    private func waitForFetch() async -> Answer {
        waiterCount += 1
        let number = waiterCount
        let cancelled = Answer.none(retryAfter: nil, reason: "the call was cancelled")
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = waiters.withLock { waiters in
                    let isCancelled = Task.isCancelled
                    if !isCancelled { waiters[number] = continuation }
                    return isCancelled
                }
                if isOver { continuation.resume(returning: cancelled) }
            }
        } onCancel: {
            let waiter = waiters.withLock { $0.removeValue(forKey: number) }
            waiter?.resume(returning: cancelled)
        }
    }

    /// How a sign-in went whose token is not looked for in what is held.
    enum SignIn: Sendable {
        case done
        /// Provet answered, but gave no token.
        case refused(status: Int)
        case unreachable
    }

    /// Signs in now, whatever token is held.
    func signIn() async -> SignIn {
        let result = await transport.send(request)
        guard case .answer(let answer) = result else { return .unreachable }
        guard case .token = keep(answer) else { return .refused(status: answer.status) }
        return .done
    }

    private func fetch() async -> Answer {
        let result = await transport.send(request)
        guard case .answer(let answer) = result else {
            return .none(retryAfter: nil, reason: "the sign-in could not be reached")
        }
        return keep(answer)
    }

    private func keep(_ answer: TransportAnswer) -> Answer {
        guard (200..<300).contains(answer.status),
            let json = try? JSONReader.read(answer.body),
            let token = json["access_token"]?.stringValue, !token.isEmpty
        else {
            held = nil
            let reason = "the sign-in was answered with status \(answer.status)"
            return .none(retryAfter: answer.retryAfter, reason: reason)
        }
        let seconds = max(0, json["expires_in"]?.integerValue ?? 0)
        // Half of a short life is kept, so that a margin never makes a token useless.
        let life = TimeSpan.seconds(min(seconds, 86_400 * 365))
        let usable = max(life.milliseconds - margin.milliseconds, life.milliseconds / 2)
        held = Held(text: token, renewAt: clock.now().advanced(by: .milliseconds(usable)))
        return .token(token)
    }
}

/// `application/x-www-form-urlencoded` and query strings.
enum FormCoding {
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95, 126].contains(byte)
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                result += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }
}
