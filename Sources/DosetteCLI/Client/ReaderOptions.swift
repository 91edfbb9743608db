import ArgumentParser
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore

/// Who reads what is personal, where somebody does.
struct ReaderOptions: ParsableArguments {
    @Option(help: "Who reads: opens what is personal, and is recorded as having read it.")
    var by: String?

    /// How far what is personal of some orders is read; when somebody reads it, that is on disk before.
    func opening(
        of orders: [OrderKey],
        for what: String,
        _ options: AccessOptions
    ) async throws -> Opening {
        guard let by else { return .closed }
        guard !by.isEmpty else { throw Stop(.usage, "--by: a name is due") }
        switch try await options.access() {
        case .server(let client):
            for key in orders {
                let query = "by=\(by.pathPart)&for=\(what)"
                let path = "/v1/orders/\(key.source)/\(key.orderID)/events?\(query)"
                _ = try await client.get(path).object()
            }
        case .files(let configuration):
            try await Self.note(orders.map { "\($0)" }, what, by, configuration)
        }
        return PharmacyAccess.opening(try options.configuration())
    }

    /// Makes durable, without a server, who reads what.
    static func note(
        _ names: [String],
        _ what: String,
        _ by: String,
        _ configuration: Configuration
    ) async throws {
        let offline = try await OfflineEngine.open(configuration)
        var failure: DeskFailure?
        for name in names where failure == nil {
            do throws(DeskFailure) {
                let reader = Actor(.person, name: by)
                try await offline.engine.noteRead(what, of: name, by: reader)
            } catch {
                failure = error
            }
        }
        await offline.close()
        guard failure == nil else {
            throw Stop(.unavailable, "the journal cannot be written, so nothing was opened")
        }
    }
}
