import DosetteCore
import DosetteEngine
import Hummingbird

/// Pages that are not there yet.
extension ConsoleAPI {
    func today(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func orders(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func workflows(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func workflow(_ digest: String, _ visit: Visit) async throws(Problem) -> Response {
        throw .noSuchPath
    }
    func clinics(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func audit(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func verify(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func settings(_ visit: Visit) async throws(Problem) -> Response { throw .noSuchPath }
    func proof(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        throw .noSuchPath
    }
    func auditReport(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        throw .noSuchPath
    }
}
