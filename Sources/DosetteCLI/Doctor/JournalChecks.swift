import DosetteSQLite
import DosetteStore
import Foundation

/// Whether the journal opens, is ours and whole, and who holds it.
enum JournalChecks {
    /// A longer file is checked for damage only when somebody asks: it is read from end to end.
    static let checkedBytesMaximum: Int64 = 256 << 20

    /// Who holds a data directory.
    struct Lock: Sendable {
        /// The process; 0 when it cannot be seen, nothing when nobody does.
        let process: Int?
        let name: String?

        init(of directory: URL) {
            process = LockHolder.process(of: directory)
            let file = process.map { "/proc/\($0)/comm" }
            name = file.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }?
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        var isHeld: Bool { process != nil }
    }

    static func all(_ directory: URL, _ lock: Lock, checksWhole: Bool) -> [Finding] {
        [self.lock(lock)] + journal(directory, lock, checksWhole: checksWhole)
    }

    private static func lock(_ lock: Lock) -> Finding {
        guard let process = lock.process else { return .ok("lock", "", "nobody holds the journal") }
        let name = lock.name.map { " (\($0))" } ?? ""
        return .ok("lock", "", "process \(process)\(name) holds the journal")
    }

    private static func journal(
        _ directory: URL,
        _ lock: Lock,
        checksWhole: Bool
    ) -> [Finding] {
        let looked: JournalExamination?
        do {
            looked = try JournalExamination.look(
                at: directory,
                isServed: lock.isHeld,
                checkedBytesMaximum: checksWhole ? .max : checkedBytesMaximum
            )
        } catch {
            return [.bad("journal", "", error.summary, mend: mend(error.code))]
        }
        guard let looked else { return [.ok("journal", "", "there is none yet; serve makes it")] }
        return [judge(looked)]
    }

    static func judge(_ journal: JournalExamination) -> Finding {
        if let first = journal.damage?.first {
            return .bad(
                "journal",
                "",
                "the file is damaged: \(first)",
                mend:
                    "stop the server, keep the file, restore a backup (docs/operations.md, Restore)"
            )
        }
        let size = "\(journal.eventCount) events, \(journal.byteCount >> 20) MiB"
        if journal.isOlder {
            return .warn(
                "journal",
                "",
                "\(size), schema \(journal.schema) of \(JournalExamination.newestSchema)",
                mend:
                    "make a backup: the next start brings it to the newest schema, and an older program "
                    + "does not open it then"
            )
        }
        let whole = journal.damage == nil ? "; too long to check in passing, --whole does it" : ""
        let log = journal.includesLog ? "" : "; what stands in its log was not looked at"
        return .ok("journal", "", "\(size), schema \(journal.schema)\(whole)\(log)")
    }

    private static func mend(_ code: StoreError.Code) -> String {
        switch code {
        case .foreign: "data names another program's directory: correct it"
        case .newer: "a newer version wrote it: run that version, or restore the backup from before"
        case .damaged:
            "stop the server, keep the file, restore a backup (docs/operations.md, Restore)"
        default: "look whether this user may read it, and at the system's log for the disk's errors"
        }
    }
}
