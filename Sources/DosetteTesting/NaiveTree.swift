package import DosetteAudit

/// The RFC 6962 tree as its text says it, without tiles: slow, and written apart from the real one.
package struct NaiveTree: Sendable {
    package let leaves: [TreeHash]

    package init(entries: [[UInt8]]) {
        leaves = entries.map { TreeHash.leaf($0) }
    }

    /// MTH of section 2.1.
    package func root(_ range: Range<Int>) -> TreeHash {
        guard range.count > 1 else { return range.isEmpty ? .empty : leaves[range.lowerBound] }
        let middle = range.lowerBound + Self.split(range.count)
        return .node(root(range.lowerBound..<middle), root(middle..<range.upperBound))
    }

    package func root(of size: Int) -> TreeHash { root(0..<size) }

    /// PATH of section 2.1.1.
    package func inclusion(of index: Int, in range: Range<Int>) -> [TreeHash] {
        guard range.count > 1 else { return [] }
        let middle = range.lowerBound + Self.split(range.count)
        if index < middle {
            return inclusion(of: index, in: range.lowerBound..<middle)
                + [root(middle..<range.upperBound)]
        }
        return inclusion(of: index, in: middle..<range.upperBound)
            + [root(range.lowerBound..<middle)]
    }

    /// PROOF of section 2.1.2.
    package func consistency(from old: Int, to new: Int) -> [TreeHash] {
        guard old > 0, old < new else { return [] }
        return consistency(old, 0..<new, isWhole: true)
    }

    private func consistency(_ old: Int, _ range: Range<Int>, isWhole: Bool) -> [TreeHash] {
        if old == range.upperBound { return isWhole ? [] : [root(range)] }
        let middle = range.lowerBound + Self.split(range.count)
        if old <= middle {
            return consistency(old, range.lowerBound..<middle, isWhole: isWhole)
                + [root(middle..<range.upperBound)]
        }
        return consistency(old, middle..<range.upperBound, isWhole: false)
            + [root(range.lowerBound..<middle)]
    }

    /// The hashes of a tile, as far as there are any.
    package func tile(level: Int, index: Int) -> [TreeHash] {
        let width = 1 << (8 * level)
        let count = leaves.count / width
        return (index * 256..<max(index * 256, min(count, index * 256 + 256))).map {
            root($0 * width..<($0 + 1) * width)
        }
    }

    private static func split(_ count: Int) -> Int {
        var split = 1
        while split * 2 < count { split *= 2 }
        return split
    }
}
