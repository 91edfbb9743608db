package import Crypto

/// The right edge of an RFC 6962 Merkle tree: enough to append leaves and to tell the root.
///
/// Knows bytes only. It holds one hash for each complete subtree, so at most 64, however long
/// the log is.
package struct MerkleFrontier: Sendable {
    /// Leaves so far.
    package private(set) var leafCount: UInt64 = 0
    /// Roots of complete subtrees, the largest first.
    private var subtrees: [SHA256.Digest] = []

    /// The tree without leaves.
    package init() {}

    /// Appends the leaf that `bytes` are.
    package mutating func append(_ bytes: some Sequence<UInt8>) {
        var hash = Self.leafHash(bytes)
        var size = leafCount
        while size & 1 == 1, let left = subtrees.popLast() {
            hash = Self.nodeHash(left, hash)
            size >>= 1
        }
        subtrees.append(hash)
        leafCount += 1
    }

    /// The root of the tree; of the empty tree the SHA-256 of nothing.
    package var root: SHA256.Digest {
        guard var hash = subtrees.last else { return SHA256().finalize() }
        for left in subtrees.dropLast().reversed() {
            hash = Self.nodeHash(left, hash)
        }
        return hash
    }

    /// SHA-256 over a zero byte and the leaf's bytes.
    package static func leafHash(_ bytes: some Sequence<UInt8>) -> SHA256.Digest {
        var hasher = SHA256()
        hasher.update(data: [0x00])
        hasher.update(data: Array(bytes))
        return hasher.finalize()
    }

    private static func nodeHash(_ left: SHA256.Digest, _ right: SHA256.Digest) -> SHA256.Digest {
        var hasher = SHA256()
        hasher.update(data: [0x01])
        hasher.update(data: Array(left))
        hasher.update(data: Array(right))
        return hasher.finalize()
    }
}

/// SHA-256 in lower-case hex, the form in which digests stand in the journal.
package enum HexDigest {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func of(_ bytes: some Sequence<UInt8>) -> String {
        var hasher = SHA256()
        hasher.update(data: Array(bytes))
        return text(hasher.finalize())
    }

    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
