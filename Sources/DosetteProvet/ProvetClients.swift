package import DosetteEngine
import Synchronization

/// The API clients of all clinics: one for each, made anew when its clinic changes.
package final class ProvetClients: Sendable {
    private struct Kept {
        let revision: Int
        let client: ProvetClient
    }

    private let kept = Mutex<[String: Kept]>([:])
    private let directory: ClinicDirectory
    private let assumptions: ProvetAssumptions
    private let transport: HTTPTransport
    private let clock: any EngineClock

    package init(
        _ directory: ClinicDirectory,
        assumptions: ProvetAssumptions,
        transport: HTTPTransport,
        clock: any EngineClock
    ) {
        self.directory = directory
        self.assumptions = assumptions
        self.transport = transport
        self.clock = clock
    }

    /// The client of a clinic, with its access token; nothing when there is no such clinic.
    package func client(_ id: String) -> ProvetClient? {
        guard let clinic = directory.clinic(id) else {
            kept.withLock { $0[id] = nil }
            return nil
        }
        return kept.withLock { kept in
            if let known = kept[id], known.revision == clinic.revision { return known.client }
            let client = ProvetClient(
                clinic: clinic.configuration,
                assumptions: assumptions,
                transport: transport,
                clock: clock
            )
            kept[id] = Kept(revision: clinic.revision, client: client)
            return client
        }
    }
}
