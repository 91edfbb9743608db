import Dosette
import DosetteDefinitions
import DosetteSQLite
import Foundation
import Glibc

/// Who may read and write the files that keep secrets.
enum FileChecks {
    /// What nobody but the owner may do with a secret.
    private static let foreign = 0o077
    private static let foreignOfAll = 0o007
    /// What others may not do with the configuration: they would say where orders go.
    private static let foreignWriting = 0o022

    private struct Facts {
        let mode: Int
        let owner: Int

        init?(_ path: String) {
            let target = URL(filePath: path).resolvingSymlinksInPath().path
            let attributes = try? FileManager.default.attributesOfItem(atPath: target)
            guard let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue,
                let owner = (attributes?[.ownerAccountID] as? NSNumber)?.intValue
            else { return nil }
            self.mode = mode
            self.owner = owner
        }
    }

    static func configuration(_ file: String) -> [Finding] {
        guard let facts = Facts(file), facts.mode & foreignWriting != 0 else { return [] }
        return [
            .bad(
                "permissions",
                file,
                "others may change it",
                mend: "chmod go-w \(file.shellWord)"
            )
        ]
    }

    static func all(_ configuration: Configuration) -> [Finding] {
        let data = configuration.dataDirectory
        let keys: [String] = [
            configuration.keyFile ?? "\(data)/keys/master.key",
            configuration.audit.keyFile ?? "\(data)/keys/checkpoint.key",
            Composition.clientKeyFile(configuration)?.path ?? "\(data)/keys/clients.sqlite",
        ]
        var findings = keys.compactMap { secret($0, "chmod 600") }
        findings += [data, "\(data)/keys"].compactMap { secret($0, "chmod 700") }
        let tokens = configuration.tokensFile.flatMap { secret($0, "chmod 600") }
        findings += tokens.map { [$0] } ?? []
        findings += owner(keys + [data, "\(data)/\(SQLiteStore.fileName)"], of: data)
        guard findings.isEmpty else { return findings }
        return [.ok("permissions", "", "keys, tokens and data are their owner's alone")]
    }

    /// Files that secrets are read from; serve takes them whoever may read them.
    static func secrets(_ files: [String]) -> [Finding] {
        files.compactMap { file in
            guard let facts = Facts(file), facts.mode & foreign != 0 else { return nil }
            let mend = "chmod 600 \(file.shellWord)"
            return facts.mode & foreignOfAll != 0
                ? .bad("permissions", file, "everybody may read or write this secret", mend: mend)
                : .warn("permissions", file, "its group may read this secret", mend: mend)
        }
    }

    private static func secret(_ path: String, _ command: String) -> Finding? {
        guard let facts = Facts(path), facts.mode & foreign != 0 else { return nil }
        return .bad(
            "permissions",
            path,
            "others have rights to it (mode \(String(facts.mode & 0o777, radix: 8)))",
            mend: "\(command) \(path.shellWord)"
        )
    }

    /// Files of two owners lock one of them out sooner or later.
    private static func owner(_ paths: [String], of data: String) -> [Finding] {
        guard let owner = Facts(data)?.owner else { return [] }
        var findings = paths.compactMap { path -> Finding? in
            guard let facts = Facts(path), facts.owner != owner else { return nil }
            return .bad(
                "owner",
                path,
                "it belongs to user \(facts.owner), the data directory to \(owner)",
                mend: "chown \(owner) \(path.shellWord)"
            )
        }
        let user = Int(geteuid())
        if user != owner {
            findings.append(
                .warn(
                    "owner",
                    data,
                    "it belongs to user \(owner); this is user \(user), who may see more or less than the server",
                    mend:
                        "run dosette doctor as the server's user: sudo -u '#\(owner)' dosette doctor"
                )
            )
        }
        return findings
    }
}
