import Foundation
import Glibc

/// What the machine says of this process; of `/proc`, so on Linux only.
package struct ProcessMeasure: Sendable {
    /// Bytes in memory.
    package let residentBytes: Int64
    package let virtualBytes: Int64
    package let openFiles: Int
    package let openFilesMaximum: Int
    /// Seconds of processor time so far.
    package let processorSeconds: Double
    /// Seconds since 1970.
    package let startedAt: Double

    /// Looks it up; nothing where there is no `/proc`.
    package init?() {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
        guard let fields = Self.fields("/proc/self/stat"), fields.count > 21, ticks > 0,
            let bootedAt = Self.bootTime(), let user = Double(fields[11]),
            let system = Double(fields[12]), let started = Double(fields[19]),
            let virtual = Int64(fields[20]), let resident = Int64(fields[21]),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        processorSeconds = (user + system) / ticks
        startedAt = bootedAt + started / ticks
        virtualBytes = virtual
        residentBytes = resident * page
        // One of them is the look itself.
        openFiles = max(0, files.count - 1)
        openFilesMaximum = Self.filesMaximum()
    }

    /// The words behind the program's name, which stands in brackets and may have any characters in it.
    private static func fields(_ file: String) -> [Substring]? {
        guard let text = text(of: file), let bracket = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: bracket)...].split(separator: " ")
    }

    private static func bootTime() -> Double? {
        let lines = text(of: "/proc/stat")?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    private static func text(of file: String) -> String? {
        // Files of /proc have no size, so they are read to their end.
        guard let handle = FileHandle(forReadingAtPath: file) else { return nil }
        defer { try? handle.close() }
        guard let bytes = try? handle.readToEnd() else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func filesMaximum() -> Int {
        let lines = text(of: "/proc/self/limits")?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("Max open files") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) } ?? 0
    }

    /// As Prometheus's own libraries call them, so that everybody's dashboards know them.
    package var families: [MetricFamily] {
        func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
            MetricFamily("process_\(name)", .gauge, help, [MetricSample(value)])
        }
        return [
            MetricFamily(
                "process_cpu_seconds_total",
                .counter,
                "Processor time.",
                [MetricSample(processorSeconds)]
            ),
            gauge("resident_memory_bytes", "Memory that is in use.", Double(residentBytes)),
            gauge("virtual_memory_bytes", "Memory that is mapped.", Double(virtualBytes)),
            gauge("open_fds", "Files and connections that are open.", Double(openFiles)),
            gauge("max_fds", "Files and connections that may be open.", Double(openFilesMaximum)),
            gauge("start_time_seconds", "Start, in seconds since 1970.", startedAt),
        ]
    }
}
