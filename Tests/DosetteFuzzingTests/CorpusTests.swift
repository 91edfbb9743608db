import DosetteEdgeFuzzing
import DosetteFuzzing
import Foundation
import Testing

/// The kept inputs, real examples and all that ever found something, each read once.
@Suite("Kept inputs")
struct CorpusTests {
    static let targets = FuzzTargets.inner + EdgeTargets.all

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "FuzzCorpus")

    private static func inputs(of name: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: name),
            includingPropertiesForKeys: nil
        )
    }

    @Test(.timeLimit(.minutes(1)), arguments: targets.map(\.name))
    func `every kept input keeps the properties of its target`(name: String) async throws {
        let target = try #require(Self.targets.first { $0.name == name })
        let inputs = try Self.inputs(of: name)
        #expect(!inputs.isEmpty, "\(name) has no input")
        for input in inputs {
            await #expect(throws: Never.self, "\(name)/\(input.lastPathComponent)") {
                try await target.check(Array(try Data(contentsOf: input)))
            }
        }
    }

    @Test func `every folder of inputs has its target`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
        #expect(Set(folders) == Set(Self.targets.map(\.name)))
    }

    @Test(arguments: targets.map(\.name))
    func `a real example goes further than being refused as nonsense`(name: String) async throws {
        let target = try #require(Self.targets.first { $0.name == name })
        let nonsense = try await target.check([UInt8](text: "\u{0}"))
        var examples: FuzzTarget.Traits = []
        for seed in target.seeds() { examples.formUnion(try await target.check(seed)) }
        #expect(!examples.isSubset(of: nonsense), "\(name): \(examples)")
    }
}
