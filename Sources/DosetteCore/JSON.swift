/// A JSON value as Dosette stores, compares and hashes it.
///
/// Two values are equal when they mean the same: the order of members, white space and
/// the notation of a number (`1`, `1.0`, `1e0`) do not matter. Why not Foundation's coders:
/// docs/decisions/0004-own-json-value.md.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is not an integer, or is beyond 64 bits; always finite.
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    /// Texts are equal when their bytes are: what is equal has the same canonical form.
    package static func == (lhs: JSON, rhs: JSON) -> Bool {
        switch (lhs, rhs) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.null, _), (.bool, _), (.integer, _), (.number, _), (.string, _), (.array, _),
            (.object, _):
            false
        }
    }

    package func hash(into hasher: inout Hasher) {
        for byte in canonicalBytes { hasher.combine(byte) }
    }
}

/// The members of a JSON object, each name once, sorted by the bytes of the name.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSON

        package static func == (lhs: Member, rhs: Member) -> Bool {
            lhs.name.utf8.elementsEqual(rhs.name.utf8) && lhs.value == rhs.value
        }

        package func hash(into hasher: inout Hasher) {
            for byte in name.utf8 { hasher.combine(byte) }
            hasher.combine(value)
        }
    }

    package private(set) var members: [Member]

    package init() {
        members = []
    }

    /// Creates an object from members in any order; of two with one name the last stays.
    package init(_ pairs: [(String, JSON)]) {
        members = []
        members.reserveCapacity(pairs.count)
        for (name, value) in pairs {
            // What is written down in order is only appended.
            if let last = members.last, !Self.precedes(last.name, name) {
                self[name] = value
            } else {
                members.append(Member(name: name, value: value))
            }
        }
    }

    /// Creates an object from members that are sorted, each name once.
    init(sorted members: [Member]) {
        self.members = members
    }

    package subscript(name: String) -> JSON? {
        get {
            let index = position(of: name)
            return isMember(name, at: index) ? members[index].value : nil
        }
        set {
            let index = position(of: name)
            let isPresent = isMember(name, at: index)
            switch (newValue, isPresent) {
            case (let value?, true): members[index] = Member(name: name, value: value)
            case (let value?, false): members.insert(Member(name: name, value: value), at: index)
            case (nil, true): members.remove(at: index)
            case (nil, false): break
            }
        }
    }

    package var names: [String] { members.map(\.name) }
    package var isEmpty: Bool { members.isEmpty }

    private func isMember(_ name: String, at index: Int) -> Bool {
        index < members.count && members[index].name.utf8.elementsEqual(name.utf8)
    }

    /// Where `name` is, or where it would have to be inserted.
    private func position(of name: String) -> Int {
        if let last = members.last, Self.precedes(last.name, name) { return members.count }
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(members[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    static func precedes(_ lhs: String, _ rhs: String) -> Bool {
        lhs.utf8.lexicographicallyPrecedes(rhs.utf8)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements)
    }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements))
    }

    package init(arrayLiteral elements: JSON...) {
        self = .array(elements)
    }

    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(integerLiteral value: Int64) {
        self = .integer(value)
    }

    package init(booleanLiteral value: Bool) {
        self = .bool(value)
    }
}

extension JSON {
    package var objectValue: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }
    package var arrayValue: [JSON]? { if case .array(let array) = self { array } else { nil } }
    package var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    package var boolValue: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var integerValue: Int64? { if case .integer(let number) = self { number } else { nil } }
    package var intValue: Int? { integerValue.flatMap { Int(exactly: $0) } }
    package var isNull: Bool { self == .null }

    /// The member `name` of an object; nothing for another value or a missing member.
    package subscript(name: String) -> JSON? { objectValue?[name] }

    /// How deep lists and objects are nested in it; 0 for a value that is neither.
    package var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.lazy.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.lazy.map(\.value.depth).max() ?? 0)
        case .null, .bool, .integer, .number, .string: 0
        }
    }

    /// What kind of value it is, in words for an error message.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// An integer or, for `nil`, null.
    package init(_ value: Int?) {
        self = value.map { .integer(Int64($0)) } ?? .null
    }

    /// A string or, for `nil`, null.
    package init(_ value: String?) {
        self = value.map { .string($0) } ?? .null
    }

    /// An instant as text, or null.
    package init(_ value: Timestamp?) {
        self = value.map { .string($0.text) } ?? .null
    }
}
