import DosetteCore

extension EventCodec {
    private static let prefix = "effect."
    private static let version = "/1"

    static func encode(_ effect: EffectEvent) -> (kind: String, data: JSONObject) {
        let (name, more) = encode(effect.event)
        var data: JSONObject = [
            "effect": JSON(effect.number),
            "part": .string(effect.part),
            "action": .string(effect.action),
            "purpose": .string(effect.purpose.text),
        ]
        for (name, value) in more { data[name] = value }
        data["request_digest"] = effect.requestDigest.map { .string($0) }
        return ("\(prefix)\(name)\(version)", data)
    }

    private static func encode(
        _ event: EffectProtocol.Event
    ) -> (name: String, data: [(String, JSON)]) {
        switch event {
        case .intended(let intent):
            return ("intended", encode(intent))
        case .confirmed(let receipt):
            return ("confirmed", [("receipt", .object(receipt.values))])
        case .adopted(let receipt):
            return ("adopted", [("receipt", .object(receipt.values))])
        case .refused(let reason):
            return ("refused", [("why", .string(reason))])
        case .conflicted(let seen, let reason):
            return ("conflicted", [("seen", JSON(seen)), ("why", .string(reason))])
        case .postponed(let until, let reason, let counts):
            return (
                "postponed",
                [
                    ("until_ms", .integer(until.milliseconds)), ("why", .string(reason)),
                    ("counts", .string(counts.rawValue)),
                ]
            )
        case .becameUnknown(let probeAt, let reason):
            let time = JSON.integer(probeAt.milliseconds)
            return ("unknown", [("probe_at_ms", time), ("why", .string(reason))])
        case .absent(let count, let nextAt):
            return (
                "absent", [("count", JSON(count)), ("next_at_ms", .integer(nextAt.milliseconds))]
            )
        case .probeFailed(let nextAt, let reason):
            let time = JSON.integer(nextAt.milliseconds)
            return ("probe_failed", [("next_at_ms", time), ("why", .string(reason))])
        case .inDoubt(let reason): return ("in_doubt", [("why", .string(reason))])
        case .exhausted(let reason): return ("exhausted", [("why", .string(reason))])
        case .resumed(let mode): return ("resumed", [("mode", .string(mode.rawValue))])
        case .givenUp: return ("given_up", [])
        }
    }

    private static func encode(_ intent: EffectProtocol.Intent) -> [(String, JSON)] {
        [
            ("attempt", JSON(intent.attempt)),
            ("deadline_ms", .integer(intent.deadline.milliseconds)),
            ("settles_at_ms", .integer(intent.settlesAt.milliseconds)),
            ("recover_at_ms", .integer(intent.recoverAt.milliseconds)),
            ("intended_at_ms", .integer(intent.at.milliseconds)),
            ("epoch", JSON(intent.epoch)),
        ]
    }

    static func effect(
        _ kind: String,
        _ fields: inout Fields
    ) throws(UnreadableEntry) -> EffectEvent {
        guard kind.hasSuffix(version) else {
            throw UnreadableEntry(problem: "no event of kind \(kind) is known")
        }
        let name = String(kind.dropFirst(prefix.count).dropLast(version.count))
        return EffectEvent(
            number: try fields.count("effect"),
            part: try fields.text("part"),
            action: try fields.text("action"),
            purpose: try fields.choice("purpose", EffectPurpose.init(text:)),
            event: try decode(name, kind, &fields),
            requestDigest: fields.optionalText("request_digest")
        )
    }

    private static func decode(
        _ name: String,
        _ kind: String,
        _ fields: inout Fields
    ) throws(UnreadableEntry) -> EffectProtocol.Event {
        switch name {
        case "intended": return .intended(try intent(&fields))
        case "confirmed": return .confirmed(Receipt(try fields.object("receipt")))
        case "adopted": return .adopted(Receipt(try fields.object("receipt")))
        case "refused": return .refused(reason: try fields.text("why"))
        case "conflicted":
            return .conflicted(seen: try fields.int("seen"), reason: try fields.text("why"))
        case "postponed":
            return .postponed(
                until: try fields.time("until_ms"),
                reason: try fields.text("why"),
                counts: try fields.choice("counts", EffectProtocol.AttemptCounting.init(rawValue:))
            )
        case "unknown":
            let probeAt = try fields.time("probe_at_ms")
            return .becameUnknown(probeAt: probeAt, reason: try fields.text("why"))
        case "absent":
            let nextAt = try fields.time("next_at_ms")
            return .absent(count: try fields.count("count"), nextAt: nextAt)
        case "probe_failed":
            let nextAt = try fields.time("next_at_ms")
            return .probeFailed(nextAt: nextAt, reason: try fields.text("why"))
        case "in_doubt": return .inDoubt(reason: try fields.text("why"))
        case "exhausted": return .exhausted(reason: try fields.text("why"))
        case "resumed":
            return .resumed(try fields.choice("mode", EffectProtocol.ResumeMode.init(rawValue:)))
        case "given_up": return .givenUp
        default: throw UnreadableEntry(problem: "no event of kind \(kind) is known")
        }
    }

    private static func intent(
        _ fields: inout Fields
    ) throws(UnreadableEntry) -> EffectProtocol.Intent {
        EffectProtocol.Intent(
            attempt: try fields.count("attempt"),
            at: try fields.time("intended_at_ms"),
            deadline: try fields.time("deadline_ms"),
            settlesAt: try fields.time("settles_at_ms"),
            recoverAt: try fields.time("recover_at_ms"),
            epoch: try fields.count("epoch")
        )
    }
}
