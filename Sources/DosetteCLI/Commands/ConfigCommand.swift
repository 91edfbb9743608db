import ArgumentParser
import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteProvet
import DosetteServer
import Foundation

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Look at a configuration.",
        subcommands: [Check.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell everything that is wrong in a configuration, and what is odd.",
            discussion: """
                Nothing is opened or called; dosette doctor does that. The exit code is 1 when serve would \
                refuse the file, also with --strict when something is odd.
                """
        )

        @Option(name: .shortAndLong, help: "The configuration file.") var config = "dosette.yaml"
        @Flag(help: "Do not look up secrets and files: for a machine that has none of them.")
        var withoutSecrets = false
        @Flag(help: "Take what is odd for wrong.") var strict = false

        func run() async throws {
            guard let text = try? String(contentsOfFile: config, encoding: .utf8) else {
                throw Stop(.unavailable, "\(config) cannot be read")
            }
            let check = ConfigurationCheck(
                text: text,
                file: URL(filePath: config),
                environment: withoutSecrets ? nil : ProcessInfo.processInfo.environment
            )
            for line in check.oddities { Terminal.complain("odd: \(line)") }
            guard check.problems.isEmpty else {
                throw Stop(.refused, check.problems.joined(separator: "\n"))
            }
            let count = check.oddities.count
            print("\(config) is right" + (count == 0 ? "" : "; \(count) odd"))
            if strict, count > 0 { throw Stop(.refused) }
        }
    }
}

/// Everything that `serve` would refuse in a configuration before it opens anything.
struct ConfigurationCheck {
    let configuration: Configuration?
    let problems: [String]
    let oddities: [String]

    /// - Parameters:
    ///   - text: The configuration.
    ///   - file: The file that it stands in, or will.
    ///   - environment: Where secrets are looked up; with nothing, neither they nor files are.
    init(text: String, file: URL, environment: [String: String]?) {
        let report = ConfigurationReader.report(text: text, file: file, environment: environment)
        oddities = report.oddities.map(\.description)
        guard let configuration = report.configuration else {
            self.configuration = nil
            problems = report.problems.map(\.description)
            return
        }
        let beyond = Self.problems(in: configuration, readsFiles: environment != nil)
        self.configuration = beyond.isEmpty ? configuration : nil
        problems = beyond
    }

    /// What is found by those who use a value: names of assumptions, definitions, tokens, certificates.
    private static func problems(in configuration: Configuration, readsFiles: Bool) -> [String] {
        var problems = told { _ = try ProvetAssumptions(configuration.assumptions) }
        guard readsFiles else { return problems }
        problems += told { try compile(configuration.workflow) }
        if let file = configuration.tokensFile {
            problems += told { _ = try AccessTokens.read(file: file) }
        }
        if let files = configuration.tls {
            problems += told { _ = try ServerCertificate.read(files) }
        }
        return problems
    }

    private static func compile(_ workflow: WorkflowConfiguration) throws {
        let known = Set(ActionNames.own)
        let sources = try Composition.sources(in: workflow.directory)
        // All problems of all definitions at once.
        _ = try WorkflowLibrary(sources, performed: known)
        let compiled = try sources.map { try WorkflowLibrary.compile($0, performed: known).name }
        guard compiled.contains(workflow.use) else {
            let names = Set(compiled).sorted().joined(separator: ", ")
            throw Stop(.refused, "workflow.use: there is no \(workflow.use); there are \(names)")
        }
    }

    private static func told(_ body: () throws -> Void) -> [String] {
        do {
            try body()
            return []
        } catch let stop as Stop {
            return [stop.message]
        } catch {
            return ["\(error)"]
        }
    }
}
