import DosetteCore
import DosetteDefinitions
import DosetteStore

/// Lets fees try again that were refused because of a department's settings, once these say something else.
///
/// The settings are read first: a flood of hints makes no order try in vain. Where they are wrong in another way than
/// before, the order is refused anew, so that it says what the clinic must change now.
struct ParkedFees: Sendable {
    /// Orders that are looked at in one go at the most.
    static let ordersMaximum = 1_000
    private static let pageLength = 100
    /// The step that needs the settings.
    static let action = "provet.fetch_fee_item"

    let eye: ClinicEye
    let directory: ClinicDirectory
    let setup: any ClinicSetup

    /// Looks at the clinic's parked fees; makes no call when there are none.
    func resume(at clinic: String) async {
        let parked = await waiting(clinic)
        guard !parked.isEmpty, let known = directory.clinic(clinic) else { return }
        setup.forgetSettings(at: clinic)
        guard case .found(let settings) = await setup.settings(at: clinic) else { return }
        let field = known.configuration.fee.itemField
        let today = known.calendar.day(of: eye.desk.clock.now())
        for fee in parked {
            guard let own = settings.first(where: { $0.department == fee.department }),
                own.problem(itemField: field, today: today) != fee.reason
            else { continue }
            await eye.record(.settingsChanged(action: Self.action), fee.stream)
        }
    }

    /// A fee that was refused because of settings.
    private struct Parked {
        let stream: StreamID
        let department: Int
        /// The sentence with which it was refused.
        let reason: String
    }

    private func waiting(_ clinic: String) async -> [Parked] {
        var found: [Parked] = []
        var cursor: StreamID?
        for _ in 0..<Self.ordersMaximum / Self.pageLength {
            let query = OrderQuery(
                selection: .parked,
                clinic: clinic,
                after: cursor,
                isNewestFirst: true,
                limit: Self.pageLength
            )
            guard let rows = try? await eye.desk.store.orders(query), let last = rows.last else {
                break
            }
            cursor = last.stream
            for row in rows where row.parkedKind == ParkedKind.refused.rawValue {
                guard let order = try? await eye.desk.load(row.stream),
                    let record = order.parkedParts.first(where: { $0.parked.step == Self.action }),
                    let department = order.received.prescription["department_id"]?.intValue
                else { continue }
                let reason = record.parked.reason
                found.append(Parked(stream: row.stream, department: department, reason: reason))
            }
        }
        return found
    }
}
