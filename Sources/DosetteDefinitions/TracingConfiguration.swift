import DosetteCore
import Foundation

/// Where traces of orders go, and how many of them.
package struct TracingConfiguration: Hashable, Sendable {
    /// A collector's address for traces in OTLP over HTTP.
    package var url: String
    /// The part of all orders whose traces are kept, from 0 to 1.
    package var share: Double

    package init(url: String, share: Double = 1) {
        self.url = url
        self.share = share
    }
}

extension ConfigurationReader {
    /// What OTLP has where an address names no path.
    private static let tracesPath = "/v1/traces"

    func tracing(_ value: YAMLValue) -> TracingConfiguration? {
        guard let members = value.members(known: ["otlp_url", "sample"]) else { return nil }
        let share = members["sample"].map { $0.number(in: 0...1) } ?? 1
        guard let place = members["otlp_url"] else {
            value.missing("otlp_url")
            return nil
        }
        guard let text = url(place), let address = URL(string: text), let share else { return nil }
        let path = address.path()
        let isBare = path.isEmpty || path == "/"
        let base = text.hasSuffix("/") ? String(text.dropLast()) : text
        return TracingConfiguration(url: isBare ? base + Self.tracesPath : text, share: share)
    }
}
