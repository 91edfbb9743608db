import DosetteAudit
package import DosetteAuditFiles
package import DosetteCore
package import DosetteStore

/// What an auditor needs about one order, made in memory: the files of `audit package`, and the page to be read.
package struct OrderPackage: Sendable {
    /// By their path in the folder, in the order in which they were made.
    package private(set) var files: [File] = []
    /// The page for a person, which is one of the files, too.
    package let report: String

    package struct File: Hashable, Sendable {
        package let path: String
        package let bytes: [UInt8]
    }

    /// Reads an order's events, proves each of them under the newest checkpoint, and checks what was made.
    ///
    /// - Parameters:
    ///   - key: Which order.
    ///   - log: The journal.
    ///   - opening: How far what is personal is told in the report.
    /// - Throws: ``AuditFailure`` when there is no such order, no checkpoint that covers it, or something is wrong;
    ///   and what the store throws.
    package init(of key: OrderKey, from log: StoreLog, opening: Opening) async throws {
        guard let note = try await log.newestCheckpoint() else {
            throw AuditFailure("no checkpoint was signed yet: a running server makes one")
        }
        let contents = try await PackageContents.gather(
            .order(key),
            from: log,
            below: Checkpoint(parsing: note.text).size,
            opening: { _ in opening }
        )
        let keys = try await log.keys()
        let proofs = try EntryProofs(under: note, keys: keys)
        var files: [File] = []
        try await proofs.forEachFile(contents.entries, from: log) { path, bytes in
            files.append(File(path: path, bytes: bytes))
        }
        files += contents.definitions.map { definition in
            File(
                path: EntryProofs.definitions + definition.name,
                bytes: Array(definition.text.utf8)
            )
        }
        var folder = FolderVerifier(FilesInMemory(files), evidence: Evidence())
        let verdict = folder.run()
        guard verdict.isGood else { throw AuditFailure(verdict.page) }
        report = PackageReport(contents, note: note, keys: keys, verdict: verdict).html
        files.append(File(path: EntryProofs.report, bytes: Array(report.utf8)))
        self.files = files
    }

    /// All files in one, as `tar` reads it, in a folder of that name.
    package func archive(in folder: String, at time: Timestamp) -> [UInt8] {
        var archive = TarArchive(at: time)
        for file in files { archive.add(file.bytes, as: "\(folder)/\(file.path)") }
        return archive.bytes
    }
}

/// The files of a package before anything is written.
private struct FilesInMemory: ExportFiles {
    private let files: [String: [UInt8]]

    init(_ files: [OrderPackage.File]) {
        self.files = Dictionary(files.map { ($0.path, $0.bytes) }) { first, _ in first }
    }

    func read(_ path: String, limit: Int) -> [UInt8]? {
        files[path].flatMap { $0.count <= limit ? $0 : nil }
    }

    func forEachPath(_ body: (String) -> Void) { files.keys.forEach(body) }
}

/// Files one behind the other in the old form that every `tar` reads (ustar, POSIX.1-1988).
package struct TarArchive: Sendable {
    private static let blockBytes = 512
    /// The longest name of a file that fits.
    package static let nameBytesMaximum = 100

    private var blocks: [UInt8] = []
    private let time: Timestamp

    /// - Parameter time: When the files are said to have changed.
    package init(at time: Timestamp) {
        self.time = time
    }

    /// Adds a file that its owner alone may read.
    ///
    /// A name that does not fit is cut: names of packages are shorter.
    package mutating func add(_ bytes: [UInt8], as name: String) {
        blocks += header(Array(name.utf8.prefix(Self.nameBytesMaximum)), bytes.count)
        blocks += bytes
        blocks += Self.zeros(Self.padding(bytes.count))
    }

    /// The archive with its end.
    package var bytes: [UInt8] { blocks + Self.zeros(2 * Self.blockBytes) }

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

    private static func padding(_ count: Int) -> Int {
        (blockBytes - count % blockBytes) % blockBytes
    }

    private func header(_ name: [UInt8], _ count: Int) -> [UInt8] {
        var header = Self.zeros(Self.blockBytes)
        func put(_ bytes: some Collection<UInt8>, _ place: Int) {
            header.replaceSubrange(place..<place + bytes.count, with: bytes)
        }
        put(name, 0)
        put(Self.octal(0o600, digits: 7), 100)
        put(Self.octal(0, digits: 7), 108)
        put(Self.octal(0, digits: 7), 116)
        put(Self.octal(Int64(count), digits: 11), 124)
        put(Self.octal(max(0, time.milliseconds / 1_000), digits: 11), 136)
        // The sum is taken with blanks in its own place.
        put(Array(repeating: UInt8(ascii: " "), count: 8), 148)
        put([UInt8(ascii: "0")], 156)
        put(Array("ustar\u{0}00".utf8), 257)
        let sum = header.reduce(0) { $0 + Int64($1) }
        put(Self.octal(sum, digits: 6) + [0, UInt8(ascii: " ")], 148)
        return header
    }

    private static func octal(_ number: Int64, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }
}
