import Synchronization

/// What the clinic does in its own program.
extension SimulatedProvet {
    /// Sets the item that a department's settings name as its fee.
    ///
    /// - Parameters:
    ///   - item: The item's number, existing or not; `nil` for none.
    ///   - department: The department.
    ///   - installation: The `provet_id`.
    /// - Returns: Whether there is such a department.
    package func setPrescriptionFeeItem(
        _ item: Int?,
        department: Int,
        installation: String
    ) -> Bool {
        setDepartmentSettings(
            DepartmentSettingsChange(feeItem: item.map { .one($0) } ?? FeeItemSetting.none),
            department: department,
            installation: installation,
            now: .min
        )
    }

    /// Lets the clinic change the settings of a department, which fires trigger 63.
    ///
    /// - Parameters:
    ///   - change: What is changed.
    ///   - department: The department.
    ///   - installation: The `provet_id`.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: Whether there is such a department.
    package func setDepartmentSettings(
        _ change: DepartmentSettingsChange,
        department: Int,
        installation: String,
        now: Int64
    ) -> Bool {
        let answer = act(in: installation, now: now) {
            (clinic, now, world) throws(Refusal) -> Void in
            try clinic.set(change, of: department, now: now, in: &world)
        }
        if case .success = answer { return true }
        return false
    }

    /// Lets the clinic make an order of home delivery, which fires trigger 56.
    ///
    /// - Parameters:
    ///   - draft: The order.
    ///   - installation: The `provet_id`.
    ///   - now: The time, in UTC milliseconds.
    /// - Returns: The numbers, or the answer "no": 404 for a client, a patient or a department
    ///   that is not there, 400 for items that make no order.
    package func createHomeDelivery(
        _ draft: HomeDeliveryDraft,
        installation: String,
        now: Int64
    ) -> Result<HomeDeliveryNumbers, SimulatedRefusal> {
        act(in: installation, now: now) {
            (clinic, now, world) throws(Refusal) -> HomeDeliveryNumbers in
            try clinic.createDelivery(draft, now: now, in: &world)
        }
    }

    /// Lets the clinic want another amount of an item, which fires trigger 57.
    package func changeHomeDelivery(
        item: Int,
        quantity: Int,
        installation: String,
        now: Int64
    ) -> Result<Void, SimulatedRefusal> {
        act(in: installation, now: now) {
            (clinic, now, world) throws(Refusal) -> Void in
            try clinic.changeDelivery(item: item, quantity: quantity, now: now, in: &world)
        }
    }

    /// Lets the clinic want another item instead, which fires trigger 58 with the old one.
    ///
    /// - Returns: The number of the new item.
    package func replaceHomeDelivery(
        item: Int,
        name: String,
        quantity: Int,
        installation: String,
        now: Int64
    ) -> Result<Int, SimulatedRefusal> {
        act(in: installation, now: now) {
            (clinic, now, world) throws(Refusal) -> Int in
            try clinic.replaceDelivery(
                item: item,
                with: (name, quantity),
                now: now,
                in: &world
            )
        }
    }

    /// Replaces the rights that API users lack, in all installations and from now on.
    package func setPermissionsMissing(_ permissions: [String]) {
        state.withLock { $0.setPermissionsMissing(permissions) }
    }

    func act<Answer: Sendable>(
        in installation: String,
        now: Int64,
        _ act: (inout ProvetInstallation, Int64, inout SharedWorld) throws(Refusal) -> Answer
    ) -> Result<Answer, SimulatedRefusal> {
        state.withLock { state in
            do throws(Refusal) {
                return .success(try state.inInstallation(installation, now: now, act))
            } catch {
                return .failure(SimulatedRefusal(answer: error.answer))
            }
        }
    }
}

/// The answer "no" to an act of the clinic: nothing was changed.
package struct SimulatedRefusal: Error, Hashable {
    /// The answer, as a control route gives it.
    package let answer: SimulatedAnswer
}

// MARK: - Webhooks

extension SimulatedProvet {
    /// Takes the webhook calls that are due, a bounded number at a time.
    ///
    /// - Parameter now: The time, in UTC milliseconds.
    /// - Returns: The calls. Each is given back with ``finishDelivery(_:status:now:)``.
    package func takeDeliveries(now: Int64) -> [WebhookDelivery] {
        state.withLock { $0.takeDeliveries(now: now) }
    }

    /// Notes how a webhook call ended: on any status but 200 it is tried again later.
    ///
    /// - Parameters:
    ///   - number: The call's number; a call that nobody took is ignored.
    ///   - status: The status of the answer; `nil` when there was none.
    ///   - now: The time, in UTC milliseconds.
    package func finishDelivery(_ number: Int, status: Int?, now: Int64) {
        state.withLock { $0.finishDelivery(number, status: status, now: now) }
    }

    /// Returns what became of the webhook calls by `now`, in UTC milliseconds.
    package func webhookReport(now: Int64) -> WebhookReport {
        state.withLock { $0.webhookReport(now: now) }
    }
}
