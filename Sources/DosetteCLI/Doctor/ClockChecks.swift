import DosetteDefinitions
import Foundation
import Glibc

/// Whether the machine's clock can be believed: event times and deadlines come from it.
enum ClockChecks {
    /// A clock before this is one that was never set; after that, one that jumped.
    static let years = 2026...2100
    /// How far two clocks may be apart before somebody should look, and before it is wrong.
    static let differenceOdd = 5.0
    static let differenceBad = 60.0
    /// How often, and with what pause, the two clocks of the machine are compared.
    private static let looks = 20
    private static let pause: UInt32 = 2_000
    /// What the machine's two clocks may differ by over that time, in seconds.
    static let stepMaximum = 0.5

    static func own() -> [Finding] {
        [year(SystemTime.now), steps(), kept]
    }

    static func year(_ now: Date) -> Finding {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let year = calendar.component(.year, from: now)
        guard !years.contains(year) else { return .ok("clock", "", "the year is \(year)") }
        return .bad(
            "clock",
            "",
            "the year is \(year)",
            mend: "set the clock and keep it with NTP: timedatectl set-ntp true"
        )
    }

    /// Compares the clock that can be set with the one that cannot.
    private static func steps() -> Finding {
        let begin = (wall: SystemTime.now, steady: ContinuousClock.now)
        var last = begin.wall
        var hasGoneBack = false
        for _ in 0..<looks {
            usleep(pause)
            let now = SystemTime.now
            if now < last { hasGoneBack = true }
            last = now
        }
        let steady = (ContinuousClock.now - begin.steady) / .seconds(1)
        let drift = last.timeIntervalSince(begin.wall) - steady
        return step(hasGoneBack: hasGoneBack, drift: drift)
    }

    static func step(hasGoneBack: Bool, drift: Double) -> Finding {
        guard hasGoneBack || abs(drift) > stepMaximum else {
            return .ok("clock", "", "it runs evenly")
        }
        return .bad(
            "clock",
            "",
            "it was set back or forward while it was looked at",
            mend: "let NTP slew it (chrony, systemd-timesyncd), and stop whatever else sets it"
        )
    }

    /// What systemd's time service writes down when it has set the clock once.
    private static var kept: Finding {
        let isKept = FileManager.default.fileExists(atPath: "/run/systemd/timesync/synchronized")
        let text = isKept ? "NTP keeps it" : "it cannot be seen from here whether NTP keeps it"
        return .ok("clock", "", text)
    }

    /// Judges by how many seconds our clock is ahead of a clinic's.
    static func difference(_ difference: Double, to clinic: String) -> Finding {
        let seconds = Int(difference.rounded())
        let text = "ours is \(abs(seconds)) s \(seconds < 0 ? "behind" : "ahead of") Provet's"
        guard abs(difference) >= differenceOdd else {
            return .ok("clock", clinic, "ours and Provet's agree")
        }
        let mend = "keep this machine's clock with NTP; if it is right, tell the clinic's Provet"
        return abs(difference) >= differenceBad
            ? .bad("clock", clinic, text, mend: mend) : .warn("clock", clinic, text, mend: mend)
    }
}

/// Whether days can be counted where the clinics are.
enum ZoneChecks {
    /// What a zone changed to, and since which data that is known.
    private static let changes: [(data: String, zone: String, at: Double, offset: Int)] = [
        // Kazakhstan is one zone since March 2024; Paraguay keeps its summer time since October 2024.
        ("2024a", "Asia/Almaty", 1_719_792_000, 5 * 3_600),
        ("2024b", "America/Asuncion", 1_751_328_000, -3 * 3_600),
    ]

    static func all(_ configuration: Configuration) -> [Finding] {
        let zones = configuration.clinics.map { zone($0.timeZone, of: $0.id) }
        return zones + [data { TimeZone(identifier: $0)?.secondsFromGMT(for: $1) }]
    }

    static func zone(_ name: String, of clinic: String) -> Finding {
        guard let zone = TimeZone(identifier: name) else {
            return .bad(
                "time zone",
                clinic,
                "\(name) is not known",
                mend: "correct time_zone, or update Dosette if the zone is new"
            )
        }
        let minutes = zone.secondsFromGMT(for: SystemTime.now) / 60
        let sign = minutes < 0 ? "-" : "+"
        let text = String(format: "%02d:%02d", abs(minutes) / 60, abs(minutes) % 60)
        return .ok("time zone", clinic, "\(name), now UTC\(sign)\(text)")
    }

    /// Judges the data by what it knows: `offset` is the seconds east of UTC in a zone at a time.
    static func data(_ offset: (String, Date) -> Int?) -> Finding {
        let known = changes.last { change in
            offset(change.zone, Date(timeIntervalSince1970: change.at)) == change.offset
        }
        guard let known, known.data == changes.last?.data else {
            return .warn(
                "time zone data",
                "",
                "older than \(changes.last?.data ?? "2024b"): days may change an hour early or late in some zones",
                mend: "update Dosette, which carries its own"
            )
        }
        return .ok("time zone data", "", "of \(known.data) or newer")
    }
}
