import DosetteCore

/// Makes new inputs of old ones, in the way that their shape asks for.
package struct Mutator: Sendable {
    private let shape: FuzzTarget.Shape
    private let bytesMaximum: Int
    package var random: FuzzRandom

    /// Changes of one input at the most.
    private static let changesMaximum = 4

    package init(_ target: FuzzTarget, random: FuzzRandom) {
        shape = target.shape
        bytesMaximum = target.bytesMaximum
        self.random = random
    }

    /// An input made of one of `pool`, which is not empty, and pieces of others.
    package mutating func make(from pool: [[UInt8]]) -> [UInt8] {
        var bytes = random.pick(pool)
        for _ in 0...random.below(Self.changesMaximum) {
            let other = random.pick(pool)
            bytes = change(bytes, other)
        }
        return Array(bytes.prefix(bytesMaximum))
    }

    private mutating func change(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        if random.once(in: 12) { return ByteMutator(random: nextRandom()).change(bytes, other) }
        switch shape {
        case .json: return changeJSON(bytes, other)
        case .jsonLines: return changeLines(bytes, other)
        case .yaml: return YAMLMutator(random: nextRandom()).change(bytes, other)
        case .text: return ByteMutator(random: nextRandom()).changeWords(bytes, other)
        case .frames: return changeFrames(bytes, other)
        }
    }

    /// A source of chance for a part, so that each draws numbers of its own.
    private mutating func nextRandom() -> FuzzRandom { FuzzRandom(seed: random.next()) }

    private mutating func changeJSON(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        guard let json = try? JSONReader.read(bytes) else {
            return ByteMutator(random: nextRandom()).change(bytes, other)
        }
        let donor = (try? JSONReader.read(other)).map(LooseJSON.init) ?? .raw([])
        var mutator = JSONMutator(random: nextRandom(), bytesMaximum: bytesMaximum)
        return mutator.change(LooseJSON(json), donor).bytes
    }

    // MARK: - Lines and sections

    private mutating func changeLines(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
            .map(Array.init)
        let others = other.split(separator: newline).map(Array.init)
        let index = random.below(lines.count)
        let donor = others.isEmpty ? [] : random.pick(others)
        switch random.below(12) {
        case 0: lines.remove(at: index)
        case 1: lines.insert(donor, at: index)
        case 2: lines.swapAt(index, random.below(lines.count))
        case 3: lines[index] += [UInt8(ascii: "\r")]
        case 4: lines.insert(random.pick([[], [0x20], [0x0D], [0x09, 0x0D]]), at: index)
        default: lines[index] = changeJSON(lines[index], donor)
        }
        return Array(lines.joined(separator: [newline]))
    }

    private mutating func changeFrames(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var frames = Frames(bytes)
        let others = Frames(other).frames
        guard !frames.frames.isEmpty else { return bytes }
        let index = random.below(frames.frames.count)
        let donor = others.isEmpty ? frames.frames[index] : random.pick(others)
        switch random.below(14) {
        case 0: frames.frames.remove(at: index)
        case 1: frames.frames.insert(donor, at: index)
        case 2: frames.frames.swapAt(index, random.below(frames.frames.count))
        case 3: frames.frames[index].head = donor.head
        case 4: frames.frames[index].body = donor.body
        case 5, 6:
            let head = Array(frames.frames[index].head.utf8)
            let changed = ByteMutator(random: nextRandom()).changeWords(
                head,
                Array(donor.head.utf8)
            )
            frames.frames[index].head = changed.repaired.replacing("\n", with: " ")
        case 7:
            let body = frames.frames[index].body
            frames.frames[index].body = ByteMutator(random: nextRandom()).change(body, donor.body)
        default:
            frames.frames[index].body = changeJSON(frames.frames[index].body, donor.body)
        }
        return frames.bytes
    }
}

/// Changes JSON as a tree.
struct JSONMutator {
    var random: FuzzRandom
    let bytesMaximum: Int

    mutating func change(_ json: LooseJSON, _ donor: LooseJSON) -> LooseJSON {
        let index = random.below(json.nodeCount)
        let other = donor.node(random.below(donor.nodeCount))
        let kind = random.below(16)
        return json.changing(index) { node in
            switch kind {
            case 0: .raw(Array(random.pick(Nasties.numbers).utf8))
            case 1: node.withNumbers(Array(random.pick(Nasties.extremes).utf8))
            case 2, 3: .string(Nasties.text(&random))
            case 4: .raw(quoted(random.pick(Nasties.escapes)))
            case 5: .raw(Array(random.pick(["null", "true", "false", "[]", "{}", "", ","]).utf8))
            case 6: nested(node)
            case 7: other
            case 8: repeated(node)
            case 9: crowded(node)
            default: changeMembers(node, other)
            }
        }
    }

    /// Big inputs cost much time; one in so many is enough to see what they do.
    private var isBig: Bool { mutating get { random.once(in: 24) } }

    private func quoted(_ inside: [UInt8]) -> [UInt8] {
        [UInt8(ascii: "\"")] + inside + [UInt8(ascii: "\"")]
    }

    /// The value at the bottom of lists or objects.
    private mutating func nested(_ node: LooseJSON) -> LooseJSON {
        let depth = random.once(in: 8) ? 5_000 : random.pick([1, 2, 26, 28, 30, 31, 32, 33, 100])
        let (open, close) = random.pick([("[", "]"), ("{\"a\":", "}")])
        let opening = String(repeating: open, count: depth).utf8
        let closing = String(repeating: close, count: depth).utf8
        return .raw(Array(opening) + node.bytes + Array(closing))
    }

    /// A list of the value many times.
    private mutating func repeated(_ node: LooseJSON) -> LooseJSON {
        let isNumber = random.once(in: 3)
        let bytes = isNumber ? Array(random.pick(Nasties.numbers).utf8) : node.bytes
        // Some room is left for what stands around it.
        let most = max(1, bytesMaximum * 7 / 8 / (bytes.count + 1))
        let count = min(most, isBig ? 100_000 : random.pick([2, 3, 50, 51, 200]))
        return .array(Array(repeating: .raw(bytes), count: count))
    }

    /// An object with very many members, in one order or the other.
    private mutating func crowded(_ node: LooseJSON) -> LooseJSON {
        let value = LooseJSON.raw(
            random.once(in: 2) ? [UInt8(ascii: "1")] : Array(node.bytes.prefix(8))
        )
        let most = max(1, bytesMaximum / 12)
        let count = min(most, isBig ? 100_000 : random.pick([10, 100]))
        var names = (0..<count).map { String($0 + 100_000) }
        if random.once(in: 2) { names.reverse() }
        return .object(names.map { .init(name: quoted(Array($0.utf8)), value: value) })
    }

    private mutating func changeMembers(_ node: LooseJSON, _ other: LooseJSON) -> LooseJSON {
        switch node {
        case .raw(let token): return .raw(ByteMutator(random: random).change(token, other.bytes))
        case .array(var elements):
            guard !elements.isEmpty else { return .array([other]) }
            let index = random.below(elements.count)
            switch random.below(3) {
            case 0: elements.remove(at: index)
            case 1: elements.insert(other, at: index)
            default: elements.swapAt(index, random.below(elements.count))
            }
            return .array(elements)
        case .object(var members):
            guard !members.isEmpty else { return other }
            let index = random.below(members.count)
            switch random.below(6) {
            case 0, 1: members.remove(at: index)
            case 2: members.append(members[index])
            case 3: members[index].name = quoted(Array(Nasties.text(&random).utf8))
            case 4:
                let name = Array(members[index].name.dropFirst().dropLast())
                members[index].name = quoted(ByteMutator(random: random).change(name, name))
            default:
                if case .object(let others) = other, !others.isEmpty {
                    members.append(random.pick(others))
                } else {
                    members[index].value = other
                }
            }
            return .object(members)
        }
    }
}
