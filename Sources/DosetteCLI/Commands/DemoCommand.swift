import ArgumentParser
import DosetteCore
import DosetteSimulator
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run real orders over real HTTP against a simulated Provet, in three acts.",
        discussion: """
            Starts the simulator and a server as processes of their own on 127.0.0.1. The first act \
            submits the orders, plays a pharmacist, kills the server twice, and compares the end with \
            Provet's own ledger. The second plays the clinic's side: a veterinarian in a browser, a \
            cancel, settings, a new clinic, home delivery, and what must not work. The third plays the \
            pharmacy's people at the console in a browser; with --act console --stay it waits for you in their \
            place. Exit code 0 only if nothing was lost, nothing was done twice, and every step was as it \
            should be.
            """
    )

    enum Act: String, CaseIterable, ExpressibleByArgument {
        case orders
        case clinic
        case console
        case all
    }

    /// The day on which the orders of the examples play.
    static let storyTime = "2025-08-20T11:30:00Z"

    @Option(help: "orders, clinic, console or all: what is played.") var act = Act.all
    @Option(help: "Orders, one JSON document a line.") var orders = "Examples/orders.ndjson"
    @Option(help: "none, mild or storm.") var faults = "mild"
    @Option(help: "How often the server is killed.") var kills = 2
    @Option(help: "The same seed draws the same faults.") var seed: UInt64 = 1
    @Option(
        help: """
            The Python that has playwright, for the veterinarian's browser; Scripts/browser-setup makes \
            .build/browser/bin/python.
            """
    )
    var browser: String?
    @Option(
        parsing: .upToNextOption,
        help: "How the browser shows the pages: plain, no-script, narrow, dark, frame."
    )
    var manners: [BrowserManner] = [.plain]
    /// The clinic's side is played against a configuration that is wrong on purpose.
    @Flag(help: .hidden) var spoiled = false
    @Flag(help: "With --act console: leave everything running for you, until Ctrl-C.")
    var stay = false
    @Option(help: "Where data and logs go; a new directory when nothing is said.")
    var directory: String?

    func validate() throws {
        guard !stay || act == .console else {
            throw ValidationError("--stay goes with --act console")
        }
        guard manners.allSatisfy(BrowserManner.all.contains) else {
            throw ValidationError("--manners: no order can be made on a foreign page")
        }
    }

    func run() async throws {
        let place = try WorkDirectory.make(directory, "dosette-demo")
        if act == .orders || act == .all { try await playOrders(in: place) }
        if act == .clinic || act == .all { try await playClinic(in: place) }
        if act == .console || act == .all { try await playConsole(in: place) }
    }

    private func playConsole(in place: URL) async throws {
        if !stay, browser == nil {
            guard act == .console else {
                return Terminal.say("the console's people were not played: there is no browser")
            }
            throw Stop(.usage, "--act console needs --stay, or --browser")
        }
        Terminal.say("the console: starting a simulated Provet and a server")
        let console = try await ConsoleAct.set(in: place.appending(path: "console"))
        defer { console.end() }
        if stay {
            Terminal.announce(console.welcome)
            Terminal.announce("Ctrl-C ends it; the files are in \(place.path)")
            await EndOfStay.wait()
            return
        }
        guard let browser else { return }
        let words = try await console.play(browser: browser, in: place)
        print(words)
    }

    private func playClinic(in place: URL) async throws {
        if let browser, !FileManager.default.isExecutableFile(atPath: browser) {
            throw Stop(.usage, "--browser: \(browser) cannot be run; see Scripts/browser-setup")
        }
        if browser != nil, !FileManager.default.fileExists(atPath: BrowserVeterinarian.script) {
            throw Stop(.usage, "--browser: \(BrowserVeterinarian.script) is not below this folder")
        }
        let settings = ClinicSideAct.Settings(
            browser: browser,
            manners: manners,
            isSpoiled: spoiled
        )
        let outcome = try await ClinicSideAct.run(settings, in: place)
        print(outcome.text)
        if spoiled {
            guard outcome.failed == ActStage.spoiledSteps else {
                throw Stop(.refused, "of a spoiled configuration \(outcome.failed) was found")
            }
            return print("what was spoiled was found")
        }
        guard outcome.isClean else {
            throw Stop(.refused, "the files are in \(place.path)")
        }
    }

    private func playOrders(in place: URL) async throws {
        var settings = Rehearsal.Settings()
        settings.orders = try OrderFile.read(orders)
        settings.killCount = kills
        settings.stage.faults = faults
        settings.stage.seed = seed
        settings.stage.clockOffset = try StoryClock.offset(to: Self.storyTime)
        let outcome = try await Rehearsal.run(settings, in: place)
        print(RehearsalReport.text(outcome))
        try await tellFirst(settings.orders, place)
        guard outcome.isClean else { throw Stop(.refused) }
    }

    /// The story of the first order, as the audit tells it.
    private func tellFirst(_ orders: [JSON], _ place: URL) async throws {
        guard let first = orders.first else { return }
        let name = "\(first["source"]?.stringValue ?? "")/\(first["order_id"]?.stringValue ?? "")"
        let config = place.appending(path: "dosette.yaml").path
        print(
            """

            look closer:
              PROVET_SECRET=simulated-secret dosette audit replay --config \(config)
              PROVET_SECRET=simulated-secret dosette audit replay --config \(config) --order \(name)
              PROVET_SECRET=simulated-secret dosette orders list --config \(config)
            """
        )
    }
}

/// A harder run for tests: made-up orders, any number, any number of kills.
struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Kill the server again and again under a storm of faults, then reckon."
    )

    @Option(help: "How many orders.") var orders = 500
    @Option(help: "none, mild or storm.") var faults = "storm"
    @Option(help: "How often the server is killed.") var kills = 20
    @Option(help: "The same seed draws the same faults.") var seed: UInt64 = 1
    @Option(help: "Minutes that it may take.") var minutes = 20
    @Option(help: "A mistake to put in, which the run must find.")
    var plantedFault: PlantedFault?
    @Option(help: "Where data and logs go; a new directory when nothing is said.")
    var directory: String?

    func run() async throws {
        if plantedFault != nil, !PlantedBug.canPlant {
            throw Stop(.usage, "a release build makes no mistakes on purpose")
        }
        var settings = Rehearsal.Settings()
        settings.orders = MadeUpOrders.make(count: orders)
        settings.killCount = kills
        settings.limit = .seconds(minutes * 60)
        settings.stage.faults = faults
        settings.stage.seed = seed
        settings.stage.plantedFault = plantedFault?.rawValue
        settings.stage.clockOffset = try StoryClock.offset(to: DemoCommand.storyTime)
        let place = try WorkDirectory.make(directory, "dosette-drill")
        let outcome = try await Rehearsal.run(settings, in: place)
        print(RehearsalReport.text(outcome))
        if let plantedFault {
            let verdict = outcome.reckoning.verdict
            let isFound = plantedFault.isFound(
                lost: verdict.lost.count,
                doubled: verdict.doubled.count
            )
            guard isFound else { throw Stop(.refused, "the planted fault was not found") }
            print("the planted fault was found")
        } else if !outcome.isClean {
            throw Stop(.refused, "seed \(seed); the files are in \(place.path)")
        }
    }
}

/// How far the story's time is from the machine's.
enum StoryClock {
    static func offset(to story: String) throws -> Int64 {
        guard let time = Timestamp(text: story) else { throw Stop(.usage, "no time: \(story)") }
        return (time.milliseconds - SimulatedProvetServer.systemTime()) / 1000
    }
}

enum WorkDirectory {
    static func make(_ path: String?, _ prefix: String) throws -> URL {
        let id = UUID().uuidString.prefix(8)
        let url =
            path.map { URL(filePath: $0) }
            ?? FileManager.default.temporaryDirectory.appending(path: "\(prefix)-\(id)")
        guard !FileManager.default.fileExists(atPath: url.appending(path: "data").path) else {
            throw Stop(.refused, "\(url.path) holds the data of another run already")
        }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}

enum OrderFile {
    static func read(_ path: String) throws -> [JSON] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Stop(.unavailable, "\(path) cannot be read")
        }
        return try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
            do {
                return try JSONReader.read(Array(line))
            } catch {
                throw Stop(.refused, "\(path):\(index + 1): \(error)")
            }
        }
    }
}

/// Plain orders in any number, the same for the same count.
enum MadeUpOrders {
    /// Clients share orders, so that their sales have to wait for each other.
    private static let ordersPerClient = 3
    private static let firstClient = 1_000

    static func make(count: Int) -> [JSON] {
        (0..<count).map(order)
    }

    /// The order with this number, from 0.
    static func order(_ index: Int) -> JSON {
        let clinic = Stage.clinics[index % Stage.clinics.count].0
        let item: JSON = [
            "name": "Meloxicam", "patients": [JSON(index + 1)], "strength": "1.5 mg/ml",
            "instructions": "0.1 mg/kg once a day with food", "quantity_packages": 1,
            "valid_until": "2026-08-20", "repeat_number": JSON(1 + index % 3),
        ]
        return [
            "order_id": .string("DRILL-\(index)"), "source": "drill", "clinic": .string(clinic),
            "priority": index % 10 == 0 ? "urgent" : "normal",
            "prescription": [
                "client_id": JSON(firstClient + index / (ordersPerClient * 2)),
                "department_id": 1, "prescriber_id": 1,
                "issue_time": .string("2025-08-20T\(10 + index % 2):20:45Z"),
                "prescription_items": [item],
            ],
        ]
    }
}
