import DosetteAudit
package import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import DosetteProvet
import Foundation

/// The evidence's parts, from a configuration.
package enum Evidence {
    /// The key's files; nothing without a data directory and without a file of its own.
    ///
    /// - Throws: ``KeyFailure`` when the directory cannot be made.
    package static func keys(_ configuration: Configuration) throws -> CheckpointKeyFiles? {
        if let file = configuration.audit.keyFile { return CheckpointKeyFiles(file: file) }
        guard !configuration.dataDirectory.isEmpty else { return nil }
        let directory = URL(filePath: configuration.dataDirectory).appending(path: "keys").path
        try PrivateFile.makeDirectory(directory)
        return CheckpointKeyFiles(file: "\(directory)/\(CheckpointKeyFiles.fileName)")
    }

    /// The directories among the witnesses: what can be seen of them without asking anybody.
    package static func directories(_ configuration: Configuration) -> [DirectoryWitness] {
        configuration.audit.witnesses.compactMap { witness in
            if case .directory(let path) = witness { DirectoryWitness(path: path) } else { nil }
        }
    }

    /// What an engine makes checkpoints with, when it has a way to the witnesses; nothing for one that
    /// keeps its journal in memory.
    ///
    /// - Throws: ``KeyFailure``, ``EngineFailure`` when a witness's key is none.
    static func parts(
        _ configuration: Configuration
    ) throws -> ((HTTPTransport) -> AuditParts)? {
        guard let keys = try keys(configuration) else { return nil }
        let audit = configuration.audit
        let witnesses = try audit.witnesses.map { try witness($0) }
        return { transport in
            AuditParts(
                keys: keys,
                witnesses: witnesses.map { $0(transport) },
                origin: audit.origin,
                interval: audit.interval,
                eventCount: UInt64(audit.eventCount)
            )
        }
    }

    private typealias Maker = (HTTPTransport) -> any CheckpointWitness

    private static func witness(_ witness: AuditConfiguration.Witness) throws -> Maker {
        switch witness {
        case .directory(let path):
            let directory = DirectoryWitness(path: path)
            return { (_: HTTPTransport) in directory }
        case .standardOutput:
            let console = ConsoleWitness(write)
            return { (_: HTTPTransport) in console }
        case .endpoint(let url, let text, let secret):
            let verifier = try text.map { try key($0, of: url) }
            return { (transport: HTTPTransport) in
                EndpointWitness(
                    url: url,
                    key: verifier,
                    secret: secret?.text,
                    transport: transport
                )
            }
        }
    }

    private static func key(_ text: String, of url: String) throws -> NoteVerifier {
        do {
            return try NoteVerifier(parsing: text)
        } catch {
            throw EngineFailure(reason: "audit.witnesses: the key of \(url) is none: \(error)")
        }
    }

    @Sendable private static func write(_ note: String) {
        // Whoever reads standard output no longer gets no more of it.
        try? FileHandle.standardOutput.write(contentsOf: Data(note.utf8))
    }
}
