import DosetteFuzzing
import Foundation

/// Kept inputs: a folder for each target.
struct Corpus {
    static let standard = "Tests/FuzzCorpus"

    let root: URL

    init(_ path: String) {
        root = URL(filePath: path)
    }

    func folder(_ target: FuzzTarget) -> URL { root.appending(path: target.name) }

    /// The inputs of a target, by file, in the order of the names.
    func inputs(_ target: FuzzTarget) -> [(file: URL, bytes: [UInt8])] {
        Self.files(in: folder(target)).compactMap { file in
            (try? Data(contentsOf: file)).map { (file, Array($0)) }
        }
    }

    static func files(in folder: URL) -> [URL] {
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { !$0.lastPathComponent.hasPrefix(".") }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// Keeps an input under a name made of its bytes.
    ///
    /// - Returns: The file.
    func keep(_ bytes: [UInt8], _ prefix: String, of target: FuzzTarget) throws -> URL {
        try Self.keep(bytes, prefix, in: folder(target))
    }

    static func keep(_ bytes: [UInt8], _ prefix: String, in folder: URL) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "\(prefix)-\(fingerprint(bytes))")
        try Data(bytes).write(to: file)
        return file
    }

    /// FNV-1a: a short name for bytes.
    private static func fingerprint(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
