import DosetteAudit
import DosetteAuditFiles
import DosetteAuditProof

/// A log of which one entry cannot be read.
struct GappedLog: AuditedLog {
    let base: SampleLog
    let missing: UInt64

    func size() async throws -> UInt64 { try await base.size() }

    func entries(from index: UInt64, limit: Int) async throws -> [[UInt8]] {
        guard index != missing else { throw AuditFailure("entry \(index) is missing") }
        let entries = try await base.entries(from: index, limit: limit)
        return index < missing ? Array(entries.prefix(Int(missing - index))) : entries
    }

    func tile(level: Int, index: UInt64, width: Int) async throws -> [TreeHash] {
        try await base.tile(level: level, index: index, width: width)
    }

    func orders(after number: Int64, limit: Int) async throws -> [LoggedOrder] {
        try await base.orders(after: number, limit: limit)
    }

    func lastEntry(of order: LoggedOrder, below size: UInt64) async throws -> UInt64? {
        try await base.lastEntry(of: order, below: size)
    }

    func checkpoints(
        from number: Int,
        limit: Int
    ) async throws -> [Result<SignedNote, NoteFailure>] {
        try await base.checkpoints(from: number, limit: limit)
    }
}
