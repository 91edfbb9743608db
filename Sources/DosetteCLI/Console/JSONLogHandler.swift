import ArgumentParser
import DosetteCore
import Foundation
import Logging

/// How lines of the log are written.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people.
    case text
    /// For programs: an object a line.
    case json
}

/// Writes each line of the log as one JSON object.
///
/// Its members are always the same: `time` in UTC, `level`, `message`, `metadata` with texts only, and `source`, the module
/// that logs.
struct JSONLogHandler: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info
    var metadataProvider: Logger.MetadataProvider?
    /// Writes a line with its end, all at once.
    private let write: @Sendable ([UInt8]) -> Void
    private let now: @Sendable () -> Timestamp

    init(
        write: @escaping @Sendable ([UInt8]) -> Void,
        now: @escaping @Sendable () -> Timestamp = {
            Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        }
    ) {
        self.write = write
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        var members = JSONObject()
        for (key, value) in all { members[key] = .string("\(value)") }
        let line: JSON = [
            "time": .string(now().text), "level": .string(event.level.rawValue),
            "message": .string("\(event.message)"), "metadata": .object(members),
            "source": .string(event.source),
        ]
        // A line break in a text is escaped, so the only one is at the end.
        write(line.canonicalBytes + [UInt8(ascii: "\n")])
    }
}
