/// Up to 256 neighbouring hashes of one level: what the tree is stored and shown in (C2SP
/// tlog-tiles).
package struct Tile: Hashable, Sendable {
    package static let width = 256
    /// Levels that a tree of 2^64 - 1 leaves has: 0 to 7.
    package static let levelCount = 8

    package let level: Int
    package let index: UInt64
    /// From the left: of leaves at level 0, else the roots of full tiles of the level below.
    package let hashes: [TreeHash]

    /// A tile at its place, with 1 to ``width`` hashes.
    package init(level: Int, index: UInt64, hashes: [TreeHash]) {
        precondition(
            (0..<Self.levelCount).contains(level) && (1...Self.width).contains(hashes.count)
        )
        self.level = level
        self.index = index
        self.hashes = hashes
    }

    package var isFull: Bool { hashes.count == Self.width }

    package var place: TilePlace { TilePlace(.hashes(level), index: index, width: hashes.count) }

    /// Where a log shows it: `tile/0/x001/234.p/5`.
    package var path: String { place.path }

    /// The hashes, one after the other.
    package var bytes: [UInt8] { hashes.flatMap(\.bytes) }

    /// Reads hashes that stand one after the other.
    ///
    /// - Returns: 1 to ``width`` hashes; nothing when a byte is missing or left over.
    package static func hashes(in bytes: [UInt8]) -> [TreeHash]? {
        guard !bytes.isEmpty, bytes.count.isMultiple(of: TreeHash.byteCount),
            bytes.count <= width * TreeHash.byteCount
        else { return nil }
        return stride(from: 0, to: bytes.count, by: TreeHash.byteCount).compactMap { start in
            TreeHash(bytes: bytes[start..<(start + TreeHash.byteCount)])
        }
    }
}

/// Which tile, or which bundle of entries, and how much of it.
package struct TilePlace: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Hashes of a level from 0.
        case hashes(Int)
        /// The entries whose hashes the tile of level 0 has.
        case entries
    }

    package let kind: Kind
    package let index: UInt64
    /// 1 to 256; 256 is a full one.
    package let width: Int

    package init(_ kind: Kind, index: UInt64, width: Int) {
        precondition((1...Tile.width).contains(width))
        self.kind = kind
        self.index = index
        self.width = width
    }

    package var isFull: Bool { width == Tile.width }

    /// All places of a tree of `size` leaves, the entries first and then level by level, from left to
    /// right.
    package static func all(of size: UInt64) -> some Sequence<TilePlace> {
        let kinds = [Kind.entries] + (0..<Tile.levelCount).map(Kind.hashes)
        return kinds.lazy.flatMap { kind in
            (0..<count(kind, in: size)).lazy.compactMap { index in
                TilePlace(kind, index: index, in: size)
            }
        }
    }

    /// How many places of a kind a tree has, full and partial.
    package static func count(_ kind: Kind, in size: UInt64) -> UInt64 {
        let hashes = hashCount(kind, in: size)
        return hashes / 256 + (hashes.isMultiple(of: 256) ? 0 : 1)
    }

    /// The place as it is in a tree of `size` leaves; nothing when that tree is too small for it.
    package init?(_ kind: Kind, index: UInt64, in size: UInt64) {
        let count = Self.hashCount(kind, in: size)
        guard index <= UInt64.max / 256, index * 256 < count else { return nil }
        self.init(kind, index: index, width: Int(min(256, count - index * 256)))
    }

    private static func hashCount(_ kind: Kind, in size: UInt64) -> UInt64 {
        switch kind {
        case .entries: size
        case .hashes(let level): size >> UInt64(8 * level)
        }
    }

    /// Where a log shows it, such as `tile/0/x001/234.p/5` or `tile/entries/000`.
    package var path: String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1_000)
            let zeros = String(repeating: "0", count: 3 - digits.count)
            groups.append((groups.isEmpty ? "" : "x") + zeros + digits)
            rest /= 1_000
        } while rest > 0
        let name =
            switch kind {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        let suffix = isFull ? "" : ".p/\(width)"
        return "tile/\(name)/\(groups.reversed().joined(separator: "/"))\(suffix)"
    }

    /// Reads a path that ``path`` has made, and nothing else.
    package init?(path: String) {
        var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count >= 3, parts.removeFirst() == "tile" else { return nil }
        let name = parts.removeFirst()
        let level = PlainNumber.parse(name.utf8).map { Int(clamping: $0) }
        guard name == "entries" || level.map((0..<Tile.levelCount).contains) == true else {
            return nil
        }
        var width = Tile.width
        if parts.count >= 2, parts[parts.count - 2].hasSuffix(".p") {
            guard let number = PlainNumber.parse(parts.removeLast().utf8),
                (1..<UInt64(Tile.width)).contains(number)
            else { return nil }
            width = Int(number)
            parts[parts.count - 1].removeLast(2)
        }
        guard let index = Self.index(parts) else { return nil }
        self.init(level.map(Kind.hashes) ?? .entries, index: index, width: width)
        guard Array(self.path.utf8) == Array(path.utf8) else { return nil }
    }

    private static func index(_ groups: [String]) -> UInt64? {
        var index: UInt64 = 0
        for group in groups {
            let digits = group.utf8.drop { $0 == UInt8(ascii: "x") }
                .drop { $0 == UInt8(ascii: "0") }
            guard group.utf8.count <= 4,
                let number = digits.isEmpty ? 0 : PlainNumber.parse(digits)
            else { return nil }
            let (thousands, isTooMuch) = index.multipliedReportingOverflow(by: 1_000)
            let (sum, isOver) = thousands.addingReportingOverflow(number)
            guard !isTooMuch, !isOver else { return nil }
            index = sum
        }
        return index
    }
}

/// Where the tiles of a tree can be read.
package protocol TileSource {
    /// Reads the first `width` hashes of a tile.
    ///
    /// - Parameters:
    ///   - level: From 0, where the leaves are.
    ///   - index: From 0, from the left.
    ///   - width: 1 to 256.
    /// - Returns: Exactly `width` hashes.
    /// - Throws: What keeps the source from reading.
    func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash]
}
