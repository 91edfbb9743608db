import DosetteCore
import Foundation

/// Times as the clocks of a clinic show them.
struct ClinicTime: Sendable {
    private let zone: TimeZone?

    init(timeZone: String) {
        zone = TimeZone(identifier: timeZone)
    }

    /// The time to the minute: `2025-08-20 14:20`.
    func text(_ time: Timestamp) -> String {
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        let offset = TimeSpan.seconds(Int64(zone?.secondsFromGMT(for: date) ?? 0))
        let local = String(time.advanced(by: offset).text.prefix(16)).replacing("T", with: " ")
        return zone == nil ? "\(local) UTC" : local
    }

    func html(_ time: Timestamp) -> HTML {
        HTML(.time, .datetime(time.text)) { text(time) }
    }

    /// The time with how far the clinic's clock is from UTC: `2025-08-20 14:20 +03:00`.
    func zoned(_ time: Timestamp) -> String {
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        let minutes = (zone?.secondsFromGMT(for: date) ?? 0) / 60
        let (hour, minute) = abs(minutes).quotientAndRemainder(dividingBy: 60)
        let digits = [hour, minute].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        let text = text(time).replacing(" UTC", with: "")
        return "\(text) \(minutes < 0 ? "−" : "+")\(digits)"
    }

    /// A text in which the times that the engine writes in UTC stand as the clinic's clocks show them.
    func localized(_ text: String) -> String {
        text.replacing(#/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/#) { match in
            Timestamp(text: String(match.output)).map(zoned) ?? String(match.output)
        }
    }

    func zonedHTML(_ time: Timestamp) -> HTML {
        HTML(.time, .datetime(time.text)) { zoned(time) }
    }
}
