import DosetteCore

/// What an ``InMemoryStore`` counts while orders change, as the triggers of the schema do.
struct InMemoryCounts {
    /// By clinic and hour.
    private var hours: [String: [Int64: OrderHour]] = [:]
    /// When each order first stood with the clinic, or behind that.
    private var sentAt: [StreamID: Timestamp] = [:]

    private static let statesOfSent: Set = ["sent", "accepted", "accepted_warning", "rejected"]
    private static let statesOfAccepted: Set = ["accepted", "accepted_warning"]

    mutating func count(_ old: OrderRow?, _ new: OrderRow) {
        guard let old else { return add("received", new, at: new.receivedAt) }
        guard old.hasOtherPlace(than: new) else { return }
        let state = new.prescriptionState
        if sentAt[new.stream] == nil, Self.statesOfSent.contains(state) {
            sentAt[new.stream] = new.changedAt
            let time = SendingTime(new.changedAt.since(new.receivedAt))
            add(time.rawValue, new, at: new.changedAt)
        }
        let wasAccepted = Self.statesOfAccepted.contains(old.prescriptionState)
        if Self.statesOfAccepted.contains(state), !wasAccepted {
            add("accepted", new, at: new.changedAt)
        }
        if state == "rejected", old.prescriptionState != state {
            add("rejected", new, at: new.changedAt)
        }
        if old.isOpen, !new.isOpen { add("settled", new, at: new.changedAt) }
    }

    private mutating func add(_ kind: String, _ row: OrderRow, at instant: Timestamp) {
        let number = OrderHour.number(of: instant)
        hours[row.clinic, default: [:]][number, default: OrderHour(number: number)]
            .add(1, of: kind)
    }

    func hours(from: Timestamp, before: Timestamp, clinic: String?) -> [OrderHour] {
        var sums: [Int64: OrderHour] = [:]
        for (name, hours) in hours where clinic == nil || name == clinic {
            for (number, hour) in hours where hour.start >= from && hour.start < before {
                sums[number, default: OrderHour(number: number)].add(hour)
            }
        }
        return sums.values.sorted { $0.start < $1.start }
    }
}

extension OrderRow {
    /// Whether a column differs that the schema has an index on, or a count.
    fileprivate func hasOtherPlace(than other: OrderRow) -> Bool {
        prescriptionState != other.prescriptionState || parkedKind != other.parkedKind
            || isOpen != other.isOpen || isQueued != other.isQueued
            || watchedUntil != other.watchedUntil
    }
}

extension OrderHour {
    fileprivate mutating func add(_ other: OrderHour) {
        received += other.received
        accepted += other.accepted
        rejected += other.rejected
        settled += other.settled
        sendingTimes.merge(other.sendingTimes, uniquingKeysWith: +)
    }
}

extension OrderSearch {
    func selects(_ row: OrderRow, _ spokenOf: Set<OrderReference>) -> Bool {
        isBehind(row) && isNamed(row) && isPlaced(row)
            && references.allSatisfy { spokenOf.contains($0) }
            && receivedFrom.map { row.receivedAt >= $0 } ?? true
            && receivedBefore.map { row.receivedAt < $0 } ?? true
    }

    private func isBehind(_ row: OrderRow) -> Bool {
        guard let after else { return true }
        return isNewestFirst ? row.stream < after : row.stream > after
    }

    private func isNamed(_ row: OrderRow) -> Bool {
        (orderID.map { row.key.orderID.hasPrefix($0) } ?? true)
            && (source == nil || source == row.key.source)
            && (clinic == nil || clinic == row.clinic)
            && (workflowDigest == nil || workflowDigest == row.workflowDigest)
    }

    private func isPlaced(_ row: OrderRow) -> Bool {
        let isParkedSo =
            switch parked {
            case .every: row.parkedKind != nil
            case .one(let kind): row.parkedKind == kind
            case nil: true
            }
        return isParkedSo && (isOpen == nil || isOpen == row.isOpen)
            && (prescriptionState == nil || prescriptionState == row.prescriptionState)
    }
}
