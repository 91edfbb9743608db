import DosetteDeterminism
import DosetteTesting
import Testing

@testable import DosetteStorageProof

@Suite("A disk whose power may be cut")
struct DiskTests {
    private static let sector = DiskFile.sectorLength

    /// A disk with one file, open as descriptor 3, whose name and first bytes are certain.
    private func disk(_ bytes: [UInt8] = []) throws -> Disk {
        var disk = Disk()
        try disk.apply(.open(descriptor: 1, path: "", creates: false, truncates: false))
        try disk.apply(.open(descriptor: 3, path: "f", creates: true, truncates: false))
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: bytes))
        try disk.apply(.sync(descriptor: 3))
        try disk.apply(.sync(descriptor: 1))
        return disk
    }

    private func states(_ disk: Disk, count: Int = 400) -> [Disk.State] {
        var draw = StateDraw(disk, SeededRandom(seed: 1))
        return (0..<count).map { number in
            disk.state(draw.next(number, random: SeededRandom(seed: UInt64(number))))
        }
    }

    private func contents(_ disk: Disk, of path: String = "f") -> Set<[UInt8]?> {
        Set(states(disk).map { state in state.files.first { $0.path == path }?.content })
    }

    @Test func `what was flushed is in every state`() throws {
        let disk = try disk([1, 2, 3])
        #expect(contents(disk) == [[1, 2, 3]])
    }

    @Test func `a write that was not flushed is there, or not, or torn`() throws {
        var disk = try disk([UInt8](repeating: 1, count: Self.sector))
        let new = [UInt8](repeating: 2, count: Self.sector)
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: new))
        let found = contents(disk)
        #expect(found.contains([UInt8](repeating: 1, count: Self.sector)))
        #expect(found.contains(new))
        #expect(found.contains { Set($0 ?? []) == [1, 2] })
    }

    @Test func `sectors of one write come in any combination`() throws {
        var disk = try disk([UInt8](repeating: 0, count: 3 * Self.sector))
        let new = [UInt8](repeating: 9, count: 3 * Self.sector)
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: new))
        let patterns = Set(
            contents(disk).compactMap { $0 }.map { content in
                (0..<3).map { content[$0 * Self.sector] }
            }
        )
        #expect(patterns.count == 8)
    }

    @Test func `a sector may be as it was between two writes`() throws {
        var disk = try disk([1])
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [2]))
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [3]))
        #expect(contents(disk).isSuperset(of: [[1], [2], [3]]))
    }

    @Test func `a size may be there without its bytes`() throws {
        var disk = try disk([1])
        try disk.apply(.write(descriptor: 3, offset: 1, bytes: [2, 3]))
        let found = contents(disk)
        #expect(found.contains([1, 0, 0]))
        #expect(found.contains([1]))
        #expect(found.contains([1, 2, 3]))
    }

    @Test func `a truncation may be there or not, and what is written behind it goes with it`()
        throws
    {
        var disk = try disk([UInt8](repeating: 1, count: 2 * Self.sector))
        try disk.apply(.truncate(descriptor: 3, size: 0))
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [7]))
        let found = contents(disk)
        #expect(found.contains([UInt8](repeating: 1, count: 2 * Self.sector)))
        #expect(found.contains([]))
        #expect(found.contains([7]))
        #expect(!found.contains { ($0?.count ?? 0) > 1 && $0?.first == 7 })
    }

    @Test func `a name is certain only when its directory is flushed`() throws {
        var disk = Disk()
        try disk.apply(.open(descriptor: 3, path: "f", creates: true, truncates: false))
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [1]))
        try disk.apply(.sync(descriptor: 3))
        #expect(contents(disk) == [nil, [1]])
        try disk.apply(.open(descriptor: 1, path: "", creates: false, truncates: false))
        try disk.apply(.sync(descriptor: 1))
        #expect(contents(disk) == [[1]])
        try disk.apply(.unlink(path: "f"))
        #expect(contents(disk) == [nil, [1]])
    }

    @Test func `a directory that is not there takes its files along`() throws {
        var disk = Disk()
        try disk.apply(.makeDirectory(path: "d"))
        try disk.apply(.open(descriptor: 2, path: "d", creates: false, truncates: false))
        try disk.apply(.open(descriptor: 3, path: "d/f", creates: true, truncates: false))
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [1]))
        try disk.apply(.sync(descriptor: 3))
        try disk.apply(.sync(descriptor: 2))
        #expect(contents(disk, of: "d/f") == [nil, [1]])
    }

    @Test func `what a failed flush lost is not brought back by a later one`() throws {
        var disk = try disk([1])
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [2]))
        try disk.apply(.syncFailed(descriptor: 3))
        try disk.apply(.sync(descriptor: 3))
        #expect(contents(disk).isSuperset(of: [[1], [2]]))
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: [3]))
        try disk.apply(.sync(descriptor: 3))
        #expect(contents(disk) == [[3]])
    }

    @Test func `the same seed draws the same states`() throws {
        var disk = try disk([UInt8](repeating: 0, count: 40 * Self.sector))
        let new = [UInt8](repeating: 9, count: 40 * Self.sector)
        try disk.apply(.write(descriptor: 3, offset: 0, bytes: new))
        let first = states(disk).map { $0.files.map(\.content) }
        #expect(first == states(disk).map { $0.files.map(\.content) })
    }
}

@Suite("Where faults are put")
struct FaultIndexTests {
    @Test func `a sample is evenly spread, with both ends`() {
        #expect(StorageFault.indexes(below: 101, sample: 5) == [0, 25, 50, 75, 100])
        #expect(StorageFault.indexes(below: 3, sample: 5) == [0, 1, 2])
        #expect(StorageFault.indexes(below: 4, sample: nil) == [0, 1, 2, 3])
        #expect(StorageFault.indexes(below: 0, sample: 1).isEmpty)
    }
}
