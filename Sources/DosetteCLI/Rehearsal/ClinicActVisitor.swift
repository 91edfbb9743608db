import AsyncHTTPClient
import DosetteCore
import Foundation
import NIOCore
import NIOHTTP1

/// Speaks HTTP as a browser does, one request at a time, and follows no redirection by itself.
struct WebVisitor: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let text: String

        var location: String? { headers.first(name: "Location") }

        /// Who may show the page in a frame.
        var frameAncestors: String? {
            headers.first(name: "Content-Security-Policy")?.split(separator: ";")
                .map { $0.drop { $0 == " " } }
                .first { $0.hasPrefix("frame-ancestors ") }
                .map { String($0.dropFirst("frame-ancestors ".count)) }
        }
    }

    private static let secondsMaximum: Int64 = 20
    private static let bytesMaximum = 1 << 20

    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    func get(_ url: String) async throws -> Answer {
        try await send("GET", url, type: nil, body: "", origin: nil)
    }

    func post(_ url: String, form: String, origin: String? = nil) async throws -> Answer {
        let type = "application/x-www-form-urlencoded"
        return try await send("POST", url, type: type, body: form, origin: origin)
    }

    /// Posts a form as a program does that signs in with a name and a secret.
    func post(_ url: String, form: String, name: String, secret: String) async throws -> Answer {
        let pair = Data("\(name):\(secret)".utf8).base64EncodedString()
        let type = "application/x-www-form-urlencoded"
        return try await send(
            "POST",
            url,
            type: type,
            body: form,
            origin: nil,
            authorization: "Basic \(pair)"
        )
    }

    func post(_ url: String, json: JSON) async throws -> Answer {
        try await send("POST", url, type: "application/json", body: json.text, origin: nil)
    }

    private func send(
        _ method: String,
        _ url: String,
        type: String?,
        body: String,
        origin: String?,
        authorization: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        if let type { request.headers.add(name: "Content-Type", value: type) }
        if let origin { request.headers.add(name: "Origin", value: origin) }
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        if method == "POST" { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await Self.client.execute(
            request,
            timeout: .seconds(Self.secondsMaximum)
        )
        let bytes = try await response.body.collect(upTo: Self.bytesMaximum)
        return Answer(
            status: Int(response.status.code),
            headers: response.headers,
            text: String(buffer: bytes)
        )
    }
}

/// A form's pairs.
enum FormText {
    static func encode(_ pairs: [(String, String)]) -> String {
        pairs.map { "\($0.0.pathPart)=\($0.1.pathPart)" }.joined(separator: "&")
    }
}
