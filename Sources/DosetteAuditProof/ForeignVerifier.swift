import Foundation

/// The Go program of Tools/verify-go, as somebody would call it.
struct ForeignVerifier {
    let program: String
    let key: String

    /// Checks directories in one run.
    ///
    /// - Returns: For each directory whether it was found good.
    /// - Throws: ``ProofStop`` when the program does not answer for each of them.
    func areGood(_ directories: [URL]) throws -> [Bool] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = [key, "-"] + directories.map(\.path)
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        var answers: [Bool] = []
        for (line, directory) in zip(lines, directories) {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[1] == directory.path else {
                throw ProofStop("the Go program does not speak of \(directory.path): \(line)")
            }
            answers.append(words[0] == "ok")
        }
        let status: Int32 = answers.allSatisfy { $0 } ? 0 : 1
        guard answers.count == directories.count, process.terminationStatus == status else {
            throw ProofStop("the Go program broke off with code \(process.terminationStatus)")
        }
        return answers
    }
}
