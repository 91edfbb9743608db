import HTTPTypes

/// The kinds of bodies that the API takes and gives.
enum MediaType {
    static let json = "application/json"
    static let lines = "application/x-ndjson"
    static let form = "application/x-www-form-urlencoded"
    /// Events that a server sends for as long as a page listens.
    static let events = "text/event-stream"
    static let yaml = "application/yaml"
    /// Prometheus' text format.
    static let metrics = "text/plain; version=0.0.4; charset=utf-8"

    private static let lineNames: Set = [
        lines, "application/ndjson", "application/jsonl", "application/x-jsonlines",
    ]

    static func isJSON(_ field: String) -> Bool {
        let name = name(field)
        return name == json || (name.hasPrefix("application/") && name.hasSuffix("+json"))
    }

    static func isForm(_ field: String) -> Bool { name(field) == form }

    static func isLines(_ field: String) -> Bool { lineNames.contains(name(field)) }

    /// Whether an Accept names the type of events by itself.
    static func namesEvents(_ field: String) -> Bool {
        field.split(separator: ",").contains { name(String($0)) == events }
    }

    /// The type without its parameters.
    private static func name(_ field: String) -> String {
        let name = field.prefix { $0 != ";" }
        return name.filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}
