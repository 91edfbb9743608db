package import DosetteAudit
import Synchronization

/// A witness of C2SP's tlog-witness as a value: what it answers to `add-checkpoint`, over whatever wire.
///
/// It keeps its record in memory, so it is for tests; and it can lie.
package final class WitnessDesk: Sendable {
    /// How it breaks the protocol.
    package enum Lie: Hashable, Sendable, CaseIterable {
        /// It says that it has seen more than there is.
        case aheadOfTheLog
        /// It says that it has seen the same size with another root.
        case anotherRoot
        /// It names another size each time.
        case changingSizes
        /// Its signature is of another text.
        case wrongSignature
        /// It signs with a key that nobody knows.
        case strangeKey
        /// It says yes and nothing more.
        case noSignature
        /// It says yes and something else.
        case nonsense
        /// It says no with something that is no size.
        case noSize
        /// It answers with much too much.
        case endless
    }

    package struct Answer: Hashable, Sendable {
        package let status: Int
        package let body: [UInt8]

        init(_ status: Int, _ text: String = "") {
            self.status = status
            body = Array(text.utf8)
        }
    }

    private struct State {
        var logs: [String: [NoteVerifier]] = [:]
        var seen: [String: (size: UInt64, root: TreeHash)] = [:]
        var lie: Lie?
        var requestCount = 0
    }

    private let signer: NoteSigner
    private let stranger: NoteSigner
    private let seconds: UInt64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: Who it is.
    ///   - seconds: The time that its signatures bear.
    package init(name: String, seconds: UInt64 = 1_755_691_200) throws {
        signer = try NoteSigner(name: name, algorithm: .cosignatureV1)
        stranger = try NoteSigner(name: name, algorithm: .cosignatureV1)
        self.seconds = seconds
    }

    package var key: NoteVerifier { signer.verifier }

    package var requestCount: Int { state.withLock { $0.requestCount } }

    /// The size that it has seen of a log.
    package func size(of origin: String) -> UInt64 {
        state.withLock { $0.seen[origin]?.size ?? 0 }
    }

    /// Makes a log's key known to it.
    package func trust(_ key: NoteVerifier, of origin: String) {
        state.withLock { $0.logs[origin, default: []].append(key) }
    }

    package func tell(_ lie: Lie?) {
        state.withLock { $0.lie = lie }
    }

    /// What it answers to the body of a POST to `add-checkpoint`.
    package func addCheckpoint(_ body: [UInt8]) -> Answer {
        state.withLock { state in
            state.requestCount += 1
            guard let request = Request(body) else { return Answer(400) }
            if let lie = state.lie { return answer(request, lying: lie, state.requestCount) }
            return answer(request, &state)
        }
    }

    private struct Request {
        let old: UInt64
        let proof: [TreeHash]
        let note: SignedNote
        let checkpoint: Checkpoint

        init?(_ body: [UInt8]) {
            guard let text = String(validating: body, as: UTF8.self),
                let end = text.firstRange(of: "\n\n")
            else { return nil }
            var lines = text[..<end.lowerBound]
                .split(separator: "\n", omittingEmptySubsequences: false)
            let first = lines.removeFirst()
            let proof = lines.compactMap { line in
                Base64.decode(line.utf8).flatMap { TreeHash(bytes: $0) }
            }
            guard first.hasPrefix("old "), let old = UInt64(first.dropFirst(4)),
                first == "old \(old)", proof.count == lines.count, proof.count <= 63,
                let note = try? SignedNote(parsing: Array(text[end.upperBound...].utf8)),
                let checkpoint = try? Checkpoint(parsing: note.text)
            else { return nil }
            self.old = old
            self.proof = proof
            self.note = note
            self.checkpoint = checkpoint
        }
    }

    private func answer(_ request: Request, _ state: inout State) -> Answer {
        let checkpoint = request.checkpoint
        guard let keys = state.logs[checkpoint.origin] else { return Answer(404) }
        guard (try? request.note.verify(with: keys)) != nil else { return Answer(403) }
        guard request.old <= checkpoint.size else { return Answer(400) }
        let seen = state.seen[checkpoint.origin] ?? (size: 0, root: .empty)
        guard request.old == seen.size else { return Answer(409, "\(seen.size)\n") }
        if seen.size == checkpoint.size, seen.root != checkpoint.root {
            return Answer(409, "\(seen.size)\n")
        }
        do throws(ProofFailure) {
            try MerkleProof.verifyConsistency(
                from: seen.size,
                root: seen.root,
                to: checkpoint.size,
                root: checkpoint.root,
                proof: request.proof
            )
        } catch {
            return Answer(422)
        }
        state.seen[checkpoint.origin] = (checkpoint.size, checkpoint.root)
        return Answer(200, line(signer, request.note.text))
    }

    private func line(_ signer: NoteSigner, _ text: String) -> String {
        (try? signer.sign(text, at: seconds).line) ?? ""
    }

    private func answer(_ request: Request, lying lie: Lie, _ count: Int) -> Answer {
        let checkpoint = request.checkpoint
        switch lie {
        case .aheadOfTheLog: return Answer(409, "\(checkpoint.size + 1)\n")
        case .anotherRoot: return Answer(409, "\(request.old)\n")
        case .changingSizes: return Answer(409, "\(UInt64(count) % max(1, checkpoint.size))\n")
        case .wrongSignature: return Answer(200, line(signer, request.note.text + "more\n"))
        case .strangeKey: return Answer(200, line(stranger, request.note.text))
        case .noSignature: return Answer(200)
        case .nonsense: return Answer(200, "yes\n")
        case .noSize: return Answer(409, "many\n")
        case .endless: return Answer(200, String(repeating: "\u{2014} a AAAA\n", count: 20_000))
        }
    }
}
