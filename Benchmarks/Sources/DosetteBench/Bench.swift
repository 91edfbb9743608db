import ArgumentParser

/// The workloads, one process each: `all` runs them in turns against their baselines.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DosetteBench",
        abstract: "Run one measured workload and print its figures as a line of JSON.",
        subcommands: [
            AllCommand.self, AppendCommand.self, StepsCommand.self, EchoServerCommand.self,
            LoadCommand.self, MakeCommand.self, StartCommand.self, ClaimCommand.self,
            HoldCommand.self, ReplayCommand.self, VerifyCommand.self, SoakCommand.self,
        ]
    )
}
