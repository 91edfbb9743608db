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
        let log = try keys.current()?.verifier
        let witnesses = try audit.witnesses.map { try witness($0, besides: log) }
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

    private static func witness(
        _ witness: AuditConfiguration.Witness,
        besides log: NoteVerifier?
    ) throws -> Maker {
        switch witness {
        case .directory(let path):
            let directory = DirectoryWitness(path: path)
            return { (_: HTTPTransport) in directory }
        case .standardOutput:
            let console = ConsoleWitness(write)
            return { (_: HTTPTransport) in console }
        case .endpoint(let url, let text, let secret):
            let verifier = try text.map { try key($0, of: url, besides: log) }
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

    /// A second party's key: of a kind that no log has, and not this log's bytes under another name.
    static func key(
        _ text: String,
        of url: String,
        besides log: NoteVerifier?
    ) throws -> NoteVerifier {
        let verifier: NoteVerifier
        do {
            verifier = try NoteVerifier(parsing: text)
        } catch {
            throw EngineFailure(reason: "audit.witnesses: the key of \(url) is none: \(error)")
        }
        guard verifier.algorithm == .cosignatureV1 else {
            throw EngineFailure(
                reason: "audit.witnesses: the key of \(url) is none of cosignature/v1"
            )
        }
        guard log.map({ !verifier.hasBytes(of: $0) }) ?? true else {
            throw EngineFailure(reason: "audit.witnesses: the key of \(url) is the log's own")
        }
        return verifier
    }

    @Sendable private static func write(_ note: String) {
        // Whoever reads standard output no longer gets no more of it.
        try? FileHandle.standardOutput.write(contentsOf: Data(note.utf8))
    }
}
