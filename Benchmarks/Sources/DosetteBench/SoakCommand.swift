import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation

/// A year of a pharmacy on a clock that runs fast: what the files on disk come to.
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Take orders in for a year of virtual time and weigh the files."
    )

    private static let dayMilliseconds: Int64 = 86_400_000

    @Argument(help: "A new directory for the journal.") var directory: String
    @Option(help: "Days.") var days = 365
    @Option(help: "Orders a day.") var orders = 100
    @Option(help: "Milliseconds that a day takes.") var dayLength = 100

    func run() async throws {
        let place = URL(filePath: directory)
        let store = try SQLiteStore(directory: place)
        let clock = FastClock(factor: Self.dayMilliseconds / Int64(dayLength))
        let nothing = Nothing()
        let engine = try Pharmacy.engine(store, nothing, inFlight: 64, clock: clock)
        try await engine.start()
        var logMaximum: Int64 = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            for day in 0..<days {
                for number in day * orders..<(day + 1) * orders {
                    _ = try await engine.submit(Pharmacy.order(number, at: clock.now()))
                }
                logMaximum = max(logMaximum, try await store.measure().logBytes)
                try await clock.sleep(until: clock.start.advanced(by: .days(Int64(day + 1))))
            }
            await nothing.wait(for: days * orders * Pharmacy.stepCount)
            engine.drain()
            try await group.waitForAll()
        }
        let measure = try await store.measure()
        let sample = try await store.events(from: 2, limit: 2_000)
        store.close()
        var figures = Figures()
        figures[count: "events"] = Int(measure.eventCount)
        figures["log_mb"] = Double(logMaximum) / 1_048_576
        let file = place.appending(path: SQLiteStore.fileName).path
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
        figures["file_bytes_per_event"] = Double(size) / Double(measure.eventCount)
        figures["entry_bytes_per_event"] =
            Double(sample.reduce(0) { $0 + $1.entry.count }) / Double(max(1, sample.count))
        figures.print()
    }
}

/// A clock that goes faster than the machine's.
struct FastClock: EngineClock {
    let start = Pharmacy.now
    let factor: Int64

    func now() -> Timestamp {
        start.advanced(by: .milliseconds(Pharmacy.now.since(start).milliseconds * factor))
    }

    func sleep(until time: Timestamp) async throws {
        while true {
            let rest = time.since(now())
            guard rest > .zero else { return }
            try await Task.sleep(for: .milliseconds(max(1, rest.milliseconds / factor)))
        }
    }
}
