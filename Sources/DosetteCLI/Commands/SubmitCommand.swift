import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Hand orders in: one JSON document a line.",
        discussion: """
            A bad line does not stop the others; exit code 1 when any line was refused, 3 when some can be \
            taken only later.
            """
    )

    @OptionGroup var options: AccessOptions
    @Flag(help: "Print an answer a line as JSON.") var json = false
    @Argument(help: "A file, or - for standard input.") var file: String

    func run() async throws {
        let lines = try read()
        let answers =
            switch try await options.access() {
            case .server(let client): try await submit(lines, to: client)
            case .files(let configuration):
                try await submit(lines, to: OfflineEngine.open(configuration))
            }
        try report(answers)
    }

    private func read() throws -> [UInt8] {
        let data: Data?
        if file == "-" {
            data = try FileHandle.standardInput.readToEnd()
        } else {
            data = FileManager.default.contents(atPath: file)
        }
        guard let data else { throw Stop(.unavailable, "\(file) cannot be read") }
        return Array(data)
    }

    private func submit(_ lines: [UInt8], to client: APIClient) async throws -> [JSON] {
        let answer: APIClient.Answer
        do {
            answer = try await client.post("/v1/orders/batch", lines: lines)
        } catch {
            throw Stop(.unavailable, "the server does not answer: \(error)")
        }
        guard answer.status == 200 else {
            throw Stop(answer.status >= 500 ? .unavailable : .refused, answer.problemText)
        }
        return answer.body.split(separator: UInt8(ascii: "\n"))
            .compactMap { try? JSONReader.read(Array($0)) }
    }

    private func submit(_ bytes: [UInt8], to offline: OfflineEngine) async throws -> [JSON] {
        var answers: [JSON] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var progress = ProgressBar("submitting", total: lines.count)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            answers.append(await submit(Array(line), number: index + 1, to: offline.engine))
            progress.show(index + 1)
        }
        progress.finish()
        await offline.close()
        return answers
    }

    private func submit(_ line: [UInt8], number: Int, to engine: Engine) async -> JSON {
        var answer: JSONObject = ["line": JSON(number), "order_id": .null]
        do {
            guard line.count <= OrderDocument.byteCountMaximum else {
                throw JSONSyntaxError(rule: "longer than 48 KiB", offset: 0)
            }
            let document = try JSONReader.read(line)
            answer["order_id"] = document["order_id"] ?? .null
            switch try await engine.submit(document) {
            case .accepted: answer["status"] = 202
            case .repeated: answer["status"] = 200
            }
        } catch let error as JSONSyntaxError {
            answer["status"] = error.rule.hasPrefix("longer") ? 413 : 400
            answer["problem"] = ["detail": .string("\(error)")]
        } catch let error as IntakeFailure {
            let problem = error.words
            answer["status"] = JSON(problem.status)
            answer["problem"] = problem.json
        } catch {
            answer["status"] = 503
            answer["problem"] = ["detail": .string("\(error)")]
        }
        return .object(answer)
    }

    private func report(_ answers: [JSON]) throws {
        if json {
            for answer in answers { print(answer.text) }
        }
        let statuses = answers.compactMap { $0["status"]?.intValue }
        let taken = statuses.count { $0 == 202 }
        let repeated = statuses.count { $0 == 200 }
        if !json {
            for answer in answers where (answer["status"]?.intValue ?? 0) >= 300 {
                print(Self.words(answer))
            }
            print(
                "\(taken) taken in, \(repeated) known already, \(statuses.count - taken - repeated) refused"
            )
        }
        if statuses.contains(where: { $0 >= 500 }) { throw Stop(.unavailable) }
        // What may be taken later is not refused.
        if statuses.contains(where: { (300..<500).contains($0) }) { throw Stop(.refused) }
        if statuses.contains(where: { $0 >= 500 }) { throw Stop(.unavailable) }
    }

    private static func words(_ answer: JSON) -> String {
        let line = answer["line"]?.intValue ?? 0
        let problem = answer["problem"]
        let detail = problem?["detail"]?.stringValue ?? problem?["title"]?.stringValue ?? ""
        let fields = (problem?["errors"]?.arrayValue ?? []).map { error in
            "\n    \(error["pointer"]?.stringValue ?? ""): \(error["detail"]?.stringValue ?? "")"
        }
        return "line \(line): \(answer["status"]?.intValue ?? 0) \(detail)\(fields.joined())"
    }
}

extension IntakeFailure {
    /// The failure as the API would answer it.
    fileprivate var words: (status: Int, json: JSON) {
        switch self {
        case .invalid(let violations):
            let errors = violations.map { violation -> JSON in
                [
                    "pointer": .string(violation.pointer), "rule": .string(violation.rule),
                    "detail": .string(violation.detail),
                ]
            }
            return (422, ["detail": "The order breaks rules.", "errors": .array(errors)])
        case .conflict:
            return (409, ["detail": "Another content has this source and order_id."])
        case .full: return (503, ["detail": "Too many orders wait to be begun."])
        case .diskFull: return (503, ["detail": "Too little is free on the disk."])
        case .stopping: return (503, ["detail": "The engine is stopping."])
        case .forgotten:
            return (409, ["detail": "It was taken in before, and its client was forgotten."])
        case .clientBeingForgotten:
            return (503, ["detail": "The order's client is being forgotten at this moment."])
        case .unknownWorkflow(let name): return (503, ["detail": .string("No workflow \(name).")])
        case .store(let error): return (503, ["detail": .string(error.summary)])
        }
    }
}
