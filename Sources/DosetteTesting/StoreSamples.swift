package import DosetteCore
package import DosetteStore

/// Values that tests of stores and of the codec begin with.
package enum StoreSamples {
    /// 2025-08-20T11:20:45Z.
    package static let start = Timestamp(milliseconds: 1_755_688_845_000)

    /// Text with everything that a writer of JSON or SQL could get wrong.
    package static let awkwardText = "\"Ärztin\" \\ 'e\u{301}' \u{0}\n\t\u{1F} \u{2028} 💊"

    package static let definition = definition(named: "home_delivery", digit: "a")

    /// A definition whose digest is one hex digit, 64 times.
    package static func definition(named name: String, digit: Character) -> DefinitionRow {
        DefinitionRow(
            digest: String(repeating: digit, count: 64),
            name: name,
            version: 1,
            text: "workflow: \(name)\nversion: 1\n"
        )
    }

    /// The engine's change that brings `definition` into the journal.
    package static func commit(
        of definition: DefinitionRow,
        expecting version: Int,
        epoch: Int
    ) -> Commit {
        let event = EngineEvent.workflowDefined(definition)
        return Commit(
            stream: .engine,
            expectedVersion: version,
            epoch: epoch,
            events: [EventCodec.encode(event, version: version, at: start)],
            order: nil,
            work: [],
            definition: definition
        )
    }

    /// The first event of an order with one item, dispensed three times at the most.
    package static func received(_ key: OrderKey, priority: Priority = .normal) -> Received {
        let issueDay = CalendarDate(daysSinceEpoch: 20_320)
        let item = RepeatPlan.Item(
            allowedCount: 3,
            packagesMaximum: 1,
            lastDay: issueDay.adding(days: 365),
            interval: nil
        )
        return Received(
            key: key,
            clinic: "nordic-vets",
            priority: priority,
            clientID: 1,
            prescription: ["client_id": 1, "prescription_items": [["name": "Lorem ipsum"]]],
            contentDigest: String(repeating: "c", count: 64),
            workflowName: definition.name,
            workflowVersion: definition.version,
            workflowDigest: definition.digest,
            marker: "[dosette:1]",
            charging: .prescriptionFee,
            plan: RepeatPlan(items: [item], issueDay: issueDay),
            expiresAt: start.advanced(by: .days(365))
        )
    }
}

/// An order that a test commits; what the test does not say has a plain default.
package struct SampleOrder: Sendable {
    package let stream: StreamID
    package var source = "webshop"
    package var orderID: String
    package var clinic = "nordic-vets"
    package var priority = Priority.normal
    package var state = "draft"
    package var parkedKind: String?
    package var isOpen = true
    package var isQueued = true
    package var watchedUntil: Timestamp?
    /// Seconds after ``StoreSamples/start``.
    package var receivedAfter = 0
    /// The same; what is not said is its version.
    package var changedAfter: Int?
    /// What its view says of somebody.
    package var words = ""

    package init(_ stream: StreamID) {
        self.stream = stream
        orderID = "HD-\(stream)"
    }

    package var key: OrderKey {
        guard let key = OrderKey(source: source, orderID: orderID) else {
            preconditionFailure("a sample's source and id are tokens")
        }
        return key
    }

    /// The order's row when it has `version` events.
    package func row(version: Int) -> OrderRow {
        OrderRow(
            stream: stream,
            key: key,
            clinic: clinic,
            priority: priority,
            contentDigest: String(repeating: "c", count: 64),
            workflowDigest: StoreSamples.definition.digest,
            version: version,
            prescriptionState: state,
            parkedKind: parkedKind,
            isOpen: isOpen,
            isQueued: isQueued,
            watchedUntil: watchedUntil,
            receivedAt: StoreSamples.start.advanced(by: .seconds(Int64(receivedAfter))),
            changedAt: StoreSamples.start.advanced(by: .seconds(Int64(changedAfter ?? version))),
            view: "{\"order_id\":\"\(orderID)\",\"version\":\(version)\(words)}"
        )
    }

    /// The event that brings the order from `version` to the next one.
    package func event(at version: Int, reason: String? = nil) -> EncodedEvent {
        let event =
            version == 0
            ? OrderEvent.received(StoreSamples.received(key, priority: priority))
            : .reminded(part: "prescription", count: version)
        let fact = Fact(
            event: event,
            at: StoreSamples.start.advanced(by: .seconds(Int64(version))),
            actor: .dosette,
            reason: reason
        )
        return EventCodec.encode(fact, stream: stream, version: version, key: key)
    }

    /// A change that appends `eventCount` events.
    package func commit(
        expecting version: Int = 0,
        epoch: Int,
        eventCount: Int = 1,
        work: [WorkRow] = [],
        references: [OrderReference] = []
    ) -> Commit {
        Commit(
            stream: stream,
            expectedVersion: version,
            epoch: epoch,
            events: (version..<version + eventCount).map { event(at: $0) },
            order: row(version: version + eventCount),
            work: work,
            references: references
        )
    }

    /// Work that is due `seconds` after ``StoreSamples/start``.
    package func work(
        part: Int = 0,
        lane: String = "nordic-vets",
        dueAfter seconds: Int64 = 0,
        wants: String? = nil,
        holds: String? = nil
    ) -> WorkRow {
        WorkRow(
            stream: stream,
            part: part,
            lane: lane,
            priority: priority,
            dueAt: StoreSamples.start.advanced(by: .seconds(seconds)),
            wants: wants,
            holds: holds
        )
    }
}
