import Crypto
import DosetteAudit

/// RFC 9162, section 2.1, word for word and without a thought for speed: what ours is compared with.
enum NaiveTree {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let first = leaves.first else { return sha256([]) }
        guard leaves.count > 1 else { return sha256([0] + first) }
        let split = leaves.startIndex + split(leaves.count)
        return sha256([1] + root(leaves[..<split]) + root(leaves[split...]))
    }

    /// PATH(m, D[n]).
    static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard leaves.count > 1 else { return [] }
        let count = split(leaves.count)
        let split = leaves.startIndex + count
        if index < count {
            return path(index, leaves[..<split]) + [root(leaves[split...])]
        }
        return path(index - count, leaves[split...]) + [root(leaves[..<split])]
    }

    /// SUBPROOF(m, D[n], b).
    static func subproof(_ old: Int, _ leaves: ArraySlice<[UInt8]>, _ known: Bool) -> [[UInt8]] {
        if old == leaves.count { return known ? [] : [root(leaves)] }
        let count = split(leaves.count)
        let split = leaves.startIndex + count
        if old <= count {
            return subproof(old, leaves[..<split], known) + [root(leaves[split...])]
        }
        return subproof(old - count, leaves[split...], false) + [root(leaves[..<split])]
    }

    private static func split(_ count: Int) -> Int {
        var split = 1
        while split * 2 < count { split *= 2 }
        return split
    }
}

/// The tiles of a tree that was grown leaf by leaf.
struct GrownTree: TileSource {
    private(set) var tree = MerkleTree()
    private(set) var roots = [TreeHash.empty]
    private var full: [TilePlace: [TreeHash]] = [:]

    mutating func append(_ leaf: [UInt8]) {
        for tile in tree.append(leaf) { full[tile.place] = tile.hashes }
        roots.append(tree.root)
    }

    init(_ leaves: [[UInt8]]) {
        for leaf in leaves { append(leaf) }
    }

    func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        let place = TilePlace(.hashes(level), index: index, width: Tile.width)
        let partial = tree.partialTiles.first { $0.level == level && $0.index == index }?.hashes
        return Array((full[place] ?? partial ?? []).prefix(width))
    }
}

func hash(_ hex: String) -> TreeHash {
    TreeHash(bytes: bytes(hex)) ?? .empty
}

func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap { $0.hexDigitValue.map(UInt8.init) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// What Certificate Transparency's own tests use.
enum Published {
    static let inputs = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ].map(bytes)

    /// The root of the first inputs, from none to all eight.
    static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ].map { hash($0) }

    struct Inclusion: Sendable {
        let index: UInt64
        let size: UInt64
        let proof: [TreeHash]
    }

    struct Consistency: Sendable {
        let old: UInt64
        let new: UInt64
        let proof: [TreeHash]
    }

    private static let pair0 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    private static let leaf0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    private static let leaf1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
    private static let pair1 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
    private static let right = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
    private static let leaf4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
    private static let pair3 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
    private static let left = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
    private static let pair2 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
    private static let leaf6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"

    static let inclusions = [
        Inclusion(index: 0, size: 1, proof: []),
        Inclusion(index: 0, size: 8, proof: [leaf1, pair1, right].map { hash($0) }),
        Inclusion(index: 5, size: 8, proof: [leaf4, pair3, left].map { hash($0) }),
        Inclusion(index: 2, size: 3, proof: [pair0].map { hash($0) }),
        Inclusion(index: 1, size: 5, proof: [leaf0, pair1, leaf4].map { hash($0) }),
    ]

    static let consistencies = [
        Consistency(old: 1, new: 1, proof: []),
        Consistency(old: 1, new: 8, proof: [leaf1, pair1, right].map { hash($0) }),
        Consistency(old: 6, new: 8, proof: [pair2, pair3, left].map { hash($0) }),
        Consistency(old: 2, new: 5, proof: [pair1, leaf4].map { hash($0) }),
        Consistency(old: 6, new: 7, proof: [pair2, leaf6, left].map { hash($0) }),
    ]
}
