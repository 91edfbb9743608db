import ArgumentParser
import DosetteCore
import DosetteSQLite
import DosetteStore
import DosetteTesting
import Foundation

/// What the Merkle tree costs on the way to the disk: the same commits with it and without it, in turns.
struct AppendCostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append-cost",
        abstract: "Measure what hashing entries and storing tiles costs.",
        discussion: """
            Two journals take the same commits in turns, one with the tree and one without. Only the \
            ratio means something: times depend on the machine and what else it does.
            """
    )

    @Option(help: "Turns.") var rounds = 20
    @Option(help: "Orders in a turn, two events each, handed in at once.") var orders = 1_000
    @Option(help: "A directory for the two journals; it is made, and emptied afterwards.")
    var directory = "/tmp/dosette-append-cost"

    private struct Side {
        let name: String
        let store: SQLiteStore
        let epoch: Int
        var times: [Duration] = []
    }

    func run() async throws {
        let root = URL(filePath: directory)
        var sides = [
            try await open("without", root, keepsTree: false),
            try await open("with", root, keepsTree: true),
        ]
        for round in 0..<rounds {
            // Whoever goes first in one turn goes last in the next.
            for index in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                let began = ContinuousClock.now
                try await take(sides[index])
                sides[index].times.append(ContinuousClock.now - began)
            }
        }
        for side in sides { side.store.close() }
        try? FileManager.default.removeItem(at: root)
        let ratios = zip(sides[1].times, sides[0].times).map { $0 / $1 }.sorted()
        let whole = sides.map { $0.times.reduce(Duration.zero, +) }
        let events = rounds * orders * 2
        print(
            """
            \(events) events a side, in \(rounds) turns
            \(sides[0].name): \(whole[0])  \(sides[1].name): \(whole[1])
            RESULT name=append-cost ratio=\(Self.text(whole[1] / whole[0])) \
            median=\(Self.text(ratios[ratios.count / 2])) \
            least=\(Self.text(ratios[0])) most=\(Self.text(ratios[ratios.count - 1]))
            """
        )
    }

    private static func text(_ ratio: Double) -> String {
        "\((ratio * 1_000).rounded() / 1_000)"
    }

    private func open(_ name: String, _ root: URL, keepsTree: Bool) async throws -> Side {
        let url = root.appending(path: name)
        try? FileManager.default.removeItem(at: url)
        var options = StoreOptions()
        options.keepsTree = keepsTree
        let store = try SQLiteStore(directory: url, options: options)
        let owner = try await store.beginEpoch(at: StoreSamples.start, software: "measure")
        try await store.commit(
            StoreSamples.commit(
                of: StoreSamples.definition,
                expecting: owner.engineVersion,
                epoch: owner.epoch
            )
        )
        return Side(name: name, store: store, epoch: owner.epoch)
    }

    private func take(_ side: Side) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<orders {
                group.addTask {
                    let order = SampleOrder(side.store.nextStream())
                    try await side.store.commit(order.commit(epoch: side.epoch, eventCount: 2))
                }
            }
            try await group.waitForAll()
        }
    }
}
