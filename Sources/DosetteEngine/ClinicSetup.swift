package import DosetteCore
package import DosetteDefinitions

/// How a clinic's Provet is set up for the pharmacy: read, checked and, where the API user may, written.
///
/// Declared here for the office and the reconciler; the adapter implements it.
package protocol ClinicSetup: Sendable {
    /// Signs in with a clinic's credentials and tries each permission that the work needs.
    ///
    /// It changes nothing at Provet.
    func check(_ clinic: ClinicConfiguration) async -> ClinicCheck

    /// The settings of the clinic's departments, read now and kept from now on.
    func settings(at clinic: String) async -> Looked<[DepartmentSettings]>

    /// Makes kept settings be read anew when they are next needed.
    func forgetSettings(at clinic: String)

    func webhooks(at clinic: String) async -> Looked<[WebhookRecord]>

    /// Makes Provet call `url` when `trigger` happens.
    ///
    /// Not safe to repeat blindly: look at ``webhooks(at:)`` first.
    func createWebhook(trigger: Int, url: String, at clinic: String) async -> Looked<WebhookRecord>

    func buttons(at clinic: String) async -> Looked<[ButtonRecord]>

    /// Makes a custom integration; look at ``buttons(at:)`` first.
    func createButton(_ button: ButtonRecord, at clinic: String) async -> Looked<ButtonRecord>
}

/// What a check of a clinic's credentials and permissions found.
package struct ClinicCheck: Hashable, Sendable {
    package struct Finding: Hashable, Sendable {
        package enum Verdict: String, Hashable, Sendable {
            case ok
            /// The permission is missing.
            case missing
            /// It could not be found out.
            case unclear
        }

        /// As Provet's settings name it: `Settings: Items`.
        package let permission: String
        /// What it is needed for, in words.
        package let purpose: String
        package let verdict: Verdict
        /// Whether orders cannot be carried out without it.
        package let isNeeded: Bool
        /// One sentence for whoever has to do something about it.
        package let detail: String

        package init(
            permission: String,
            purpose: String,
            verdict: Verdict,
            isNeeded: Bool,
            detail: String
        ) {
            self.permission = permission
            self.purpose = purpose
            self.verdict = verdict
            self.isNeeded = isNeeded
            self.detail = detail
        }
    }

    /// Whether a token could be had; if not, why.
    package let signIn: Finding
    package let permissions: [Finding]

    package init(signIn: Finding, permissions: [Finding]) {
        self.signIn = signIn
        self.permissions = permissions
    }

    /// Whether orders can be carried out.
    package var isGood: Bool {
        signIn.verdict == .ok && permissions.allSatisfy { !$0.isNeeded || $0.verdict == .ok }
    }
}

/// What the fee needs of a department's settings.
package struct DepartmentSettings: Hashable, Sendable {
    /// What the configured field names as the fee item.
    package enum FeeItem: Hashable, Sendable {
        case item(Int)
        case missing
        /// More than one is named.
        case ambiguous([Int])
    }

    package let department: Int
    package let feeItem: FeeItem
    /// `financial_period_lock_date`: nothing may be invoiced before this day.
    package let lockDate: CalendarDate?
    package let readAt: Timestamp

    package init(
        department: Int,
        feeItem: FeeItem,
        lockDate: CalendarDate?,
        readAt: Timestamp
    ) {
        self.department = department
        self.feeItem = feeItem
        self.lockDate = lockDate
        self.readAt = readAt
    }
}

package struct WebhookRecord: Hashable, Sendable {
    package let id: Int
    package let trigger: Int
    package let url: String
    package let isActive: Bool

    package init(id: Int, trigger: Int, url: String, isActive: Bool) {
        self.id = id
        self.trigger = trigger
        self.url = url
        self.isActive = isActive
    }
}

/// A custom integration in a clinic's Provet; its salt is never read back.
package struct ButtonRecord: Hashable, Sendable {
    /// Provet's number; nothing before it is made there.
    package let id: Int?
    package let name: String
    /// 1 client, 2 patient, 3 consultation; 10, 11, 12 the same for online prescriptions.
    package let visiblePage: Int
    /// 1 new tab, 2 side panel, 3 popup.
    package let action: Int
    /// Whether Provet sends a form in place of a query.
    package let isPost: Bool
    /// What it opens; empty where Provet does not tell it of one that is there.
    package let url: String
    package let idParameter: String
    package let idPrefix: String
    package let salt: Secret?
    /// 1 over the id, 2 over the payload.
    package let hash: Int

    package init(
        id: Int?,
        name: String,
        visiblePage: Int,
        action: Int,
        isPost: Bool,
        url: String,
        idParameter: String,
        idPrefix: String,
        salt: Secret?,
        hash: Int
    ) {
        self.id = id
        self.name = name
        self.visiblePage = visiblePage
        self.action = action
        self.isPost = isPost
        self.url = url
        self.idParameter = idParameter
        self.idPrefix = idPrefix
        self.salt = salt
        self.hash = hash
    }
}
