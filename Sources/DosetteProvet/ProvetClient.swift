package import DosetteCore
package import DosetteDefinitions
package import DosetteEngine

/// What a call to Provet came to.
package enum ProvetResult: Sendable {
    /// A 2xx with JSON, or with nothing (`.null`).
    case done(JSON)
    /// A 4xx: nothing happened and asking again is no use.
    case refused(status: Int, reason: String)
    /// Nothing happened; it may be asked again, later.
    case notProcessed(retryAfter: TimeSpan?, reason: String)
    /// It is not known whether anything happened.
    case unknown(reason: String)
}

/// The API of one clinic's Provet installation.
///
/// Strict about what it sends, tolerant about what it reads: unknown members and codes pass, ids may be numbers or
/// URLs. It makes each call once; on 401 it signs in anew, once.
package struct ProvetClient: Sendable {
    package let assumptions: ProvetAssumptions
    let clinic: ClinicConfiguration
    let clock: any EngineClock
    private let transport: HTTPTransport
    private let tokens: AccessTokens

    package init(
        clinic: ClinicConfiguration,
        assumptions: ProvetAssumptions,
        transport: HTTPTransport,
        clock: any EngineClock
    ) {
        self.clinic = clinic
        self.assumptions = assumptions
        self.transport = transport
        self.clock = clock
        tokens = AccessTokens(
            transport: transport,
            clock: clock,
            tokenURL: clinic.tokenURL,
            clientID: clinic.clientID,
            clientSecret: clinic.clientSecret.text,
            scope: assumptions.scope,
            margin: .seconds(Int64(assumptions.tokenMarginSeconds))
        )
    }

    /// Signs in now, whatever token is held.
    func signIn() async -> AccessTokens.SignIn { await tokens.signIn() }

    /// Calls `path` under the base URL; the slash at its end is added.
    func call(
        _ method: TransportRequest.Method,
        _ path: String,
        query: [(name: String, value: String)] = [],
        body: JSON? = nil
    ) async -> ProvetResult {
        await call(method, url: url(path, query), body: body)
    }

    private func url(_ path: String, _ query: [(name: String, value: String)]) -> String {
        let pairs = query.map { "\($0.name)=\(FormCoding.encoded($0.value))" }
        let suffix = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        return "\(clinic.baseURL)/\(path)/\(suffix)"
    }

    private func call(
        _ method: TransportRequest.Method,
        url: String,
        body: JSON?
    ) async -> ProvetResult {
        var stale: String?
        for attempt in 1...2 {
            let token: String
            switch await tokens.token(insteadOf: stale) {
            case .token(let text): token = text
            case .none(let retryAfter, let reason):
                return .notProcessed(retryAfter: retryAfter, reason: reason)
            }
            let result = await transport.send(request(method, url, body, token))
            if case .answer(let answer) = result, answer.status == 401, attempt == 1 {
                stale = token  // Refused before anything was done.
                continue
            }
            return Self.judge(result, method)
        }
        return .notProcessed(retryAfter: nil, reason: "Provet refuses the token")
    }

    private func request(
        _ method: TransportRequest.Method,
        _ url: String,
        _ body: JSON?,
        _ token: String
    ) -> TransportRequest {
        var headers = [("Authorization", "Bearer \(token)"), ("Accept", "application/json")]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return TransportRequest(
            method: method,
            url: url,
            headers: headers,
            body: body?.canonicalBytes
        )
    }

    private static func judge(
        _ result: TransportResult,
        _ method: TransportRequest.Method
    ) -> ProvetResult {
        switch result {
        case .notSent(let reason): return .notProcessed(retryAfter: nil, reason: reason)
        case .unknown(let reason): return .unknown(reason: reason)
        case .answer(let answer): return judge(answer, method)
        }
    }

    private static func judge(
        _ answer: TransportAnswer,
        _ method: TransportRequest.Method
    ) -> ProvetResult {
        switch answer.status {
        case 200..<300:
            if answer.body.isEmpty { return .done(.null) }
            guard let json = try? JSONReader.read(answer.body) else {
                return .unknown(reason: "status \(answer.status) with a body that is not JSON")
            }
            return .done(json)
        case 300..<400:
            let reason = "Provet redirects (\(answer.status)): check base_url"
            // A 302 or 303 often follows a success: it does not prove that nothing happened.
            if method.isWrite, ![301, 307, 308].contains(answer.status) {
                return .unknown(reason: reason)
            }
            return .refused(status: answer.status, reason: reason)
        case 401:
            return .notProcessed(retryAfter: nil, reason: "Provet refuses the token")
        case 408:
            return .unknown(reason: "status 408")
        case 429:
            let wait = answer.retryAfter ?? .seconds(1)
            return .notProcessed(retryAfter: wait, reason: "Provet limits the rate")
        case 400..<500:
            return .refused(status: answer.status, reason: ProvetErrorText.of(answer))
        case 503 where answer.retryAfter != nil:
            return .notProcessed(retryAfter: answer.retryAfter, reason: "Provet is unavailable")
        default:
            return .unknown(reason: "status \(answer.status)")
        }
    }

    // MARK: - Lists

    /// The rows of a list, or why they could not be had.
    enum Rows: Sendable {
        case rows([JSONObject])
        /// There are more pages than are looked through.
        case tooMany
        /// There are rows that are not objects: nothing can be said of what is not there.
        case unreadable
        case failed(ProvetResult)
    }

    /// Reads all pages of a list.
    ///
    /// A filter may be ignored silently: check each row.
    ///
    func list(_ path: String, _ filters: [(name: String, value: String)]) async -> Rows {
        await list(filters) { await call(.get, path, query: $0) }
    }

    /// Reads all pages of a list, each by `fetch` with the query that asks for it.
    func list(
        _ filters: [(name: String, value: String)],
        by fetch: ([(name: String, value: String)]) async -> ProvetResult
    ) async -> Rows {
        var rows: [JSONObject] = []
        for page in 1...assumptions.listPagesMaximum {
            var query = filters
            query.append(("page_size", String(assumptions.listPageSize)))
            query.append(("page", String(page)))
            let result = await fetch(query)
            if page > 1, case .refused(404, _) = result {
                return .failed(.unknown(reason: "the list changed while it was read"))
            }
            guard case .done(let json) = result else { return .failed(result) }
            guard let results = json["results"]?.arrayValue else {
                return .failed(.unknown(reason: "a list without results"))
            }
            let objects = results.compactMap(\.objectValue)
            guard objects.count == results.count else { return .unreadable }
            rows += objects
            // `next` is only a sign that there is more: its URL is never followed elsewhere.
            if json["next"]?.stringValue == nil { return .rows(rows) }
        }
        return .tooMany
    }

    /// The calls that one page of a list costs.
    static func pageCost(_ assumptions: ProvetAssumptions) -> Int {
        let size = assumptions.listPageSize
        return (size + assumptions.listDefaultPageSize - 1) / assumptions.listDefaultPageSize
    }
}

/// An error answer of Provet in one line, without the values that it may repeat.
enum ProvetErrorText {
    /// Unicode code points at the most: a character may be as long as the answer.
    static let lengthMaximum = 300

    static func of(_ answer: TransportAnswer) -> String {
        let prefix = "Provet answers \(answer.status)"
        guard let json = try? JSONReader.read(answer.body) else { return prefix }
        var words: [String] = []
        collect(json, "", &words)
        let joined = words.isEmpty ? prefix : "\(prefix): \(words.joined(separator: "; "))"
        return String(
            String.UnicodeScalarView(
                joined.unicodeScalars.prefix(lengthMaximum).map { scalar in
                    let isBreak =
                        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                        || scalar.value == 0x2028 || scalar.value == 0x2029
                    return isBreak ? " " : scalar
                }
            )
        )
    }

    /// Django REST framework's shapes: `{"detail": "…"}`, `{"field": ["…"]}`, nested.
    private static func collect(_ json: JSON, _ path: String, _ words: inout [String]) {
        switch json {
        case .string(let text): words.append(path.isEmpty ? text : "\(path): \(text)")
        case .array(let elements):
            for element in elements { collect(element, path, &words) }
        case .object(let object):
            for member in object.members {
                let name =
                    member.name == "detail"
                    ? path : (path.isEmpty ? member.name : "\(path).\(member.name)")
                collect(member.value, name, &words)
            }
        case .null, .bool, .integer, .number: break
        }
    }
}
