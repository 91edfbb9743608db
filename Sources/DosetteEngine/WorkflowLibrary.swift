import DosetteAudit
package import DosetteCore
package import DosetteDefinitions
package import DosetteStore
import Synchronization

/// The definitions at hand: those on offer for new orders, and every one that an order is pinned to.
package final class WorkflowLibrary: Sendable {
    private struct Contents {
        var byDigest: [String: Workflow] = [:]
    }

    private let contents = Mutex(Contents())
    /// The newest of each name, with its text.
    private let offered: [(workflow: Workflow, row: DefinitionRow)]

    /// Compiles the definitions on offer.
    ///
    /// - Parameters:
    ///   - sources: The definitions; two of one name and version must be the same text.
    ///   - performed: The actions that somebody performs, or nothing to leave that open.
    /// - Throws: ``YAMLProblems``, of all definitions at once.
    package init(
        _ sources: [WorkflowSource],
        performed: Set<String>?
    ) throws(YAMLProblems) {
        var problems: [YAMLProblem] = []
        var newest: [(workflow: Workflow, row: DefinitionRow)] = []
        for source in sources {
            do throws(YAMLProblems) {
                let workflow = try Self.compile(source, performed: performed)
                let row = DefinitionRow(
                    digest: workflow.digest,
                    name: workflow.name,
                    version: workflow.version,
                    text: source.text
                )
                Self.add(workflow, row, from: source, to: &newest, &problems)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw YAMLProblems(problems) }
        offered = newest
        contents.withLock { contents in
            for (workflow, _) in newest { contents.byDigest[workflow.digest] = workflow }
        }
    }

    private static func add(
        _ workflow: Workflow,
        _ row: DefinitionRow,
        from source: WorkflowSource,
        to newest: inout [(workflow: Workflow, row: DefinitionRow)],
        _ problems: inout [YAMLProblem]
    ) {
        guard let index = newest.firstIndex(where: { $0.row.name == row.name }) else {
            return newest.append((workflow, row))
        }
        if newest[index].row.version == row.version, newest[index].row.digest != row.digest {
            problems.append(
                YAMLProblem(
                    file: source.file,
                    line: 1,
                    column: 1,
                    path: "version",
                    message: "another text is \(row.name) version \(row.version) already: "
                        + "raise the version, orders are pinned to the old text"
                )
            )
        } else if newest[index].row.version < row.version {
            newest[index] = (workflow, row)
        }
    }

    package static func compile(
        _ source: WorkflowSource,
        performed: Set<String>?
    ) throws(YAMLProblems) -> Workflow {
        try WorkflowCompiler.compile(
            source,
            digest: HexDigest.of(source.text.utf8),
            reservedNames: EventCodec.reservedWords,
            performed: performed
        )
    }

    /// The definitions on offer, to be made known to the journal.
    package var offeredRows: [DefinitionRow] { offered.map(\.row) }
    package var offeredNames: [String] { offered.map(\.row.name) }

    /// The definition for new orders of this name.
    package func offered(_ name: String) -> Workflow? {
        offered.first { $0.row.name == name }?.workflow
    }

    /// The definition that an order is pinned to.
    package func workflow(digest: String) -> Workflow? {
        contents.withLock { $0.byDigest[digest] }
    }

    /// Takes in definitions from the journal; they were checked when they were first used.
    ///
    /// - Throws: ``YAMLProblems`` when a text is not the one of its digest, or this version cannot read it any
    ///   more.
    package func adopt(_ rows: [DefinitionRow]) throws(YAMLProblems) {
        for row in rows where HexDigest.of(row.text.utf8) != row.digest {
            let file = "\(row.name) \(row.version)"
            let message = "the definition in the journal is not the text that orders are pinned to"
            throw YAMLProblems([
                YAMLProblem(file: file, line: 1, column: 1, path: "", message: message)
            ])
        }
        for row in rows where workflow(digest: row.digest) == nil {
            guard HexDigest.of(row.text.utf8) == row.digest else {
                let problem = YAMLProblem(
                    file: "\(row.name) \(row.version)",
                    line: 1,
                    column: 1,
                    path: "",
                    message: "the journal's text of it is not the one that it was defined with"
                )
                throw YAMLProblems([problem])
            }
            let source = WorkflowSource(file: "\(row.name) \(row.version)", text: row.text)
            let workflow = try Self.compile(source, performed: nil)
            contents.withLock { $0.byDigest[row.digest] = workflow }
        }
    }
}
