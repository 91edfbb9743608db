import DosetteEngine
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Carries requests to the API and its answers back: who may come in, what is counted and
/// logged, what every answer says.
struct ServerResponder: HTTPResponder {
    let api: API
    let gate: Gate
    let rates = CallRates(perSecond: ServerLimits.callsPerSecond, burst: ServerLimits.callsAtOnce)
    let logger: Logger
    /// Whether browsers are told to come by https alone.
    var isSecure = false

    @Sendable func respond(
        to request: Request,
        context: ServerContext
    ) async throws -> Response {
        let began = ContinuousClock.now
        let route = route(request.uri.path)
        let response: Response
        do {
            response = try await answer(route, request, context)
        } catch {
            report(error, route)
            response = route.isPage ? page(error, route, request, context) : error.response
        }
        let duration = ContinuousClock.now - began
        api.counts.count(route.name, response.status, took: duration)
        log(request, route, response.status, duration)
        return finished(response, request.method, context.channel)
    }

    /// Where a path leads; nowhere on the clinics' side when that is not served.
    private func route(_ path: String) -> Route {
        let route = Route(path)
        if case .clinicSide = route, api.clinics == nil { return .nowhere }
        return route
    }

    /// A problem as a person's browser shows it.
    private func page(
        _ problem: Problem,
        _ route: Route,
        _ request: Request,
        _ context: ServerContext
    ) -> Response {
        var page = LaunchFailure.request(problem).page(api.clinics?.base ?? "", .anybody)
        if case .console = route {
            let call = Call(request: request, caller: .anybody, channel: context.channel)
            page = api.console.problemPage(problem, call)
        }
        var response = page.response
        if let allowed = problem.allowed { response.headers[.allow] = allowed }
        return response
    }

    private func answer(
        _ route: Route,
        _ request: Request,
        _ context: ServerContext
    ) async throws(Problem) -> Response {
        let caller = try caller(route, request.head, context)
        if request.method == .options, route != .nowhere { return Self.options(route) }
        guard route == .nowhere || route.methods.contains(request.method) else {
            var problem = Problem(.methodNotAllowed, rule: "method", "Not with this method.")
            problem.allowed = route.allowed
            throw problem
        }
        if !route.isOpen, let right = route.right(for: request.method) {
            try caller.require(right)
        }
        let call = Call(request: request, caller: caller, channel: context.channel)
        return try await api.answer(route, call)
    }

    /// Who calls, as far as the route asks.
    private func caller(
        _ route: Route,
        _ head: HTTPRequest,
        _ context: ServerContext
    ) throws(Problem) -> Caller {
        if route.isOpen { return .anybody }
        let now = api.engine.clock.now()
        let caller = try gate.admit(head, from: context.address, at: now)
        guard case .owner(let token) = caller, !rates.take(token.id, at: now) else { return caller }
        var problem = Problem(
            .tooMany,
            rule: "rate",
            "This token may call \(ServerLimits.callsPerSecond) times a second."
        )
        problem.retryAfterSeconds = 1
        throw problem
    }

    private static func options(_ route: Route) -> Response {
        var response = Response(status: .noContent, headers: [.allow: route.allowed])
        response.headers[.contentLength] = nil
        return response
    }

    private func finished(
        _ response: Response,
        _ method: HTTPRequest.Method,
        _ channel: any Channel
    ) -> Response {
        var response = response
        response.headers[.xContentTypeOptions] = "nosniff"
        if isSecure { response.headers[.strictTransportSecurity] = Self.secureTransport }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if method == .head { return response.createHeadResponse() }
        guard let length = response.body.contentLength, length > ServerLimits.timedAnswerBytes
        else { return response }
        // Whoever asks for much and does not read it is not waited for.
        let body = response.body
        response.body = ResponseBody(contentLength: length) { writer in
            let deadline = channel.cut(after: ServerLimits.answerTime)
            defer { deadline.cancel() }
            try await body.write(writer)
        }
        return response
    }

    /// For a year; the names below ours are somebody else's.
    private static let secureTransport = "max-age=31536000"

    // MARK: - Logging

    /// Tells the operator what the caller is not told.
    private func report(_ problem: Problem, _ route: Route) {
        guard let cause = problem.cause else { return }
        logger.error(
            "request failed",
            metadata: [LogKey.route: "\(route.name.rawValue)", LogKey.detail: "\(cause)"]
        )
    }

    private func log(
        _ request: Request,
        _ route: Route,
        _ status: HTTPResponse.Status,
        _ duration: Duration
    ) {
        logger.debug(
            "request answered",
            metadata: [
                LogKey.method: "\(request.method.rawValue)",
                LogKey.route: "\(route.name.rawValue)",
                LogKey.status: "\(status.code)",
                LogKey.milliseconds: "\(duration / .milliseconds(1))",
            ]
        )
    }
}

extension LogKey {
    static let route = "route"
    static let method = "method"
    static let status = "status"
}
