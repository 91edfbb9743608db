/// What a department's settings say about the fee.
struct DepartmentSettings: Hashable, Sendable {
    var feeItem = FeeItemSetting.none
    /// Nothing may be invoiced before this day, such as `2026-08-20`.
    var lockDate: String?
}

/// The item that a department's settings name as the fee of a prescription.
package enum FeeItemSetting: Hashable, Sendable {
    case none
    case one(Int)
    /// More than one: which it is, the settings do not say.
    case several([Int])

    var json: JSON {
        switch self {
        case .none: .null
        case .one(let item): .integer(item)
        case .several(let items): .array(items.map { .integer($0) })
        }
    }
}

/// What a clinic changes in the settings of a department; what is `nil` stays as it is.
package struct DepartmentSettingsChange: Hashable, Sendable {
    /// The day of a lock, or that there is none.
    package enum LockDate: Hashable, Sendable {
        case none
        /// A day such as `2026-08-20`.
        case day(String)
    }

    package var feeItem: FeeItemSetting?
    package var lockDate: LockDate?

    package init(feeItem: FeeItemSetting? = nil, lockDate: LockDate? = nil) {
        self.feeItem = feeItem
        self.lockDate = lockDate
    }

    func applied(to settings: DepartmentSettings) -> DepartmentSettings {
        var settings = settings
        if let feeItem { settings.feeItem = feeItem }
        switch lockDate {
        case .day(let day): settings.lockDate = day
        case LockDate.none?: settings.lockDate = nil
        case nil: break
        }
        return settings
    }
}
