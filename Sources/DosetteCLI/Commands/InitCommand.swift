import ArgumentParser
import Foundation

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented configuration to begin with."
    )

    @Option(help: "Where to write it; an existing file is left alone.")
    var file = "dosette.yaml"

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: file) else {
            throw Stop(.refused, "\(file) is there already; nothing was written")
        }
        do {
            try Self.text.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw Stop(.unavailable, "\(file) cannot be written")
        }
        print(
            """
            wrote \(file). To try it on this machine:
              dosette provet simulate --port 9000 &
              PROVET_SECRET=simulated-secret dosette serve --config \(file)
            """
        )
    }

    static let text = """
        # Dosette's configuration. Paths are relative to this file; docs/configuration.md has every key.
        data: ./data                    # journal and lock; created when missing
        listen: 127.0.0.1:8787
        tokens_file: null               # required to listen off loopback
        public_url: null                # where clinics reach this server: for buttons, webhooks, hookup
        hookup: null                    # { token_env: …, domains: […], time_zone: … } lets clinics add themselves
        personal_data: { retention: { record: 1826d, rest: 0s } }    # docs/audit.md: forgetting a person
        clinics:
          - id: nordic-vets             # the clinic's name in orders
            base_url: http://127.0.0.1:9000/4/api/0.1     # https://<domain>/<provet_id>/api/0.1
            token_url: http://127.0.0.1:9000/4/oauth2/token/
            client_id: dosette
            client_secret_env: PROVET_SECRET              # or client_secret_file
            time_zone: Europe/Helsinki
            fee: { charge: true, payment_type: 0, settings_path: departmentsettings, item_field: prescription_fee_item }
            calls_per_minute: null      # null = Provet's documented limits
            home_delivery: { on: false, interval: 1m }    # take the clinic's home-delivery orders in
        pharmacy:
          transmit_url: null            # where prescriptions are POSTed; null = handed over at once
          transmit_secret_env: null
          decision: signal              # signal | accept
        timing:
          deadline: 30s                 # of one call
          server_bound: 60s             # how late a cut call may still take effect
          probe_interval: 10s           # between the two looks for an effect
          reconcile_interval: 5m        # between two looks for what a clinic changed
          retry: { attempts: 8, first: 1s, factor: 2, most: 5m }
        audit:                          # checkpoints: signed proof of how far the journal was
          every: 60s                    # when there are new events
          events: 10000                 # or earlier, when there are so many
          origin: null                  # the log's name; null = dosette.local/<8 hex of the key's hash>
          key_file: null                # the signing key; null = keys/checkpoint.key in the data directory
          witnesses: []                 # { directory: PATH }, which must be there, { url: …, key: … }, { standard_output: true }

        """
}
