/// Who calls.
enum Caller: Hashable, Sendable {
    /// Somebody on this machine, where no tokens are asked for; his word says who acts.
    case anybody
    /// The owner of a token, who acts whatever the body says.
    case owner(AccessToken)

    /// The name that is known without asking.
    var name: String? {
        switch self {
        case .anybody: nil
        case .owner(let token): token.owner
        }
    }

    /// What the caller may do.
    var rights: Set<Right> {
        switch self {
        case .anybody: Set(Right.allCases)
        case .owner(let token): token.rights
        }
    }

    /// Refuses a caller who may not do this.
    ///
    /// - Throws: A ``Problem`` that names the roles that may.
    func require(_ right: Right) throws(Problem) {
        guard !rights.contains(right) else { return }
        let roles = right.roles.map(\.rawValue).joined(separator: ", ")
        let detail = "This needs the right \(right.rawValue), which these roles have: \(roles)."
        throw Problem(.forbidden, rule: "right_needed", detail)
    }
}
