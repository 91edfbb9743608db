/// One HTTP request to an installation, as a value.
package struct SimulatedRequest: Hashable, Sendable {
    /// One name and value of the query, decoded.
    package struct QueryItem: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: String
    /// The path below the installation's prefix, such as `/api/0.1/countersale/`.
    package var path: String
    package var query: [QueryItem]
    /// The `Host` header: the URLs in the answer begin with it.
    package var host: String
    /// The `Authorization` header.
    package var authorization: String?
    /// The `Content-Type` header; without one the body is taken as what the call expects.
    package var contentType: String?
    package var body: [UInt8]
    /// The `X-Request-ID` header: it stands in the ledger beside what the request did.
    package var requestID: String?

    /// Creates a request.
    ///
    /// - Parameters:
    ///   - method: The HTTP method, in capitals.
    ///   - target: The path below the installation's prefix, and the query after a `?`.
    ///   - host: The `Host` header.
    ///   - authorization: The `Authorization` header.
    ///   - contentType: The `Content-Type` header.
    ///   - body: The bytes of the body.
    ///   - requestID: The `X-Request-ID` header.
    package init(
        _ method: String,
        _ target: String,
        host: String = "localhost",
        authorization: String? = nil,
        contentType: String? = nil,
        body: [UInt8] = [],
        requestID: String? = nil
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = String(parts[0])
        query = (parts.count == 2 ? PercentCoding.pairs(parts[1]) : []).map(QueryItem.init)
        self.host = host
        self.authorization = authorization
        self.contentType = contentType
        self.body = body
        self.requestID = requestID
    }
}

/// What comes back from an installation, and when.
package struct SimulatedReply: Hashable, Sendable {
    /// How the connection ends.
    package enum Outcome: Hashable, Sendable {
        case respond(SimulatedAnswer)
        /// The TCP connection is closed and nothing is answered.
        case cutConnection
    }

    /// How long the caller waits before the outcome, in milliseconds.
    package let delayMilliseconds: Int64
    package let outcome: Outcome

    package init(delayMilliseconds: Int64, outcome: Outcome) {
        self.delayMilliseconds = delayMilliseconds
        self.outcome = outcome
    }

    /// The answer, when there is one.
    package var answer: SimulatedAnswer? {
        guard case .respond(let answer) = outcome else { return nil }
        return answer
    }
}

/// An HTTP answer, as a value.
package struct SimulatedAnswer: Hashable, Sendable {
    /// One header field.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    package var headers: [Header]
    package var body: [UInt8]

    package init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Creates an answer that carries JSON.
    init(status: Int, _ json: JSON, headers: [Header] = []) {
        let type = Header("Content-Type", "application/json")
        self.init(status: status, headers: [type] + headers, body: json.bytes)
    }

    /// Creates an answer of the form `{"detail": "…"}`.
    init(status: Int, detail: String, headers: [Header] = []) {
        self.init(status: status, ["detail": .string(detail)], headers: headers)
    }

    /// The value of the header `name`, written as this module writes it.
    package func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    var isSuccess: Bool { (200..<300).contains(status) }
}

/// The far side's answer "no": nothing was changed.
struct Refusal: Error, Hashable {
    let answer: SimulatedAnswer

    init(_ answer: SimulatedAnswer) {
        self.answer = answer
    }

    /// The request was understood and breaks a rule.
    static func rule(_ detail: String) -> Refusal {
        Refusal(SimulatedAnswer(status: 400, detail: detail))
    }

    /// Fields of the body are wrong, as Django REST framework says it.
    static func fields(_ errors: [JSON.Member]) -> Refusal {
        Refusal(SimulatedAnswer(status: 400, .object(errors)))
    }

    /// One field of the body is wrong.
    static func field(_ name: String, _ message: String) -> Refusal {
        fields([JSON.Member(name, [.string(message)])])
    }

    static let notFound = Refusal(SimulatedAnswer(status: 404, detail: "Not found."))

    static let ledgerIsFull = Refusal(
        SimulatedAnswer(status: 507, detail: "The simulator's ledger is full.")
    )

    static let forbidden = Refusal(
        SimulatedAnswer(
            status: 403,
            detail: "You do not have permission to perform this action."
        )
    )
}
