import DosetteCore

// Other values in one entry.
extension JournalForger {
    /// The values that are no containers, with the names that lead to them.
    static func leaves(_ json: JSON) -> [(path: [String], value: JSON)] {
        switch json {
        case .object(let object):
            object.members.flatMap { member in
                leaves(member.value).map { ([member.name] + $0.path, $0.value) }
            }
        case .array(let elements):
            elements.enumerated().flatMap { index, element in
                leaves(element).map { ([String(index)] + $0.path, $0.value) }
            }
        case .null, .bool, .integer, .number, .string: [([], json)]
        }
    }

    private func places() -> [(index: Int, path: [String], value: JSON)] {
        journal.entries.enumerated().flatMap { index, entry in
            Self.leaves(.object(entry)).compactMap { leaf in
                Self.numbering.contains(leaf.path[0]) && leaf.path.count == 1
                    ? nil : (index, leaf.path, leaf.value)
            }
        }
    }

    /// Each value once as one that stands elsewhere in its place, once as one that is near it.
    mutating func changes() -> [TamperedJournal] {
        var all: [TamperedJournal] = []
        for (index, path, value) in places() {
            let others = pool[path.joined(separator: ".")]?.filter { $0 != value } ?? []
            let near = Self.near(value)
            for new in [others.isEmpty ? nil : random.pick(others), near].compactMap({ $0 }) {
                var copy = journal
                copy.entries[index].set(path, new)
                let what = "\(journal.kind(index)) \(path.joined(separator: "."))"
                all.append(tampered(.change, what, copy))
            }
        }
        return all
    }

    private static func near(_ value: JSON) -> JSON? {
        switch value {
        case .integer(let number): .integer(number + 1)
        case .string(let text): .string(text + "x")
        case .bool(let flag): .bool(!flag)
        case .number(let number): .number(number + 1)
        case .null: 1
        case .array, .object: nil
        }
    }

    func removals() -> [TamperedJournal] {
        places().map { index, path, _ in
            var copy = journal
            copy.entries[index].set(path, nil)
            let what = "\(journal.kind(index)) \(path.joined(separator: "."))"
            return tampered(.remove, what, copy)
        }
    }

    /// Each event by each other kind of author.
    func authors() -> [TamperedJournal] {
        journal.entries.indices.flatMap { index -> [TamperedJournal] in
            let kind = journal.entries[index]["actor"]?["kind"]?.stringValue
            return Actor.Kind.allCases.filter { $0.rawValue != kind }.map { author in
                var copy = journal
                var actor: JSONObject = ["kind": .string(author.rawValue)]
                if author != .dosette { actor["name"] = "somebody" }
                copy.entries[index]["actor"] = .object(actor)
                return tampered(.author, "\(journal.kind(index)) by \(author.rawValue)", copy)
            }
        }
    }
}

extension JSONObject {
    /// Puts a value where the names lead, or takes away what is there.
    mutating func set(_ path: [String], _ value: JSON?) {
        guard let first = path.first else { return }
        if path.count == 1 {
            self[first] = value
        } else {
            self[first] = self[first]?.setting(path.dropFirst(), value)
        }
    }
}

extension JSON {
    fileprivate func setting(_ path: ArraySlice<String>, _ value: JSON?) -> JSON {
        switch self {
        case .object(var object):
            object.set(Array(path), value)
            return .object(object)
        case .array(var elements):
            guard let index = path.first.flatMap({ Int($0) }), elements.indices.contains(index)
            else { return self }
            if path.count > 1 {
                elements[index] = elements[index].setting(path.dropFirst(), value)
            } else if let value {
                elements[index] = value
            } else {
                elements.remove(at: index)
            }
            return .array(elements)
        case .null, .bool, .integer, .number, .string:
            return self
        }
    }
}
