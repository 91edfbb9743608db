import DosetteCore

extension AuditReplay {
    /// Problems that are kept in words; all are counted.
    package static let problemsMaximum = 100

    /// What a replay found.
    package struct Report: Sendable {
        package var eventCount: Int64 = 0
        package var orderCount = 0
        package var definitionCount = 0
        /// Changes of the clinics that were added while the server ran.
        package var clinicChangeCount = 0
        package var startCount = 0
        /// Decisions that were taken again and came to what stands there.
        package var decisionCount = 0
        /// Orders whose row and work were compared with the replay.
        package var comparedCount = 0
        /// Everything that is not as it should be.
        package var problemCount = 0
        package var problems: [String] = []
        /// Orders by the prescription's state.
        package var prescriptions: [String: Int] = [:]
        package var fees: [String: Int] = [:]
        package var parkedCount = 0
        package var openCount = 0
        package var dispenseCount = 0
        package var effectCount = 0
        /// The root of the RFC 6962 tree over all entries read, in hex.
        package var root = ""

        package init() {}

        package mutating func problem(_ text: String) {
            problemCount += 1
            if problems.count < AuditReplay.problemsMaximum { problems.append(text) }
        }

        /// Counts an order as it is at the end.
        mutating func tally(_ order: Order) {
            prescriptions[order.prescription?.name ?? "none", default: 0] += 1
            fees[order.fee?.rawValue ?? "none", default: 0] += 1
            if !order.parkedParts.isEmpty { parkedCount += 1 }
            if order.isOpen { openCount += 1 }
        }

        mutating func count(_ fact: Fact) {
            switch fact.event {
            case .dispensed: dispenseCount += 1
            case .effect(let effect):
                if case .intended = effect.event { effectCount += 1 }
            case .received, .entered, .signaled, .parked, .unparked, .turnedBack, .reminded,
                .observed, .noticed, .dispenseReversed, .asked:
                break
            }
        }
    }
}
