import DosetteCore
import DosetteFuzzing
import Testing

@Suite("Mutations")
struct MutatorTests {
    private static func inputs(_ target: FuzzTarget, seed: UInt64, count: Int) -> [[UInt8]] {
        var mutator = Mutator(target, random: FuzzRandom(seed: seed))
        return (0..<count).map { _ in mutator.make(from: target.seeds()) }
    }

    @Test(arguments: ["order", "workflow", "journal", "times"])
    func `the same seed makes the same inputs`(name: String) throws {
        let target = try #require(FuzzTargets.inner.first { $0.name == name })
        let inputs = Self.inputs(target, seed: 7, count: 40)
        #expect(inputs == Self.inputs(target, seed: 7, count: 40))
        #expect(inputs != Self.inputs(target, seed: 8, count: 40))
        #expect(inputs.allSatisfy { $0.count <= target.bytesMaximum })
    }

    @Test func `much of what is made of JSON is JSON still, and all of it is new`() throws {
        let target = try #require(FuzzTargets.inner.first { $0.name == "order" })
        let inputs = Self.inputs(target, seed: 1, count: 200)
        let readable = inputs.count { (try? JSONReader.read($0)) != nil }
        #expect(readable > 60)
        #expect(Set(inputs).count > 150)
    }

    @Test func `sections are cut where they were joined`() {
        let frames = Frames([
            .init(head: "provet.add_payment probe", body: []),
            .init(head: "200 5", body: [UInt8](text: "{\"a\":\n1}")),
        ])
        #expect(Frames(frames.bytes).frames == frames.frames)
    }

    @Test func `a planted mistake breaks a property`() async throws {
        let target = try #require(FuzzTargets.planted.first { $0.name == "planted-property" })
        await #expect(throws: PropertyFailure.self) {
            try await target.check([UInt8](text: #"{"name":null}"#))
        }
        var found = 0
        for input in Self.inputs(target, seed: 1, count: 400) {
            do { _ = try await target.check(input) } catch { found += 1 }
        }
        #expect(found > 0, "400 inputs did not find the planted mistake")
    }
}
