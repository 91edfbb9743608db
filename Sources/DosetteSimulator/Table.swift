/// An object of an installation, as a row of its table.
protocol TableRow: Sendable {
    var id: Int { get }
    var createdAt: Int64 { get }

    /// The fields by which a list can be filtered; a filter on any other is ignored.
    static var fields: [String: FieldKind] { get }

    /// Fields whose value never changes and by which rows are found without a search.
    static var indexedFields: [String] { get }

    /// The value of one of ``fields``.
    func value(of field: String) -> FieldValue
}

/// How the value of a filter is read.
enum FieldKind: Hashable, Sendable {
    case number
    case instant
    case flag
    case text
}

/// What a row has in a field, or a filter asks for: times are numbers, and flags are 0 and 1.
enum FieldValue: Hashable, Sendable {
    case missing
    case number(Int64)
    case text(String)

    init(_ number: Int?) {
        self = number.map { .number(Int64($0)) } ?? .missing
    }

    init(_ flag: Bool) {
        self = .number(flag ? 1 : 0)
    }
}

/// The objects of one kind, by their numbers.
///
/// Numbers only go up and are never used again. Rows are found by number or by an indexed field
/// at once; no answer depends on the order of a dictionary.
struct Table<Row: TableRow>: Sendable {
    private struct IndexKey: Hashable {
        let field: String
        let value: FieldValue
    }

    private let firstID: Int
    private var rows: [Row?] = []
    private var idsByKey: [IndexKey: [Int]] = [:]

    init(firstID: Int) {
        self.firstID = firstID
    }

    /// How many rows there are.
    private(set) var count = 0

    /// The number that the next row gets.
    var nextID: Int { firstID + rows.count }

    /// Adds `row`, which bears ``nextID``.
    mutating func insert(_ row: Row) {
        precondition(row.id == nextID)
        rows.append(row)
        count += 1
        for field in Row.indexedFields {
            idsByKey[IndexKey(field: field, value: row.value(of: field)), default: []]
                .append(row.id)
        }
    }

    subscript(id: Int) -> Row? {
        (firstID..<nextID).contains(id) ? rows[id - firstID] : nil
    }

    /// Returns the row `id`, or refuses with 404.
    func row(_ id: Int) throws(Refusal) -> Row {
        guard let row = self[id] else { throw .notFound }
        return row
    }

    /// Puts `row` in the place of the one with its number.
    mutating func replace(_ row: Row) {
        precondition(self[row.id] != nil)
        rows[row.id - firstID] = row
    }

    mutating func remove(_ id: Int) {
        precondition(self[id] != nil)
        rows[id - firstID] = nil
        count -= 1
    }

    /// Returns the numbers of the rows that meet every condition, in order.
    func ids(where conditions: [Condition]) -> [Int] {
        if let key = conditions.lazy.compactMap(indexKey).first {
            return idsByKey[key, default: []].filter { meets($0, conditions) }
        }
        return (firstID..<nextID).filter { meets($0, conditions) }
    }

    private func indexKey(_ condition: Condition) -> IndexKey? {
        guard condition.method == .is, Row.indexedFields.contains(condition.field) else {
            return nil
        }
        return IndexKey(field: condition.field, value: condition.operands[0])
    }

    private func meets(_ id: Int, _ conditions: [Condition]) -> Bool {
        guard let row = rows[id - firstID] else { return false }
        return conditions.allSatisfy { $0.isMet(by: row.value(of: $0.field)) }
    }
}
