import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTelemetry
import HTTPTypes
import Hummingbird

/// What each route does; one file for each group of them.
struct API: Sendable {
    let engine: Engine
    let counts: RequestCounts
    let gauge: StoreGauge
    /// What is recorded as it happens.
    let metrics: MetricRegistry
    /// Of the server's own TLS.
    var certificates: CertificateDesk?
    /// Nothing when the clinics' side is not served.
    let clinics: ClinicAPI?
    let copies: CopyDesk
    let console: ConsoleAPI
    let answers: KeptAnswers
    let feedFollowers = FeedFollowers()
    let orderKeys = OrderKeys()

    /// Answers a request whose method the route takes.
    func answer(_ route: Route, _ call: Call) async throws(Problem) -> Response {
        let isChange = ![.get, .head].contains(call.request.method)
        guard isChange, route.keeping != .none else { return try await perform(route, call) }
        return try await answers.answer(call, at: route) { call async throws(Problem) in
            try await perform(route, call)
        }
    }

    private func perform(_ route: Route, _ call: Call) async throws(Problem) -> Response {
        switch route {
        case .orders:
            call.request.method == .post ? try await submit(call) : try await list(call)
        case .batch: try batch(call)
        case .order(let path): try await show(path, call)
        case .events(let path): try await history(path, call)
        case .signals(let path): try await signal(path, call)
        case .dispenses(let path): try await dispense(path, call)
        case .reversal(let path, let dispense): try await reverse(dispense, path, call)
        case .client(let path, let part): try await client(path, part, call)
        case .live: .json(["live": true])
        case .ready: await readiness()
        case .metrics: await metricsPage()
        case .rotateKey: try await rotateKey(call)
        case .backup: try await backup(call)
        case .document: try document(call)
        case .feed: try await feed(call)
        case .webhooks: try await listWebhooks(call)
        case .webhookReplay(let id): try await replayWebhook(id, call)
        case .clinicSide(let route): try await answer(route, call)
        case .proposals(let route): try await answer(route, call)
        case .console(let route): await console.answer(route, call)
        case .nowhere: throw .noSuchPath
        }
    }

    private func answer(_ route: ClinicRoute, _ call: Call) async throws(Problem) -> Response {
        guard let clinics else { throw .noSuchPath }
        return try await clinics.answer(route, call)
    }

    /// Asks the engine, and tells its failures as problems.
    func ask<Result>(
        _ question: () async throws(DeskFailure) -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await question()
        } catch {
            throw Problem(error)
        }
    }

    /// Refuses parameters on a route that has none.
    func refuseQuery(_ call: Call) throws(Problem) { try call.refuseQuery() }
}

extension Call {
    /// Refuses parameters on a route that has none.
    func refuseQuery() throws(Problem) {
        let reader = QueryReader(request.uri.query, known: [])
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
    }
}

extension Problem {
    static let noSuchPath = Problem(.notFound, rule: "no_such_path", "There is nothing here.")
}
