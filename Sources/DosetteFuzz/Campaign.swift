import DosetteFuzzing
import Foundation

/// The fuzzing of one target: workers, one after the other, until the time is over.
struct Campaign {
    struct Report {
        let target: FuzzTarget
        var runCount = 0
        var traitCount = 0
        var findings: [(finding: Finding, file: URL)] = []
        var seconds = 0.0
    }

    /// Different findings after which a target has enough.
    static let findingsMaximum = 8
    /// Inputs that ended a worker; the same finding again and again uses up the time.
    private static let endsMaximum = 40

    let target: FuzzTarget
    let seed: UInt64
    let seconds: Double
    let corpus: Corpus
    /// A folder that is the campaign's own.
    let scratch: URL
    /// Whether findings are kept in the corpus, or only in the scratch folder.
    let keepsFindings: Bool
    /// Different findings that end the campaign.
    let findingsMaximum: Int
    let say: @Sendable (String) -> Void

    func run() async throws -> Report {
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        var report = Report(target: target)
        var known: Set<String> = []
        let began = ContinuousClock.now
        var left = seconds
        for turn in 0..<Self.endsMaximum where left > 0.5 {
            let (end, note) = try await work(UInt64(turn), left)
            report.runCount += note?.runCount ?? 0
            report.traitCount = max(report.traitCount, note?.traitCount ?? 0)
            if end != .done, let input = note?.input {
                try await take(input, end, &known, &report)
            }
            left = seconds - Self.seconds(since: began)
            if end == .done || known.count >= findingsMaximum { break }
        }
        report.seconds = Self.seconds(since: began)
        return report
    }

    private static func seconds(since began: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - began) / .seconds(1)
    }

    private func work(_ turn: UInt64, _ left: Double) async throws -> (Child.End, InputSheet.Note?)
    {
        let sheet = scratch.appending(path: "sheet")
        let kept = scratch.appending(path: "kept")
        try FileManager.default.createDirectory(at: kept, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(at: sheet)
        // A first worker reads everything that is kept; after one that ended, inputs are new at once.
        let folders = turn == 0 ? [corpus.folder(target), kept] : [kept]
        let child = Child(
            arguments: [
                "work", "--target", target.name, "--seed", String(seed &+ turn &* 1_000_003),
                "--seconds", String(left), "--sheet", sheet.path, "--keep", kept.path,
            ] + folders.flatMap { ["--pool", $0.path] },
            sheet: sheet,
            errors: scratch.appending(path: "errors"),
            hasBacktrace: false
        )
        let end = try await child.run()
        return (end, InputSheet.read(sheet))
    }

    /// Looks closer at an input that ended a worker.
    private func take(
        _ input: [UInt8],
        _ end: Child.End,
        _ known: inout Set<String>,
        _ report: inout Report
    ) async throws {
        let examiner = Finding.Examiner(target: target, scratch: scratch)
        // Alone it may do something else: then what the worker saw counts, and the input is kept.
        let (alone, said) = try await examiner.examine(input)
        if end == .hung, alone == .done {
            // The machine was slow, not the parser: alone the input has the same limits.
            return say("unsteady: an input of \(target.name) was slow once and is not when alone")
        }
        let isSame = alone == end
        let signature =
            isSame ? try await examiner.signature(input, end, said) : "\(end.word), not alone"
        guard known.insert(signature).inserted else { return }
        let minimiser = Minimiser(examiner: examiner, end: end, signature: signature)
        let small = isSame ? try await minimiser.minimise(input) : input
        let finding = Finding(target: target, end: end, signature: signature, input: small)
        let folder = keepsFindings ? corpus.folder(target) : scratch
        let file = try Corpus.keep(small, "found", in: folder)
        report.findings.append((finding, file))
        say("FOUND \(target.name): \(end.word): \(signature)")
        say("  reproduce: dosette-fuzz replay --target \(target.name) \(Self.shown(file))")
    }

    /// The path from here, where it is below.
    private static func shown(_ file: URL) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return file.path.hasPrefix(here) ? String(file.path.dropFirst(here.count)) : file.path
    }
}
