import AsyncHTTPClient
import DosetteCore
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to a running server.
struct APIClient: Sendable {
    /// An answer's bytes at the most.
    static let answerBytesMaximum = 512 * 1024 * 1024
    static let seconds: Int64 = 120
    private static let problemBytesMaximum = 1 << 20

    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]

        var json: JSON? { try? JSONReader.read(body) }

        /// The problem's sentence and its fields, for a person.
        var problemText: String {
            guard let json else { return "status \(status)" }
            let title = json["detail"]?.stringValue ?? json["title"]?.stringValue ?? ""
            let fields = (json["errors"]?.arrayValue ?? []).compactMap { error -> String? in
                let pointer = error["pointer"]?.stringValue ?? ""
                let detail = error["detail"]?.stringValue ?? ""
                // What is wrong with the whole is the title already.
                return pointer.isEmpty && detail == title ? nil : "  \(pointer): \(detail)"
            }
            let advice = "  Set DOSETTE_TOKEN, or name a variable by --token-env."
            let hint = status == 401 ? [advice] : []
            return (["\(status) \(title)"] + fields + hint).joined(separator: "\n")
        }
    }

    /// Connections to one server at the most, so that many callers do not wait for each other.
    private static let connectionsMaximum = 64

    /// Unlike the library's shared client it does not try again for the whole timeout when nobody listens:
    /// a server that was killed leaves its address behind.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            connectionsMaximum
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let client: HTTPClient
    let base: String
    private let token: String?
    /// The name under which the server is called, where it is not the URL's.
    private let host: String?

    private init(_ client: HTTPClient, base: String, token: String?, host: String? = nil) {
        self.client = client
        self.base = base
        self.token = token
        self.host = host
    }

    init(address: String, token: String?) {
        self.init(Self.client, base: "http://\(address)", token: token)
    }

    /// The way to the server of a data directory.
    ///
    /// - Parameters:
    ///   - record: Where it listens.
    ///   - token: What it is shown, if anything.
    ///   - certificateFile: What a server with TLS proves its name with; besides the system's roots it is believed.
    init(_ record: ServerRecord, token: String?, certificateFile: String?) {
        guard let name = record.name else {
            self.init(address: record.address, token: token)
            return
        }
        let parts = record.address.split(separator: ":")
        let port = parts.last.map(String.init) ?? ""
        let host = parts.dropLast().joined(separator: ":")
            .trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let client = SecureClients.shared.client(name, at: host, certificateFile)
        // The certificate's name finds the server; what calls it is this machine, whose own name it takes without tokens.
        let base = "https://\(name):\(port)"
        self.init(client, base: base, token: token, host: record.address)
    }

    func get(_ path: String) async throws -> Answer {
        try await call("GET", path, nil, type: nil)
    }

    func post(_ path: String, _ json: JSON) async throws -> Answer {
        try await call("POST", path, json.canonicalBytes, type: "application/json")
    }

    func delete(_ path: String, _ json: JSON) async throws -> Answer {
        try await call("DELETE", path, json.canonicalBytes, type: "application/json")
    }

    /// Sends JSON as it is written.
    func post(_ path: String, bytes: [UInt8]) async throws -> Answer {
        try await call("POST", path, bytes, type: "application/json")
    }

    func post(_ path: String, lines: [UInt8]) async throws -> Answer {
        try await call("POST", path, lines, type: "application/x-ndjson")
    }

    /// Hands lines in and keeps what is answered, also when the connection breaks off.
    ///
    /// - Returns: The status, nothing when none came, and the answer as far as it came.
    func upload(_ path: String, lines: [UInt8]) async -> (status: Int?, body: [UInt8]) {
        let request = request("POST", path, lines, type: "application/x-ndjson")
        var body: [UInt8] = []
        guard let response = try? await client.execute(request, timeout: .seconds(Self.seconds))
        else { return (nil, body) }
        do {
            for try await chunk in response.body { body += chunk.readableBytesView }
        } catch {
            // What came before holds.
        }
        return (Int(response.status.code), body)
    }

    /// Fetches an answer into a new file, whatever its length, flushed.
    ///
    /// - Returns: The status, the fields, and of a problem the body.
    func download(
        _ path: String,
        to file: URL,
        within seconds: Int64
    ) async throws -> (status: Int, headers: HTTPHeaders, problem: Answer?) {
        let request = request("GET", path, nil, type: nil)
        let response = try await client.execute(request, timeout: .seconds(seconds))
        let status = Int(response.status.code)
        guard status == 200 else {
            let bytes = try await response.body.collect(upTo: Self.problemBytesMaximum)
            let answer = Answer(status: status, body: Array(bytes.readableBytesView))
            return (status, response.headers, answer)
        }
        let isMade = FileManager.default.createFile(
            atPath: file.path,
            contents: nil,
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw Stop(.unavailable, "\(file.path) cannot be written") }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        for try await piece in response.body {
            try handle.write(contentsOf: Data(piece.readableBytesView))
        }
        try handle.synchronize()
        return (status, response.headers, nil)
    }

    private func call(
        _ method: String,
        _ path: String,
        _ body: [UInt8]?,
        type: String?
    ) async throws -> Answer {
        let request = request(method, path, body, type: type)
        let response = try await client.execute(request, timeout: .seconds(Self.seconds))
        let bytes = try await response.body.collect(upTo: Self.answerBytesMaximum)
        return Answer(status: Int(response.status.code), body: Array(bytes.readableBytesView))
    }

    private func request(
        _ method: String,
        _ path: String,
        _ body: [UInt8]?,
        type: String?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.method = .init(rawValue: method)
        if let host { request.headers.add(name: "Host", value: host) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let type { request.headers.add(name: "Content-Type", value: type) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }
}
