package import DosetteCore
package import DosetteStore
import Synchronization

/// Reading what is personal: events of their own.
extension Engine {
    /// How the engine itself reads what is personal.
    package var opening: Opening { Opening(desk.vault) }

    /// An order's history with its personal members in their places, as JSON objects of the journal's form.
    ///
    /// When this returns, the read itself is on disk as `operator.read`, unless reads are not recorded or the same reader
    /// read the same order within the last ten minutes.
    ///
    /// - Parameters:
    ///   - key: Which order.
    ///   - what: What it is read for.
    ///   - actor: Who reads.
    /// - Returns: The entries, oldest first.
    /// - Throws: ``DeskFailure``; nothing was shown.
    package func openedEvents(
        of key: OrderKey,
        as what: String = "history",
        for actor: Actor
    ) async throws(DeskFailure) -> [JSONObject] {
        let events = try await events(of: key)
        var opened: [JSONObject] = []
        do {
            for event in events {
                opened.append(try EventCodec.opened(event.entry, opening: opening))
            }
        } catch {
            throw .damaged("\(error)")
        }
        try await noteRead(what, of: key.description, by: actor)
        return opened
    }

    /// Makes durable that somebody reads what is personal; to be called before it is shown.
    ///
    /// - Parameters:
    ///   - what: What is read: `history`, `prescription`, `package`, `backup`.
    ///   - name: Of what: an order's `source/order_id`, `clinic/number` of a prescription, or `journal`.
    ///   - actor: Who reads.
    /// - Throws: ``DeskFailure`` when it cannot be recorded.
    package func noteRead(
        _ what: String,
        of name: String,
        by actor: Actor
    ) async throws(DeskFailure) {
        guard let reads else { return }
        let now = clock.now()
        let note = ReadMemory.Note(what: what, name: name, reader: actor)
        guard reads.isNew(note, at: now) else { return }
        do {
            try await record(.read(what: what, of: name), by: actor)
        } catch {
            throw .store(error)
        }
        // Only now: whoever reads the same meanwhile is not shown it on the strength of what may fail.
        reads.remember(note, at: now)
    }
}

/// Who read what lately, so that a page that refreshes itself does not fill the journal.
final class ReadMemory: Sendable {
    struct Note: Hashable {
        let what: String
        let name: String
        let reader: Actor
    }

    /// For how long the same read is not recorded again.
    static let span = TimeSpan.minutes(10)
    /// Notes at the most; then all are forgotten, and reads are recorded anew.
    static let countMaximum = 10_000

    private let notes = Mutex<[Note: Timestamp]>([:])

    func isNew(_ note: Note, at now: Timestamp) -> Bool {
        notes.withLock { notes in
            guard let last = notes[note], last <= now else { return true }
            return now >= last.advanced(by: Self.span)
        }
    }

    func remember(_ note: Note, at now: Timestamp) {
        notes.withLock { notes in
            if notes.count >= Self.countMaximum { notes = [:] }
            notes[note] = now
        }
    }
}
