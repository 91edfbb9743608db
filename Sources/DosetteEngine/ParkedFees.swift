import DosetteCore
import DosetteDefinitions
import DosetteStore

/// Lets fees go on that were refused because of a department's settings, once these are as they must be.
///
/// The settings are read first: a flood of hints makes no order try in vain.
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
        let good = Set(
            settings.filter { $0.problem(itemField: field, today: today) == nil }.map(\.department)
        )
        for (stream, department) in parked where good.contains(department) {
            await eye.record(.settingsChanged(action: Self.action), stream)
        }
    }

    /// The orders whose fee waits for settings, with their departments.
    private func waiting(_ clinic: String) async -> [(stream: StreamID, department: Int)] {
        var found: [(stream: StreamID, department: Int)] = []
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
                    order.parkedParts.contains(where: { $0.parked.step == Self.action }),
                    let department = order.received.prescription["department_id"]?.intValue
                else { continue }
                found.append((row.stream, department))
            }
        }
        return found
    }
}
