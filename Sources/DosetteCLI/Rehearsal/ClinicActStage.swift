import DosetteCore
import Foundation

/// The processes of the second act, and what is configured there.
enum ActStage {
    static let clinic = "nordic-vets"
    /// Its Provet installation.
    static let installation = "4"
    static let timeZone = "Europe/Helsinki"
    /// Between two rounds of looking at open prescriptions.
    static let reconcileInterval = Duration.seconds(2)
    /// What nobody can guess in the URL to which a clinic's credentials are posted.
    static let hookupToken = "a-token-of-the-demo-that-nobody-guesses"

    private static let tokenVariable = "DOSETTE_DEMO_HOOKUP_TOKEN"
    /// What the configuration needs of the environment, as a shell takes it.
    static let environment = "PROVET_SECRET=simulated-secret \(tokenVariable)=\(hookupToken)"
    /// Ports that no machine hands out by itself.
    private static let ports = 20_000...29_999
    private static let triesMaximum = 3

    /// Starts both on free ports.
    ///
    /// Buttons and webhooks need to know the server's port before it listens, so one is drawn; another, when
    /// somebody listens there already.
    ///
    /// - Parameters:
    ///   - directory: Where data and logs go.
    ///   - isSpoiled: Whether the configuration is wrong on purpose.
    /// - Returns: The processes, and the server's address as others reach it.
    /// - Throws: What keeps the processes from being started.
    static func set(
        in directory: URL,
        isSpoiled: Bool
    ) async throws -> (Stage, address: String) {
        for attempt in 1...triesMaximum {
            let port = Int.random(in: ports)
            let place = directory.appending(path: "clinic-\(attempt)")
            do {
                return (
                    try await Stage.set(settings(port: port, isSpoiled), in: place),
                    "http://127.0.0.1:\(port)"
                )
            } catch {
                let log = place.appending(path: "dosette.log")
                let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                guard attempt < triesMaximum, text.contains("in use") else { throw error }
            }
        }
        throw Stop(.unavailable, "no port is free")
    }

    private static func settings(port: Int, _ isSpoiled: Bool) -> Stage.Settings {
        var settings = Stage.Settings()
        settings.faults = "none"
        settings.serveEnvironment = [tokenVariable: hookupToken]
        settings.configuration = { provet in
            let text = configuration(provet: provet, server: port)
            return isSpoiled ? spoil(text, provet: provet) : text
        }
        return settings
    }

    /// Steps that must fail when the configuration is spoiled.
    static let spoiledSteps = ["c", "f", "g3"]

    /// A server that looks for changes only once an hour, takes no home delivery and lets foreign pages show its own.
    private static func spoil(_ text: String, provet: Int) -> String {
        text.replacing("reconcile_interval: 2s", with: "reconcile_interval: 1h")
            .replacing("on: true", with: "on: false")
            .replacing(
                "[\"http://127.0.0.1:\(provet)\"]",
                with: "[\"http://127.0.0.1:\(provet)\", \"http://localhost:\(provet)\"]"
            )
    }

    private static func configuration(provet: Int, server: Int) -> String {
        """
        data: ./data
        listen: 127.0.0.1:\(server)
        public_url: http://127.0.0.1:\(server)
        clinics:
          - id: \(clinic)
            base_url: http://127.0.0.1:\(provet)/\(installation)/api/0.1
            token_url: http://127.0.0.1:\(provet)/\(installation)/oauth2/token/
            client_id: dosette
            client_secret_env: PROVET_SECRET
            time_zone: \(timeZone)
            buttons: { frame_origins: ["http://127.0.0.1:\(provet)"] }
            home_delivery: { on: true, interval: 2s }
            calls_per_minute: 100000
        hookup:
          token_env: \(tokenVariable)
          domains: [127.0.0.1]
          time_zone: Europe/Oslo
        timing:
          deadline: 5s
          server_bound: 10s
          probe_interval: 2s
          reconcile_interval: \(Int(reconcileInterval / .seconds(1)))s
          retry: { attempts: 8, first: 200ms, factor: 2, most: 2s }

        """
    }
}
