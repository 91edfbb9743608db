import ArgumentParser
import DosetteFuzzing
import Foundation

/// Reads inputs from files, each once.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Feed files to a target, one line of answer each."
    )

    @Option(help: "The target; by default the name of the file's folder.")
    var target: String?

    @Flag(help: "Stay in this process: a trap is then a trap.")
    var inProcess = false

    @Argument(help: "Inputs, or folders of them.")
    var files: [String]

    func run() async throws {
        let inputs = files.flatMap { path -> [URL] in
            let url = URL(filePath: path)
            var isFolder: ObjCBool = false
            // The call writes to a variable of its own, which lives until it returns.
            let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            return exists && isFolder.boolValue ? Corpus.files(in: url) : [url]
        }
        var failures = 0
        let began = ContinuousClock.now
        for file in inputs {
            let name = target ?? file.deletingLastPathComponent().lastPathComponent
            guard let target = try Targets.named(name).first else { continue }
            if inProcess {
                WorkCommand.limitMemory()
                let traits = try await WorkCommand.check(Array(try Data(contentsOf: file)), target)
                print("\(file.lastPathComponent): \(traits.sorted().joined(separator: ", "))")
            } else if try await !isFine(file, target) {
                failures += 1
            }
        }
        if !inProcess {
            let seconds = Int(((ContinuousClock.now - began) / .seconds(1)).rounded())
            print(
                "RESULT name=fuzz-replay checked=\(inputs.count) failed=\(failures) "
                    + "seconds=\(seconds) seed=0"
            )
        }
        if failures > 0 { throw FuzzExit.found }
    }

    private func isFine(_ file: URL, _ target: FuzzTarget) async throws -> Bool {
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "dosette-replay-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let input = Array(try Data(contentsOf: file))
        let examiner = Finding.Examiner(target: target, scratch: scratch)
        let (end, said) = try await examiner.examine(input)
        if end == .done {
            print("\(target.name)/\(file.lastPathComponent): fine")
            return true
        }
        let signature = try await examiner.signature(input, end, said)
        print("\(target.name)/\(file.lastPathComponent): \(end.word): \(signature)")
        print(said.prefix(1_000))
        return false
    }
}

/// Writes the real examples that fuzzing begins with into the corpus.
struct SeedsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seeds",
        abstract: "Write the built-in examples into the folder of kept inputs."
    )

    @Option(help: "The folder with the kept inputs.")
    var corpus = Corpus.standard

    func run() async throws {
        for target in Targets.real {
            for seed in target.seeds() {
                _ = try Corpus(corpus).keep(seed, "seed", of: target)
            }
        }
    }
}
