import Crypto

/// A hash in the Merkle tree: SHA-256 of a leaf, of a node, or of nothing.
package struct TreeHash: Hashable, Sendable {
    package static let byteCount = 32

    /// The root of the tree without leaves: SHA-256 of nothing.
    package static let empty = TreeHash(SHA256().finalize())

    // Four words in place of an array: a journal is hashed without an allocation a leaf.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        append(to: &bytes)
        return bytes
    }

    /// Appends the hash's bytes.
    package func append(to bytes: inout [UInt8]) {
        for word in [first, second, third, fourth] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }

    /// The hash that somebody wrote down.
    ///
    /// - Parameter bytes: ``byteCount`` of them; nothing comes back otherwise.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
    }

    private init(_ digest: SHA256.Digest) {
        // A digest has 32 bytes.
        let words = unsafe digest.withUnsafeBytes { buffer in
            unsafe (
                buffer.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                buffer.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                buffer.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
        first = UInt64(bigEndian: words.0)
        second = UInt64(bigEndian: words.1)
        third = UInt64(bigEndian: words.2)
        fourth = UInt64(bigEndian: words.3)
    }

    /// SHA-256 over a zero byte and the leaf's bytes.
    package static func leaf(_ bytes: some Sequence<UInt8>) -> TreeHash {
        leaf(Array(bytes))
    }

    /// SHA-256 over a zero byte and the leaf's bytes.
    package static func leaf(_ bytes: [UInt8]) -> TreeHash {
        // The bytes stand still while they are hashed.
        unsafe bytes.withUnsafeBytes { unsafe leaf($0) }
    }

    /// SHA-256 over a zero byte and the leaf's bytes, which stand still meanwhile.
    @unsafe package static func leaf(_ bytes: UnsafeRawBufferPointer) -> TreeHash {
        var hasher = SHA256()
        unsafe withUnsafeBytes(of: UInt8(0x00)) { unsafe hasher.update(bufferPointer: $0) }
        unsafe hasher.update(bufferPointer: bytes)
        return TreeHash(hasher.finalize())
    }

    /// SHA-256 over a one byte and the two hashes below.
    package static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        let words = (
            left.first.bigEndian, left.second.bigEndian, left.third.bigEndian,
            left.fourth.bigEndian, right.first.bigEndian, right.second.bigEndian,
            right.third.bigEndian, right.fourth.bigEndian
        )
        var hasher = SHA256()
        // Eight words of 64 bits stand without gaps.
        unsafe withUnsafeBytes(of: UInt8(0x01)) { unsafe hasher.update(bufferPointer: $0) }
        unsafe withUnsafeBytes(of: words) { unsafe hasher.update(bufferPointer: $0) }
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
