/// Changes bytes, whatever they mean.
struct ByteMutator {
    var random: FuzzRandom

    func change(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var copy = self
        return copy.changed(bytes, other)
    }

    private mutating func changed(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let index = random.below(bytes.count)
        guard !bytes.isEmpty else { return Array(Nasties.text(&random).utf8) }
        switch random.below(9) {
        case 0: bytes[index] ^= 1 << UInt8(random.below(8))
        case 1: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.remove(at: index)
        case 3: bytes.insert(contentsOf: random.pick(Nasties.escapes), at: index)
        case 4: bytes.removeSubrange(index..<min(bytes.count, index + 1 + random.below(32)))
        case 5: bytes.insert(contentsOf: piece(bytes), at: index)
        case 6: bytes = Array(bytes[..<index]) + other.dropFirst(random.below(other.count))
        case 7: bytes.removeSubrange(index...)
        default: bytes.insert(contentsOf: Array(Nasties.text(&random).utf8), at: index)
        }
        return bytes
    }

    private mutating func piece(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let start = random.below(bytes.count)
        return bytes[start...].prefix(1 + random.below(64))
    }

    /// Changes a word, as white space and punctuation part them.
    func changeWords(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var copy = self
        return copy.changedWords(bytes, other)
    }

    private mutating func changedWords(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        if random.once(in: 3) { return changed(bytes, other) }
        var words = Self.words(bytes)
        let others = Self.words(other)
        guard !words.isEmpty else { return changed(bytes, other) }
        let index = random.below(words.count)
        switch random.below(7) {
        case 0: words[index] = Array(random.pick(Nasties.numbers).utf8)
        case 1: words[index] = Array(Nasties.text(&random).utf8)
        case 2: words.remove(at: index)
        case 3: words.insert(words[random.below(words.count)], at: index)
        case 4: words[index] = others.isEmpty ? [] : random.pick(others)
        case 5:
            let count = random.pick([2, 10, 1_000])
            words.insert(contentsOf: Array(repeating: words[index], count: count), at: index)
        default: words[index] = changed(words[index], other)
        }
        return Array(words.joined())
    }

    /// Runs of letters and digits, and what stands between them.
    private static func words(_ bytes: [UInt8]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var wasWord: Bool?
        for byte in bytes {
            let isWord =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "_")
            if isWord == wasWord, isWord {
                words[words.count - 1].append(byte)
            } else {
                words.append([byte])
            }
            wasWord = isWord
        }
        return words
    }
}

/// Changes YAML by its lines and their indentation.
struct YAMLMutator {
    var random: FuzzRandom

    private static let newline = UInt8(ascii: "\n")

    func change(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var copy = self
        return copy.changed(bytes, other)
    }

    private mutating func changed(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var lines = bytes.split(separator: Self.newline, omittingEmptySubsequences: false)
            .map(Array.init)
        let others = other.split(separator: Self.newline).map(Array.init)
        let index = random.below(lines.count)
        switch random.below(14) {
        case 0: lines.remove(at: index)
        case 1: lines.insert(lines[index], at: index)
        case 2: lines.swapAt(index, random.below(lines.count))
        case 3: lines[index] = [0x20, 0x20] + lines[index]
        case 4: lines[index] = Array(lines[index].drop { $0 == 0x20 })
        case 5:
            let line = indented(random.pick(Nasties.yamlLines), like: lines[index])
            lines.insert(line, at: index)
        case 6: lines.insert(others.isEmpty ? [] : random.pick(others), at: index)
        case 7: lines[index] = quotedKey(lines[index])
        case 8: lines.insert(quotedKey(lines[index]), at: index)
        case 9: lines.insert(Array(bomb().utf8), at: index)
        case 10:
            let donor = others.isEmpty ? [] : random.pick(others)
            lines[index] = ByteMutator(random: random).changeWords(lines[index], donor)
        default: lines[index] = withScalar(lines[index])
        }
        return Array(lines.joined(separator: [Self.newline]))
    }

    private func indented(_ text: String, like line: [UInt8]) -> [UInt8] {
        Array(line.prefix { $0 == 0x20 }) + Array(text.utf8)
    }

    /// `key: value` with another value.
    private mutating func withScalar(_ line: [UInt8]) -> [UInt8] {
        let scalar = Array(random.pick(Nasties.yamlScalars + Nasties.texts).utf8)
        guard let colon = line.lastIndex(of: UInt8(ascii: ":")) else { return line + scalar }
        return Array(line[...colon]) + [0x20] + scalar
    }

    /// `key: value` as `"key": value`: another node with the same name.
    private mutating func quotedKey(_ line: [UInt8]) -> [UInt8] {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return line }
        let spaces = line.prefix { $0 == 0x20 }
        let tag = random.pick(["\"", "'", "!x "])
        let end = tag.count == 1 ? Array(tag.utf8) : []
        return spaces + Array(tag.utf8) + line[spaces.count..<colon] + end + line[colon...]
    }

    /// Text that is short and becomes much.
    private mutating func bomb() -> String {
        let count = random.pick([10, 30, 200, 999, 1_001, 20_000])
        switch random.below(6) {
        case 0: return String(repeating: "[", count: count)
        case 1: return "x: " + String(repeating: "{a: ", count: count)
        case 2: return String(repeating: "- ", count: count)
        case 3:
            let aliases = (1...min(count, 30)).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
            return (["k0: &a0 [x, x]"] + aliases).joined(separator: "\n")
        case 4:
            let last = min(count, 30)
            let aliases = (1...last).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
            return (["k0: &a0 [x, x]"] + aliases + ["? *a\(last)\n: x"]).joined(separator: "\n")
        default: return "x: " + String(repeating: "word ", count: count)
        }
    }
}
