import ArgumentParser
import Dosette
import DosetteAudit
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import NIOHTTP1

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the journal, also while a server runs, and verify the copy.",
        discussion: """
            The copy is read from its first entry to its last: the file's integrity, the replay of \
            every order, tiles and newest checkpoint. The keys are not in it: back up the directory \
            keys on its own, and elsewhere.
            """
    )

    /// How long a server may take to send its copy.
    private static let seconds: Int64 = 3_600

    @Argument(help: "A directory for this backup alone; it is made when it is missing.")
    var directory: String
    @OptionGroup var options: AccessOptions

    func run() async throws {
        let backup = JournalBackup(directory: URL(filePath: directory))
        do {
            try backup.prepare()
            let earlier: TreeHead?
            switch try await options.access() {
            case .server(let client): earlier = try await Self.fetch(client, backup)
            case .files(let configuration):
                let store = try PharmacyAccess.reading(configuration)
                defer { store.close() }
                earlier = try await store.treeHead()
                try await store.copy(to: backup.draft.path)
            }
            let found = try await backup.finish(
                after: earlier,
                at: SystemClock().now(),
                progress: VerifyingProgress().show
            )
            print(Self.page(found, backup))
            try found.report.stopIfWrong()
        } catch let error as EngineFailure {
            throw Stop(.refused, error.reason)
        } catch let error as StoreError {
            throw Stop(.unavailable, error.summary)
        }
    }

    private static func fetch(
        _ client: APIClient,
        _ backup: JournalBackup
    ) async throws -> TreeHead? {
        let answer = try await client.download("/v1/backup", to: backup.draft, within: seconds)
        _ = try answer.problem?.object()
        guard answer.problem == nil else { throw Stop(.refused, "status \(answer.status)") }
        let text = answer.headers.first(name: "Dosette-Tree-Head") ?? ""
        guard let head = TreeHead(text: text) else {
            throw Stop(.refused, "the server does not say what it has sent")
        }
        return head
    }

    private static func page(_ found: JournalVerification, _ backup: JournalBackup) -> String {
        """
        \(backup.file.path): \(found.head.size) entries, \(found.report.orderCount) orders
        root \(found.head.root.base64)
        newest checkpoint \(found.newest.map { "of \($0.size) entries" } ?? "none")
        verified: integrity, tiles, checkpoint, and every order replayed. Personal data is in it: keep it safe.
        not in it: the keys (data/keys and configured key files); back them up apart from it
        """
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup into a data directory that has no journal.",
        discussion: """
            The backup is verified first. Then it is compared with what is known outside: the \
            checkpoint given, the mark beside the signing key, the directories among the witnesses. \
            What they have and the backup has not is told by position; the exit code is 1 then. \
            Where nothing is known outside, nobody can tell whether something is missing.
            """
    )

    @Argument(help: "The directory of the backup.") var directory: String
    @OptionGroup var options: AccessOptions
    @Option(help: "A checkpoint that was kept elsewhere: a note's file.") var checkpoint: String?

    func run() async throws {
        let configuration = try options.configuration()
        let backup = JournalBackup(directory: URL(filePath: directory))
        let data = URL(filePath: configuration.dataDirectory)
        do {
            let found = try await backup.verify(progress: VerifyingProgress().show)
            try backup.restore(into: data)
            print("restored \(found.head.size) entries, \(found.report.orderCount) orders")
            let isMissing = try await tell(configuration)
            try found.report.stopIfWrong()
            if isMissing { throw Stop(.refused) }
        } catch let error as EngineFailure {
            throw Stop(.refused, error.reason)
        } catch let error as StoreError {
            throw Stop(.unavailable, error.summary)
        }
    }

    /// Says what is missing, as far as that can be told.
    ///
    /// - Returns: Whether something is.
    private func tell(_ configuration: Configuration) async throws -> Bool {
        let store = try PharmacyAccess.reading(configuration)
        defer { store.close() }
        guard let keys = try Evidence.keys(configuration) else { return false }
        var witnesses: [any CheckpointWitness] = Evidence.directories(configuration)
        if let checkpoint { witnesses.append(try BroughtCheckpoint(file: checkpoint)) }
        let found = try await JournalExamination(
            store,
            keys: keys,
            witnesses: witnesses,
            origin: configuration.audit.origin
        )
        for stranger in found.strangers { print("no evidence: \(stranger)") }
        for witness in found.silentWitnesses { print("\(witness) shows no checkpoint") }
        if found.isMarkMissing {
            print("the mark beside the signing key, \(CheckpointKeyFiles.markName), is not there")
        }
        for loss in found.losses { print("\(loss)") }
        guard found.losses.isEmpty else { return true }
        let isKeyThere = try keys.current() != nil
        print(
            """
            \(found.outsideCount == 0 ? Self.nothingKnown : "nothing that is known outside is missing")
            \(isKeyThere ? "start the server" : Self.keyHint)
            """
        )
        return false
    }

    private static let nothingKnown =
        "nothing is known outside: whether something is missing cannot be told"

    private static let keyHint = """
        the signing key is not there: put the backup of the keys back before a start; if it is lost, \
        replace it with: dosette audit rotate-key --by NAME --reason TEXT
        """
}

extension AuditReplay.Report {
    /// Ends the command with what a replay of the copy finds; the copy itself is kept.
    fileprivate func stopIfWrong() throws {
        guard let first = problems.first else { return }
        throw Stop(
            .refused,
            "the copy is that of the journal, but its replay finds \(problemCount) differences: \(first)"
        )
    }
}

/// Shows how far a verification is.
private final class VerifyingProgress: Sendable {
    private let bar = Locked<ProgressBar?>(nil)

    @Sendable func show(_ done: Int64, of total: Int64) {
        bar.change { bar in
            if bar == nil { bar = ProgressBar("verifying", total: Int(clamping: total)) }
            bar?.show(Int(clamping: done))
            if done >= total { bar?.finish() }
        }
    }
}
