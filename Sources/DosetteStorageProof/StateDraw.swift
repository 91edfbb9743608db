import DosetteDeterminism
import DosetteTesting

/// Draws what a power cut leaves of what was not certain.
struct StateDraw {
    /// The ways in which a disk may have been half through.
    enum Strategy: String, CaseIterable, Sendable {
        /// Nothing that was not flushed is there.
        case none
        /// All of it is.
        case all
        /// Each sector is as it was at some moment.
        case random
        /// The disk wrote in order and was cut off.
        case prefix
        /// What came last is there, what came before is not.
        case suffix
        /// All but one sector is there.
        case oneMissing
        /// One sector alone is there.
        case oneAlone
        /// In order, and the sector that was being written is half old, half new.
        case torn
        /// All of some files and nothing of the others.
        case byFile
        /// Sizes and names are there, bytes are not.
        case sizesOnly
    }

    /// Those of which there is more than one.
    private static let mixed = Strategy.allCases.filter { $0 != .none && $0 != .all }

    private struct Item {
        let file: Int
        let sector: Int
        /// The version's number in its sector.
        let version: Int
        let order: Int
    }

    private let disk: Disk
    private let items: [Item]
    private let pendingFiles: [Int]
    private var random: SeededRandom
    private(set) var strategy = Strategy.none

    init(_ disk: Disk, _ random: SeededRandom) {
        self.disk = disk
        self.random = random
        pendingFiles = disk.files.keys.sorted().filter { disk.files[$0]?.isSettled == false }
        items = pendingFiles.flatMap { number in
            (disk.files[number]?.pending ?? [:]).flatMap { sector, versions in
                versions.enumerated().map {
                    Item(file: number, sector: sector, version: $0, order: $1.order)
                }
            }
        }
        // Dictionaries have an order of their own in each process.
        .sorted { ($0.order, $0.file, $0.sector) < ($1.order, $1.file, $1.sector) }
    }

    /// The next choice; `number` is how many were drawn from this disk before.
    mutating func next(_ number: Int, random: SeededRandom) -> Disk.Choice {
        self.random = random
        strategy =
            switch number {
            case 0: .none
            case 1: .all
            default: Self.mixed.randomElement(using: &self.random) ?? .random
            }
        return choose()
    }

    private mutating func choose() -> Disk.Choice {
        var choice = Disk.Choice()
        for file in pendingFiles { choice.files[file] = DiskFile.Choice() }
        choice.names = chooseNames()
        chooseSizes(&choice)
        switch strategy {
        case .none, .sizesOnly: break
        case .all: for item in items { take(item, &choice) }
        case .random: takeRandom(&choice)
        case .prefix, .torn:
            let end = Int.random(in: 0...items.count, using: &random)
            for item in items.prefix(end) { take(item, &choice) }
            if strategy == .torn, end < items.count { tear(items[end], &choice) }
        case .suffix:
            let start = Int.random(in: 0...items.count, using: &random)
            for item in items.dropFirst(start) { take(item, &choice) }
        case .oneMissing:
            guard let missing = items.randomElement(using: &random) else { break }
            for item in items where (item.file, item.sector) != (missing.file, missing.sector) {
                take(item, &choice)
            }
        case .oneAlone:
            if let item = items.randomElement(using: &random) { take(item, &choice) }
        case .byFile:
            let there = Set(pendingFiles.filter { _ in Bool.random(using: &random) })
            for item in items where there.contains(item.file) { take(item, &choice) }
        }
        return choice
    }

    private func take(_ item: Item, _ choice: inout Disk.Choice) {
        guard let version = disk.files[item.file]?.pending[item.sector]?[item.version] else {
            return
        }
        choice.files[item.file]?.sectors[item.sector] = (version.order, version.bytes)
    }

    private mutating func takeRandom(_ choice: inout Disk.Choice) {
        let share = [0.1, 0.5, 0.9, 0.97].randomElement(using: &random) ?? 0.5
        for item in items where Double.random(in: 0..<1, using: &random) < share {
            take(item, &choice)
        }
    }

    /// Half of the version that was there before, half of the new one.
    private mutating func tear(_ item: Item, _ choice: inout Disk.Choice) {
        guard let file = disk.files[item.file],
            let new = file.pending[item.sector]?[item.version]
        else { return }
        let offset = item.sector * DiskFile.sectorLength
        var old =
            choice.files[item.file]?.sectors[item.sector]?.bytes
            ?? Array(file.durable.dropFirst(offset).prefix(DiskFile.sectorLength))
        old += Array(repeating: 0, count: DiskFile.sectorLength - old.count)
        let length = Int.random(in: 1..<DiskFile.sectorLength, using: &random)
        let bytes = Array(new.bytes.prefix(length) + old.dropFirst(length))
        choice.files[item.file]?.sectors[item.sector] = (new.order, bytes)
    }

    private mutating func chooseNames() -> [Int] {
        let places = Array(disk.pendingNames.indices)
        switch strategy {
        case .none: return []
        case .all, .sizesOnly, .oneMissing: return places
        case .random, .byFile: return places.filter { _ in Bool.random(using: &random) }
        case .prefix, .suffix, .oneAlone, .torn:
            return Array(places.prefix(Int.random(in: 0...places.count, using: &random)))
        }
    }

    private mutating func chooseSizes(_ choice: inout Disk.Choice) {
        for file in pendingFiles {
            let count = disk.files[file]?.sizes.count ?? 0
            let chosen =
                switch strategy {
                case .none: 0
                case .all, .oneMissing, .sizesOnly, .oneAlone: count
                case .random, .prefix, .suffix, .torn, .byFile:
                    // More often than not the size is there: without it the bytes are not either.
                    Bool.random(using: &random)
                        ? count : Int.random(in: 0...count, using: &random)
                }
            choice.files[file]?.sizeCount = chosen
        }
    }
}
