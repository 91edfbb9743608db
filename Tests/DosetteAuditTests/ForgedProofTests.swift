import DosetteAudit
import Testing

/// Proofs that show nothing, and must not be taken for proofs.
@Suite struct ForgedProofTests {
    private static let leaves = (0..<300).map { Array("leaf \($0)".utf8) }
    private static let source = GrownTree(leaves)
    private static let stranger = TreeHash.leaf([0xAB, 0xAC])

    /// Proofs that are wrong in one way each.
    private static func forged(_ proof: [TreeHash], also: [TreeHash]) -> [[TreeHash]] {
        var forged: [[TreeHash]] = also.flatMap { [[$0] + proof, proof + [$0]] }
        forged += [proof + proof + [stranger], [stranger] + proof]
        for place in proof.indices {
            var removed = proof
            removed.remove(at: place)
            var doubled = proof
            doubled.insert(proof[place], at: place)
            var replaced = proof
            replaced[place] = stranger
            forged += [removed, doubled, replaced]
            for bit in [0, 7, 100, 255] {
                var bytes = proof[place].bytes
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                var flipped = proof
                flipped[place] = TreeHash(bytes: bytes) ?? .empty
                forged.append(flipped)
            }
            if place > 0 {
                var swapped = proof
                swapped.swapAt(place - 1, place)
                forged.append(swapped)
            }
        }
        return forged
    }

    private static func holds(
        _ leaf: TreeHash,
        _ index: UInt64,
        _ size: UInt64,
        _ root: TreeHash,
        _ proof: [TreeHash]
    ) -> Bool {
        let verdict: Void? = try? MerkleProof.verifyInclusion(
            of: leaf,
            at: index,
            in: size,
            root: root,
            proof: proof
        )
        return verdict != nil
    }

    private static func grew(
        _ old: UInt64,
        _ oldRoot: TreeHash,
        _ new: UInt64,
        _ root: TreeHash,
        _ proof: [TreeHash]
    ) -> Bool {
        let verdict: Void? = try? MerkleProof.verifyConsistency(
            from: old,
            root: oldRoot,
            to: new,
            root: root,
            proof: proof
        )
        return verdict != nil
    }

    @Test(arguments: [1, 2, 3, 5, 7, 8, 9, 16, 31, 100, 255, 256, 257, 300])
    func `no forged inclusion is accepted`(size: Int) async throws {
        let root = Self.source.roots[size]
        let size = UInt64(size)
        for index in Set([0, 1, size / 2, size - 1]) where index < size {
            let leaf = TreeHash.leaf(Self.leaves[Int(index)])
            let proof = try await MerkleProof.inclusion(of: index, in: size, from: Self.source)
            #expect(Self.holds(leaf, index, size, root, proof))
            for forged in Self.forged(proof, also: [root, leaf, .empty]) {
                #expect(!Self.holds(leaf, index, size, root, forged))
            }
            for other in [index &- 1, index + 1, index ^ 2, index + 256, size, .max] {
                #expect(!Self.holds(leaf, other, size, root, proof), "\(index) as \(other)")
            }
            for other in [0, index, .max] where other != size {
                #expect(!Self.holds(leaf, index, other, root, proof), "\(size) as \(other)")
            }
            #expect(!Self.holds(Self.stranger, index, size, root, proof))
            #expect(!Self.holds(leaf, index, size, .empty, proof))
            #expect(!Self.holds(leaf, index, size, Self.stranger, proof))
            if size > 1 { #expect(!Self.holds(leaf, index, size, root, [])) }
        }
    }

    @Test func `a proof whose length fits another size is refused for its length`() async throws {
        let root = Self.source.roots[8]
        let leaf = TreeHash.leaf(Self.leaves[2])
        let proof = try await MerkleProof.inclusion(of: 2, in: 8, from: Self.source)
        #expect(throws: ProofFailure.tooShort) {
            try MerkleProof.verifyInclusion(of: leaf, at: 2, in: 16, root: root, proof: proof)
        }
        #expect(throws: ProofFailure.tooLong) {
            try MerkleProof.verifyInclusion(of: leaf, at: 2, in: 4, root: root, proof: proof)
        }
        #expect(throws: ProofFailure.beyondTheTree(index: 8, size: 8)) {
            try MerkleProof.verifyInclusion(of: leaf, at: 8, in: 8, root: root, proof: proof)
        }
        #expect(throws: ProofFailure.beyondTheTree(index: 0, size: 0)) {
            try MerkleProof.verifyInclusion(of: leaf, at: 0, in: 0, root: .empty, proof: [])
        }
    }

    /// A node's hash is not a leaf's: with the domains apart, no inner node can be shown as an entry.
    @Test func `an inner node does not pass for a leaf`() {
        let (left, right) = (TreeHash.leaf([1]), TreeHash.leaf([2]))
        let root = TreeHash.node(left, right)
        #expect(TreeHash.leaf(left.bytes + right.bytes) != root)
        #expect(!Self.holds(.leaf(left.bytes + right.bytes), 0, 1, root, []))
        // Whoever takes a hash of the tree instead of an entry may shorten the way: the caller hashes.
        #expect(Self.holds(root, 0, 1, root, []))
    }

    @Test(arguments: [
        (1, 2), (1, 8), (2, 5), (3, 7), (4, 8), (6, 8), (8, 9), (255, 256), (256, 300),
    ])
    func `no forged consistency is accepted`(old: Int, new: Int) async throws {
        let (oldRoot, root) = (Self.source.roots[old], Self.source.roots[new])
        let (old, new) = (UInt64(old), UInt64(new))
        let proof = try await MerkleProof.consistency(from: old, to: new, from: Self.source)
        #expect(Self.grew(old, oldRoot, new, root, proof))
        for forged in Self.forged(proof, also: [root, oldRoot, .empty]) {
            #expect(!Self.grew(old, oldRoot, new, root, forged))
        }
        for other in [0, old - 1, old + 1, old ^ 2, new, .max] where other != old {
            #expect(!Self.grew(other, oldRoot, new, root, proof), "\(old) as \(other)")
        }
        // Some neighbouring sizes have proofs of one form: that size and root belong together is for
        // the checkpoint's signature to say.
        for other in [0, old, .max] where other != new {
            #expect(!Self.grew(old, oldRoot, other, root, proof), "\(new) as \(other)")
        }
        #expect(!Self.grew(old, root, new, oldRoot, proof))
        #expect(!Self.grew(old, Self.stranger, new, root, proof))
        #expect(!Self.grew(old, oldRoot, new, Self.stranger, proof))
        #expect(!Self.grew(old, oldRoot, new, root, []))
        #expect(!Self.grew(new, root, old, oldRoot, proof))
    }

    /// What a proof of equal sizes could hide: two roots for one size.
    @Test func `equal sizes need equal roots and no proof`() {
        let root = Self.source.roots[9]
        #expect(Self.grew(9, root, 9, root, []))
        #expect(!Self.grew(9, root, 9, root, [root]))
        #expect(!Self.grew(9, root, 9, Self.stranger, []))
        #expect(!Self.grew(0, .empty, 0, root, []))
        #expect(!Self.grew(0, root, 0, root, []))
        #expect(Self.grew(0, .empty, 0, .empty, []))
    }

    @Test func `the empty tree is the beginning of every tree, and only it`() {
        let root = Self.source.roots[9]
        #expect(Self.grew(0, .empty, 9, root, []))
        #expect(!Self.grew(0, .empty, 9, root, [root]))
        #expect(!Self.grew(0, root, 9, root, []))
        #expect(!Self.grew(9, root, 0, .empty, []))
    }

    /// The mistake that a client once made: an old root is taken from what is being verified.
    @Test func `a rewritten log has no proof from the old head`() async throws {
        var rewritten = Self.leaves
        rewritten[3] = Array("another".utf8)
        let other = GrownTree(rewritten)
        for old in [4, 5, 8, 100, 256] {
            for new in [old + 1, 290, 300] where new > old {
                let proof = try await MerkleProof.consistency(
                    from: UInt64(old),
                    to: UInt64(new),
                    from: other
                )
                #expect(
                    !Self.grew(
                        UInt64(old),
                        Self.source.roots[old],
                        UInt64(new),
                        other.roots[new],
                        proof
                    )
                )
            }
        }
    }

    @Test func `sizes near the end of numbers neither trap nor pass`() throws {
        let hash = Self.stranger
        for count in [0, 1, 62, 63, 64, 65, 200] {
            let proof = Array(repeating: hash, count: count)
            let sizes: [UInt64] = [.max, .max - 1, 1 << 63, (1 << 63) + 1, (1 << 63) - 1]
            for size in sizes {
                #expect(!Self.holds(hash, size - 1, size, hash, proof))
                #expect(!Self.holds(hash, size, size, hash, proof))
                #expect(!Self.holds(hash, 0, size, hash, proof))
                #expect(!Self.grew(1, hash, size, hash, proof))
                #expect(!Self.grew(size - 1, hash, size, hash, proof))
                #expect(!Self.grew(size, hash, size - 1, hash, proof))
            }
        }
    }

    @Test func `a proof that cannot be is not made`() async throws {
        await #expect(throws: ProofFailure.beyondTheTree(index: 300, size: 300)) {
            try await MerkleProof.inclusion(of: 300, in: 300, from: Self.source)
        }
        await #expect(throws: ProofFailure.shrunk(old: 9, new: 8)) {
            try await MerkleProof.consistency(from: 9, to: 8, from: Self.source)
        }
        await #expect(throws: ProofFailure.tile(level: 0, index: 1)) {
            try await MerkleProof.inclusion(of: 1, in: 400, from: Self.source)
        }
    }
}
