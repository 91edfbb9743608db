import DosetteCore
import DosetteDefinitions
import DosetteEngine

/// `provet.fetch_fee_item`: which item the department charges as prescription fee.
///
/// Settings that are kept and let the fee go on are used; whatever stands in its way is read anew, so that an order that
/// is tried again meets what the clinic has filled in meanwhile.
struct FetchFeeItem: ProvetAction {
    let specification: ActionSpecification
    private let settings: SettingsCache

    init(pageCost: Int, _ settings: SettingsCache) {
        self.settings = settings
        specification = ActionSpecification(
            name: "provet.fetch_fee_item",
            effectClass: .read,
            // The one object that is looked for when there is no list comes on top.
            calls: [EndpointUse(ProvetEndpoint.settings, pageCost + 1)],
            isAtClinic: true
        )
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        ["department": JSON(request.departmentID)]
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let department = request.departmentID else {
            return .refused(reason: "the prescription names no department")
        }
        if let kept = settings.kept(department, client),
            case .confirmed(let receipt) = Self.outcome(kept, client)
        {
            return .confirmed(receipt)
        }
        // The engine has taken the calls of this attempt from the budget already.
        let allowance = CallAllowance(unlimited: client.clock)
        let calls = ClinicCalls(client: client, allowance: allowance)
        switch await settings.read(department, calls) {
        case .settings(let found):
            guard let own = found.first else {
                let reason =
                    "Provet has no settings for department \(department); the order's "
                    + "department_id must be one of the clinic's"
                return .refused(reason: reason)
            }
            return Self.outcome(own, client)
        case .failed(.refused(403, _), let permission):
            let reason =
                "the API user lacks the permission \"\(permission.rawValue)\", with which the fee "
                + "item is read"
            return .refused(reason: reason)
        case .failed(let result, _):
            return result.outcomeBeforeWrite
        }
    }

    private static func outcome(
        _ settings: DepartmentSettings,
        _ client: ProvetClient
    ) -> EffectProtocol.Outcome {
        let now = client.clock.now()
        let today = ClinicCalendar(timeZone: client.clinic.timeZone)?.day(of: now)
        let field = client.clinic.fee.itemField
        if let problem = settings.problem(itemField: field, today: today) {
            return .refused(reason: problem)
        }
        guard case .item(let item) = settings.feeItem else {
            return .refused(reason: "the setting \(field) names no item")
        }
        return .confirmed(Receipt(["item": JSON(item)]))
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        .absent  // A read leaves no trace and needs none.
    }
}
