/// Which page of a list is asked for.
struct PageNumbers: Hashable, Sendable {
    static let sizeDefault = 50
    static let sizeMaximum = 1000

    /// From 1; `nil` when what was asked for is no number of a page.
    let page: Int?
    let size: Int

    init(_ query: [SimulatedRequest.QueryItem]) {
        let asked = query.last { $0.name == "page_size" }.flatMap { Int($0.value) }
        if let asked, asked >= 1 {
            size = min(asked, Self.sizeMaximum)
        } else {
            size = Self.sizeDefault
        }
        page = query.last { $0.name == "page" }.map { Int($0.value) } ?? 1
    }

    /// What the list costs of its endpoint's budget.
    var cost: Int { (size + Self.sizeDefault - 1) / Self.sizeDefault }
}

/// One page of a list.
struct ListPage<Row: Sendable>: Sendable {
    /// How many rows the whole list has.
    let count: Int
    let pageCount: Int
    let page: Int
    let rows: [Row]

    /// Cuts the page out of the whole list.
    ///
    /// - Parameters:
    ///   - all: The whole list, in order.
    ///   - numbers: Which page.
    /// - Throws: ``Refusal`` with 404 when there is no such page.
    init(_ all: [Row], _ numbers: PageNumbers) throws(Refusal) {
        count = all.count
        pageCount = max(1, (all.count + numbers.size - 1) / numbers.size)
        guard let page = numbers.page, (1...pageCount).contains(page) else {
            throw Refusal(SimulatedAnswer(status: 404, detail: "Invalid page."))
        }
        self.page = page
        rows = Array(all.dropFirst((page - 1) * numbers.size).prefix(numbers.size))
    }

    private init(_ page: ListPage<some Sendable>, rows: [Row]) {
        count = page.count
        pageCount = page.pageCount
        self.page = page.page
        self.rows = rows
    }

    /// Returns the same page with other rows; a row that becomes `nil` is left out.
    func compactMap<Other: Sendable>(_ transform: (Row) -> Other?) -> ListPage<Other> {
        ListPage<Other>(self, rows: rows.compactMap(transform))
    }

    /// Writes the page as the API does.
    ///
    /// - Parameters:
    ///   - call: The call that asked for it: its other query items stay in the links.
    ///   - render: Writes one row.
    /// - Returns: The page, with absolute links to its neighbours.
    func json(_ call: Call, render: (Row) -> JSON) -> JSON {
        [
            "count": .integer(count),
            "num_pages": .integer(pageCount),
            "next": page < pageCount ? link(page + 1, call) : .null,
            "previous": page > 1 ? link(page - 1, call) : .null,
            "results": .array(rows.map(render)),
        ]
    }

    private func link(_ page: Int, _ call: Call) -> JSON {
        let others = call.request.query.filter { $0.name != "page" }
        let items = others + [.init(name: "page", value: String(page))]
        let query = items.map {
            PercentCoding.encode($0.name) + "=" + PercentCoding.encode($0.value)
        }
        return .string(call.links.root + call.request.path + "?" + query.joined(separator: "&"))
    }
}

extension Table {
    /// Returns the page that `call` asks for.
    ///
    /// - Parameters:
    ///   - call: The call: its filters, order and page.
    ///   - condition: A condition that the path sets.
    /// - Returns: The page of the rows that meet every filter the list knows.
    /// - Throws: ``Refusal`` when a filter's value makes no sense or there is no such page.
    func page(_ call: Call, where condition: Condition? = nil) throws(Refusal) -> ListPage<Row> {
        var conditions = condition.map { [$0] } ?? []
        for item in call.request.query {
            guard let filter = try Condition.understand(item, fields: Row.fields) else { continue }
            conditions.append(filter)
        }
        var ids = ids(where: conditions)
        if let visibleUntil = call.visibleUntil {
            ids.removeAll { (self[$0]?.createdAt ?? .min) > visibleUntil }
        }
        sort(&ids, call.request.query.last { $0.name == "ordering" }?.value)
        return try ListPage(ids, PageNumbers(call.request.query)).compactMap { self[$0] }
    }

    /// Sorts by number or by time of creation, which is the same; another order is ignored.
    private func sort(_ ids: inout [Int], _ ordering: String?) {
        if ordering == "-id" || ordering == "-created" { ids.reverse() }
    }
}
