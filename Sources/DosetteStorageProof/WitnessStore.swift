import DosetteCore
import DosetteStore
import Foundation
import Synchronization

/// Writes down what was acknowledged, in one `write` each, after the acknowledgement.
///
/// The file is outside of the data directory but under the recorder, so that its lines stand in
/// the recording between the disk's operations.
final class Witness: Sendable {
    private let handle: FileHandle
    private let lock = Mutex(0)

    init(file: URL) throws {
        if !FileManager.default.fileExists(atPath: file.path) {
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        }
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    func write(_ text: String) {
        lock.withLock { count in
            count += 1
            try? handle.write(contentsOf: Data(text.utf8))
        }
    }

    func phase(_ name: String) { write("phase \(name)\n") }
}

/// The real store, with a witness of every acknowledgement.
///
/// It can also be made to break its word, to show that this is found.
final class WitnessStore: StoreWrapper {
    /// How it breaks its word.
    enum Planted: String, CaseIterable, Sendable {
        case none
        /// A commit that failed is acknowledged all the same.
        case acknowledgesFailures = "acknowledges-failures"
        /// A commit is acknowledged before it is handed over.
        case acknowledgesEarly = "acknowledges-early"
    }

    let base: any Store
    private let witness: Witness
    private let planted: Planted
    private let commitsLeft: Mutex<Int>

    /// - Parameters:
    ///   - base: The store that does the work.
    ///   - witness: Who is told.
    ///   - planted: How the store breaks its word, if it does.
    ///   - deadAfter: After how many commits the process dies; nothing for never.
    init(_ base: any Store, _ witness: Witness, planted: Planted = .none, deadAfter: Int? = nil) {
        self.base = base
        self.witness = witness
        self.planted = planted
        commitsLeft = Mutex(deadAfter ?? .max)
    }

    func beginEpoch(at now: Timestamp, software: String) async throws(StoreError) -> Ownership {
        let ownership = try await base.beginEpoch(at: now, software: software)
        witness.write("epoch \(ownership.epoch) \(ownership.engineVersion - 1)\n")
        return ownership
    }

    func commit(_ commit: Commit) async throws(StoreError) {
        let entries = commit.events.map { String(decoding: $0.entry(at: 0), as: UTF8.self) }
        let text =
            "commit \(commit.stream) \(commit.expectedVersion) \(entries.count)\n"
            + entries.map { "\($0)\n" }.joined()
        // A commit that dies before its acknowledgement may be there; where it ends must be known.
        witness.write("try \(commit.stream) \(commit.expectedVersion) \(entries.count)\n")
        if planted == .acknowledgesEarly { witness.write(text) }
        do {
            try await base.commit(commit)
        } catch {
            let mayLie = [.full, .unavailable, .outcomeUnknown].contains(error.code)
            guard planted == .acknowledgesFailures, mayLie else { throw error }
        }
        if planted != .acknowledgesEarly { witness.write(text) }
        let isDead = commitsLeft.withLock { left in
            left -= 1
            return left <= 0
        }
        if isDead { kill(getpid(), SIGKILL) }
    }
}
