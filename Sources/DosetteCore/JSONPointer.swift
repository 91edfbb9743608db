/// A pointer to a member somewhere in a JSON value (RFC 6901), such as `/prescription/items/0/name`.
package enum JSONPointer {
    /// The names on the way, as they stand in objects.
    package static func names(_ pointer: String) -> [String] {
        let slash = UInt8(ascii: "/")
        let parts = pointer.utf8.split(separator: slash, omittingEmptySubsequences: false)
        return parts.dropFirst().map { part in
            let name = String(Substring(part))
            // Hardly any name has a character that is written another way.
            guard part.contains(UInt8(ascii: "~")) else { return name }
            return name.replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    /// The pointer to a member of what `pointer` leads to.
    package static func pointer(to name: String, under pointer: String) -> String {
        var bytes = Array("\(pointer)/".utf8)
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "~"): bytes += "~0".utf8
            case UInt8(ascii: "/"): bytes += "~1".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The index that a name is in a list; nothing when it is written another way or leads out of it.
    static func index(_ name: String, in elements: [JSON]) -> Int? {
        guard let index = Int(name), String(index) == name, elements.indices.contains(index) else {
            return nil
        }
        return index
    }
}

extension JSON {
    /// What a pointer leads to.
    package func value(at pointer: String) -> JSON? { value(at: JSONPointer.names(pointer)) }

    /// What names lead to, one after the other.
    package func value(at names: [String]) -> JSON? {
        var value: JSON? = self
        for name in names {
            if let elements = value?.arrayValue {
                value = JSONPointer.index(name, in: elements).map { elements[$0] }
            } else {
                value = value?[name]
            }
        }
        return value
    }

    /// Changes the object that names lead to; nothing when they lead nowhere.
    package mutating func change(
        at names: ArraySlice<String>,
        _ body: (inout JSONObject) -> Void
    ) {
        switch self {
        case .object(var object):
            if let name = names.first {
                guard var value = object[name] else { return }
                value.change(at: names.dropFirst(), body)
                object[name] = value
            } else {
                body(&object)
            }
            self = .object(object)
        case .array(var elements):
            guard let name = names.first, let index = JSONPointer.index(name, in: elements) else {
                return
            }
            elements[index].change(at: names.dropFirst(), body)
            self = .array(elements)
        case .null, .bool, .integer, .number, .string: return
        }
    }
}
