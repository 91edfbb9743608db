import DosetteCore
import Foundation

/// What a workload measured, printed as one line of JSON.
struct Figures {
    private var object: JSONObject = [:]

    subscript(name: String) -> Double? {
        get { nil }
        set { object[name] = newValue.map { .number(($0 * 1_000).rounded() / 1_000) } }
    }

    subscript(count name: String) -> Int? {
        get { nil }
        set { object[name] = newValue.map { .integer(Int64($0)) } }
    }

    /// Adds the half and the last hundredth of some durations.
    mutating func add(_ durations: [Duration], as name: String) {
        let sorted = durations.sorted()
        guard !sorted.isEmpty else { return }
        self["\(name)p50_us"] = sorted[sorted.count / 2] / .microseconds(1)
        self["\(name)p99_us"] = sorted[sorted.count * 99 / 100] / .microseconds(1)
    }

    /// Adds how much memory the process takes, and took at the most.
    mutating func addMemory() {
        self["memory_mb"] = ProcessMemory.megabytes("VmRSS")
        self["memory_peak_mb"] = ProcessMemory.megabytes("VmHWM")
    }

    func print() { Swift.print(JSON.object(object).text) }
}

/// What Linux tells of a process's memory.
enum ProcessMemory {
    static func megabytes(_ name: String, process: String = "self") -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        let kilobytes = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) }
        return kilobytes.map { $0 / 1_024 }
    }
}
