import ArgumentParser
import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteProvet
import DosetteStore
import Foundation

struct WorkflowsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflows",
        abstract: "Check and draw workflow definitions.",
        subcommands: [Check.self, Draw.self]
    )

    /// The definitions that are meant: files and directories, or those that Dosette carries.
    static func sources(_ paths: [String]) throws -> [WorkflowSource] {
        if paths.isEmpty { return try Composition.sources(in: nil) }
        return try paths.flatMap { path in
            let entries = try? FileManager.default.contentsOfDirectory(atPath: path).sorted()
            let files =
                entries.map { names in
                    names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
                        .map { "\(path)/\($0)" }
                } ?? [path]
            return try files.map { file in
                guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                    throw Stop(.unavailable, "\(file) cannot be read")
                }
                return WorkflowSource(file: file, text: text)
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check definitions; every problem is told, with what would be legal."
        )

        @Option(help: "An action of your own that you perform; may be repeated.")
        var action: [String] = []
        @Flag(help: "Do not ask who performs the actions.") var anyAction = false
        @Argument(help: "Files or directories; nothing for those that Dosette carries.")
        var paths: [String] = []

        func run() async throws {
            var problems: [String] = []
            let known = Set(ActionNames.own + action)
            for source in try WorkflowsCommand.sources(paths) {
                do {
                    let workflow = try WorkflowLibrary.compile(
                        source,
                        performed: anyAction ? nil : known
                    )
                    let states = workflow.parts.reduce(0) { $0 + $1.states.count }
                    print(
                        "\(source.file): \(workflow.name) version \(workflow.version) is right "
                            + "(\(workflow.parts.count) parts, \(states) states)"
                    )
                } catch {
                    problems += error.problems.map(\.description)
                }
            }
            guard problems.isEmpty else {
                throw Stop(.refused, problems.joined(separator: "\n"))
            }
        }
    }

    struct Draw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Draw a definition as text.")

        @Option(help: "mermaid or graphviz.") var format: WorkflowDrawing.Format = .mermaid
        @Argument(help: "A file, or the name of one that Dosette carries; home_delivery at first.")
        var file: String?

        func run() async throws {
            let carried = try Composition.sources(in: nil)
            let name = file ?? WorkflowConfiguration.standard.use
            let known = carried.first { $0.file.hasPrefix("\(name)_v") }
            guard let source = try known ?? WorkflowsCommand.sources([name]).first else {
                throw Stop(.unavailable, "there is no definition")
            }
            do {
                let workflow = try WorkflowLibrary.compile(source, performed: nil)
                print(WorkflowDrawing.draw(workflow, as: format), terminator: "")
            } catch {
                throw Stop(.refused, "\(error)")
            }
        }
    }
}

extension WorkflowDrawing.Format: ExpressibleByArgument {}

/// The actions that Dosette performs by itself.
enum ActionNames {
    static var own: [String] {
        let provet = ProvetActions([], assumptions: ProvetAssumptions())
        let pharmacy = PharmacyTransmitter(.handedOver, clock: SystemClock())
        return (provet.specifications + pharmacy.specifications).map(\.name)
    }
}
