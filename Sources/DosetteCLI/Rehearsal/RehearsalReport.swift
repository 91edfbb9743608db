import DosetteCore
import DosetteEngine
import Foundation

/// What came of a run, for a person.
enum RehearsalReport {
    static func text(_ outcome: Rehearsal.Outcome) -> String {
        var table = TextTable(["WHAT", "COUNT"])
        let reckoning = outcome.reckoning
        let views = reckoning.views
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
        table.add(["dispenses", "\(reckoning.replay.dispenseCount)"])
        table.add(["parked", "\(views.count { $0["parked"]?.objectValue != nil })"])
        table.add(["events in the journal", "\(reckoning.replay.eventCount)"])
        table.add(["attempts at effects", "\(reckoning.replay.effectCount)"])
        table.add(["faults that Provet had", "\(reckoning.faults.values.reduce(0, +))"])
        for (index, recovery) in outcome.recoveries.enumerated() {
            table.add(["recovery \(index + 1)", recovery.words])
        }
        table.add(["whole run", outcome.seconds.words])
        return ([table.text, ""] + parkedLines(views) + verdictLines(reckoning))
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

    /// What the reckoning came to, the last line in one sentence.
    static func verdictLines(_ reckoning: Reckoning) -> [String] {
        let verdict = reckoning.verdict
        var lines = [
            "against Provet's own ledger: lost \(verdict.lost.count), "
                + "done twice \(verdict.doubled.count), different \(verdict.different.count)"
                + (verdict.inDoubt > 0 ? ", explained by parked orders \(verdict.inDoubt)" : ""),
            "against a replay of the journal: \(reckoning.replay.comparedCount) orders compared, "
                + "\(reckoning.replay.problemCount) differences",
        ]
        if verdict.endedAfterwards > 0 {
            lines.append(
                "\(verdict.endedAfterwards) prescriptions were canceled by a clinic after all was done; "
                    + "a finished order is not watched"
            )
        }
        lines.append(
            "what people were told is recorded: \(reckoning.wordCount) words, "
                + "\(reckoning.wordsLost.count) lost"
        )
        lines += (verdict.lost + reckoning.wordsLost).map { "LOST \($0)" }
        lines += verdict.doubled.map { "TWICE \($0)" }
        lines += verdict.different.map { "DIFFERENT \($0)" }
        lines += reckoning.replay.problems.map { "REPLAY \($0)" }
        if reckoning.serverExit != 0 {
            lines.append("the server ended with \(reckoning.serverExit)")
        }
        lines.append(
            reckoning.isClean
                ? "VERDICT: nothing was lost and nothing was done twice"
                : "VERDICT: something is wrong"
        )
        return lines
    }
}
