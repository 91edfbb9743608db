import DosetteAudit
import Testing

@Suite struct MerkleFrontierTests {
    /// The inputs that Certificate Transparency's own tests use.
    static let inputs: [[UInt8]] = [
        [],
        [0x00],
        [0x10],
        [0x20, 0x21],
        [0x30, 0x31],
        [0x40, 0x41, 0x42, 0x43],
        Array(0x50...0x57),
        Array(0x60...0x6F),
    ]

    /// The root of the first inputs, from one to all eight.
    static let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    @Test func `the empty tree has the digest of nothing as its root`() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(HexDigest.text(MerkleFrontier().root) == empty)
        #expect(MerkleFrontier().leafCount == 0)
    }

    @Test func `the roots are those of RFC 6962`() {
        var frontier = MerkleFrontier()
        for (input, root) in zip(Self.inputs, Self.roots) {
            frontier.append(input)
            #expect(HexDigest.text(frontier.root) == root, "\(frontier.leafCount) leaves")
        }
        #expect(frontier.leafCount == 8)
    }

    @Test func `a tree that is built by the definition has the same root`() {
        let leaves = (0..<130).map { number in Array("leaf \(number)".utf8) }
        var frontier = MerkleFrontier()
        for size in 0...130 {
            #expect(HexDigest.text(frontier.root) == naiveRoot(leaves[..<size]), "size \(size)")
            #expect(frontier.leafCount == UInt64(size))
            if size < 130 { frontier.append(leaves[size]) }
        }
    }

    @Test func `a leaf is not hashed like a node`() {
        // 0x00 before a leaf, 0x01 before a node: neither can pass for the other.
        let leaf = HexDigest.text(MerkleFrontier.leafHash([0xAB]))
        #expect(leaf == HexDigest.of([0x00, 0xAB]))
    }

    @Test func `reading the root changes nothing`() {
        var read = MerkleFrontier()
        var unread = MerkleFrontier()
        for input in Self.inputs {
            read.append(input)
            unread.append(input)
            _ = read.root
        }
        #expect(HexDigest.text(read.root) == HexDigest.text(unread.root))
    }
}

/// MTH of RFC 6962, 2.1, word for word.
private func naiveRoot(_ leaves: ArraySlice<[UInt8]>) -> String {
    guard let first = leaves.first else { return HexDigest.of([]) }
    if leaves.count == 1 { return HexDigest.of([0x00] + first) }
    var split = 1
    while split * 2 < leaves.count { split *= 2 }
    let left = naiveRoot(leaves.prefix(split))
    let right = naiveRoot(leaves.dropFirst(split))
    return HexDigest.of([0x01] + bytes(ofHex: left) + bytes(ofHex: right))
}

private func bytes(ofHex text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue.map(UInt8.init) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
