import Crypto

/// A hash in the Merkle tree: SHA-256 of a leaf, of a node, or of nothing.
package struct TreeHash: Hashable, Sendable {
    package static let byteCount = 32

    /// The root of the tree without leaves: SHA-256 of nothing.
    package static let empty = TreeHash(SHA256().finalize())

    package let bytes: [UInt8]

    /// The hash that somebody wrote down.
    ///
    /// - Parameter bytes: ``byteCount`` of them; nothing comes back otherwise.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    private init(_ digest: SHA256.Digest) {
        bytes = Array(digest)
    }

    /// SHA-256 over a zero byte and the leaf's bytes.
    package static func leaf(_ bytes: some Sequence<UInt8>) -> TreeHash {
        var hasher = SHA256()
        hasher.update(data: [0x00] as [UInt8])
        hasher.update(data: Array(bytes))
        return TreeHash(hasher.finalize())
    }

    /// SHA-256 over a one byte and the two hashes below.
    package static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        var hasher = SHA256()
        hasher.update(data: [0x01] + left.bytes + right.bytes)
        return TreeHash(hasher.finalize())
    }

    package var base64: String { Base64.encode(bytes) }

    package var hex: String { HexDigest.text(bytes) }

    /// The root over `hashes`, which are the roots of neighbouring trees of one size: a power of two of
    /// them.
    static func perfect(_ hashes: some Collection<TreeHash>) -> TreeHash {
        precondition(hashes.count > 0 && hashes.count & (hashes.count - 1) == 0)
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }

    /// The root of trees that get smaller from left to right, as RFC 6962 joins them.
    static func joined(_ trees: [TreeHash]) -> TreeHash {
        guard var hash = trees.last else { return .empty }
        for left in trees.dropLast().reversed() { hash = node(left, hash) }
        return hash
    }
}

extension TreeHash: CustomStringConvertible {
    package var description: String { base64 }
}
