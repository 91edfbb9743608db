import DosetteAudit
import Testing

@Suite struct MerkleTreeTests {
    @Test func `the roots are the published ones at all sizes`() {
        var tree = MerkleTree()
        #expect(tree.root == Published.roots[0])
        for (input, root) in zip(Published.inputs, Published.roots.dropFirst()) {
            #expect(tree.append(input).isEmpty)
            #expect(tree.root == root)
        }
        #expect(tree.size == 8)
        #expect(TreeHash.empty == Published.roots[0])
    }

    @Test func `the published proofs are made and verified`() async throws {
        let source = GrownTree(Published.inputs)
        for known in Published.inclusions {
            let proof = try await MerkleProof.inclusion(
                of: known.index,
                in: known.size,
                from: source
            )
            #expect(proof == known.proof)
            try MerkleProof.verifyInclusion(
                of: .leaf(Published.inputs[Int(known.index)]),
                at: known.index,
                in: known.size,
                root: Published.roots[Int(known.size)],
                proof: known.proof
            )
        }
        for known in Published.consistencies {
            let proof = try await MerkleProof.consistency(
                from: known.old,
                to: known.new,
                from: source
            )
            #expect(proof == known.proof)
            try MerkleProof.verifyConsistency(
                from: known.old,
                root: Published.roots[Int(known.old)],
                to: known.new,
                root: Published.roots[Int(known.new)],
                proof: known.proof
            )
        }
    }

    @Test func `roots and proofs are those of the definition, for every size to 600`() async throws
    {
        let leaves = (0..<600).map { Array("leaf \($0)".utf8) }
        let source = GrownTree(leaves)
        for size in 0...600 where size < 40 || size % 37 < 2 || size % 256 < 3 || size == 600 {
            let part = leaves[..<size]
            #expect(source.roots[size].bytes == NaiveTree.root(part))
            let root = try await MerkleProof.root(of: UInt64(size), from: source)
            #expect(root == source.roots[size])
            for index in stride(from: 0, to: size, by: max(1, size / 11)) {
                let proof = try await MerkleProof.inclusion(
                    of: UInt64(index),
                    in: UInt64(size),
                    from: source
                )
                #expect(proof.map(\.bytes) == NaiveTree.path(index, part))
                try MerkleProof.verifyInclusion(
                    of: .leaf(leaves[index]),
                    at: UInt64(index),
                    in: UInt64(size),
                    root: source.roots[size],
                    proof: proof
                )
            }
            for old in stride(from: 1, through: size, by: max(1, size / 11)) {
                let proof = try await MerkleProof.consistency(
                    from: UInt64(old),
                    to: UInt64(size),
                    from: source
                )
                #expect(proof.map(\.bytes) == NaiveTree.subproof(old, part, true))
                try MerkleProof.verifyConsistency(
                    from: UInt64(old),
                    root: source.roots[old],
                    to: UInt64(size),
                    root: source.roots[size],
                    proof: proof
                )
            }
        }
    }

    @Test func `every size to 600 and larger trees prove what is drawn`() async throws {
        let count = 70_000
        var tree = MerkleTree()
        var source = GrownTree([])
        var generator = Generator(state: 7)
        let leaves = (0..<600).map { Array("leaf \($0)".utf8) }
        for leaf in leaves { source.append(leaf) }
        for size in 1...600 {
            let index = Int(generator.next() % UInt64(size))
            let old = 1 + Int(generator.next() % UInt64(size))
            try await check(source, leaves[index], index, old, size, source.roots)
        }
        let large = LargeTree(count: count)
        for _ in 0..<count { _ = tree.append([]) }
        #expect(large.tree.root == tree.root)
        for _ in 0..<40 {
            let size = 1 + Int(generator.next() % UInt64(count))
            let index = Int(generator.next() % UInt64(size))
            let old = 1 + Int(generator.next() % UInt64(size))
            let roots = try await [
                MerkleProof.root(of: UInt64(old), from: large),
                MerkleProof.root(of: UInt64(size), from: large),
            ]
            try await check(large, [], index, old, size, roots: (roots[0], roots[1]))
        }
    }

    private func check(
        _ source: some TileSource,
        _ leaf: [UInt8],
        _ index: Int,
        _ old: Int,
        _ size: Int,
        _ roots: [TreeHash]
    ) async throws {
        try await check(source, leaf, index, old, size, roots: (roots[old], roots[size]))
    }

    private func check(
        _ source: some TileSource,
        _ leaf: [UInt8],
        _ index: Int,
        _ old: Int,
        _ size: Int,
        roots: (old: TreeHash, new: TreeHash)
    ) async throws {
        let (index, old, size) = (UInt64(index), UInt64(old), UInt64(size))
        let inclusion = try await MerkleProof.inclusion(of: index, in: size, from: source)
        try MerkleProof.verifyInclusion(
            of: .leaf(leaf),
            at: index,
            in: size,
            root: roots.new,
            proof: inclusion
        )
        let consistency = try await MerkleProof.consistency(from: old, to: size, from: source)
        try MerkleProof.verifyConsistency(
            from: old,
            root: roots.old,
            to: size,
            root: roots.new,
            proof: consistency
        )
    }

    @Test func `a tree goes on from its size and edge`() throws {
        var tree = MerkleTree()
        for number in 0..<700 {
            let edge = (0..<Tile.levelCount).map { level in
                tree.partialTiles.first { $0.level == level }?.hashes ?? []
            }
            var again = try MerkleTree(size: tree.size, edge: edge)
            #expect(again == tree)
            #expect(again.root == tree.root)
            let leaf = Array("leaf \(number)".utf8)
            #expect(again.append(leaf) == tree.append(leaf))
        }
    }

    @Test func `an edge that does not fit the size is refused`() {
        let hash = TreeHash.empty
        #expect(throws: MerkleTree.EdgeFailure.self) { try MerkleTree(size: 1, edge: []) }
        #expect(throws: MerkleTree.EdgeFailure.self) { try MerkleTree(size: 0, edge: [[hash]]) }
        #expect(throws: MerkleTree.EdgeFailure.self) { try MerkleTree(size: 256, edge: [[hash]]) }
        #expect(throws: MerkleTree.EdgeFailure.self) { try MerkleTree(size: 256, edge: []) }
        #expect(throws: MerkleTree.EdgeFailure.self) {
            let levels = Array(repeating: [TreeHash](), count: 8) + [[hash]]
            _ = try MerkleTree(size: 0, edge: levels)
        }
    }

    @Test func `tiles are those of the specification's example of 70,000 leaves`() {
        let places = TilePlace.all(of: 70_000)
        let hashes = places.filter { $0.kind != .entries }
        #expect(hashes.count == 273 + 1 + 1 + 1 + 1)
        let paths = Set(places.map(\.path))
        for path in [
            "tile/0/000", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17",
            "tile/2/000.p/1", "tile/entries/000", "tile/entries/273.p/112",
        ] {
            #expect(paths.contains(path))
        }
        #expect(
            TilePlace.all(of: 256).map(\.path).sorted() == [
                "tile/0/000", "tile/1/000.p/1", "tile/entries/000",
            ]
        )
        #expect(Array(TilePlace.all(of: 0)).isEmpty)
    }

    @Test func `a tile's path is read as it is written, and no other text`() {
        let place = TilePlace(.hashes(0), index: 1_234_067, width: 256)
        #expect(place.path == "tile/0/x001/x234/067")
        for place in TilePlace.all(of: 70_000) { #expect(TilePlace(path: place.path) == place) }
        let largest = TilePlace(.hashes(7), index: .max, width: 255)
        #expect(TilePlace(path: largest.path) == largest)
        for path in [
            "", "tile", "tile/0", "tile/0/", "tile/0/1", "tile/0/0001", "tile/0/x000/001",
            "tile/00/000", "tile/8/000", "tile/-1/000", "tile/0/000.p/0", "tile/0/000.p/256",
            "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "tile/0/001/001", "tile/0/x001",
            "tile/0/X001/001", "/tile/0/000", "tile/0/000/", "tile//0/000", "tile/0/000\n",
            "tile/entries/00a", "tile/Entries/000", "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            #expect(TilePlace(path: path) == nil, "\(path)")
        }
    }
}

/// A tree whose leaves are all empty, so that its tiles need not be kept.
struct LargeTree: TileSource {
    private(set) var tree = MerkleTree()
    private var levels: [[TreeHash]] = []

    init(count: Int) {
        levels = [Array(repeating: TreeHash.leaf([]), count: count)]
        for _ in 0..<count { for tile in tree.append([]) { keep(tile) } }
    }

    private mutating func keep(_ tile: Tile) {
        if tile.level + 1 == levels.count { levels.append([]) }
        var small = MerkleTree()
        for hash in tile.hashes { _ = small.append(leaf: hash) }
        levels[tile.level + 1].append(small.root)
    }

    func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        Array(levels[level][(Int(index) * 256)...].prefix(width))
    }
}

struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
