import DosetteCore
import DosetteEngine
import DosetteStore

// What the first page shows, and where it leads.
extension TodayPage {
    /// What the page shows, read before.
    struct Facts: Sendable {
        /// Of all clinics together.
        var tally: [OrderTally] = []
        /// What the workflows are called, by digest, and whether a prescription is part of them.
        var workflows: [String: WorkflowName] = [:]
        var hours: [OrderHour] = []
        var span = Span.day
        var now: Timestamp
        var time: ClinicTime
        /// Since when the oldest order waits for a pharmacist.
        var oldestAtPharmacist: Timestamp?
        var oldestQueued: Timestamp?
        var queuedCount = 0
        /// What is wrong with systems of the pharmacy's own that are told of events.
        var webhookTroubles: [String] = []
        var proposalCount = 0
        var expiring: [ExpiringOrder] = []
        var clinics: [ClinicStanding] = []
        var hasMoreClinics = false
        var isReady = true
        var freeBytes: Int64?
    }

    struct WorkflowName: Hashable, Sendable {
        let text: String
        let hasPrescription: Bool
    }

    /// One clinic's calls.
    struct ClinicStanding: Sendable {
        let id: String
        let isDisabled: Bool
        let standing: Budgets.Standing
    }

    /// The time that the charts show.
    enum Span: String, CaseIterable, Sendable {
        case day
        case week
        case month

        var title: String {
            switch self {
            case .day: "24 hours"
            case .week: "7 days"
            case .month: "30 days"
            }
        }

        var hourCount: Int {
            switch self {
            case .day: 24
            case .week: 7 * 24
            case .month: 30 * 24
            }
        }

        /// Hours that stand in one column.
        var hoursOfColumn: Int {
            switch self {
            case .day: 1
            case .week: 6
            case .month: 24
            }
        }
    }

    struct Links: Sendable {
        let parked: SitePath
        let proposals: SitePath
        let clinics: SitePath?
        let orders: @Sendable ([(name: String, value: String)]) -> SitePath
        let order: @Sendable (OrderKey) -> SitePath
        let span: @Sendable (Span) -> SitePath
    }
}
