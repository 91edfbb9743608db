import DosetteCore
import DosetteStore
import Logging
import Synchronization

// What stands in the journal of proposals: written, read back, and finished.
extension ProposalDesk {
    func record(
        _ event: ProposalEvent,
        _ id: String,
        _ person: String?,
        _ reason: String?
    ) async throws(ProposalFailure) {
        let actor = person.map { Actor(.person, name: $0) } ?? .dosette
        do {
            try await engine.stream.record([.proposal(event, id: id)], by: actor, reason: reason)
        } catch {
            throw .store(error)
        }
    }

    func keep(_ proposal: Proposal) {
        known.withLock { known in
            if let index = known.lastIndex(where: { $0.id == proposal.id }) {
                known[index] = proposal
                return
            }
            known.append(proposal)
            if known.count > Self.keptMaximum {
                // What waits is never forgotten: there is less of it than is kept.
                let index = known.firstIndex { !$0.state.isUnsettled } ?? known.startIndex
                known.remove(at: index)
            }
        }
        engine.orders.hub.noteChange()
    }

    /// Reads the proposals of the last days from the journal, and does what was confirmed and not done.
    func recall(eventCount: Int) async throws(StoreError) {
        let since = engine.clock.now().advanced(by: .milliseconds(-Self.recallSpan.milliseconds))
        var end = eventCount
        var found: [Envelope] = []
        while end > 0 {
            let start = max(0, end - Self.page)
            let events = try await engine.store.events(of: .engine, from: start, limit: end - start)
            var isRecent = false
            for event in events.reversed() {
                guard let envelope = try? EventCodec.envelope(event.entry) else { continue }
                if envelope.at >= since { isRecent = true }
                if envelope.kind.hasPrefix("proposal.") { found.append(envelope) }
            }
            // One event with a wrong time does not hide those before it.
            if !isRecent { break }
            end = start
        }
        for envelope in found.reversed() { remember(envelope) }
    }

    private func remember(_ envelope: Envelope) {
        guard case .proposal(let event, let id)? = try? EngineEvent(envelope) else { return }
        let word = Proposal.Word(
            person: envelope.actor.name ?? "",
            reason: envelope.reason ?? "",
            at: envelope.at
        )
        if case .made(let deed, let needsSecond) = event {
            keep(
                Proposal(
                    id: id,
                    deed: deed,
                    needsSecond: needsSecond,
                    made: word,
                    state: needsSecond ? .open : .confirmed(nil)
                )
            )
            return
        }
        guard var proposal = known.withLock({ $0.last { $0.id == id } }) else { return }
        switch event {
        case .made: break
        case .confirmed: proposal.state = .confirmed(word)
        case .withdrawn: proposal.state = .withdrawn(word)
        case .done(let results):
            let second =
                if case .confirmed(let word) = proposal.state { word } else {
                    nil as Proposal.Word?
                }
            proposal.state = .done(second, results, at: envelope.at)
        }
        keep(proposal)
    }

    /// Does what was confirmed and not done, as after a stop in between.
    func finishConfirmed() async {
        for proposal in all.reversed() {
            guard case .confirmed(let word) = proposal.state else { continue }
            do {
                try await turn.run { () async throws(ProposalFailure) in
                    guard case .confirmed? = self.proposal(proposal.id)?.state else { return }
                    _ = try await carryOut(proposal, word)
                }
            } catch {
                engine.logger.error(
                    "a confirmed proposal could not be done; it is tried again",
                    metadata: [LogKey.detail: "\(proposal.id): \(error.code)"]
                )
            }
        }
    }

    /// Tries again, after ``retryPause`` each, what was confirmed and could not be done; until the task is canceled.
    func run() async {
        for await _ in undone.stream {
            while hasUndone, !Task.isCancelled {
                let due = engine.clock.now().advanced(by: Self.retryPause)
                guard (try? await engine.clock.sleep(until: due)) != nil else { return }
                await finishConfirmed()
            }
        }
    }

    private var hasUndone: Bool {
        all.contains { if case .confirmed = $0.state { true } else { false } }
    }
}
