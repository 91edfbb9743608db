import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird
import Logging

/// What the routes of the clinics' side do; one file for each group of them.
struct ClinicAPI: Sendable {
    let side: ClinicSide
    let engine: Engine
    let logger: Logger
    let replays = LaunchReplays()
    let followers = LiveFollowers()
    let hintRates = HintRates()

    /// Answers a request whose method the route takes.
    func answer(_ route: ClinicRoute, _ call: Call) async throws(Problem) -> Response {
        switch route {
        case .asset(let asset): asset.response
        case .launch(let clinic, let place): await launch(clinic, place, call)
        case .session(let token): await session(token, call)
        case .order(let token, let path): await order(path, token, call)
        case .live(let token, let path): await live(path, token, call)
        case .hook(let clinic, let token): try await hook(clinic, token, call)
        case .hookUp(let token, let name): try await hookUp(token, name, call)
        case .clinics:
            call.request.method == .post ? try await addClinic(call) : try listClinics(call)
        case .clinic(let id, let part): try await answer(id, part, call)
        }
    }

    private func answer(
        _ id: String,
        _ part: ClinicRoute.Part,
        _ call: Call
    ) async throws(Problem) -> Response {
        let isPost = call.request.method == .post
        return switch part {
        case .view:
            call.request.method == .delete
                ? try await removeClinic(id, call) : try showClinic(id, call)
        case .disable: try await setDisabled(true, id, call)
        case .enable: try await setDisabled(false, id, call)
        case .check: try await checkClinic(id, call)
        case .settings: try await showSettings(id, call)
        case .buttons: try await buttons(of: id, create: isPost, call)
        case .webhooks: try await webhooks(of: id, create: isPost, call)
        case .prescription(let number): try await showPrescription(number, id, call)
        }
    }

    var base: String { side.base }

    /// Tells the operator what a page does not tell.
    func report(_ problem: Problem, _ route: Route.Name) {
        guard let cause = problem.cause else { return }
        logger.error(
            "request failed",
            metadata: [LogKey.route: "\(route.rawValue)", LogKey.detail: "\(cause)"]
        )
    }
}
