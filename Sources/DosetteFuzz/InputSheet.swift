import DosetteFuzzing
import Foundation

/// A file in which a worker notes each input before it reads it.
///
/// The file outlives the worker: what it notes last is what killed it.
struct InputSheet {
    /// What the file says.
    struct Note {
        /// Inputs begun so far.
        let runCount: Int
        let traitCount: Int
        let input: [UInt8]
    }

    private static let headerLength = 64

    let url: URL
    private let handle: FileHandle

    /// Makes the file anew, for a worker.
    init(writing url: URL) throws {
        try Data().write(to: url)
        self.url = url
        handle = try FileHandle(forUpdating: url)
    }

    func note(_ input: [UInt8], run: Int, traits: Int) throws {
        let header = "\(run) \(traits) \(input.count) "
        let padded = header.padding(toLength: Self.headerLength, withPad: ".", startingAt: 0)
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: Data(padded.utf8) + Data(input))
    }

    /// Reads a worker's note; nothing before the first one.
    static func read(_ url: URL) -> Note? {
        guard let data = try? Data(contentsOf: url), data.count >= headerLength else { return nil }
        let header = Array(data.prefix(headerLength)).repaired.split(separator: " ")
        guard header.count >= 3, let run = Int(header[0]), let traits = Int(header[1]),
            let length = Int(header[2])
        else { return nil }
        let input = data.dropFirst(headerLength).prefix(length)
        return Note(runCount: run, traitCount: traits, input: Array(input))
    }
}
