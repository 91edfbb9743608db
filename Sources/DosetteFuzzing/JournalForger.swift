import DosetteCore
package import DosetteStore

/// Changes a journal in every way that leaves it well formed.
package struct JournalForger {
    let journal: LooseJournal
    let runs: [Range<Int>]
    var random: FuzzRandom
    /// Values that stand somewhere under a member's path.
    let pool: [String: [JSON]]

    package init(_ events: [RecordedEvent], seed: UInt64) {
        journal = LooseJournal(events)
        runs = journal.runs
        random = FuzzRandom(seed: seed)
        var pool: [String: [JSON]] = [:]
        for entry in journal.entries {
            for (path, value) in Self.leaves(.object(entry)) {
                let name = path.joined(separator: ".")
                if pool[name, default: []].count < 64, !pool[name, default: []].contains(value) {
                    pool[name, default: []].append(value)
                }
            }
        }
        self.pool = pool
    }

    /// Members that the numbering gives.
    static let numbering: Set<String> = ["position", "stream", "version", "v"]

    /// All changes of one way, in order; `.change` has one value drawn for each member.
    package mutating func all(_ way: TamperedJournal.Way) -> [TamperedJournal] {
        changed(way).filter { !$0.isEqual(to: journal) }
    }

    private mutating func changed(_ way: TamperedJournal.Way) -> [TamperedJournal] {
        switch way {
        case .drop: each(.drop) { $0.entries.remove(at: $1) }
        case .duplicate: each(.duplicate) { $0.entries.insert($0.entries[$1], at: $1) }
        case .dropRun: dropRuns()
        case .dropEnd: dropEnds()
        case .cut: cuts()
        case .swap: swaps()
        case .move: moves(keepsOriginal: false)
        case .insert: moves(keepsOriginal: true)
        case .swapRuns: swapRuns()
        case .dropEffect: dropEffects()
        case .change: changes()
        case .remove: removals()
        case .author: authors()
        case .forge: forgeries()
        }
    }

    func tampered(
        _ way: TamperedJournal.Way,
        _ what: String,
        _ journal: LooseJournal
    ) -> TamperedJournal {
        TamperedJournal(way, what, journal)
    }

    /// Indices of orders' events.
    var own: [Int] { journal.entries.indices.filter { journal.stream($0) != 0 } }

    /// Applies a change at each event.
    private func each(
        _ way: TamperedJournal.Way,
        _ change: (inout LooseJournal, Int) -> Void
    ) -> [TamperedJournal] {
        journal.entries.indices.map { index in
            var copy = journal
            change(&copy, index)
            return tampered(way, journal.kind(index), copy)
        }
    }

    // MARK: - Events that stand together

    private func dropRuns() -> [TamperedJournal] {
        runs.dropLast().map { run in
            var copy = journal
            copy.entries.removeSubrange(run)
            return tampered(.dropRun, journal.kind(run.lowerBound), copy)
        }
    }

    private func dropEnds() -> [TamperedJournal] {
        runs.flatMap { run in
            run.dropFirst().map { index in
                var copy = journal
                copy.entries.removeSubrange(index..<run.upperBound)
                return tampered(.dropEnd, journal.kind(index), copy)
            }
        }
    }

    private func cuts() -> [TamperedJournal] {
        runs.dropFirst().map { run in
            var copy = journal
            copy.entries.removeSubrange(run.lowerBound...)
            return tampered(.cut, journal.kind(run.lowerBound), copy)
        }
    }

    private func swapRuns() -> [TamperedJournal] {
        zip(runs, runs.dropFirst()).compactMap { first, second in
            guard journal.stream(first.lowerBound) == journal.stream(second.lowerBound) else {
                return nil
            }
            var copy = journal
            let (before, after) = (journal.time(first.lowerBound), journal.time(second.lowerBound))
            for index in first { copy.setTime(index, after) }
            for index in second { copy.setTime(index, before) }
            let swapped = copy.entries[second] + copy.entries[first]
            copy.entries.replaceSubrange(first.lowerBound..<second.upperBound, with: swapped)
            return tampered(.swapRuns, journal.kind(second.lowerBound), copy)
        }
    }

    // MARK: - Places

    private func swaps() -> [TamperedJournal] {
        zip(journal.entries.indices, journal.entries.indices.dropFirst()).compactMap { pair in
            guard journal.stream(pair.0) == journal.stream(pair.1),
                journal.kind(pair.0) != journal.kind(pair.1)
            else { return nil }
            var copy = journal
            copy.entries.swapAt(pair.0, pair.1)
            copy.setTime(pair.0, journal.time(pair.0))
            copy.setTime(pair.1, journal.time(pair.1))
            return tampered(.swap, "\(journal.kind(pair.0)), \(journal.kind(pair.1))", copy)
        }
    }

    /// Each event at another place that is drawn, in the same stream.
    private mutating func moves(keepsOriginal: Bool) -> [TamperedJournal] {
        let way: TamperedJournal.Way = keepsOriginal ? .insert : .move
        var all: [TamperedJournal] = []
        for index in journal.entries.indices {
            let places = journal.entries.indices.filter {
                journal.stream($0) == journal.stream(index) && abs($0 - index) > 1
            }
            guard !places.isEmpty else { continue }
            let place = random.pick(places)
            var copy = journal
            var entry = copy.entries[index]
            entry["at_ms"] = .integer(journal.time(place))
            if keepsOriginal { entry["idempotency"] = nil }
            copy.entries.insert(entry, at: place + 1)
            if !keepsOriginal { copy.entries.remove(at: place < index ? index + 1 : index) }
            let what = "\(journal.kind(index)) after \(journal.kind(place))"
            all.append(tampered(way, what, copy))
        }
        return all
    }

    // MARK: - Effects

    private func effect(_ index: Int) -> Int? {
        guard journal.kind(index).hasPrefix("effect.") else { return nil }
        return journal.entries[index]["data"]?["effect"]?.intValue
    }

    /// Each effect with all its events left out, the numbers of those behind it lowered.
    private func dropEffects() -> [TamperedJournal] {
        own.compactMap { index in
            guard journal.kind(index) == "effect.intended/1", let number = effect(index),
                journal.entries[index]["data"]?["attempt"] == 1
            else { return nil }
            let stream = journal.stream(index)
            var copy = journal
            for other in own.reversed() where journal.stream(other) == stream {
                guard let later = effect(other) else { continue }
                if later == number {
                    copy.entries.remove(at: other)
                } else if later > number {
                    copy.entries[other].set(["data", "effect"], JSON(later - 1))
                }
            }
            let action = journal.entries[index]["data"]?["action"]?.stringValue ?? ""
            return tampered(.dropEffect, action, copy)
        }
    }
}
