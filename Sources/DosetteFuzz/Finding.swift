import DosetteFuzzing
import Foundation

/// An input that something is wrong with.
struct Finding {
    let target: FuzzTarget
    let end: Child.End
    /// What tells this finding from others: the broken property, or where it trapped.
    let signature: String
    let input: [UInt8]

    /// Runs single inputs in children of their own.
    struct Examiner {
        let target: FuzzTarget
        let scratch: URL

        /// Reads `input` once.
        ///
        /// - Returns: How it ended, and what was said of it.
        func examine(_ input: [UInt8], backtrace: Bool = false) async throws -> (Child.End, String)
        {
            let file = scratch.appending(path: "examined")
            try Data(input).write(to: file)
            let errors = scratch.appending(path: "examined.errors")
            let child = Child(
                arguments: ["replay", "--target", target.name, "--in-process", file.path],
                sheet: nil,
                errors: errors,
                hasBacktrace: backtrace
            )
            let end = try await child.run()
            let text = (try? Data(contentsOf: errors)).map { Array($0.prefix(1 << 20)).repaired }
            return (end, text ?? "")
        }

        /// What tells a finding from others.
        func signature(_ input: [UInt8], _ end: Child.End, _ said: String) async throws -> String {
            switch end {
            case .brokenProperty:
                let lines = said.split(separator: "\n")
                let line = lines.first { $0.hasPrefix("PROPERTY: ") } ?? "PROPERTY"
                return String(line.split(separator: ": ").prefix(2).joined(separator: ": "))
            case .signal:
                return Self.place(try await examine(input, backtrace: true).1)
            case .hung, .ateMemory, .failed, .done:
                return end.word
            }
        }

        /// What a backtrace says: the fault, and the first place that has a line.
        private static func place(_ backtrace: String) -> String {
            let lines = backtrace.split(separator: "\n")
            let marks = ["Fatal error", "runtime failure", "Crash:"]
            let fault = marks.lazy.compactMap { mark in lines.first { $0.contains(mark) } }.first
            let words = fault.map { String($0).replacing(/0x[0-9a-f]+/, with: "") } ?? ""
            let source = #/Sources/(Dosette.*\.swift:[1-9]\d*)/#
            let place = lines.lazy.compactMap { $0.firstMatch(of: source) }.first
            let said = words.replacing(#/^.*runtime failure: /#, with: "")
                .replacing(#/ in .*$/#, with: "")
            return "\(said.prefix(160)) at \(place?.1 ?? "?")"
        }
    }
}

/// Makes an input smaller as long as it still does the same.
struct Minimiser {
    /// Tries, and seconds, that one input is worth.
    private static let triesMaximum = 250
    private static let time = Duration.seconds(12)

    let examiner: Finding.Examiner
    let end: Child.End
    let signature: String

    func minimise(_ input: [UInt8]) async throws -> [UInt8] {
        // Hangs take their whole limit each time: the input stays as it is.
        guard end != .hung, end != .ateMemory else { return input }
        var best = input
        var tries = 0
        let stop = ContinuousClock.now + Self.time
        var length = max(1, best.count / 2)
        while length >= 1, tries < Self.triesMaximum, ContinuousClock.now < stop {
            var start = 0
            var isSmaller = false
            while start < best.count, tries < Self.triesMaximum, ContinuousClock.now < stop {
                var candidate = best
                candidate.removeSubrange(start..<min(best.count, start + length))
                tries += 1
                if try await isSame(candidate) {
                    best = candidate
                    isSmaller = true
                } else {
                    start += length
                }
            }
            if !isSmaller || length > best.count { length = min(length, best.count) / 2 }
        }
        return best
    }

    private func isSame(_ candidate: [UInt8]) async throws -> Bool {
        let (end, said) = try await examiner.examine(candidate)
        guard end == self.end else { return false }
        // Where a trap happens is not asked again: a backtrace costs a second.
        guard case .brokenProperty = end else { return true }
        return try await examiner.signature(candidate, end, said) == signature
    }
}
