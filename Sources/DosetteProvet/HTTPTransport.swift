import AsyncHTTPClient
package import DosetteCore
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

        package var isWrite: Bool { self != .get }
    }

    package let method: Method
    package let url: String
    package var headers: [(name: String, value: String)]
    package let body: [UInt8]?

    package init(
        method: Method,
        url: String,
        headers: [(name: String, value: String)],
        body: [UInt8]?
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
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
    package let status: Int
    package let retryAfter: TimeSpan?
    package let body: [UInt8]

    package init(status: Int, retryAfter: TimeSpan?, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// Sends one request at a time over HTTP/1.1: no redirects, no retries, a limited body.
package struct HTTPTransport: Sendable {
    /// An answer's bytes at the most.
    package static let answerBytesMaximum = 4 * 1024 * 1024
    /// The longest that a `Retry-After` is believed.
    static let retryAfterMaximum = TimeSpan.hours(1)
    static let connectSeconds: Int64 = 10
    /// Idle connections are closed early, so that a request seldom meets one that is closing.
    static let idleSeconds: Int64 = 5
    static let connectionsMaximum = 64

    /// Who carries the requests.
    private enum Carrier: Sendable {
        case network(HTTPClient)
        case process(@Sendable (TransportRequest) async -> TransportResult)
    }

    private let carrier: Carrier

    /// A transport with a client of its own; ``shutdown()`` must be called at the end.
    package init() {
        carrier = .network(
            HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: Self.configuration
            )
        )
    }

    /// A transport without a network: `answer` is the far side and all that lies between.
    package init(answering answer: @escaping @Sendable (TransportRequest) async -> TransportResult)
    {
        carrier = .process(answer)
    }

    /// Closes the connections; calls after it are "not sent".
    package func shutdown() async throws {
        if case .network(let client) = carrier { try await client.shutdown() }
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
        // Who is called is told of no trace, unless the caller names it.
        configuration.tracing.tracer = nil
        return configuration
    }

    /// Sends `request` once.
    ///
    /// The caller bounds the time by cancelling; the connection closes then.
    package func send(_ request: TransportRequest) async -> TransportResult {
        switch carrier {
        case .network(let client): await Self.send(request, by: client)
        case .process(let answer): await answer(request)
        }
    }

    private static func send(
        _ request: TransportRequest,
        by client: HTTPClient
    ) async -> TransportResult {
        var message = HTTPClientRequest(url: request.url)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let deadline = NIODeadline.distantFuture
            let response = try await client.execute(message, deadline: deadline)
            let body = try await response.body.collect(upTo: answerBytesMaximum)
            return .answer(
                TransportAnswer(
                    status: Int(response.status.code),
                    retryAfter: retryAfter(response.headers.first(name: "Retry-After")),
                    body: Array(body.readableBytesView)
                )
            )
        } catch {
            return judge(error)
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
    package static func retryAfter(_ text: String?) -> TimeSpan? {
        guard let text, let seconds = Double(text), seconds.isFinite, seconds >= 0
        else { return nil }
        let most = Double(retryAfterMaximum.milliseconds)
        return .milliseconds(Int64(min(seconds * 1000, most).rounded(.up)))
    }
}
