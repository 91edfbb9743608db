import DosetteCore
import DosetteEngine
import Hummingbird

extension ConsoleAPI {
    func order(
        _ path: Route.OrderPath,
        _ part: ConsoleRoute.OrderPart,
        _ visit: Visit
    ) async throws(Problem) -> Response {
        throw .noSuchPath
    }
    func parked(_ step: ConsoleRoute.Step, _ visit: Visit) async throws(Problem) -> Response {
        throw .noSuchPath
    }
    func parkedList(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func proposals(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func proposal(
        _ id: String,
        _ part: ConsoleRoute.ProposalPart,
        _ visit: Visit
    ) async throws(Problem) -> Response { throw .noSuchPath }
}
