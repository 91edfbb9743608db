import DosetteCore
import HTTPTypes
import Hummingbird
import NIOCore

/// The answer "no" of the HTTP API: a problem document as RFC 9457 has it.
struct Problem: Error, Hashable, Sendable {
    /// The kinds of problems; the raw value ends the document's `type`.
    enum Kind: String, CaseIterable, Sendable {
        case notJSON = "not_json"
        case tooLarge = "too_large"
        case invalid
        case conflict
        case refused
        /// What the caller has seen is not so any more.
        case changed
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case unsupportedMediaType = "unsupported_media_type"
        case unauthorized
        case forbidden
        case tooMany = "too_many_calls"
        case unavailable
        case internalError = "internal_error"
    }

    let kind: Kind
    let detail: String
    let errors: [Violation]
    /// The rule that decided, where it is a single one.
    let rule: String?
    var retryAfterSeconds: Int?
    /// The methods that the path takes.
    var allowed: String?
    /// What happened, for the log and never for the caller.
    var cause: String?

    /// A problem that one rule decides.
    init(_ kind: Kind, rule: String, _ detail: String, at pointer: String = "") {
        self.kind = kind
        self.detail = detail
        self.rule = rule
        errors = [Violation(pointer: pointer, rule: rule, detail: detail)]
    }

    /// A document that breaks rules, all of which are told.
    init(_ violations: [Violation]) {
        kind = .invalid
        let count = violations.count
        detail = count == 1 ? "One rule is broken." : "\(count) rules are broken."
        rule = nil
        errors = Array(violations.prefix(ServerLimits.errorsMaximum))
    }
}

extension Problem {
    static func notJSON(_ error: JSONSyntaxError) -> Problem {
        Problem(.notJSON, rule: "not_json", "The body is not JSON: \(error).")
    }

    static func tooLarge(_ byteCountMaximum: Int) -> Problem {
        let detail = "At most \(byteCountMaximum) bytes are taken here."
        return Problem(.tooLarge, rule: "too_large", detail)
    }

    static func unavailable(_ rule: String, _ detail: String, after seconds: Int) -> Problem {
        var problem = Problem(.unavailable, rule: rule, detail)
        problem.retryAfterSeconds = seconds
        return problem
    }

    static let stopping = unavailable(
        "stopping",
        "Dosette is stopping; nothing was taken.",
        after: ServerLimits.stoppingRetrySeconds
    )

    /// A fault of ours; what it is stays in the log.
    static func fault(_ cause: String) -> Problem {
        let detail = "Dosette could not do this; its log says why."
        var problem = Problem(.internalError, rule: "internal_error", detail)
        problem.cause = cause
        return problem
    }
}

extension Problem.Kind {
    var status: HTTPResponse.Status {
        switch self {
        case .notJSON: .badRequest
        case .tooLarge: .contentTooLarge
        case .invalid: .unprocessableContent
        case .conflict, .refused: .conflict
        case .changed: .preconditionFailed
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .unsupportedMediaType: .unsupportedMediaType
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .tooMany: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .internalError: .internalServerError
        }
    }

    /// The same words for the same kind, always.
    var title: String {
        switch self {
        case .notJSON: "Not JSON"
        case .tooLarge: "Too large"
        case .invalid: "Invalid"
        case .conflict: "Conflict"
        case .refused: "Refused"
        case .changed: "Changed"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .unsupportedMediaType: "Unsupported media type"
        case .unauthorized: "Unauthorized"
        case .forbidden: "Forbidden"
        case .tooMany: "Too many calls"
        case .unavailable: "Unavailable"
        case .internalError: "Internal error"
        }
    }
}

// MARK: - Writing

extension Problem {
    static let mediaType = "application/problem+json"

    /// The problem document.
    var json: JSON {
        var object: JSONObject = [
            "type": .string("urn:dosette:problem:\(kind.rawValue)"),
            "title": .string(kind.title),
            "status": JSON(kind.status.code),
            "detail": .string(detail),
            "errors": .array(errors.map(\.json)),
        ]
        object["rule"] = rule.map { .string($0) }
        object["retry_after"] = retryAfterSeconds.map { JSON($0) }
        return .object(object)
    }

    var response: Response {
        var response = Response.bytes(json.canonicalBytes, kind.status, type: Self.mediaType)
        if kind == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if let retryAfterSeconds { response.headers[.retryAfter] = "\(retryAfterSeconds)" }
        if let allowed { response.headers[.allow] = allowed }
        return response
    }
}

extension Violation {
    var json: JSON {
        ["pointer": .string(pointer), "rule": .string(rule), "detail": .string(detail)]
    }
}

extension Response {
    static func json(_ json: JSON, _ status: HTTPResponse.Status = .ok) -> Response {
        bytes(json.canonicalBytes, status, type: MediaType.json)
    }

    static func bytes(
        _ bytes: [UInt8],
        _ status: HTTPResponse.Status,
        type: String
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
