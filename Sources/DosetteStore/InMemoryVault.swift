package import DosetteCore
import DosetteKeys
import Synchronization

/// Clients' keys that end with the process: for tests, simulations and trials.
///
/// Keys are derived from a seed, so that two runs seal the same bytes.
package final class InMemoryVault: ClientVault {
    private struct Entry {
        let client: ClientName
        var isRetired = false
        var isDestroyed: Set<PersonalClass> = []
    }

    private struct Contents {
        var entries: [String: Entry] = [:]
        /// Subjects in the order in which they were made.
        var order: [String] = []
    }

    private let seed: UInt8
    private let contents = Mutex(Contents())

    package init(seed: UInt8 = 0) {
        self.seed = seed
    }

    package func subject(
        of client: ClientName,
        at now: Timestamp
    ) async throws(StoreError) -> String {
        contents.withLock { contents in
            let known = contents.order.last { subject in
                contents.entries[subject].map { $0.client == client && !$0.isRetired } ?? false
            }
            if let known { return known }
            let subject = "s\(contents.order.count + 1)"
            contents.entries[subject] = Entry(client: client)
            contents.order.append(subject)
            return subject
        }
    }

    package func seal(of subject: String) throws(StoreError) -> PersonalSeal? {
        contents.withLock { contents in
            contents.entries[subject].map { entry in
                PersonalSeal(
                    subject: subject,
                    record: secret(.record, subject, entry),
                    rest: secret(.rest, subject, entry)
                )
            }
        }
    }

    private func secret(
        _ personalClass: PersonalClass,
        _ subject: String,
        _ entry: Entry
    ) -> ClientSecret? {
        guard !entry.isDestroyed.contains(personalClass) else { return nil }
        var bytes = Array("\(seed)/\(personalClass.rawValue)/\(subject)".utf8)
        bytes += [UInt8](repeating: seed, count: ClientSecret.byteCount)
        return ClientSecret(bytes: Array(bytes.prefix(ClientSecret.byteCount)))
    }

    package func subjects(of client: ClientName) async throws(StoreError) -> [String] {
        contents.withLock { contents in
            contents.order.filter { subject in
                guard let entry = contents.entries[subject] else { return false }
                return entry.client == client && !entry.isDestroyed.contains(.record)
            }
        }
    }

    package func client(of subject: String) async throws(StoreError) -> ClientName? {
        contents.withLock { contents in
            guard let entry = contents.entries[subject], !entry.isDestroyed.contains(.record)
            else { return nil }
            return entry.client
        }
    }

    package func retire(_ subject: String) async throws(StoreError) {
        contents.withLock { $0.entries[subject]?.isRetired = true }
    }

    package func destroy(
        _ personalClass: PersonalClass,
        of subject: String
    ) async throws(StoreError) {
        contents.withLock { contents in
            _ = contents.entries[subject]?.isDestroyed.insert(personalClass)
            contents.entries[subject]?.isRetired = true
        }
    }

    package func backUp(at now: Timestamp, every interval: TimeSpan) async throws(StoreError) {}
}
