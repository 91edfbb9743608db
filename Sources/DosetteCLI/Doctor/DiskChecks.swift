import DosetteDefinitions
import DosetteSQLite
import Foundation
import Glibc

/// Whether the journal's disk has room, can be written, flushes, and is one that SQLite can trust.
enum DiskChecks {
    /// How many times the floor under which orders are refused should be free.
    static let roomFactor: Int64 = 10

    static func all(_ configuration: Configuration) -> [Finding] {
        let directory = URL(filePath: configuration.dataDirectory)
        let place = nearest(directory)
        var findings = [
            room(FileSystem.freeBytes(at: place), floor: configuration.limits.freeDiskBytes),
            writable(directory, place), flush(place), kind(kindName(of: place.path)),
        ]
        if let apart = apart(directory) { findings.append(apart) }
        return findings
    }

    /// The directory, or the nearest one above it that is there.
    static func nearest(_ directory: URL) -> URL {
        var place = directory.standardizedFileURL
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
            place = place.deletingLastPathComponent().standardizedFileURL
        }
        return place
    }

    static func room(_ bytes: Int64?, floor: Int64) -> Finding {
        guard let bytes else {
            let mend = "look at it with df; orders are taken without asking for room"
            return .warn("disk room", "", "the disk does not tell how much is free", mend: mend)
        }
        let text = "\(bytes >> 20) MiB free"
        guard bytes >= floor else {
            return .bad(
                "disk room",
                "",
                "\(text): orders are refused below \(floor >> 20) MiB",
                mend: "make room, or move data to a larger disk"
            )
        }
        guard bytes >= floor * roomFactor else {
            return .warn("disk room", "", text, mend: "make room before it is needed")
        }
        return .ok("disk room", "", text)
    }

    private static func writable(_ directory: URL, _ place: URL) -> Finding {
        // Sound: the text lives for the call.
        guard unsafe access(place.path, W_OK | X_OK) == 0 else {
            return .bad(
                "disk",
                place.path,
                "this user cannot write there",
                mend: "give it to the service's user: chown USER \(place.path.shellWord)"
            )
        }
        let isThere = place.path == directory.standardizedFileURL.path
        return .ok(
            "disk",
            place.path,
            isThere ? "can be written" : "can be written; the rest will be made"
        )
    }

    private static func flush(_ place: URL) -> Finding {
        // Sound: the text lives for the call.
        let descriptor = unsafe open(place.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let mend = "let the service's user read it"
            return .bad("flush", place.path, "the directory cannot be opened", mend: mend)
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || [EINVAL, ENOTSUP, EROFS].contains(errno) else {
            return .bad(
                "flush",
                place.path,
                "the disk cannot flush (error \(errno)): nothing can be promised on it",
                mend: "look at the system's log for the disk's errors and replace it"
            )
        }
        return .ok("flush", "", "the disk flushes")
    }

    // MARK: - The file system

    private static let networks: Set = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.glusterfs", "fuse.sshfs",
        "lustre", "gfs2", "ocfs2",
    ]
    private static let passing: Set = ["tmpfs", "ramfs"]
    private static let layers: Set = ["overlay", "aufs"]

    /// The kind of file system that a path is on, by the system's table of mounts.
    static func kindName(
        of path: String,
        in table: String = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    ) -> String {
        var found = (place: "", name: "")
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3 else { continue }
            let place = words[1].replacing("\\040", with: " ")
            let isAbove = path == place || path.hasPrefix(place == "/" ? "/" : place + "/")
            // Of two mounts at one place the later hides the earlier.
            if isAbove, place.count >= found.place.count {
                found = (String(place), String(words[2]))
            }
        }
        return found.name
    }

    static func kind(_ name: String) -> Finding {
        if networks.contains(name) {
            return .bad(
                "file system",
                "",
                "\(name) is shared with other machines: locks and the log's memory do not work there",
                mend: "put data on a disk of this machine, and backups over there"
            )
        }
        if passing.contains(name) {
            return .warn(
                "file system",
                "",
                "\(name) is memory: the journal is gone after a restart of the machine",
                mend: "put data on a disk, unless this is a trial"
            )
        }
        if layers.contains(name) {
            return .warn(
                "file system",
                "",
                "\(name): what is in a container's own layer goes with the container",
                mend: "mount a volume at the data directory"
            )
        }
        return .ok("file system", "", name.isEmpty ? "the system does not tell" : name)
    }

    /// Parts of the data directory that are on another disk, where a rename cannot bring them.
    private static func apart(_ directory: URL) -> Finding? {
        func device(_ name: String) -> UInt64? {
            let path = directory.appending(path: name).path
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return (attributes?[.systemNumber] as? NSNumber)?.uint64Value
        }
        let names = [SQLiteStore.fileName, "\(SQLiteStore.fileName)-wal", "dosette.lock", "copies"]
        guard let own = device("."), let name = names.first(where: { device($0) ?? own != own })
        else { return nil }
        return .bad(
            "file system",
            name,
            "it is on another disk than the data directory",
            mend:
                "keep everything in data on one disk: SQLite takes the journal and its log for one"
        )
    }
}
