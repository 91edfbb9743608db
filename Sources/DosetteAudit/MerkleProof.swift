/// Proofs of RFC 9162, section 2.1: that a leaf is in a tree, and that a tree only grew.
///
/// Proofs are made from tiles: of each level one or two are read, whatever the tree's size. They are
/// verified strictly: the sizes alone tell how many hashes a proof has. Take size and root from one
/// signed checkpoint, and the leaf's hash from the entry itself: a proof vouches for neither.
package enum MerkleProof {
    /// Makes the proof that leaf `index` is in the tree of the first `size` leaves.
    ///
    /// - Returns: Hashes from the leaf's neighbour up to the child of the root.
    /// - Throws: ``ProofFailure``, or what the source throws.
    package static func inclusion(
        of index: UInt64,
        in size: UInt64,
        from source: some TileSource
    ) async throws -> [TreeHash] {
        let ranges = try inclusionRanges(of: index, in: size)
        return try await TileReading(ranges: ranges, size: size).hashes(from: source)
    }

    /// Makes the proof that the tree of `new` leaves begins with the tree of `old` leaves.
    ///
    /// - Returns: The hashes; none when `old` is 0 or `new`.
    /// - Throws: ``ProofFailure``, or what the source throws.
    package static func consistency(
        from old: UInt64,
        to new: UInt64,
        from source: some TileSource
    ) async throws -> [TreeHash] {
        let ranges = try consistencyRanges(from: old, to: new)
        return try await TileReading(ranges: ranges, size: new).hashes(from: source)
    }

    /// The root of the tree of the first `size` leaves.
    package static func root(of size: UInt64, from source: some TileSource) async throws -> TreeHash
    {
        guard size > 0 else { return .empty }
        let reading = TileReading(ranges: [0..<size], size: size)
        return try await reading.hashes(from: source)[0]
    }

    // MARK: - Which hashes

    /// The leaves under each hash of the proof, from the leaf upwards.
    static func inclusionRanges(
        of index: UInt64,
        in size: UInt64
    ) throws(ProofFailure) -> [Range<UInt64>] {
        guard index < size else { throw .beyondTheTree(index: index, size: size) }
        var ranges: [Range<UInt64>] = []
        var (low, high) = (UInt64(0), size)
        while high - low > 1 {
            let split = low + leftCount(high - low)
            if index < split {
                ranges.append(split..<high)
                high = split
            } else {
                ranges.append(low..<split)
                low = split
            }
        }
        return ranges.reversed()
    }

    /// The leaves under each hash of the proof, from below.
    static func consistencyRanges(
        from old: UInt64,
        to new: UInt64
    ) throws(ProofFailure) -> [Range<UInt64>] {
        guard old <= new else { throw .shrunk(old: old, new: new) }
        guard old > 0, old < new else { return [] }
        var ranges: [Range<UInt64>] = []
        var (low, high) = (UInt64(0), new)
        while high != old {
            let split = low + leftCount(high - low)
            if old <= split {
                ranges.append(split..<high)
                high = split
            } else {
                ranges.append(low..<split)
                low = split
            }
        }
        // Whoever checks knows the earlier root: it is left out when it is one of the hashes.
        if low > 0 { ranges.append(low..<high) }
        return ranges.reversed()
    }

    /// The largest power of two below `count`: how many leaves are on the left.
    private static func leftCount(_ count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }

    // MARK: - Verifying

    /// Verifies that the leaf with this hash is leaf `index` of the tree with this root.
    package static func verifyInclusion(
        of leaf: TreeHash,
        at index: UInt64,
        in size: UInt64,
        root: TreeHash,
        proof: [TreeHash]
    ) throws(ProofFailure) {
        guard index < size else { throw .beyondTheTree(index: index, size: size) }
        var (node, last) = (index, size - 1)
        var hash = leaf
        for neighbour in proof {
            guard last > 0 else { throw .tooLong }
            if node & 1 == 1 || node == last {
                hash = .node(neighbour, hash)
                climb(&node, &last)
            } else {
                hash = .node(hash, neighbour)
            }
            node >>= 1
            last >>= 1
        }
        guard last == 0 else { throw .tooShort }
        guard hash == root else { throw .otherRoot }
    }

    /// Verifies that the tree with the new root begins with all leaves of the tree with the old one.
    package static func verifyConsistency(
        from old: UInt64,
        root oldRoot: TreeHash,
        to new: UInt64,
        root newRoot: TreeHash,
        proof: [TreeHash]
    ) throws(ProofFailure) {
        guard old <= new else { throw .shrunk(old: old, new: new) }
        if old == 0, oldRoot != .empty { throw .otherOldRoot }
        if new == 0, newRoot != .empty { throw .otherRoot }
        if old == 0 || old == new {
            guard proof.isEmpty else { throw .tooLong }
            guard old == 0 || oldRoot == newRoot else { throw .otherRoot }
            return
        }
        var hashes = proof[...]
        var (node, last) = (old - 1, new - 1)
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        // A tree that is a power of two is itself the first hash.
        guard let first = node == 0 ? oldRoot : hashes.popFirst() else { throw .tooShort }
        try climb(from: first, node, last, hashes, to: oldRoot, newRoot)
    }

    private static func climb(
        from first: TreeHash,
        _ node: UInt64,
        _ last: UInt64,
        _ hashes: ArraySlice<TreeHash>,
        to oldRoot: TreeHash,
        _ newRoot: TreeHash
    ) throws(ProofFailure) {
        var (node, last) = (node, last)
        var (older, newer) = (first, first)
        for hash in hashes {
            guard last > 0 else { throw .tooLong }
            if node & 1 == 1 || node == last {
                older = .node(hash, older)
                newer = .node(hash, newer)
                climb(&node, &last)
            } else {
                newer = .node(newer, hash)
            }
            node >>= 1
            last >>= 1
        }
        guard last == 0 else { throw .tooShort }
        guard older == oldRoot else { throw .otherOldRoot }
        guard newer == newRoot else { throw .otherRoot }
    }

    /// Up to where the node is a right child again: on the right edge it has no neighbour in between.
    private static func climb(_ node: inout UInt64, _ last: inout UInt64) {
        while node & 1 == 0, node != 0 {
            node >>= 1
            last >>= 1
        }
    }
}
