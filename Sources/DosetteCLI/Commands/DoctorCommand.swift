import ArgumentParser
import DosetteCore
import DosetteDefinitions
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Look whether this machine, its files and the clinics are fit, and say how to mend each.",
        discussion: """
            Run it as the user that serve runs as, also beside a running server. It writes nothing and \
            changes nothing at a clinic. The exit code is 1 when something is bad; a warning is not.
            """
    )

    @Option(name: .shortAndLong, help: "The configuration file.") var config = "dosette.yaml"
    @Flag(help: "Leave out everything that is on another machine.") var offline = false
    @Flag(help: "Check the whole journal for damage, however long it is.") var whole = false
    @Flag(help: "Print the findings as JSON.") var json = false

    func run() async throws {
        let report = await Doctor(
            file: config,
            environment: ProcessInfo.processInfo.environment,
            isOffline: offline,
            checksWhole: whole
        ).report()
        print(json ? report.json.text : report.text)
        guard report.isGood else { throw Stop(.refused) }
    }
}

/// Looks at everything that orders need, one check after the other.
struct Doctor {
    let file: String
    let environment: [String: String]
    let isOffline: Bool
    let checksWhole: Bool

    func report() async -> DoctorReport {
        var findings = MachineChecks.all() + ClockChecks.own()
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            let mend = "write one with dosette init, or say where it is with --config"
            findings.append(.bad("configuration", file, "it cannot be read", mend: mend))
            return DoctorReport(findings: findings)
        }
        let check = ConfigurationCheck(
            text: text,
            file: URL(filePath: file),
            environment: environment
        )
        findings += Self.told(check)
        findings += FileChecks.configuration(file)
        // What is wrong with a secret or a token hides nothing of the disk.
        let report = ConfigurationReader.report(
            text: text,
            file: URL(filePath: file),
            environment: check.configuration == nil ? nil : environment
        )
        findings += FileChecks.secrets(report.secretFiles)
        guard let configuration = report.configuration else {
            return DoctorReport(findings: findings)
        }
        findings += await look(configuration, isWhole: check.configuration != nil)
        return DoctorReport(findings: findings)
    }

    private static func told(_ check: ConfigurationCheck) -> [Finding] {
        let problems = check.problems.map {
            Finding.bad(
                "configuration",
                "",
                $0,
                mend: "correct it; docs/configuration.md has every key"
            )
        }
        let oddities = check.oddities.map {
            Finding.warn("configuration", "", $0, mend: "correct it, unless it is meant")
        }
        let found = problems + oddities
        return found.isEmpty ? [.ok("configuration", "", "nothing is wrong or odd in it")] : found
    }

    /// Looks at what the configuration names; `isWhole` says whether the secrets are known, without which no clinic
    /// is called.
    private func look(_ configuration: Configuration, isWhole: Bool) async -> [Finding] {
        let directory = URL(filePath: configuration.dataDirectory)
        let lock = JournalChecks.Lock(of: directory)
        var findings = DiskChecks.all(configuration)
        findings += FileChecks.all(configuration)
        findings += JournalChecks.all(directory, lock, checksWhole: checksWhole)
        findings += ZoneChecks.all(configuration)
        findings += DoorChecks.certificate(configuration.tls, at: SystemTime.now)
        findings += await DoorChecks.port(configuration, lock)
        guard !isOffline else { return findings }
        findings += await DoorChecks.elsewhere(configuration)
        guard isWhole else { return findings }
        for clinic in configuration.clinics {
            findings += await ClinicChecks.all(clinic, configuration)
        }
        return findings
    }
}

/// The machine's time.
enum SystemTime {
    static var now: Date { Date() }
}
