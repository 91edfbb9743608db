package import DosetteDefinitions
import Synchronization

/// One clinic that the pharmacy serves, as it is set up now.
package struct Clinic: Sendable {
    /// Where a clinic was set up.
    package enum Origin: String, Hashable, Sendable {
        /// In the configuration file: only there is it changed.
        case file
        /// By a person or by the clinic itself while the server ran.
        case added
    }

    package let configuration: ClinicConfiguration
    package let calendar: ClinicCalendar
    package let origin: Origin
    /// Whether it is held back: no order is taken, no call is made.
    package let isDisabled: Bool
    /// Goes up with each change: who keeps something of a clinic knows that it is out of date.
    package fileprivate(set) var revision = 0

    /// Nothing comes back when there is no such time zone.
    package init?(
        _ configuration: ClinicConfiguration,
        origin: Origin = .file,
        isDisabled: Bool = false
    ) {
        guard let calendar = ClinicCalendar(timeZone: configuration.timeZone) else { return nil }
        self.configuration = configuration
        self.calendar = calendar
        self.origin = origin
        self.isDisabled = isDisabled
    }

    package var id: String { configuration.id }
}

/// The clinics that the pharmacy serves; they may come, change and go while the engine runs.
package final class ClinicDirectory: Sendable {
    /// Clinics of one pharmacy at the most.
    package static let clinicsMaximum = 10_000

    private struct Contents {
        var clinics: [String: Clinic] = [:]
        var revision = 0
    }

    private let contents = Mutex(Contents())

    /// - Throws: ``EngineFailure`` when a time zone is not known.
    package init(_ clinics: [ClinicConfiguration]) throws(EngineFailure) {
        for configuration in clinics {
            guard let clinic = Clinic(configuration) else {
                throw EngineFailure(reason: "no time zone \(configuration.timeZone) is known")
            }
            put(clinic)
        }
    }

    /// The clinic of this id, disabled or not.
    package func clinic(_ id: String) -> Clinic? { contents.withLock { $0.clinics[id] } }

    /// All clinics, by id.
    package var all: [Clinic] {
        contents.withLock { $0.clinics.values.sorted { $0.id < $1.id } }
    }

    package var ids: [String] { contents.withLock { $0.clinics.keys.sorted() } }

    package func isDisabled(_ id: String) -> Bool { clinic(id)?.isDisabled ?? false }

    /// Adds a clinic or puts it in the place of the one that bore its id.
    package func put(_ clinic: Clinic) {
        contents.withLock { contents in
            contents.revision += 1
            var clinic = clinic
            clinic.revision = contents.revision
            contents.clinics[clinic.id] = clinic
        }
    }

    package func remove(_ id: String) {
        contents.withLock { $0.clinics[id] = nil }
    }
}
