import Dosette
import DosetteAudit
import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTesting
import Foundation
import Testing

/// A log of some entries with a key, whose checkpoints go out.
struct Log {
    let store: any Store
    let signer: NoteSigner
    let epoch: Int

    init(
        _ store: any Store = InMemoryStore(),
        origin: String = "dosette.example/log",
        entries count: Int = 10,
        software: String = "test"
    ) async throws {
        self.store = store
        signer = try NoteSigner(name: origin)
        let owner = try await store.beginEpoch(at: StoreSamples.start, software: software)
        epoch = owner.epoch
        try await store.commit(
            StoreSamples.commit(
                of: StoreSamples.definition,
                expecting: owner.engineVersion,
                epoch: owner.epoch
            )
        )
        try await grow(count - 2)
    }

    func grow(_ count: Int) async throws {
        guard count > 0 else { return }
        let order = SampleOrder(store.nextStream())
        try await store.commit(order.commit(epoch: epoch, eventCount: count))
    }

    /// The checkpoint of the first `size` entries, or of all.
    func publication(
        _ size: UInt64? = nil,
        former: [String] = []
    ) async throws -> CheckpointPublication {
        let head = try await store.treeHead()
        let size = size ?? head.size
        let checkpoint = try Checkpoint(
            origin: signer.name,
            size: size,
            root: try await MerkleProof.root(of: size, from: StoreTiles(store))
        )
        return CheckpointPublication(
            checkpoint: checkpoint,
            note: try checkpoint.signed(by: [signer]),
            tiles: StoreTiles(store),
            formerOrigins: former
        )
    }
}

/// An empty directory that is gone with this object.
final class TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "dosette-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // What cannot be removed is left to the system's own cleaning.
        try? FileManager.default.removeItem(at: url)
    }

    func text(_ path: String) throws -> String {
        try String(contentsOf: url.appending(path: path), encoding: .utf8)
    }
}

extension CheckpointWitness {
    /// Why it does not take a checkpoint; nothing when it does.
    func failure(_ publication: CheckpointPublication) async -> WitnessFailure? {
        do {
            _ = try await publish(publication)
            return nil
        } catch {
            return error
        }
    }
}
