import ArgumentParser
import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
import Foundation
import Logging

/// The options that lead to a pharmacy's data.
struct AccessOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String = "dosette.yaml"

    @Option(help: "The environment variable that holds the API token, if the server wants one.")
    var tokenEnv: String = "DOSETTE_TOKEN"

    func configuration() throws -> Configuration {
        do {
            return try ConfigurationReader.read(
                file: URL(filePath: config),
                environment: ProcessInfo.processInfo.environment
            )
        } catch {
            throw Stop(.refused, "\(error)")
        }
    }

    /// The way to the data: a running server, or the files themselves.
    func access() async throws -> PharmacyAccess {
        let configuration = try configuration()
        if let record = ServerRecord.read(from: configuration.dataDirectory) {
            let token = ProcessInfo.processInfo.environment[tokenEnv]
            let file = configuration.tls?.certificateFile
            let client = APIClient(record, token: token, certificateFile: file)
            if let answer = try? await client.get("/health/live"), answer.status == 200 {
                return .server(client)
            }
        }
        return .files(configuration)
    }
}

/// While a server holds the data directory the commands talk to it; otherwise they open the files.
enum PharmacyAccess {
    case server(APIClient)
    case files(Configuration)
}

/// An engine over the files that is not run: what it takes in is worked on by the next server.
struct OfflineEngine {
    let engine: Engine
    private let store: SQLiteStore
    private let composition: Composition

    static func open(
        _ configuration: Configuration,
        clock: SystemClock = SystemClock(),
        start: EngineStart = .ordinary
    ) async throws -> OfflineEngine {
        do {
            let store = try SQLiteStore(directory: URL(filePath: configuration.dataDirectory))
            var extras = Composition.Extras()
            extras.clock = clock
            let composition = try Composition(
                configuration,
                store: store,
                extras: extras,
                logger: Logging.quiet
            )
            try await composition.start(start)
            return OfflineEngine(
                engine: composition.engine,
                store: store,
                composition: composition
            )
        } catch let error as StoreError {
            throw Stop(.unavailable, error.summary)
        } catch let loss as JournalLoss {
            throw Stop(.unavailable, "\(loss)")
        } catch {
            throw Stop(.refused, "\(error)")
        }
    }

    func close() async {
        engine.drain()
        await composition.close()
        store.close()
    }
}

extension PharmacyAccess {
    /// Opens the journal to look at it only.
    static func reading(_ configuration: Configuration) throws -> SQLiteStore {
        do {
            return try SQLiteStore(readingFrom: URL(filePath: configuration.dataDirectory))
        } catch {
            throw Stop(.unavailable, error.summary)
        }
    }
}

extension PharmacyAccess {
    /// How far what is personal can be read here: not at all where the keys are not.
    static func opening(_ configuration: Configuration) -> Opening {
        guard let file = Composition.clientKeyFile(configuration),
            FileManager.default.fileExists(atPath: file.path)
        else { return .closed }
        do {
            return Opening(try ClientKeyFile(readingFrom: file))
        } catch {
            Terminal.complain("what is personal is not read: \(error.summary)")
            return .closed
        }
    }

    /// The same for a data directory with its keys in the usual place.
    static func opening(data: URL) -> Opening {
        opening(Configuration(dataDirectory: data.path, clinics: []))
    }
}

enum Logging {
    /// For commands that a person calls: only what is wrong.
    static let quiet: Logger = {
        var logger = Logger(label: "dosette") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }()

    static func server(level: Logger.Level, format: LogFormat = .text) -> Logger {
        var logger = Logger(label: "dosette") { label -> any LogHandler in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(write: Terminal.log)
            }
        }
        logger.logLevel = level
        return logger
    }
}
