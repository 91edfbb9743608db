import DosetteCore

/// JSON that may be wrong: names twice, tokens that are none.
indirect enum LooseJSON: Sendable {
    case raw([UInt8])
    case array([LooseJSON])
    case object([Member])

    struct Member: Sendable {
        /// The name as a token, with its quotation marks.
        var name: [UInt8]
        var value: LooseJSON
    }

    init(_ json: JSON) {
        switch json {
        case .array(let elements): self = .array(elements.map(LooseJSON.init))
        case .object(let object):
            self = .object(
                object.members.map { member in
                    let name = JSON.string(member.name).canonicalBytes
                    return Member(name: name, value: LooseJSON(member.value))
                }
            )
        case .null, .bool, .integer, .number, .string: self = .raw(json.canonicalBytes)
        }
    }

    static func string(_ text: String) -> LooseJSON { .raw(JSON.string(text).canonicalBytes) }

    /// The value and all below it.
    var nodeCount: Int {
        switch self {
        case .raw: 1
        case .array(let elements): elements.reduce(1) { $0 + $1.nodeCount }
        case .object(let members): members.reduce(1) { $0 + $1.value.nodeCount }
        }
    }

    /// The value with the node `index`, counted from the top, changed.
    func changing(_ index: Int, _ change: (LooseJSON) -> LooseJSON) -> LooseJSON {
        var rest = index
        return changing(&rest, change)
    }

    private func changing(_ rest: inout Int, _ change: (LooseJSON) -> LooseJSON) -> LooseJSON {
        if rest == 0 {
            rest = -1
            return change(self)
        }
        guard rest > 0 else { return self }
        rest -= 1
        switch self {
        case .raw: return self
        case .array(let elements): return .array(elements.map { $0.changing(&rest, change) })
        case .object(let members):
            return .object(
                members.map { Member(name: $0.name, value: $0.value.changing(&rest, change)) }
            )
        }
    }

    /// The value with `token` in place of every number in it.
    func withNumbers(_ token: [UInt8]) -> LooseJSON {
        switch self {
        case .raw(let own):
            let isNumber = own.first.map { (48...57).contains($0) || $0 == 45 } ?? false
            return isNumber ? .raw(token) : self
        case .array(let elements): return .array(elements.map { $0.withNumbers(token) })
        case .object(let members):
            return .object(
                members.map { Member(name: $0.name, value: $0.value.withNumbers(token)) }
            )
        }
    }

    /// The node `index`, counted from the top.
    func node(_ index: Int) -> LooseJSON {
        var found = self
        _ = changing(index) { node in
            found = node
            return node
        }
        return found
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .raw(let token): bytes += token
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += member.name
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
