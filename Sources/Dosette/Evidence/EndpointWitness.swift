package import DosetteAudit
package import DosetteEngine
package import DosetteProvet
import Synchronization

/// A witness over HTTP: C2SP's tlog-witness, which signs what it has seen to be consistent; or a plain
/// endpoint that takes the note.
package final class EndpointWitness: CheckpointWitness {
    /// A proof in a request has so many hashes at the most.
    private static let proofMaximum = 63
    private static let answerBytesMaximum = 64 * 1024
    /// How often the witness may name another size before it is left alone for now.
    private static let sizesMaximum = 2

    package let name: String
    package let wantsCosignatures = false
    private let url: String
    private let key: NoteVerifier?
    private let secret: String?
    private let transport: HTTPTransport
    /// How many entries the witness has seen of the log with that name.
    private let seen = Mutex<[String: UInt64]>([:])

    /// - Parameters:
    ///   - url: A witness's submission prefix, or a plain endpoint's URL.
    ///   - key: The witness's key; nothing for a plain endpoint, of which any 2xx is enough.
    ///   - secret: Sent as a bearer token.
    ///   - transport: The way there.
    package init(url: String, key: NoteVerifier?, secret: String?, transport: HTTPTransport) {
        name = url
        self.url = key == nil ? url : url + "/add-checkpoint"
        self.key = key
        self.secret = secret
        self.transport = transport
    }

    package func newest() throws -> SignedNote? { nil }

    package func publish(
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) -> [NoteSignature] {
        guard let key else {
            let answer = try await post(publication.note.bytes)
            guard (200..<300).contains(answer.status) else {
                throw WitnessFailure("status \(answer.status)")
            }
            return []
        }
        let origin = publication.checkpoint.origin
        var old = seen.withLock { $0[origin] } ?? 0
        for _ in 0...Self.sizesMaximum {
            let answer = try await post(try await request(publication, from: old))
            switch answer.status {
            case 200:
                let signatures = try verified(answer.body, publication, key)
                seen.withLock { $0[origin] = publication.checkpoint.size }
                return signatures
            case 409:
                old = try size(in: answer.body, publication, old)
                seen.withLock { $0[origin] = old }
            default:
                throw Self.refusal(answer.status)
            }
        }
        throw WitnessFailure("the witness names another size each time")
    }

    private static func refusal(_ status: Int) -> WitnessFailure {
        switch status {
        case 403: WitnessFailure("the witness does not know the key that signs (status 403)")
        case 404: WitnessFailure("the witness does not know this log (status 404)")
        case 422:
            WitnessFailure(
                "the witness has seen another journal: it takes no proof (status 422)",
                contradicts: true
            )
        default: WitnessFailure("status \(status)")
        }
    }

    // MARK: - What is sent

    private func request(
        _ publication: CheckpointPublication,
        from old: UInt64
    ) async throws(WitnessFailure) -> [UInt8] {
        let proof: [TreeHash]
        do {
            proof = try await MerkleProof.consistency(
                from: old,
                to: publication.checkpoint.size,
                from: publication.tiles
            )
        } catch {
            throw WitnessFailure("the journal's tiles cannot be read")
        }
        guard proof.count <= Self.proofMaximum else { throw WitnessFailure("the proof is too long") }
        let lines = ["old \(old)"] + proof.map(\.base64) + [""]
        return Array(lines.map { $0 + "\n" }.joined().utf8) + publication.note.bytes
    }

    private func post(_ body: [UInt8]) async throws(WitnessFailure) -> TransportAnswer {
        var headers = [(name: "Content-Type", value: "text/plain; charset=utf-8")]
        if let secret { headers.append((name: "Authorization", value: "Bearer \(secret)")) }
        let request = TransportRequest(method: .post, url: url, headers: headers, body: body)
        switch await transport.send(request) {
        case .answer(let answer):
            guard answer.body.count <= Self.answerBytesMaximum else {
                throw WitnessFailure("the answer is too long")
            }
            return answer
        case .notSent(let reason), .unknown(let reason):
            throw WitnessFailure(reason)
        }
    }

    // MARK: - What is answered

    /// The size that a witness has seen, which is not signed: one that is too large is told to people, and
    /// nothing more is made of it.
    private func size(
        in body: [UInt8],
        _ publication: CheckpointPublication,
        _ old: UInt64
    ) throws(WitnessFailure) -> UInt64 {
        let text = String(decoding: body, as: UTF8.self)
        let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard let size = UInt64(digits), String(size) == digits else {
            throw WitnessFailure("status 409 without a size")
        }
        guard size <= publication.checkpoint.size else {
            throw WitnessFailure(
                "the witness says that it has seen \(size) entries, more than this journal has",
                contradicts: true
            )
        }
        guard size != old else {
            throw WitnessFailure(
                "the witness says that it has seen another journal of \(size) entries",
                contradicts: true
            )
        }
        return size
    }

    /// The witness's signatures; those of others are left out of account.
    private func verified(
        _ body: [UInt8],
        _ publication: CheckpointPublication,
        _ key: NoteVerifier
    ) throws(WitnessFailure) -> [NoteSignature] {
        var signatures: [NoteSignature] = []
        do {
            let note = Array((publication.note.text + "\n").utf8) + body
            for signature in try SignedNote(parsing: note).signatures
            where signature.name == key.name && signature.keyID == key.keyID {
                _ = try key.verify(signature, of: publication.note.text)
                signatures.append(signature)
            }
        } catch {
            throw WitnessFailure("the witness's answer does not verify: \(error)", contradicts: true)
        }
        guard !signatures.isEmpty else {
            throw WitnessFailure("the witness's key has not signed the answer", contradicts: true)
        }
        return signatures
    }
}
