import AsyncHTTPClient
import DosetteCore
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP request, ready to be sent.
package struct TransportRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"

        var isWrite: Bool { self != .get }
    }

    let method: Method
    let url: String
    var headers: [(name: String, value: String)]
    let body: [UInt8]?
}

/// What came of one HTTP request, as far as it can be known.
package enum TransportResult: Sendable {
    case answer(TransportAnswer)
    /// Nothing was sent: no connection came about.
    case notSent(reason: String)
    /// It may have been received.
    case unknown(reason: String)
}

package struct TransportAnswer: Sendable {
    let status: Int
    let retryAfter: TimeSpan?
    let body: [UInt8]
}

/// Sends one request at a time over HTTP/1.1: no redirects, no retries, a limited body.
package struct HTTPTransport: Sendable {
    /// An answer's bytes at the most.
    static let answerBytesMaximum = 4 * 1024 * 1024
    /// The longest that a `Retry-After` is believed.
    static let retryAfterMaximum = TimeSpan.hours(1)
    static let connectSeconds: Int64 = 10
    /// Idle connections are closed early, so that a request seldom meets one that is closing.
    static let idleSeconds: Int64 = 5
    static let connectionsMaximum = 64

    private let client: HTTPClient

    /// A transport with a client of its own; ``shutdown()`` must be called at the end.
    package init() {
        client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: Self.configuration
        )
    }

    /// Closes the connections; calls after it are "not sent".
    package func shutdown() async throws {
        try await client.shutdown()
    }

    /// The settings that the promises above need.
    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(connectSeconds))
        )
        configuration.connectionPool = .init(
            idleTimeout: .seconds(idleSeconds),
            concurrentHTTP1ConnectionsPerHostSoftLimit: connectionsMaximum
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Sends `request` once.
    ///
    /// The caller bounds the time by cancelling; the connection closes then.
    func send(_ request: TransportRequest) async -> TransportResult {
        var message = HTTPClientRequest(url: request.url)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let deadline = NIODeadline.distantFuture
            let response = try await client.execute(message, deadline: deadline)
            let body = try await response.body.collect(upTo: Self.answerBytesMaximum)
            return .answer(
                TransportAnswer(
                    status: Int(response.status.code),
                    retryAfter: Self.retryAfter(response.headers),
                    body: Array(body.readableBytesView)
                )
            )
        } catch {
            return Self.judge(error)
        }
    }

    /// Only what proves that no connection came about is "not sent".
    private static func judge(_ error: any Error) -> TransportResult {
        if error is NIOConnectionError { return .notSent(reason: "no connection") }
        if let error = error as? HTTPClientError {
            let unsent: [HTTPClientError] = [
                .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout,
                .alreadyShutdown,
            ]
            if unsent.contains(error) {
                return .notSent(reason: "no connection")
            }
            return .unknown(reason: "connection lost: \(error.shortDescription)")
        }
        if error is CancellationError { return .unknown(reason: "no answer within the deadline") }
        if let error = error as? IOError {
            // A refused connection is an I/O error when it comes from the socket itself.
            return error.errnoCode == ECONNREFUSED
                ? .notSent(reason: "connection refused")
                : .unknown(reason: "connection lost")
        }
        return .unknown(reason: "connection lost: \(type(of: error))")
    }

    /// `Retry-After` in seconds; a date is not used by Provet and not read.
    private static func retryAfter(_ headers: HTTPHeaders) -> TimeSpan? {
        guard let text = headers.first(name: "Retry-After"), let seconds = Double(text),
            seconds.isFinite, seconds >= 0
        else { return nil }
        let most = Double(retryAfterMaximum.milliseconds)
        return .milliseconds(Int64(min(seconds * 1000, most).rounded(.up)))
    }
}
