import DosetteCore
import DosetteEngine

/// One order's story and what a replay says of it.
enum OrderAuditText {
    static func page(_ audit: OrderAudit) -> String {
        var table = TextTable(["WHEN", "WHO", "WHAT", "WHY"])
        for line in audit.lines {
            let told = OrderStory.line(line.fact)
            table.add([told.at.text, told.who, told.what, told.why ?? ""])
        }
        return table.text + "\n" + verdict(audit).joined(separator: "\n")
    }

    private static func verdict(_ audit: OrderAudit) -> [String] {
        let count = "\(audit.lines.count) events, \(audit.decisionCount) decisions taken again"
        guard audit.problems.isEmpty else {
            return audit.problems.map { "DIFFERENCE \($0)" }
                + ["\(count): \(audit.problems.count) differences"]
        }
        let compared = audit.isCompared ? "" : "; nothing was compared with what is shown now"
        return ["\(count): differences none\(compared)"]
    }

    static func json(_ audit: OrderAudit) -> JSON {
        [
            "decisions": JSON(audit.decisionCount), "differences": JSON(audit.problems.count),
            "events": JSON(audit.lines.count),
            "problems": .array(audit.problems.map { .string($0) }),
            "view": audit.order.map { .object($0.view) } ?? .null,
        ]
    }
}

/// What changed between two moments.
enum DiffText {
    static func page(_ diff: AuditDiff) -> String {
        let new = diff.orders.count { $0.versions.before == 0 }
        let events = diff.counts.to - diff.counts.from
        var lines = ["\(events) events: \(diff.orders.count) orders changed, \(new) of them new"]
        for (kind, count) in diff.engineEvents.sorted(by: { $0.key < $1.key }) {
            lines.append("\(kind): \(count)")
        }
        for order in diff.orders {
            let (before, after) = order.versions
            lines.append("")
            lines.append(
                before == 0
                    ? "\(order.key), new, \(after) events"
                    : "\(order.key), events \(before) → \(after)"
            )
            for change in order.changes {
                lines.append("  \(change.field): \(words(change.old)) → \(words(change.new))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func words(_ json: JSON?) -> String {
        guard let json else { return "none" }
        return Terminal.plain(json.stringValue ?? json.text)
    }

    static func json(_ diff: AuditDiff, _ from: AuditMoment, _ to: AuditMoment) -> JSON {
        let orders = diff.orders.map { order -> JSON in
            [
                "order": .string("\(order.key)"),
                "events": [JSON(order.versions.before), JSON(order.versions.after)],
                "changes": .array(
                    order.changes.map { change in
                        [
                            "field": .string(change.field), "old": change.old ?? .null,
                            "new": change.new ?? .null,
                        ]
                    }
                ),
            ]
        }
        return [
            "from": .string("\(from)"), "to": .string("\(to)"),
            "events": .integer(diff.counts.to - diff.counts.from),
            "engine_events": .object(
                JSONObject(diff.engineEvents.map { ($0.key, JSON($0.value)) })
            ),
            "orders": .array(orders),
        ]
    }
}
