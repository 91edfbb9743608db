package import Foundation
import Yams

/// What was found in a configuration file: what is wrong, and what is odd.
package struct ConfigurationReport: Sendable {
    /// The configuration, when nothing is wrong.
    package let configuration: Configuration?
    /// Why it is not taken, in the order of the lines.
    package let problems: [YAMLProblem]
    /// What is taken and is seldom meant, in the order of the lines.
    package let oddities: [YAMLProblem]
    /// The files that secrets are read from.
    package let secretFiles: [String]
}

extension ConfigurationReader {
    /// Looks at a configuration's text as ``read(text:file:environment:)`` does, and for what is odd.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - file: The file that it stands in; relative paths are relative to it.
    ///   - environment: Where `…_env` secrets are looked up; with nothing, no secret is.
    /// - Returns: Everything that was found.
    package static func report(
        text: String,
        file: URL,
        environment: [String: String]?
    ) -> ConfigurationReport {
        let problems = YAMLProblemList(file: file.lastPathComponent)
        let reader = ConfigurationReader(file: file, environment: environment)
        let document = YAMLValue.document(text, problems)
        let configuration = document.flatMap(reader.configuration)
        guard problems.problems.isEmpty, let configuration, let document else {
            let sorted = YAMLProblems(problems.problems).problems
            return ConfigurationReport(
                configuration: nil,
                problems: sorted,
                oddities: [],
                secretFiles: document.map(reader.secretFiles) ?? []
            )
        }
        let oddities = YAMLProblemList(file: file.lastPathComponent)
        for (path, message) in ConfigurationOddities(configuration).all {
            document.place(of: path, oddities).fail(message)
        }
        return ConfigurationReport(
            configuration: configuration,
            problems: [],
            oddities: YAMLProblems(oddities.problems).problems,
            secretFiles: reader.secretFiles(document)
        )
    }

    /// What secrets are called, wherever in a configuration.
    private static let secretNames: Set = [
        "client_secret_file", "transmit_secret_file", "secret_file", "salt_file", "token_file",
    ]

    /// The paths of the files that secrets are read from.
    private func secretFiles(_ value: YAMLValue) -> [String] {
        switch value.node {
        case .mapping:
            return (value.members() ?? []).flatMap { name, member in
                guard Self.secretNames.contains(name) else { return secretFiles(member) }
                return optional(member)?.text().map { [path($0)] } ?? []
            }
        case .sequence: return (value.elements() ?? []).flatMap(secretFiles)
        case .scalar, .alias: return []
        }
    }
}

extension YAMLValue {
    /// The value at a path such as `clinics[0].base_url`, or the one nearest above it that is there.
    fileprivate func place(of path: String, _ problems: YAMLProblemList) -> YAMLValue {
        var here = YAMLValue(node: node, path: "", problems: problems)
        for part in path.split(separator: ".") {
            let words = part.split(whereSeparator: { $0 == "[" || $0 == "]" })
            guard let name = words.first,
                let member = here.members()?.first(where: { $0.name == name })
            else { return here }
            here = member.value
            guard words.count > 1, let index = Int(words[1]) else { continue }
            let elements = here.elements() ?? []
            guard elements.indices.contains(index) else { return here }
            here = elements[index]
        }
        return here
    }
}
