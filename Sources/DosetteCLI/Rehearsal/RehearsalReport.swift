import DosetteCore
import DosetteEngine
import Foundation

/// What came of a run, for a person.
enum RehearsalReport {
    static func text(_ outcome: Rehearsal.Outcome) -> String {
        var table = TextTable(["WHAT", "COUNT"])
        let views = outcome.views
        func states(_ name: String) -> Int {
            views.count { $0["prescription"]?["state"]?.stringValue == name }
        }
        func fees(_ name: String) -> Int {
            views.count { $0["fee"]?["state"]?.stringValue == name }
        }
        table.add(["orders", "\(views.count)"])
        table.add(["accepted", "\(states("accepted"))"])
        table.add(["accepted with warning", "\(states("accepted_warning"))"])
        table.add(["rejected", "\(states("rejected"))"])
        table.add(["canceled", "\(states("canceled"))"])
        table.add(["error", "\(states("error"))"])
        table.add(["fee charged", "\(fees("charged"))"])
        table.add(["fee refunded", "\(fees("refunded"))"])
        table.add(["fee not charged", "\(fees("not_charged"))"])
        table.add(["dispenses", "\(outcome.replay.dispenseCount)"])
        table.add(["parked", "\(views.count { $0["parked"]?.objectValue != nil })"])
        table.add(["events in the journal", "\(outcome.replay.eventCount)"])
        table.add(["attempts at effects", "\(outcome.replay.effectCount)"])
        table.add(["faults that Provet had", "\(outcome.faults.values.reduce(0, +))"])
        for (index, recovery) in outcome.recoveries.enumerated() {
            table.add(["recovery \(index + 1)", recovery.words])
        }
        table.add(["whole run", outcome.seconds.words])
        return ([table.text, ""] + parkedLines(views) + verdictLines(outcome))
            .joined(separator: "\n")
    }

    private static func parkedLines(_ views: [JSON]) -> [String] {
        views.filter { $0["parked"]?.objectValue != nil }.map { view in
            let parked = view["parked"]
            return
                "parked \(view["source"]?.stringValue ?? "")/\(view["order_id"]?.stringValue ?? ""): "
                + "\(parked?["kind"]?.stringValue ?? "") at \(parked?["step"]?.stringValue ?? ""), "
                + "\(parked?["reason"]?.stringValue ?? "")"
        }
    }

    private static func verdictLines(_ outcome: Rehearsal.Outcome) -> [String] {
        let verdict = outcome.verdict
        var lines = [
            "against Provet's own ledger: lost \(verdict.lost.count), "
                + "done twice \(verdict.doubled.count), different \(verdict.different.count)"
                + (verdict.inDoubt > 0 ? ", explained by parked orders \(verdict.inDoubt)" : ""),
            "against a replay of the journal: \(outcome.replay.comparedCount) orders compared, "
                + "\(outcome.replay.problemCount) differences",
        ]
        if verdict.endedAfterwards > 0 {
            lines.append(
                "\(verdict.endedAfterwards) prescriptions were canceled by a clinic after all was done; "
                    + "a finished order is not watched"
            )
        }
        lines += verdict.lost.map { "LOST \($0)" }
        lines += verdict.doubled.map { "TWICE \($0)" }
        lines += verdict.different.map { "DIFFERENT \($0)" }
        lines += outcome.replay.problems.map { "REPLAY \($0)" }
        if outcome.serverExit != 0 { lines.append("the server ended with \(outcome.serverExit)") }
        lines.append(
            outcome.isClean
                ? "VERDICT: nothing was lost and nothing was done twice"
                : "VERDICT: something is wrong"
        )
        return lines
    }
}
