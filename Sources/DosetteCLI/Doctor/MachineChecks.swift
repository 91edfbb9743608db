import DosetteSQLite
import Foundation
import Glibc

/// What the machine gives the process: SQLite, open files, memory.
enum MachineChecks {
    /// Connections of callers and clinics, and the files of the journal, with room beside them.
    static let openFilesLeast: UInt64 = 2_048
    /// What a server with a full queue was seen to use, with room beside it.
    static let memoryLeast: Int64 = 256 << 20

    static func all() -> [Finding] {
        [sqlite(.running), openFiles(limit), memory(availableMemory)]
    }

    static func sqlite(_ version: SQLiteVersion) -> Finding {
        guard version >= .least else {
            return .bad(
                "sqlite",
                "",
                "SQLite \(version) has no STRICT tables",
                mend: "install libsqlite3 \(SQLiteVersion.least) or newer"
            )
        }
        guard version.losesDataOfTwoWriters else { return .ok("sqlite", "", "SQLite \(version)") }
        return .ok(
            "sqlite",
            "",
            "SQLite \(version) loses data when two processes write one file; Dosette's lock lets one write, so "
                + "open the journal with other programs for reading only"
        )
    }

    static func openFiles(_ limit: UInt64) -> Finding {
        guard limit < openFilesLeast else {
            return .ok("open files", "", "\(limit) at once")
        }
        return .warn(
            "open files",
            "",
            "only \(limit) at once: callers may be turned away",
            mend: "raise it to \(openFilesLeast) or more (LimitNOFILE= in the unit, ulimit -n)"
        )
    }

    private static var limit: UInt64 {
        var limit = rlimit()
        // Sound: the value lives for the call.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .max
        }
        return UInt64(limit.rlim_cur)
    }

    static func memory(_ bytes: Int64?) -> Finding {
        guard let bytes else {
            return .ok("memory", "", "the system does not tell how much there is")
        }
        let mebibytes = bytes >> 20
        guard bytes < memoryLeast else { return .ok("memory", "", "\(mebibytes) MiB to be had") }
        return .warn(
            "memory",
            "",
            "only \(mebibytes) MiB to be had",
            mend: "give the machine, or the unit (MemoryMax=), \(memoryLeast >> 20) MiB or more"
        )
    }

    /// What is free of the machine's, or what the control group allows, if that is less.
    private static var availableMemory: Int64? {
        let machine = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8))
            .flatMap { available(in: $0) }
        let group = (try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8))
            .flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        return [machine, group].compactMap { $0 }.min()
    }

    static func available(in text: String) -> Int64? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        guard let words = line?.split(separator: " "), words.count >= 2,
            let kibibytes = Int64(words[1])
        else { return nil }
        return kibibytes << 10
    }
}
