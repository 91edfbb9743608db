import DosetteCore

/// Hands orders in for as long as there is work to be kept up, and remembers what was acknowledged.
///
/// An order without an answer is handed in again, as a client would do it, until it is taken.
struct OrderFeed {
    private static let pageLength = 50

    /// Orders that are under way at once.
    private let openCount: Int
    private var nextNumber = 0
    /// Handed in without an answer, or not yet.
    private var pending: [JSON] = []
    /// Orders that were acknowledged, in the order of their acknowledgements.
    private(set) var names: [String] = []
    /// Orders up to here have settled; they are looked at again in the reckoning.
    private var cursor: String?
    private var settledBeforeCursor = 0
    private var settledCount = 0

    init(openCount: Int) {
        self.openCount = openCount
    }

    /// Hands in what is pending, and so many new orders that enough are under way.
    mutating func handIn(_ api: APIClient) async {
        let missing = openCount - (names.count - settledCount) - pending.count
        for _ in 0..<max(0, missing) {
            pending.append(MadeUpOrders.order(nextNumber))
            nextNumber += 1
        }
        guard !pending.isEmpty else { return }
        if nextNumber % 2 == 0 {
            await handInTogether(api)
        } else {
            await handInSingly(api)
        }
    }

    private mutating func handInSingly(_ api: APIClient) async {
        while let order = pending.first {
            guard let answer = try? await api.post("/v1/orders", order),
                answer.status == 202 || answer.status == 200
            else { return }
            names.append(Floor.name(of: order))
            pending.removeFirst()
        }
    }

    private mutating func handInTogether(_ api: APIClient) async {
        let orders = pending
        let lines = orders.flatMap { $0.canonicalBytes + [UInt8(ascii: "\n")] }
        guard let answer = try? await api.post("/v1/orders/batch", lines: lines) else { return }
        var taken: Set<Int> = []
        for line in answer.body.split(separator: UInt8(ascii: "\n")) {
            guard let json = try? JSONReader.read(Array(line)),
                let status = json["status"]?.intValue, status == 202 || status == 200,
                let number = json["line"]?.intValue, orders.indices.contains(number - 1)
            else { continue }
            taken.insert(number - 1)
        }
        for index in taken.sorted() { names.append(Floor.name(of: orders[index])) }
        pending = orders.indices.filter { !taken.contains($0) }.map { orders[$0] }
    }

    /// The orders that may still have to do with somebody; those before them have settled.
    mutating func look(_ stage: Stage, _ floor: Floor) async throws -> [JSON] {
        var views: [JSON] = []
        var isPrefix = true
        var start = cursor
        var settled = 0
        while true {
            let page = try await stage.page(after: start, limit: Self.pageLength)
            let count = page.views.count { floor.isSettled($0) }
            isPrefix = isPrefix && count == page.views.count && page.next != nil
            if isPrefix {
                cursor = page.next
                settledBeforeCursor += count
            } else {
                views += page.views
                settled += count
            }
            guard let next = page.next else { break }
            start = next
        }
        settledCount = settledBeforeCursor + settled
        return views
    }
}
