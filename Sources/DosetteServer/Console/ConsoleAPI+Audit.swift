import DosetteAuditFiles
import DosetteAuditPackage
import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// What proves the journal, and what an auditor takes home.
extension ConsoleAPI {
    private static let belowName = "below"

    func audit(_ visit: Visit) async throws(Problem) -> Response {
        var reader = QueryReader(visit.call.request.uri.query, known: [Self.belowName])
        let below = reader.integer(Self.belowName, in: 1...Int(Int32.max))
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        let limit = ServerLimits.checkpointsOnPage
        let facts = try await read { () async throws(StoreError) in
            let end = min(try await engine.store.board.checkpointCount(), below ?? .max)
            let start = max(0, end - limit)
            let rows = try await engine.store.checkpoints(from: start, limit: end - start)
            let numbered = zip(start..., rows).map { (number: $0, row: $1) }
            return (rows: numbered, start: start, size: try await engine.store.treeHead().size)
        }
        let page = AuditPage(
            report: engine.checkpoints,
            eventCount: facts.size,
            checkpoints: facts.rows.reversed(),
            progress: checks.progress,
            last: checks.last,
            time: commonTime,
            now: engine.clock.now(),
            verify: path(["audit", "verify"]),
            formKey: formKey(visit),
            order: path(.orders),
            older: facts.start > 0
                ? path(.audit).asking([(Self.belowName, "\(facts.start)")]) : nil,
            newest: below == nil ? nil : path(.audit)
        )
        var content = ConsoleContent(title: "Audit", section: .audit, content: page.content)
        content.isLive = false
        var framed = self.framed(content, visit)
        // Nothing of the journal changes while it is checked: a browser asks again by itself.
        framed.refreshes = checks.progress != nil
        return framed.response
    }

    /// Asks for a check of the whole journal, which goes on by itself.
    func verify(_ visit: Visit) async throws(Problem) -> Response {
        _ = try await form(visit)
        checks.ask(by: visit.session.person)
        return redirect(to: path(.audit))
    }

    // MARK: - One order

    /// The entries of an order, each with its proof, in one file.
    func proof(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        try visit.call.refuseQuery()
        let package = try await package(of: key)
        let name = "proof-\(key.source)-\(key.orderID)"
        let folder = String(name.prefix(Self.folderLettersMaximum))
        return download(
            package.archive(in: folder, at: engine.clock.now()),
            "application/x-tar",
            "\(name).tar"
        )
    }

    /// Names in an archive are short; what is behind the folder must fit.
    private static let folderLettersMaximum = 40

    /// The page for an auditor about an order; what is personal stays sealed.
    func auditReport(_ key: OrderKey, _ visit: Visit) async throws(Problem) -> Response {
        try visit.call.refuseQuery()
        let package = try await package(of: key)
        let name = "report-\(key.source)-\(key.orderID).html"
        return download(Array(package.report.utf8), Page.mediaType, name)
    }

    private func package(of key: OrderKey) async throws(Problem) -> OrderPackage {
        _ = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        do {
            // What is proved reaches to this moment, not to the last minute's checkpoint.
            if engine.checkpoints != nil { try await engine.makeCheckpoint() }
            return try await OrderPackage(of: key, from: StoreLog(engine.store), opening: .closed)
        } catch let error as StoreError {
            throw Problem(error)
        } catch let failure as AuditFailure {
            throw Problem(.refused, rule: "no_proof", "\(failure)")
        } catch {
            throw .fault("the package could not be made: \(error)")
        }
    }

    private func download(_ bytes: [UInt8], _ type: String, _ name: String) -> Response {
        var response = Response.bytes(bytes, .ok, type: type)
        Page.guardHeaders(&response, .nobody)
        // Sources and ids are tokens: no letter of them ends the name.
        response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
