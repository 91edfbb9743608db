import DosetteCore
import DosetteDefinitions
package import DosetteEngine

/// Whether calls may be made that no order waits for, and what came of them.
///
/// Pages and settings are read within the clinic's budgets, but never at the orders' expense.
package struct CallAllowance: Sendable {
    /// Takes the calls, all or none.
    private let take: @Sendable (_ uses: [EndpointUse], _ clinic: String) -> Budgets.Answer
    /// Takes note of whether the clinic answered.
    private let note: @Sendable (_ answered: Budgets.Answered, _ clinic: String) -> Void
    /// Holds calls back for a while, because the clinic asked for it.
    private let block: @Sendable (_ uses: [EndpointUse], _ clinic: String, _ span: TimeSpan) -> Void
    private let clock: any EngineClock

    /// Calls are taken only while half of each budget is left for the orders.
    package init(_ budgets: Budgets, clock: any EngineClock) {
        self.clock = clock
        take = { budgets.takeLeavingHalf($0, clinic: $1, at: clock.now()) }
        note = { budgets.note(answered: $0, clinic: $1, at: clock.now()) }
        block = { budgets.block($0, clinic: $1, until: clock.now().advanced(by: $2)) }
    }

    /// Nothing is counted: for a command that has no engine beside it.
    package init(unlimited clock: any EngineClock) {
        self.clock = clock
        take = { _, _ in .free(1) }
        note = { _, _ in }
        block = { _, _, _ in }
    }

    static let spent = "the clinic's budget is spent, or it did not answer lately"

    /// Makes one call if the budget has room for it, without waiting.
    func call(
        _ use: EndpointUse,
        _ clinic: String,
        _ body: () async -> ProvetResult
    ) async -> ProvetResult {
        switch take([use], clinic) {
        case .free: break
        case .wait(let until):
            let wait = max(.milliseconds(1), until.since(clock.now()))
            return .notProcessed(retryAfter: wait, reason: Self.spent)
        case .waitForTrial:
            return .notProcessed(retryAfter: .seconds(1), reason: Self.spent)
        }
        let result = await body()
        switch result {
        case .done, .refused: note(.yes, clinic)
        case .notProcessed(let retryAfter?, _):
            note(.yes, clinic)
            block([use], clinic, retryAfter)
        case .notProcessed(nil, _), .unknown: note(.no, clinic)
        }
        return result
    }
}

/// The calls to one clinic that no order waits for.
struct ClinicCalls: Sendable {
    let client: ProvetClient
    let allowance: CallAllowance

    private var clinic: String { client.clinic.id }

    func get(_ path: String, _ endpoint: Endpoint) async -> ProvetResult {
        await allowance.call(EndpointUse(endpoint), clinic) { await client.call(.get, path) }
    }

    func post(_ path: String, _ body: JSON, _ endpoint: Endpoint) async -> ProvetResult {
        await allowance.call(EndpointUse(endpoint), clinic) {
            await client.call(.post, path, body: body)
        }
    }

    /// Reads all pages of a list, each within the budget.
    func list(
        _ path: String,
        _ filters: [(name: String, value: String)],
        _ endpoint: Endpoint
    ) async -> ProvetClient.Rows {
        let cost = ProvetClient.pageCost(client.assumptions)
        return await client.list(filters) { query in
            await allowance.call(EndpointUse(endpoint, cost), clinic) {
                await client.call(.get, path, query: query)
            }
        }
    }
}

// MARK: - What was looked for

extension ProvetResult {
    static let unreadable = "Provet's answer cannot be read"

    /// What a look for one thing found, as `read` makes it of the answer.
    func looked<Value>(
        _ permission: ProvetPermission,
        _ read: (JSON) -> Value?
    ) -> Looked<Value> {
        switch self {
        case .done(let json):
            guard let value = read(json) else {
                // It is there and answers: no reason to wait, nor to think it is gone.
                return .unreachable(retryAfter: .zero, reason: Self.unreadable)
            }
            return .found(value)
        case .refused(404, _), .refused(410, _): return .absent
        case .refused(403, _): return .forbidden(permission: permission.rawValue)
        case .refused(_, let reason): return .unreachable(retryAfter: .zero, reason: reason)
        case .notProcessed(let retryAfter, let reason):
            return .unreachable(retryAfter: retryAfter, reason: reason)
        case .unknown(let reason): return .unreachable(retryAfter: nil, reason: reason)
        }
    }
}

extension ProvetClient.Rows {
    /// The rows that `read` makes something of; the others are not ours to show.
    func looked<Value>(
        _ permission: ProvetPermission,
        _ read: (JSONObject) -> Value?
    ) -> Looked<[Value]> {
        switch self {
        case .rows(let rows): .found(rows.compactMap(read))
        case .tooMany:
            .unreachable(retryAfter: nil, reason: "Provet lists more pages than are looked through")
        case .unreadable:
            .unreachable(retryAfter: nil, reason: "Provet's list has rows that cannot be read")
        case .failed(let result): result.looked(permission) { _ in nil }
        }
    }
}
