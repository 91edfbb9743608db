import DosetteCore

/// Reads the members of an entry; what is missing or of another type makes it unreadable.
struct Fields {
    /// The highest count that an entry can tell.
    static let countMaximum = 1_000_000_000

    private let object: JSONObject
    private let name: String

    init(_ object: JSONObject, _ name: String) {
        self.object = object
        self.name = name
    }

    private func wrong(_ member: String) -> UnreadableEntry {
        UnreadableEntry(problem: "\(name).\(member) is missing or not as expected")
    }

    mutating func integer(_ member: String) throws(UnreadableEntry) -> Int64 {
        guard let value = object[member]?.integerValue else { throw wrong(member) }
        return value
    }

    mutating func int(_ member: String) throws(UnreadableEntry) -> Int {
        guard let value = object[member]?.intValue else { throw wrong(member) }
        return value
    }

    /// A number of things, or the number of one: what is written is never below 0 and never near
    /// the end of an integer, so that whoever reads it may add and multiply.
    mutating func count(_ member: String) throws(UnreadableEntry) -> Int {
        let value = try int(member)
        guard (0...Self.countMaximum).contains(value) else { throw wrong(member) }
        return value
    }

    mutating func time(_ member: String) throws(UnreadableEntry) -> Timestamp {
        Timestamp(milliseconds: try integer(member))
    }

    mutating func date(_ member: String) throws(UnreadableEntry) -> CalendarDate {
        guard let date = CalendarDate(text: try text(member)) else { throw wrong(member) }
        return date
    }

    mutating func text(_ member: String) throws(UnreadableEntry) -> String {
        guard let value = object[member]?.stringValue else { throw wrong(member) }
        return value
    }

    mutating func object(_ member: String) throws(UnreadableEntry) -> JSONObject {
        guard let value = object[member]?.objectValue else { throw wrong(member) }
        return value
    }

    mutating func bool(_ member: String) throws(UnreadableEntry) -> Bool {
        guard let value = object[member]?.boolValue else { throw wrong(member) }
        return value
    }

    mutating func array(_ member: String) throws(UnreadableEntry) -> [JSON] {
        guard let value = object[member]?.arrayValue else { throw wrong(member) }
        return value
    }

    mutating func choice<Value>(
        _ member: String,
        _ make: (String) -> Value?
    ) throws(UnreadableEntry) -> Value {
        guard let value = make(try text(member)) else { throw wrong(member) }
        return value
    }

    func optionalArray(_ member: String) -> [JSON]? { object[member]?.arrayValue }
    func optionalText(_ member: String) -> String? { object[member]?.stringValue }
    func optionalInt(_ member: String) -> Int? { object[member]?.intValue }
    func optionalObject(_ member: String) -> JSONObject? { object[member]?.objectValue }
}
