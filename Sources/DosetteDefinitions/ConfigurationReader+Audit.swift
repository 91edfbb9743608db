import DosetteCore
import Foundation

/// What a configuration says of checkpoints and their witnesses.
extension ConfigurationReader {
    static let witnessesMaximum = 16
    static let originBytesMaximum = 200
    private static let checkpointIntervals = TimeSpan.seconds(1)...TimeSpan.days(1)

    func audit(_ value: YAMLValue) -> AuditConfiguration? {
        let known = ["every", "events", "origin", "key_file", "witnesses"]
        guard let members = value.members(known: known) else { return nil }
        var audit = AuditConfiguration.standard
        audit.interval =
            members["every"]?.duration(in: Self.checkpointIntervals) ?? audit.interval
        audit.eventCount = members["events"]?.integer(in: 1...1_000_000_000) ?? audit.eventCount
        audit.origin = optional(members["origin"]).flatMap(logOrigin)
        audit.keyFile = optional(members["key_file"])?.text().map(path)
        audit.witnesses = optional(members["witnesses"]).map(witnesses) ?? []
        return audit
    }

    /// A name without spaces and plus, as it stands in the first line of every checkpoint.
    private func logOrigin(_ value: YAMLValue) -> String? {
        guard let text = value.text() else { return nil }
        let isVisible = text.unicodeScalars.allSatisfy { (0x21...0x7E).contains($0.value) }
        guard isVisible, !text.contains("+"), (1...Self.originBytesMaximum).contains(text.count)
        else {
            value.fail("a name is due, such as dosette.example/pharmacy: visible ASCII, no +")
            return nil
        }
        // A log that goes on after a loss is called NAME/2 and so on.
        let last = text.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard last.isEmpty || !last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            value.fail("a name whose last part is no plain number is due: NAME/2 follows a loss")
            return nil
        }
        return text
    }

    private func witnesses(_ value: YAMLValue) -> [AuditConfiguration.Witness] {
        let elements = value.elements() ?? []
        if elements.count > Self.witnessesMaximum {
            value.fail("at most \(Self.witnessesMaximum) witnesses are taken")
        }
        let witnesses = elements.compactMap(witness)
        for (index, witness) in witnesses.enumerated()
        where witnesses[..<index].contains(where: { $0.place == witness.place }) {
            value.fail("a witness is given twice: \(witness.place)")
        }
        return witnesses
    }

    private func witness(_ value: YAMLValue) -> AuditConfiguration.Witness? {
        let known = [
            "directory", "url", "key", "secret_env", "secret_file", "standard_output",
        ]
        guard let members = value.members(known: known) else { return nil }
        let kinds = ["directory", "url", "standard_output"].filter { members[$0] != nil }
        guard kinds.count == 1 else {
            value.fail("one of directory, url and standard_output is due")
            return nil
        }
        if kinds != ["url"] {
            for name in ["key", "secret_env", "secret_file"] where members[name] != nil {
                members[name]?.fail("\(name) belongs to a url")
            }
        }
        switch kinds[0] {
        case "directory": return members["directory"]?.text().map { .directory(path($0)) }
        case "url": return endpoint(members, value)
        default:
            guard members["standard_output"]?.flag() == true else {
                value.fail("standard_output is true, or the witness is left out")
                return nil
            }
            return .standardOutput
        }
    }

    private func endpoint(
        _ members: [String: YAMLValue],
        _ value: YAMLValue
    ) -> AuditConfiguration.Witness? {
        guard let place = members["url"], let text = url(place) else { return nil }
        guard let key = members["key"] else {
            value.fail("key is due: the witness's public key, or null when it signs nothing")
            return nil
        }
        let secret = secret("secret", members)
        let address = URL(string: text)
        let host = address?.host() ?? ""
        if address?.scheme == "http", secret != nil, !Loopback.includes(host) {
            place.fail("a secret goes over https only")
        }
        return .endpoint(
            url: text.hasSuffix("/") ? String(text.dropLast()) : text,
            key: optional(key)?.text(),
            secret: secret
        )
    }
}

extension AuditConfiguration.Witness {
    /// Which one it is, for a person.
    package var place: String {
        switch self {
        case .directory(let path): path
        case .endpoint(let url, _, _): url
        case .standardOutput: "standard output"
        }
    }
}
