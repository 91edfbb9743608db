/// One file on a disk whose power may be cut: what is certain, and what may or may not be there.
///
/// The disk writes whole sectors of 512 bytes, each from what the cache held at some moment after
/// the last flush; in which order, and whether at all, nobody knows before the next flush.
struct DiskFile: Sendable {
    static let sectorLength = 512

    /// What one sector may have become.
    struct Version: Sendable {
        /// The number of the operation that made it.
        let order: Int
        let bytes: [UInt8]
        /// A flush of it has failed: the system takes it for written, and it may never be.
        var isLost = false
    }

    /// A size that the file may have.
    struct SizeChange: Sendable {
        let order: Int
        let size: Int
        let isShrinking: Bool
    }

    /// What programs read.
    private(set) var cache: [UInt8] = []
    /// What the last flush made certain.
    private(set) var durable: [UInt8] = []
    /// By sector, oldest first.
    private(set) var pending: [Int: [Version]] = [:]
    private(set) var sizes: [SizeChange] = []

    var isSettled: Bool { pending.isEmpty && sizes.isEmpty }

    // MARK: - What programs do

    mutating func write(_ bytes: [UInt8], at offset: Int, order: Int) {
        guard !bytes.isEmpty else { return }
        let end = offset + bytes.count
        if end > cache.count { resize(to: end, order: order) }
        copy(bytes, into: &cache, at: offset)
        note(offset / Self.sectorLength...(end - 1) / Self.sectorLength, order: order)
    }

    mutating func truncate(to size: Int, order: Int) {
        guard size != cache.count else { return }
        let isShrinking = size < cache.count
        resize(to: size, order: order)
        if isShrinking, size % Self.sectorLength != 0 {
            let last = size / Self.sectorLength
            note(last...last, order: order)
        }
    }

    private mutating func resize(to size: Int, order: Int) {
        let isShrinking = size < cache.count
        sizes.append(SizeChange(order: order, size: size, isShrinking: isShrinking))
        if isShrinking {
            cache.removeLast(cache.count - size)
        } else {
            Self.extend(&cache, to: size)
        }
    }

    /// Appends zeros, as a block at a time: a build for debugging does single bytes slowly.
    private static func extend(_ bytes: inout [UInt8], to size: Int) {
        while bytes.count < size {
            bytes += zeros.prefix(size - bytes.count)
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 65_536)

    private mutating func note(_ sectors: ClosedRange<Int>, order: Int) {
        for sector in sectors {
            let version = Version(order: order, bytes: Self.sector(sector, of: cache))
            pending[sector, default: []].append(version)
        }
    }

    /// A flush that succeeded: what is in the cache is on disk, but for what an earlier flush lost.
    mutating func sync() {
        let lost = pending.filter { $0.value.last?.isLost == true }
        let before = durable
        durable = cache
        for sector in lost.keys where sector * Self.sectorLength < durable.count {
            let length = min(Self.sectorLength, durable.count - sector * Self.sectorLength)
            let old = Self.sector(sector, of: before).prefix(length)
            copy(Array(old), into: &durable, at: sector * Self.sectorLength)
        }
        pending = lost
        sizes = []
    }

    /// A flush that failed: the system forgets that anything is to be written.
    mutating func syncFailed() {
        for sector in pending.keys {
            pending[sector] = pending[sector]?.map { version in
                var version = version
                version.isLost = true
                return version
            }
        }
    }

    /// The sector's bytes, with zeros behind the end.
    private static func sector(_ number: Int, of bytes: [UInt8]) -> [UInt8] {
        let start = min(number * sectorLength, bytes.count)
        let end = min(start + sectorLength, bytes.count)
        var sector = Array(bytes[start..<end])
        if sector.count < sectorLength {
            sector.append(contentsOf: repeatElement(0, count: sectorLength - sector.count))
        }
        return sector
    }

    // MARK: - What a power cut leaves

    /// Which of the things that may be there are.
    struct Choice: Sendable {
        /// How many of ``DiskFile/sizes`` took effect.
        var sizeCount = 0
        /// For each sector that changed its bytes: the operation they are of, and the bytes.
        var sectors: [Int: (order: Int, bytes: [UInt8])] = [:]
    }

    /// The file after a power cut.
    func content(_ choice: Choice) -> [UInt8] {
        let applied = sizes.prefix(choice.sizeCount)
        let kept = applied.reduce(durable.count) { min($0, $1.size) }
        var content = Array(durable.prefix(kept))
        Self.extend(&content, to: applied.last?.size ?? durable.count)
        let shrinks = sizes.enumerated().filter { $0.element.isShrinking }
        for (sector, chosen) in choice.sectors {
            let offset = sector * Self.sectorLength
            let length = min(Self.sectorLength, content.count - offset)
            let isCutOff = shrinks.contains { index, change in
                // A sector that a truncation removed, or one behind a truncation that is not there.
                offset >= change.size
                    && (index < choice.sizeCount) == (chosen.order < change.order)
            }
            guard length > 0, !isCutOff else { continue }
            copy(
                length < chosen.bytes.count ? Array(chosen.bytes.prefix(length)) : chosen.bytes,
                into: &content,
                at: offset
            )
        }
        return content
    }
}

private func copy(_ bytes: [UInt8], into target: inout [UInt8], at offset: Int) {
    precondition(offset >= 0 && offset + bytes.count <= target.count)
    // Sound: both buffers live for the call, and the range was just checked.
    unsafe target.withUnsafeMutableBytes { target in
        unsafe bytes.withUnsafeBytes { bytes in
            let place = unsafe UnsafeMutableRawBufferPointer(
                rebasing: target[offset..<offset + bytes.count]
            )
            unsafe place.copyMemory(from: bytes)
        }
    }
}
