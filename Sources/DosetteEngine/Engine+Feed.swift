package import DosetteCore
package import DosetteStore

/// An entry of the journal as it is told to other programs.
package struct FeedEntry: Hashable, Sendable {
    package let position: Int64
    /// One JSON object without a line break; nothing personal stands in it in plain text.
    package let bytes: [UInt8]
}

/// Why the journal is not told.
package enum FeedFailure: Error, Sendable {
    /// The journal has no entry at the position that was read last: an older copy of it was restored.
    case ahead(end: Int64)
    case store(StoreError)
    case damaged(String)
}

/// The whole journal as a feed.
extension Engine {
    /// Bytes of the entries of one page, about; one entry comes in any case.
    package static let feedBytesMaximum = 4 * 1024 * 1024

    /// Entries behind a position, oldest first: those that are on disk, none left out, none twice.
    ///
    /// - Parameters:
    ///   - position: The last entry that was read; -1 for none.
    ///   - limit: Entries at the most, 1 or more.
    /// - Returns: The entries; none at the journal's end.
    /// - Throws: ``FeedFailure``.
    package func feed(
        after position: Int64,
        limit: Int
    ) async throws(FeedFailure) -> [FeedEntry] {
        // With the one that was read last: what is not there has not been read from this journal.
        let isBehind = position >= 0
        let events = try await recorded(from: max(0, position), limit: isBehind ? limit + 1 : limit)
        if isBehind, events.first == nil { throw .ahead(end: try await end()) }
        var entries: [FeedEntry] = []
        var byteCount = 0
        for event in events.dropFirst(isBehind ? 1 : 0) {
            let due = (entries.last?.position ?? position) + 1
            guard event.position == due else {
                throw .damaged("the journal has \(event.position) where \(due) is due")
            }
            let bytes = try closed(event)
            byteCount += bytes.count
            guard entries.isEmpty || byteCount <= Self.feedBytesMaximum else { break }
            entries.append(FeedEntry(position: event.position, bytes: bytes))
        }
        return entries
    }

    private func recorded(
        from position: Int64,
        limit: Int
    ) async throws(FeedFailure) -> [RecordedEvent] {
        do {
            return try await store.events(from: position, limit: limit)
        } catch {
            throw .store(error)
        }
    }

    private func closed(_ event: RecordedEvent) throws(FeedFailure) -> [UInt8] {
        do {
            return try EventCodec.closed(event.entry)
        } catch {
            throw .damaged("entry \(event.position): \(error.problem)")
        }
    }

    /// How many entries the journal has: the position of the next one.
    package func end() async throws(FeedFailure) -> Int64 {
        do {
            return Int64(clamping: try await store.treeHead().size)
        } catch {
            throw .store(error)
        }
    }

    /// How often the journal has grown since the start; to be taken before looking.
    package var growth: Int { state.grown.callCount }

    /// Returns when the journal has grown since `growth` was so much, at `time`, or when the task is cancelled.
    package func waitForGrowth(beyond growth: Int, until time: Timestamp) async {
        await state.grown.wait(after: growth, until: time, clock: clock)
    }
}
