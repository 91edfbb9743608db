import ArgumentParser
import DosetteFuzzing
import Foundation
import Glibc

/// A worker: makes inputs and reads them until its time is over or an input ends it.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

    @Option var target: String
    @Option var seed: UInt64
    @Option var seconds: Double
    @Option var sheet: String
    /// Folders with inputs to begin with.
    @Option var pool: [String] = []
    /// Where inputs are kept that went a new way.
    @Option var keep: String

    /// Inputs in memory at the most, and the bytes of one that is worth keeping.
    private static let poolMaximum = 2_000
    private static let keptBytesMaximum = 8 * 1024

    func run() async throws {
        guard let target = try Targets.named(target).first else { return }
        Self.limitMemory()
        let sheet = try InputSheet(writing: URL(filePath: sheet))
        var inputs = target.seeds()
        for folder in pool {
            let files = Corpus.files(in: URL(filePath: folder))
            inputs += try files.map { Array(try Data(contentsOf: $0)) }
        }
        inputs = inputs.filter { $0.count <= target.bytesMaximum }
        var mutator = Mutator(target, random: FuzzRandom(seed: seed))
        var traits: FuzzTarget.Traits = []
        var runCount = 0
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            // The inputs that there are come first, unchanged.
            let isFirst = runCount < inputs.count && traits.count < Self.poolMaximum
            let input = isFirst ? inputs[runCount] : mutator.make(from: inputs)
            runCount += 1
            try sheet.note(input, run: runCount, traits: traits.count)
            let found = try await Self.check(input, target)
            guard !found.isSubset(of: traits), !isFirst else {
                traits.formUnion(found)
                continue
            }
            traits.formUnion(found)
            if inputs.count < Self.poolMaximum, input.count <= Self.keptBytesMaximum {
                inputs.append(input)
                _ = try Corpus.keep(input, "kept", in: URL(filePath: keep))
            }
        }
        try sheet.note([], run: runCount, traits: traits.count)
    }

    /// Reads one input; a broken property ends the process.
    static func check(_ input: [UInt8], _ target: FuzzTarget) async throws -> FuzzTarget.Traits {
        do {
            return try await target.check(input)
        } catch {
            let line = "PROPERTY: \(error)\n"
            try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
            throw FuzzExit.brokenProperty
        }
    }

    /// Behind the parent, who looks now and then, the kernel's own limit stands.
    static func limitMemory() {
        let bytes = rlim_t(FuzzLimits.addressMegabytes) * 1024 * 1024
        var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
        // The call only reads the value, which lives until it returns.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }
}
