import ArgumentParser
import DosetteSimulator
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

struct ProvetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provet",
        abstract: "A Provet Cloud to try things against.",
        subcommands: [Simulate.self]
    )

    struct Simulate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a simulated Provet installation on this machine.",
            discussion: """
                Client id "dosette", secret "simulated-secret" unless \
                --client-secret-env says otherwise. What really happened to it is told \
                at /_simulator/ledger; nothing is kept when it stops.
                """
        )

        @Option(help: "The port on 127.0.0.1; 0 takes a free one.") var port: Int = 9000
        @Option(help: "none, mild or storm.") var faults: String = "none"
        @Option(help: "The same seed draws the same faults.") var seed: UInt64 = 1
        @Option(help: "Calls a minute for each endpoint in place of Provet's limits.")
        var callsPerMinute: Int?
        @Option(help: "The environment variable with the client secret that it takes.")
        var clientSecretEnv: String?
        @Option(help: "Write the port to this file when ready.") var portFile: String?
        @Option(help: .hidden) var clockOffset: Int64 = 0

        func run() async throws {
            guard let profile = FaultProfile(named: faults) else {
                throw Stop(.usage, "--faults: none, mild or storm")
            }
            var configuration = SimulatorConfiguration(seed: seed, faults: profile)
            configuration.limitsPerMinute = callsPerMinute
            if let name = clientSecretEnv {
                configuration.credentials = [try credentials(from: name)]
            }
            let provet = SimulatedProvet(configuration)
            let offset = clockOffset * 1000
            let file = portFile
            let server = SimulatedProvetServer(
                provet,
                port: port,
                logger: DosetteCLI.Logging.server(level: .warning),
                now: { SimulatedProvetServer.systemTime() + offset },
                onReady: { port in
                    Terminal.announce("simulated Provet on http://127.0.0.1:\(port)/4/api/0.1")
                    if let file {
                        try? "\(port)".write(toFile: file, atomically: true, encoding: .utf8)
                    }
                }
            )
            let group = ServiceGroup(
                services: [server],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: DosetteCLI.Logging.server(level: .warning)
            )
            do {
                try await group.run()
            } catch {
                throw Stop(.unavailable, "the simulator cannot run: \(error)")
            }
        }

        private func credentials(from name: String) throws -> SimulatorConfiguration.Credentials {
            let secret = ProcessInfo.processInfo.environment[name] ?? ""
            guard !secret.isEmpty else {
                throw Stop(.usage, "--client-secret-env: the variable \(name) is not set")
            }
            return SimulatorConfiguration.Credentials(clientID: "dosette", clientSecret: secret)
        }
    }
}
