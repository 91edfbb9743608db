package import DosetteAudit

/// A log as an auditor's commands read it: entries, tiles that were kept, checkpoints, and which
/// entry is an order's latest.
///
/// Reading changes nothing, and the log may grow meanwhile.
package protocol AuditedLog: TileSource, Sendable {
    /// How many entries there are by now.
    func size() async throws -> UInt64

    /// Entries in order, from `index` on, `limit` at the most.
    func entries(from index: UInt64, limit: Int) async throws -> [[UInt8]]

    /// The orders whose number is greater, in the order of their numbers, `limit` at the most.
    func orders(after number: Int64, limit: Int) async throws -> [LoggedOrder]

    /// The index of the order's last entry below `size`; nothing when it has none there.
    func lastEntry(of order: LoggedOrder, below size: UInt64) async throws -> UInt64?

    /// Checkpoints in the order in which they were kept, from the one with that number, from 0; what
    /// is none has its place, too.
    func checkpoints(
        from number: Int,
        limit: Int
    ) async throws -> [Result<SignedNote, NoteFailure>]
}

/// An order that a log has entries of.
package struct LoggedOrder: Hashable, Sendable {
    package let number: Int64
    /// `SOURCE/ORDER_ID`.
    package let name: String

    package init(number: Int64, name: String) {
        self.number = number
        self.name = name
    }
}

/// Reads a log's entries from the first on, some at a time.
struct EntryReader<Log: AuditedLog> {
    /// Entries read at a time; two bundles.
    private static var pageLength: Int { 512 }

    private let log: Log
    private let size: UInt64
    private var page: ArraySlice<[UInt8]> = []
    private(set) var index: UInt64 = 0

    /// Reads the first `size` entries.
    init(_ log: Log, size: UInt64) {
        self.log = log
        self.size = size
    }

    /// The next entry; nothing behind the last one.
    ///
    /// - Throws: ``AuditFailure`` when the log ends before its size.
    mutating func next() async throws -> [UInt8]? {
        guard index < size else { return nil }
        if page.isEmpty {
            let limit = min(size - index, UInt64(Self.pageLength))
            page = try await log.entries(from: index, limit: Int(limit))[...]
        }
        guard let entry = page.popFirst() else {
            throw AuditFailure("entry \(index) is missing: \(size) are due")
        }
        index += 1
        return entry
    }
}

/// Why a command of the audit cannot go on; fit to be shown.
package struct AuditFailure: Error, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
