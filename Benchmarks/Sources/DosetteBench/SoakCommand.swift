import ArgumentParser
import DosetteCore
import DosetteDeterminism
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation

/// A year of a pharmacy in virtual time: what the files on disk come to.
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Take orders in for a year of virtual time and weigh the files."
    )

    @Argument(help: "A new directory for the journal.") var directory: String
    @Option(help: "Days.") var days = 365
    @Option(help: "Orders a day.") var orders = 100

    func run() async throws {
        let place = URL(filePath: directory)
        let store = try SQLiteStore(directory: place)
        let start = Pharmacy.now
        let clock = VirtualClock(start)
        let nothing = Nothing()
        let engine = try Pharmacy.engine(store, nothing, inFlight: 64, clock: clock)
        try await engine.start()
        var logMaximum: Int64 = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            for day in 1...days {
                for number in (day - 1) * orders..<day * orders {
                    _ = try await engine.submit(Pharmacy.order(number, at: clock.now()))
                }
                // The clock stands while the day's orders are carried out.
                await nothing.wait(for: day * orders * Pharmacy.stepCount)
                logMaximum = max(logMaximum, try await store.measure().logBytes)
                clock.set(to: start.advanced(by: .days(Int64(day))))
            }
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
