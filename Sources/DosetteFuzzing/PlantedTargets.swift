import DosetteAudit
import DosetteCore

/// Targets that are wrong on purpose: who runs them sees whether fuzzing can fail.
enum PlantedTargets {
    static let all = [trap, hang, memory, property, note, place, proof]

    private static let seeds: [[UInt8]] = [Array(#"{"name":"a","items":[1,2],"note":"b"}"#.utf8)]

    /// Traps on a number that does not fit.
    private static let trap = FuzzTarget(name: "planted-trap", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes) else { return ["not JSON"] }
        for item in json["items"]?.arrayValue ?? [] {
            guard let number = item.integerValue else { continue }
            precondition(number < 1_000_000, "planted: a number that is too big")
        }
        return [json.kindName]
    }

    /// Never ends on an empty name.
    private static let hang = FuzzTarget(name: "planted-hang", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes) else { return ["not JSON"] }
        var rounds: UInt64 = 0
        while json["name"]?.stringValue?.isEmpty == true { rounds &+= 1 }
        return [json.kindName, "\(rounds)"]
    }

    /// Takes memory without end for a list of lists.
    private static let memory = FuzzTarget(name: "planted-memory", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes) else { return ["not JSON"] }
        var hoard: [[UInt8]] = []
        while json["items"]?.arrayValue?.first?.arrayValue != nil {
            hoard.append(Array(repeating: UInt8(truncatingIfNeeded: hoard.count), count: 1 << 20))
        }
        return [json.kindName]
    }

    /// Loses a member that is null.
    private static let property = FuzzTarget(name: "planted-property", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes), let object = json.objectValue else {
            return ["not an object"]
        }
        let kept = object.members.filter { !$0.value.isNull }
        try hold("planted: no member is lost", kept.count == object.members.count)
        return ["\(kept.count)"]
    }

    // MARK: - Evidence

    /// Reads a signed note whose lines end in spaces, which is another text than was signed.
    private static let note = FuzzTarget(name: "planted-note", shape: .text) {
        [SampleEvidence.sample?.note.bytes ?? []]
    } check: { bytes in
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let tidy = lines.map { line in Array(line.reversed().drop { $0 == 0x20 }.reversed()) }
        guard let note = try? SignedNote(parsing: Array(tidy.joined(separator: [0x0A]))) else {
            return ["no note"]
        }
        try hold("planted: a note that was read is written the same", note.bytes == bytes)
        return ["note"]
    }

    /// Takes a place of tiles for another one when it is written with too many zeros.
    private static let place = FuzzTarget(name: "planted-place", shape: .text) {
        ["tile/0/000", "tile/0/x001/234.p/5"].map { Array($0.utf8) }
    } check: { bytes in
        let text = bytes.repaired.replacing("//", with: "/")
        guard let place = TilePlace(path: text) else { return ["no place"] }
        try hold("planted: a path that was read is written the same", place.path == bytes.repaired)
        return ["place"]
    }

    /// Leaves out of account what stands in a proof behind the hashes that are needed.
    private static let proof = FuzzTarget(name: "planted-proof", shape: .jsonLines) {
        SampleEvidence.sample?.proofs.prefix(2).map(\.bytes) ?? []
    } check: { bytes in
        guard let sample = SampleEvidence.sample, let proof = try? TLogProof(parsing: bytes),
            let own = sample.proofs.first(where: { $0.index == proof.index })
        else { return ["no proof"] }
        let hashes = Array(proof.hashes.prefix(own.hashes.count))
        let short = TLogProof(index: proof.index, hashes: hashes, note: proof.note)
        let entry = sample.entries[Int(proof.index)]
        guard (try? short.verify(entry: entry, keys: [sample.key])) != nil else { return ["wrong"] }
        try hold("planted: what proves has nothing left over", proof.hashes == own.hashes)
        return ["proves"]
    }
}
