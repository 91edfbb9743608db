import DosetteCore
import DosetteStore

/// Compares what is shown with what was derived, as far as the order could be read.
struct ClosedComparison {
    /// Whether what is personal was not read though its keys may be there.
    private let isClosed: Bool

    init(_ order: Order, read opening: Opening) {
        if case .closed = opening {
            isClosed = order.received.subject != nil
        } else {
            isClosed = false
        }
    }

    /// The row without what cannot be compared.
    func readable(_ row: OrderRow) -> OrderRow { isClosed ? row.withoutNames : row }

    func differs(_ one: OrderRow, _ other: OrderRow) -> Bool { readable(one) != readable(other) }

    /// Keys name the client: without the client only that there is one can be compared.
    func differs(_ one: [WorkRow], _ other: [WorkRow]) -> Bool {
        isClosed ? one.map(\.withoutNames) != other.map(\.withoutNames) : one != other
    }
}

extension WorkRow {
    /// The row without the client's number in its keys.
    fileprivate var withoutNames: WorkRow {
        WorkRow(
            stream: stream,
            part: part,
            lane: lane,
            priority: priority,
            dueAt: dueAt,
            wants: wants.map { _ in "" },
            holds: holds.map { _ in "" }
        )
    }
}

extension OrderRow {
    /// The row without what is derived from personal members.
    fileprivate var withoutNames: OrderRow {
        OrderRow(
            stream: stream,
            key: key,
            clinic: clinic,
            priority: priority,
            contentDigest: "",
            workflowDigest: workflowDigest,
            version: version,
            prescriptionState: prescriptionState,
            parkedKind: parkedKind,
            isOpen: isOpen,
            isQueued: isQueued,
            watchedUntil: watchedUntil,
            receivedAt: receivedAt,
            changedAt: changedAt,
            view: ""
        )
    }
}
