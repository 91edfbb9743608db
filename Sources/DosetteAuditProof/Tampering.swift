import DosetteAudit
import DosetteAuditFiles

/// One way in which somebody may have changed an export.
struct Tampering {
    let name: String
    /// What stands in files now; nothing where a file is gone.
    let changes: [String: [UInt8]?]

    /// One bit of each `step`th byte of each file; every bit in turn.
    static func flips(of files: MemoryFiles, step: Int, offset: Int) -> some Sequence<Tampering> {
        files.contents.sorted { $0.key < $1.key }.lazy.flatMap { path, bytes in
            stride(from: offset % step, to: bytes.count, by: step).lazy.map { index in
                var changed = bytes
                let bit = (index / step + offset) % 8
                changed[index] ^= UInt8(1) << UInt8(bit)
                return Tampering(name: "\(path) byte \(index) bit \(bit)", changes: [path: changed])
            }
        }
    }

    /// Files deleted, cut, made longer, emptied, doubled and swapped, and new ones.
    static func files(of files: MemoryFiles) -> [Tampering] {
        let paths = files.contents.keys.sorted()
        var all: [Tampering] = []
        func add(_ name: String, _ changes: [String: [UInt8]?]) {
            all.append(Tampering(name: name, changes: changes))
        }
        for (place, path) in paths.enumerated() {
            let bytes = files.contents[path] ?? []
            add("\(path) deleted", [path: nil])
            add("\(path) cut by one", [path: Array(bytes.dropLast())])
            add("\(path) cut in half", [path: Array(bytes.prefix(bytes.count / 2))])
            add("\(path) cut in front", [path: Array(bytes.dropFirst())])
            add("\(path) empty", [path: []])
            add("\(path) longer", [path: bytes + [0x0A]])
            add("\(path) twice", [path: bytes + bytes])
            add("\(path) copied", [path + "x": bytes])
            for other in [place + 1, place + 7] where other < paths.count {
                let second = files.contents[paths[other]] ?? []
                add("\(path) and \(paths[other]) swapped", [path: second, paths[other]: bytes])
            }
        }
        for path in [
            "tile/0/009", "tile/5/000.p/1", "tile/entries/009", "proofs/webshop/none.tlog-proof",
            "x",
            ".hidden", "checkpoint.before", "tile/0/000.p/9",
        ] where files.contents[path] == nil {
            add("\(path) is new", [path: [1]])
        }
        return all
    }

    /// Entries and hashes taken out, doubled, swapped and reordered; tiles of their own as well.
    static func records(of files: MemoryFiles) -> [Tampering] {
        var all: [Tampering] = []
        for (path, bytes) in files.contents.sorted(by: { $0.key < $1.key }) {
            guard let place = TilePlace(path: path) else { continue }
            let records =
                switch place.kind {
                case .entries: split(bytes)
                case .hashes: stride(from: 0, to: bytes.count, by: 32).map { bytes[$0..<($0 + 32)] }
                }
            for (name, changed) in changed(records) {
                var bytes: [UInt8] = []
                for record in changed { bytes += record }
                all.append(Tampering(name: "\(path) \(name)", changes: [path: bytes]))
            }
        }
        return all
    }

    /// The records of a bundle, with their lengths.
    private static func split(_ bundle: [UInt8]) -> [ArraySlice<UInt8>] {
        var records: [ArraySlice<UInt8>] = []
        var rest = bundle[...]
        while rest.count >= 2 {
            let length = 2 + Int(rest[rest.startIndex]) << 8 + Int(rest[rest.startIndex + 1])
            records.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return records
    }

    private static func changed(
        _ records: [ArraySlice<UInt8>]
    ) -> [(String, [ArraySlice<UInt8>])] {
        var all: [(String, [ArraySlice<UInt8>])] = []
        for index in records.indices {
            var without = records
            without.remove(at: index)
            all.append(("without record \(index)", without))
            var doubled = records
            doubled.insert(records[index], at: index)
            all.append(("record \(index) doubled", doubled))
            guard index > 0 else { continue }
            var swapped = records
            swapped.swapAt(index - 1, index)
            all.append(("records \(index - 1) and \(index) swapped", swapped))
            var moved = records
            moved.append(moved.remove(at: index - 1))
            all.append(("record \(index - 1) at the end", moved))
        }
        if records.count > 1 { all.append(("records backwards", records.reversed())) }
        return all.filter { $0.1 != records }
    }

    func applied(to files: MemoryFiles) -> MemoryFiles {
        var changed = files
        for (path, bytes) in changes { changed.contents[path] = bytes }
        return changed
    }
}
