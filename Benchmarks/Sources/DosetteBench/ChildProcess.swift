import ArgumentParser
import DosetteCore
import Foundation

/// A program that the benchmarks start, and end.
final class ChildProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts a program; its errors go where ours go.
    init(_ command: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Starts a server that ends with its standard input, whoever closes it: also when nobody is left to stop it.
    static func server(
        _ command: [String],
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let guardian =
            #"exec 3<&0; "$@" </dev/null & child=$!; cat <&3 >/dev/null; kill $child; wait $child"#
        return try ChildProcess(
            ["/bin/sh", "-c", guardian, "sh"] + command,
            environment: environment
        )
    }

    var isRunning: Bool { process.isRunning }

    /// Waits for its end, and for it to have done its work.
    ///
    /// - Returns: The figures on the last line that it printed.
    func figures() throws -> [String: Double] {
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        let name = process.executableURL?.lastPathComponent ?? ""
        guard process.terminationStatus == 0 else {
            throw ValidationError("\(name) ended with \(process.terminationStatus)")
        }
        let line = text.split(separator: "\n").last ?? ""
        guard let object = try JSONReader.read(Array(line.utf8)).objectValue else {
            throw ValidationError("\(name) printed no figures")
        }
        return Dictionary(
            uniqueKeysWithValues: object.members.compactMap { member in
                switch member.value {
                case .integer(let number): (member.name, Double(number))
                case .number(let number): (member.name, number)
                case .null, .bool, .string, .array, .object: nil
                }
            }
        )
    }

    /// Reads what a server prints to nowhere, so that it never waits for a reader.
    func discardOutput() {
        output.fileHandleForReading.readabilityHandler = { handle in
            if handle.availableData.isEmpty { handle.readabilityHandler = nil }
        }
    }

    /// Ends its input, and waits for its end.
    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
