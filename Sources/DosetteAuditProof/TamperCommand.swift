import ArgumentParser
import DosetteAudit
import DosetteAuditFiles
import Foundation

struct TamperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tamper",
        abstract: "Change an export in every way; each change must be found by both verifiers."
    )

    @Option(help: "About so many bytes the export has.") var bytes = 65_536
    @Option(help: "A bit is flipped in each so many bytes; 1 is every byte.") var step = 1
    @Option(help: "Where the flips begin.") var seed = 0
    @Option(help: "The program of Tools/verify-go.") var go: String?
    @Option(help: "Changes of each kind at the most, spread over all of them; 0 is no limit.")
    var limit = 0
    @Option(help: "Where copies for the Go program are made.") var scratch = "/dev/shm"
    @Option(help: "Copies that are made at a time.") var batch = 2_000
    /// A verifier of ours that does not look at proofs is put in on purpose: it must be found.
    @Flag(help: .hidden) var planted = false

    func validate() throws {
        guard step > 0, batch > 0, limit >= 0, seed >= 0 else {
            throw ValidationError("numbers are positive")
        }
    }

    func run() async throws {
        let start = ContinuousClock.now
        let sample = try await TamperSample.make(byteCount: bytes)
        let flips = limit == 0 ? step : max(step, sample.byteCount / limit)
        let kinds: [(String, [Tampering])] = [
            (
                "audit-tamper-flips",
                Array(Tampering.flips(of: sample.files, step: flips, offset: seed))
            ),
            ("audit-tamper-files", drawn(Tampering.files(of: sample.files))),
            ("audit-tamper-records", drawn(Tampering.records(of: sample.files))),
        ]
        print("an export of \(sample.byteCount) bytes in \(sample.files.contents.count) files")
        var missed = 0
        for (name, tamperings) in kinds {
            let begin = ContinuousClock.now
            let unseen = try unseen(tamperings, sample)
            let unseenByGo = try unseenByGo(tamperings, sample)
            for name in unseen.prefix(20) { print("NOT SEEN by ours: \(name)") }
            for name in unseenByGo.prefix(20) { print("NOT SEEN by Go: \(name)") }
            let failed = unseen.count + unseenByGo.count
            missed += failed
            let seconds = (ContinuousClock.now - begin).components.seconds
            print(
                "\(name): \(tamperings.count) changes, \(go == nil ? "ours only" : "ours and Go")"
            )
            print(
                "RESULT name=\(name) checked=\(tamperings.count) failed=\(failed)"
                    + " seconds=\(seconds) seed=\(seed)"
            )
        }
        print("\((ContinuousClock.now - start).components.seconds) seconds in all")
        if missed > 0 { throw ProofStop("\(missed) changes were not seen") }
    }

    /// No more than the limit, evenly spread, from another one on with each seed.
    private func drawn(_ all: [Tampering]) -> [Tampering] {
        guard limit > 0, all.count > limit else { return all }
        let step = (all.count + limit - 1) / limit
        return stride(from: seed % step, to: all.count, by: step).map { all[$0] }
    }

    private func unseen(_ tamperings: [Tampering], _ sample: TamperSample) throws -> [String] {
        guard sample.isGood(sample.files) else { throw ProofStop("the export itself is not good") }
        return tamperings.filter { tampering in
            var files = tampering.applied(to: sample.files)
            if planted {
                for (path, bytes) in sample.files.contents where path.hasPrefix("proofs/") {
                    files.contents[path] = bytes
                }
            }
            return sample.isGood(files)
        }.map(\.name)
    }

    private func unseenByGo(_ tamperings: [Tampering], _ sample: TamperSample) throws -> [String] {
        guard let go else { return [] }
        let verifier = ForeignVerifier(program: go, key: sample.key.text)
        let place = try ScratchDirectory(in: URL(filePath: scratch))
        defer { place.remove() }
        let original = place.directory.url.appending(path: "original")
        try CopyMaker.write(sample.files, to: original)
        guard try verifier.areGood([original]) == [true] else {
            throw ProofStop("the export itself is not good for Go")
        }
        var unseen: [String] = []
        for start in stride(from: 0, to: tamperings.count, by: batch) {
            let part = tamperings[start..<min(start + batch, tamperings.count)]
            let copies = place.directory.url.appending(path: "copies")
            let directories = try part.map { tampering in
                let copy = copies.appending(
                    path: "\(tampering.changes.hashValue)-\(UUID().uuidString)"
                )
                try CopyMaker.link(original, sample.files, tampering, to: copy)
                return copy
            }
            let answers = try verifier.areGood(directories)
            unseen += zip(part, answers).filter(\.1).map(\.0.name)
            try FileManager.default.removeItem(at: copies)
        }
        return unseen
    }
}

/// The export that is tampered with.
struct TamperSample {
    let files: MemoryFiles
    let key: NoteVerifier

    var byteCount: Int { files.contents.values.reduce(0) { $0 + $1.count } }

    /// Writes an export of about so many bytes: a full bundle and a partial one, with a witness.
    static func make(byteCount: Int) async throws -> TamperSample {
        let count = max(2, byteCount / 235)
        var log = try SampleLog(count: count, fillerByteCount: 60)
        let witness = try NoteSigner(
            name: "witness.test/w",
            algorithm: .cosignatureV1,
            seed: Array(repeating: 3, count: 32)
        )
        let note = try log.sign(by: [witness], at: 1_755_689_499)
        let scratch = try ScratchDirectory()
        defer { scratch.remove() }
        let writer = try ExportWriter(
            to: scratch.directory,
            of: note,
            keys: [log.signer.verifier, witness.verifier]
        )
        _ = try await writer.run(from: log)
        return TamperSample(
            files: MemoryFiles(contents: scratch.contents()),
            key: log.signer.verifier
        )
    }

    /// What our verifier says.
    func isGood(_ files: MemoryFiles) -> Bool {
        let evidence = Evidence(keys: [key])
        var verifier = ExportVerifier(files, evidence: evidence, stopsAtFirst: true)
        return verifier.run().isGood
    }
}
