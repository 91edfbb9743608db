import DosetteCore

/// The kinds of events that are not entries to a state, with their versions.
private enum Kind {
    static let received = "order.received/1"
    static let signaled = "signal.received/1"
    static let parked = "order.parked/1"
    static let unparked = "order.unparked/1"
    static let turnedBack = "saga.turned_back/1"
    static let reminded = "order.reminded/1"
    static let observed = "clinic.observed/1"
    static let noticed = "clinic.noticed/1"
    static let dispensed = "dispense.recorded/1"
    static let dispenseReversed = "dispense.reversed/1"
    static let asked = "order.asked/1"
    static let effectPrefix = "effect."
    static let version = "/1"
}

extension EventCodec {
    static func encode(_ event: OrderEvent) -> (kind: String, data: JSONObject) {
        switch event {
        case .received(let received):
            return (Kind.received, encode(received))
        case .entered(let entered):
            var data: JSONObject = [
                "cause": .string(entered.cause.rawValue), "from": .string(entered.from),
            ]
            data["remarks"] = entered.remarks.map { .string($0) }
            return ("\(entered.part).\(entered.state)\(Kind.version)", data)
        case .signaled(let signaled):
            return (Kind.signaled, encode(signaled))
        case .effect(let effect):
            return encode(effect)
        case .parked(let parked):
            return (Kind.parked, encode(parked))
        case .unparked(let part, let action):
            return (Kind.unparked, ["part": .string(part), "by": .string(action.rawValue)])
        case .turnedBack(let part, let reason):
            return (Kind.turnedBack, ["part": .string(part), "why": .string(reason)])
        case .reminded(let part, let count):
            return (Kind.reminded, ["part": .string(part), "count": JSON(count)])
        case .observed(let status, let previous):
            return (Kind.observed, ["status": JSON(status), "previous": JSON(previous)])
        case .noticed(let notice):
            return (Kind.noticed, encode(notice))
        case .dispensed(let dispense):
            return (Kind.dispensed, encode(dispense))
        case .dispenseReversed(let id):
            return (Kind.dispenseReversed, ["dispense_id": .string(id)])
        case .asked(let what):
            return (Kind.asked, ["what": .string(what)])
        }
    }

    static func decode(_ envelope: Envelope) throws(UnreadableEntry) -> OrderEvent {
        var fields = Fields(envelope.data, envelope.kind)
        switch envelope.kind {
        case Kind.received: return .received(try received(envelope))
        case Kind.signaled: return .signaled(try signaled(&fields))
        case Kind.parked: return .parked(try parked(&fields))
        case Kind.unparked:
            return .unparked(
                part: try fields.text("part"),
                by: try fields.choice("by", ParkedAction.init(rawValue:))
            )
        case Kind.turnedBack:
            return .turnedBack(part: try fields.text("part"), reason: try fields.text("why"))
        case Kind.reminded:
            return .reminded(part: try fields.text("part"), count: try fields.count("count"))
        case Kind.observed:
            let previous = fields.optionalInt("previous")
            return .observed(status: try fields.int("status"), previous: previous)
        case Kind.noticed: return .noticed(try notice(&fields))
        case Kind.dispensed: return .dispensed(try dispense(&fields))
        case Kind.dispenseReversed:
            return .dispenseReversed(id: try fields.text("dispense_id"))
        case Kind.asked: return .asked(try fields.text("what"))
        default:
            if envelope.kind.hasPrefix(Kind.effectPrefix) {
                return .effect(try effect(envelope.kind, &fields))
            }
            return .entered(try entered(envelope.kind, &fields))
        }
    }

    private static func entered(
        _ kind: String,
        _ fields: inout Fields
    ) throws(UnreadableEntry) -> Entered {
        let words = kind.dropLast(Kind.version.count).split(separator: ".")
        guard kind.hasSuffix(Kind.version), words.count == 2 else {
            throw UnreadableEntry(problem: "no event of kind \(kind) is known")
        }
        return Entered(
            part: String(words[0]),
            state: String(words[1]),
            from: try fields.text("from"),
            cause: try fields.choice("cause", Entered.Cause.init(rawValue:)),
            remarks: fields.optionalText("remarks")
        )
    }

    // MARK: - Signals, parking, dispenses

    private static func encode(_ signaled: Signaled) -> JSONObject {
        var data: JSONObject = [
            "signal": .string(signaled.name), "effect": .string(signaled.effect.rawValue),
        ]
        data["remarks"] = signaled.remarks.map { .string($0) }
        data["receipt"] = signaled.receipt.map { .object($0.values) }
        if !signaled.items.isEmpty { data["items"] = .array(signaled.items.map(\.json)) }
        return data
    }

    private static func signaled(_ fields: inout Fields) throws(UnreadableEntry) -> Signaled {
        Signaled(
            name: try fields.text("signal"),
            effect: try fields.choice("effect", Signaled.Effect.init(rawValue:)),
            remarks: fields.optionalText("remarks"),
            receipt: fields.optionalObject("receipt").map { Receipt($0) },
            items: try items(fields)
        )
    }

    /// Signals of before there were items have none.
    private static func items(_ fields: Fields) throws(UnreadableEntry) -> [SignalItem] {
        guard let list = fields.optionalArray("items") else { return [] }
        var items: [SignalItem] = []
        for json in list {
            guard let item = SignalItem(json) else {
                throw UnreadableEntry(problem: "a signal's item cannot be read")
            }
            items.append(item)
        }
        return items
    }

    private static func encode(_ parked: Parked) -> JSONObject {
        var data: JSONObject = [
            "part": .string(parked.part), "kind": .string(parked.kind.rawValue),
            "step": .string(parked.step), "purpose": .string(parked.purpose.text),
            "why": .string(parked.reason),
        ]
        data["seen"] = parked.seen.map { JSON($0) }
        return data
    }

    private static func parked(_ fields: inout Fields) throws(UnreadableEntry) -> Parked {
        Parked(
            part: try fields.text("part"),
            kind: try fields.choice("kind", ParkedKind.init(rawValue:)),
            step: try fields.text("step"),
            purpose: try fields.choice("purpose", EffectPurpose.init(text:)),
            reason: try fields.text("why"),
            seen: fields.optionalInt("seen")
        )
    }

    private static func encode(_ notice: Notice) -> JSONObject {
        var data: JSONObject = ["what": .string(notice.subject.rawValue)]
        data["text"] = notice.text.map { .string($0) }
        data["digest"] = notice.digest.map { .string($0) }
        return data
    }

    private static func notice(_ fields: inout Fields) throws(UnreadableEntry) -> Notice {
        Notice(
            try fields.choice("what", Notice.Subject.init(rawValue:)),
            text: fields.optionalText("text"),
            digest: fields.optionalText("digest")
        )
    }

    private static func encode(_ dispense: RepeatPlan.Dispense) -> JSONObject {
        var data: JSONObject = [
            "dispense_id": .string(dispense.id), "item": JSON(dispense.item),
            "quantity_packages": JSON(dispense.packages),
            "dispensed_on": .string(dispense.day.text),
        ]
        data["batch"] = dispense.batch.map { .string($0) }
        return data
    }

    private static func dispense(
        _ fields: inout Fields
    ) throws(UnreadableEntry) -> RepeatPlan.Dispense {
        RepeatPlan.Dispense(
            id: try fields.text("dispense_id"),
            item: try fields.count("item"),
            packages: try fields.count("quantity_packages"),
            day: try fields.date("dispensed_on"),
            batch: fields.optionalText("batch")
        )
    }
}

// MARK: - The first event

extension EventCodec {
    private static func encode(_ received: Received) -> JSONObject {
        var data: JSONObject = [
            "clinic": .string(received.clinic),
            "client_id": JSON(received.clientID),
            "priority": .string(received.priority.rawValue),
            "content_digest": .string(received.contentDigest),
            "workflow": [
                "name": .string(received.workflowName),
                "version": JSON(received.workflowVersion),
                "digest": .string(received.workflowDigest),
            ],
            "marker": .string(received.marker),
            "charging": .string(received.charging.rawValue),
            "issue_day": .string(received.plan.issueDay.text),
            "items": .array(received.plan.items.map(encode)),
            "expires_at_ms": .integer(received.expiresAt.milliseconds),
        ]
        if let delivery = received.delivery {
            data["delivery"] = .object(delivery)
        } else {
            data["prescription"] = .object(received.prescription)
        }
        if !received.personal.isEmpty {
            data["personal"] = .array(received.personal.map { .string($0) })
        }
        return data
    }

    private static func encode(_ item: RepeatPlan.Item) -> JSON {
        var object: JSONObject = [
            "allowed": JSON(item.allowedCount),
            "packages": JSON(item.packagesMaximum),
            "last_day": .string(item.lastDay.text),
        ]
        object["interval"] = item.interval.map { interval in
            ["count": JSON(interval.count), "unit": .string(interval.unit.rawValue)]
        }
        return .object(object)
    }

    private static func received(_ envelope: Envelope) throws(UnreadableEntry) -> Received {
        var fields = Fields(envelope.data, envelope.kind)
        guard let key = envelope.order else {
            throw UnreadableEntry(problem: "order.received does not name its order")
        }
        let delivery = fields.optionalObject("delivery")
        var workflow = Fields(try fields.object("workflow"), "workflow")
        var items: [RepeatPlan.Item] = []
        for json in try fields.array("items") { items.append(try item(json)) }
        return Received(
            key: key,
            clinic: try fields.text("clinic"),
            priority: try fields.choice("priority", Priority.init(rawValue:)),
            clientID: try fields.int("client_id"),
            prescription: delivery == nil ? try fields.object("prescription") : [:],
            delivery: delivery,
            contentDigest: try fields.text("content_digest"),
            workflowName: try workflow.text("name"),
            workflowVersion: try workflow.int("version"),
            workflowDigest: try workflow.text("digest"),
            marker: try fields.text("marker"),
            charging: try fields.choice("charging", FeeLifecycle.Charging.init(rawValue:)),
            plan: RepeatPlan(items: items, issueDay: try fields.date("issue_day")),
            expiresAt: try fields.time("expires_at_ms"),
            subject: envelope.sealed?.subject,
            personal: (fields.optionalArray("personal") ?? []).compactMap(\.stringValue)
        )
    }

    private static func item(_ json: JSON) throws(UnreadableEntry) -> RepeatPlan.Item {
        var fields = Fields(json.objectValue ?? [:], "item")
        var interval: RepeatPlan.Interval?
        if let object = fields.optionalObject("interval") {
            var fields = Fields(object, "interval")
            interval = RepeatPlan.Interval(
                count: try fields.count("count"),
                unit: try fields.choice("unit", RepeatPlan.Interval.Unit.init(rawValue:))
            )
        }
        return RepeatPlan.Item(
            allowedCount: try fields.count("allowed"),
            packagesMaximum: try fields.count("packages"),
            lastDay: try fields.date("last_day"),
            interval: interval
        )
    }
}

extension EffectPurpose {
    /// The purpose as entries write it: `action`, `step:2`, `undo:2`, `entry:sent`.
    package var text: String {
        switch self {
        case .entry(let state): "entry:\(state)"
        case .action: "action"
        case .step(let index): "step:\(index)"
        case .undo(let index): "undo:\(index)"
        case .notice: "notice"
        }
    }

    package init?(text: String) {
        if text == "action" || text == "notice" {
            self = text == "action" ? .action : .notice
            return
        }
        let words = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard words.count == 2 else { return nil }
        switch (words[0], Int(words[1])) {
        case ("entry", _): self = .entry(state: words[1])
        case ("step", let index?): self = .step(index)
        case ("undo", let index?): self = .undo(index)
        default: return nil
        }
    }
}
