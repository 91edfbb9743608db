import ArgumentParser
import DosetteEdgeFuzzing
import DosetteFuzzing

/// The driver of the fuzz targets.
@main
struct DosetteFuzz: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dosette-fuzz",
        abstract: "Feeds broken inputs to every parser that reads from outside.",
        subcommands: [
            RunCommand.self, ReplayCommand.self, SeedsCommand.self, TamperCommand.self,
            WorkCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )
}

/// What the commands fuzz.
enum Targets {
    static let real = FuzzTargets.inner + EdgeTargets.all
    static let all = real + FuzzTargets.planted

    /// The targets of a name, or of all.
    static func named(_ name: String) throws -> [FuzzTarget] {
        if name == "all" { return real }
        if name == "planted" { return FuzzTargets.planted }
        guard let target = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no target \(name); there are \(names), all, planted.")
        }
        return [target]
    }
}

/// Exit codes of the driver.
enum FuzzExit {
    static let found = ExitCode(1)
    /// A worker's input broke a property; traps have their own codes.
    static let brokenProperty = ExitCode(42)
}
