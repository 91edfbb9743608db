import DosetteAudit
import DosetteMigrations
import Foundation
import Testing

/// Keeps the files on disk and the list in code the same.
@Suite struct MigrationFilesTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Migrations").standardized

    /// The text of each released step, by its digest: a step is never edited, a new one is added.
    static let released = [
        "V001_create_journal": "6bba510578c9796dbf21d552f263b9387311e1e3215e5e1f1a4290d4d247b4b7",
        "V002_add_clinic_side": "7fcf46e5cfa6b852639305b7b865249d3af6329362523e0f38d6b52f634395e4",
        "V003_add_tiles_and_checkpoints":
            "8358685ae027463070fa4b007b43f0a5b39d0194199f937cb837d2db38767add",
        "V004_add_forgetting": "9be05c96d2c39b626a41638e1be84c43b05b755a39458c85f8614eb6334da241",
        "V005_add_counts": "ac983e36ecf670e8172d3bfbc71bccf66127cd6aea13556effcae588983edbe1",
        "V006_add_webhooks_and_answers":
            "471c13721cc15861e9da32d8296eca06d00e2096417f4f8b191edae0ff4a27c4",
    ]

    @Test func `every SQL file is registered, in order`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".sql") }
            .map { String($0.dropLast(4)) }
            .sorted()
        #expect(names == Migration.all.map(\.id))
    }

    @Test func `what is embedded is what stands in the file`() throws {
        for step in Migration.all {
            let file = Self.folder.appending(path: "\(step.id).sql")
            #expect(try String(contentsOf: file, encoding: .utf8) == step.sql, "\(step.id)")
        }
    }

    @Test func `steps are numbered from one, without a gap`() {
        for (index, step) in Migration.all.enumerated() {
            let digits = String(index + 1)
            let number = String(repeating: "0", count: 3 - digits.count) + digits
            #expect(step.id.hasPrefix("V\(number)_"), "\(step.id)")
        }
    }

    @Test func `a released step is never edited`() {
        let digests = Migration.all.map { ($0.id, HexDigest.of($0.sql.utf8)) }
        #expect(Dictionary(uniqueKeysWithValues: digests) == Self.released)
    }
}
