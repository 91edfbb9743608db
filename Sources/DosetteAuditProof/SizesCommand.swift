import ArgumentParser
import DosetteAudit
import DosetteAuditFiles
import Foundation

struct SizesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sizes",
        abstract: "Export logs of random sizes; none may be refused by either verifier."
    )

    @Option(help: "Exports.") var count = 1_000
    @Option(help: "Entries at the most.") var entries = 1_200
    @Option(help: "The same seed draws the same sizes.") var seed: UInt64 = 1
    @Option(help: "The program of Tools/verify-go.") var go: String?
    @Option(help: "Where the exports are made.") var scratch = "/dev/shm"
    @Option(help: "Exports that are there at a time.") var batch = 50

    /// Sizes at which something fills or begins.
    private static let edges = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1_023, 1_024]

    func run() async throws {
        let start = ContinuousClock.now
        var draw = SizeDraw(state: seed)
        let sizes = (0..<count).map { number in
            number < Self.edges.count ? Self.edges[number] : draw.next(below: entries + 1)
        }
        var alarms: [String] = []
        for begin in stride(from: 0, to: count, by: batch) {
            alarms += try await check(Array(sizes[begin..<min(begin + batch, count)]))
        }
        for alarm in alarms.prefix(20) { print("FALSE ALARM: \(alarm)") }
        let seconds = (ContinuousClock.now - start).components.seconds
        print(
            "\(count) exports of up to \(entries) entries, \(go == nil ? "ours only" : "ours and Go")"
        )
        print(
            "RESULT name=audit-sizes checked=\(count) failed=\(alarms.count)"
                + " seconds=\(seconds) seed=\(seed)"
        )
        if !alarms.isEmpty { throw ProofStop("\(alarms.count) false alarms") }
    }

    private func check(_ sizes: [Int]) async throws -> [String] {
        let place = try ScratchDirectory(in: URL(filePath: scratch))
        defer { place.remove() }
        var alarms: [String] = []
        var directories: [URL] = []
        var key = ""
        for (number, size) in sizes.enumerated() {
            let directory = place.directory.url.appending(path: "\(number)-\(size)")
            var log = try SampleLog(count: size)
            key = log.signer.verifier.text
            let writer = try ExportWriter(
                to: ExportDirectory(directory),
                of: try log.sign(),
                keys: [log.signer.verifier]
            )
            _ = try await writer.run(from: log)
            let evidence = Evidence(keys: [log.signer.verifier])
            var verifier = ExportVerifier(ExportDirectory(directory), evidence: evidence)
            let verdict = verifier.run()
            if !verdict.isGood { alarms.append("ours, \(size) entries: \(verdict.problems)") }
            directories.append(directory)
        }
        guard let go else { return alarms }
        let answers = try ForeignVerifier(program: go, key: key).areGood(directories)
        return alarms + zip(sizes, answers).filter { !$0.1 }.map { "Go, \($0.0) entries" }
    }
}

/// Sizes drawn from a seed: as many small ones as large ones.
private struct SizeDraw {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        let power = 1 << (random() % UInt64(Int.bitWidth - limit.leadingZeroBitCount))
        return Int(random() % UInt64(min(limit, power * 2)))
    }

    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
