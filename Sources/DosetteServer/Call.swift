import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird
import NIOCore

/// What is known of the connection that a request came by.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection itself, which is cut when it takes too long.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Where the connection comes from, without its port.
    var address: String { channel.remoteAddress?.ipAddress ?? "" }
}

extension Channel {
    /// Cuts the connection after `time`, unless that is cancelled before.
    func cut(after time: TimeAmount) -> Scheduled<Void> {
        eventLoop.scheduleTask(in: time) { self.close(promise: nil) }
    }

    /// Takes nothing more from the connection after `time`, unless that is cancelled before; what is
    /// written still goes out.
    func stopReading(after time: TimeAmount) -> Scheduled<Void> {
        eventLoop.scheduleTask(in: time) { self.close(mode: .input, promise: nil) }
    }
}

/// One request, by somebody who may make it.
struct Call: Sendable {
    private static let idempotencyField = "idempotency-key"
    /// Visible ASCII.
    private static let visible: ClosedRange<UInt8> = 0x21...0x7E

    let request: Request
    let caller: Caller
    let channel: any Channel

    /// Where the connection comes from, without its port.
    var address: String { channel.remoteAddress?.ipAddress ?? "" }

    // MARK: - The body

    /// Reads the body, which has so many bytes at the most, as JSON.
    func json(upTo byteCountMaximum: Int) async throws(Problem) -> JSON {
        try requireType(MediaType.isJSON, MediaType.json)
        let bytes = try await bytes(upTo: byteCountMaximum)
        do {
            return try JSONReader.read(bytes)
        } catch {
            throw Problem.notJSON(error)
        }
    }

    /// Reads the body as a JSON object.
    func object(upTo byteCountMaximum: Int) async throws(Problem) -> JSONObject {
        let json = try await json(upTo: byteCountMaximum)
        guard let object = json.objectValue else {
            let detail = "An object is due, not \(json.kindName)."
            throw Problem([Violation(pointer: "", rule: "wrong_type", detail: detail)])
        }
        return object
    }

    /// Reads the body, which has so many bytes at the most.
    func bytes(upTo byteCountMaximum: Int) async throws(Problem) -> [UInt8] {
        try refuseLonger(than: byteCountMaximum)
        let deadline = channel.cut(after: ServerLimits.bodyTime)
        defer { deadline.cancel() }
        do {
            let buffer = try await request.body.collect(upTo: byteCountMaximum)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw .tooLarge(byteCountMaximum)
        } catch {
            throw Problem(.notJSON, rule: "body_cut", "The body did not come to its end.")
        }
    }

    /// Refuses by its announced length a body that need not be read for it.
    func refuseLonger(than byteCountMaximum: Int) throws(Problem) {
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard length <= byteCountMaximum else { throw .tooLarge(byteCountMaximum) }
    }

    /// Refuses a body that says of itself that it is something else.
    func requireType(
        _ isTaken: (String) -> Bool,
        _ name: String
    ) throws(Problem) {
        if let type = request.headers[.contentType], !isTaken(type) {
            let detail = "The Content-Type \(name) is due."
            throw Problem(.unsupportedMediaType, rule: "media_type", detail)
        }
        let coding = request.headers[.contentEncoding] ?? "identity"
        guard coding.lowercased() == "identity" else {
            let detail = "A body without Content-Encoding is due."
            throw Problem(.unsupportedMediaType, rule: "content_encoding", detail)
        }
    }

    // MARK: - The idempotency key

    /// The caller's key for this request, with the digest of what it stands for.
    ///
    /// The same key with another meaning is refused by the engine.
    func idempotency(_ meaning: JSON) throws(Problem) -> Idempotency? {
        try key().map { Idempotency(key: $0, bodyDigest: Engine.digest(of: meaning)) }
    }

    /// Refuses a key that is none, where the request is known without one.
    func checkKey() throws(Problem) { _ = try key() }

    /// The caller's key for this request.
    func key() throws(Problem) -> String? {
        let keys = request.headers
            .filter { $0.name.canonicalName == Self.idempotencyField }.map(\.value)
        guard let key = keys.first else { return nil }
        let most = Idempotency.keyLengthMaximum
        guard keys.count == 1, (1...most).contains(key.utf8.count),
            key.utf8.allSatisfy(Self.visible.contains), !key.hasPrefix(ProposalDesk.keyPrefix)
        else {
            let detail = "An Idempotency-Key is 1 to \(most) visible ASCII characters, given once."
            throw Problem(.invalid, rule: "bad_idempotency_key", detail)
        }
        return key
    }
}
