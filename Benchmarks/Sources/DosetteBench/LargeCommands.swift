import ArgumentParser
import DosetteAuditFiles
import DosetteCore
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import Glibc

/// A cold start on a journal that is there, and what the engine takes while it has nothing to do.
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start an engine on a journal, let it resume what was out, and watch it idle."
    )

    @Argument(help: "The journal's directory.") var directory: String
    @Option(help: "Attempts that an engine before has out.") var inFlight = 0
    @Option(help: "Seconds to watch it idle.") var idle = 10
    @Option(help: "Calls in flight.") var places = 64

    func run() async throws {
        let began = ContinuousClock.now
        let store = try SQLiteStore(directory: URL(filePath: directory))
        let nothing = Nothing()
        let engine = try Pharmacy.engine(
            store,
            nothing,
            inFlight: places,
            workflow: Pharmacy.waitingWorkflow
        )
        try await engine.start()
        var figures = Figures()
        figures["ready_s"] = (ContinuousClock.now - began) / .seconds(1)
        let ready = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await engine.run() }
            if inFlight > 0 {
                await nothing.wait(for: 1)
                figures["first_resumed_s"] = (ContinuousClock.now - ready) / .seconds(1)
                // Each is sent again and then makes the step that was left.
                await nothing.wait(for: inFlight)
                figures["all_resumed_s"] = (ContinuousClock.now - ready) / .seconds(1)
                try await Task.sleep(for: .seconds(2))
            }
            let before = ProcessTime.seconds
            try await Task.sleep(for: .seconds(idle))
            let used = ProcessTime.seconds - before
            figures["idle_core_percent"] = used / Double(max(1, idle)) * 100
            figures.addMemory()
            engine.drain()
            try await group.waitForAll()
        }
        store.close()
        figures.print()
    }
}

/// The time that this process has used of its cores.
enum ProcessTime {
    static var seconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}

/// What the scheduler asks the store, again and again.
struct ClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Ask a journal for its agenda and for the work that is due."
    )

    @Argument(help: "The journal's directory.") var directory: String
    @Option(help: "Questions.") var rounds = 2_000

    func run() async throws {
        let store = try SQLiteStore(directory: URL(filePath: directory))
        let lane = Lane.out(epoch: 1).text
        var times: [Duration] = []
        var found = 0
        let now = Pharmacy.now
        for _ in 0..<rounds {
            let began = ContinuousClock.now
            _ = try await store.agenda()
            found = try await store.due(in: lane, at: now, limit: 64).count
            times.append(ContinuousClock.now - began)
        }
        store.close()
        guard found == 64 else { throw ValidationError("\(found) rows are due, and 64 should be") }
        var figures = Figures()
        figures.add(times, as: "")
        figures["claims_per_second"] = 1 / ((times.reduce(.zero, +) / rounds) / .seconds(1))
        figures.print()
    }
}

/// Calls that are out and do not come back, so that what each takes can be weighed.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Begin so many attempts that nobody answers, and weigh the process."
    )

    @Argument(help: "A new directory for the journal.") var directory: String
    @Option(help: "Attempts.") var inFlight = 10_000

    func run() async throws {
        let store = try SQLiteStore(directory: URL(filePath: directory))
        let silent = Nothing(answers: false)
        let engine = try Pharmacy.engine(store, silent, inFlight: inFlight)
        try await engine.start()
        let before = ProcessMemory.megabytes("VmRSS") ?? 0
        try await Pharmacy.submit(inFlight, to: engine, atOnce: 64)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await engine.run() }
            await silent.wait(for: inFlight)
            let after = ProcessMemory.megabytes("VmRSS") ?? 0
            var figures = Figures()
            figures["before_mb"] = before
            figures["kb_per_effect"] = (after - before) * 1_024 / Double(inFlight)
            figures.addMemory()
            figures.print()
            // What is out stays out: the journal is not used again.
            fflush(nil)
            _exit(0)
        }
    }
}

/// Derives every order of a journal anew, on one core.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay a journal for audit."
    )

    @Argument(help: "The journal's directory.") var directory: String

    func run() async throws {
        let store = try SQLiteStore(readingFrom: URL(filePath: directory))
        let began = ContinuousClock.now
        let report = try await AuditReplay.run(store)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        guard report.problemCount == 0 else {
            throw ValidationError("the replay finds: \(report.problems.first ?? "")")
        }
        var figures = Figures()
        figures[count: "events"] = Int(report.eventCount)
        figures["seconds"] = seconds
        figures["events_per_second"] = Double(report.eventCount) / seconds
        figures.addMemory()
        figures.print()
    }
}

/// Hashes every entry of a journal and compares the tree with the stored one.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Hash a journal and compare with its tree."
    )

    @Argument(help: "The journal's directory.") var directory: String

    func run() async throws {
        let store = try SQLiteStore(readingFrom: URL(filePath: directory))
        let began = ContinuousClock.now
        var verifier = JournalVerifier(StoreLog(store), keys: [], evidence: Evidence())
        let verdict = try await verifier.run()
        let size = try await store.treeHead().size
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        guard verdict.problemCount == 0 else {
            throw ValidationError("the verifier finds: \(verdict.problems.first ?? "")")
        }
        var figures = Figures()
        figures[count: "events"] = Int(size)
        figures["seconds"] = seconds
        figures["events_per_second"] = Double(size) / seconds
        figures.addMemory()
        figures.print()
    }
}
