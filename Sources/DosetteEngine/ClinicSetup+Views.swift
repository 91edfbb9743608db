package import DosetteCore

/// What was found out about a clinic, as objects of the outer contract and in words.
extension ClinicCheck {
    /// `{sign_in, permissions, good}`, each finding as `{permission, purpose, verdict, needed, detail}`.
    package var view: JSONObject {
        [
            "sign_in": .object(signIn.view),
            "permissions": .array(permissions.map { .object($0.view) }),
            "good": .bool(isGood),
        ]
    }
}

extension ClinicCheck.Finding {
    package var view: JSONObject {
        [
            "permission": .string(permission), "purpose": .string(purpose),
            "verdict": .string(verdict.rawValue), "needed": .bool(isNeeded),
            "detail": .string(detail),
        ]
    }
}

extension DepartmentSettings {
    /// Items that a sentence names at the most.
    private static let namedItemsMaximum = 10

    /// The settings as `{department, fee_item, problem?, financial_period_lock_date, read_at}`.
    ///
    /// `itemField` is the setting that names the fee item; `today` is the day in the clinic's zone, if it is known.
    package func view(itemField: String, today: CalendarDate?) -> JSONObject {
        var view: JSONObject = [
            "department": JSON(department),
            "fee_item": .null,
            "financial_period_lock_date": lockDate.map { .string($0.text) } ?? .null,
            "read_at": .string(readAt.text),
        ]
        if case .item(let item) = feeItem { view["fee_item"] = JSON(item) }
        view["problem"] = problem(itemField: itemField, today: today).map { .string($0) }
        return view
    }

    /// Why no fee can be charged with these settings: one sentence that says what the clinic must do.
    package func problem(itemField: String, today: CalendarDate?) -> String? {
        let place = "\(itemField) of department \(department)"
        switch feeItem {
        case .item: break
        case .missing:
            return "the clinic must fill the setting \(place) (Provet: Settings, Departments)"
        case .ambiguous(let items):
            let names = items.prefix(Self.namedItemsMaximum).map(String.init)
            let list = names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"
            return "the setting \(place) is there more than once\(list); "
                + "the clinic must leave one item (Provet: Settings, Departments)"
        }
        guard let lockDate, let today, lockDate > today else { return nil }
        return
            "the clinic's books are closed for days before \(lockDate.text), so that nothing can be invoiced "
            + "today (financial_period_lock_date of department \(department))"
    }
}
