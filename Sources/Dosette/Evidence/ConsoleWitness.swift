package import DosetteAudit
package import DosetteEngine

/// Writes each checkpoint where whoever runs the server keeps what it prints.
package struct ConsoleWitness: CheckpointWitness {
    private let write: @Sendable (String) -> Void

    /// - Parameter write: Takes a whole note, with its last line's end.
    package init(_ write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    package var name: String { "standard output" }
    package var wantsCosignatures: Bool { false }

    package func newest() throws -> SignedNote? { nil }

    package func publish(
        _ publication: CheckpointPublication
    ) async throws(WitnessFailure) -> [NoteSignature] {
        write(String(decoding: publication.note.bytes, as: UTF8.self))
        return []
    }
}
