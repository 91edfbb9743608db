import HTTPTypes

/// The paths of the console, under `/console`.
enum ConsoleRoute: Hashable, Sendable {
    case asset(Asset)
    case signIn
    case signOut
    /// Tells a page that something has changed.
    case live
    case section(Section)
    case order(Route.OrderPath, OrderPart)
    /// What a decision on several parked orders would send; and the decision.
    case parked(Step)
    case proposal(String, ProposalPart)
    case workflow(digest: String)
    case verify
    /// There is no such page; whoever is signed in is told so by one.
    case nothing

    /// The pages of the console's menu.
    enum Section: String, Hashable, Sendable, CaseIterable {
        case today = ""
        case orders
        case parked
        case proposals
        case workflows
        case clinics
        case audit
        case settings

        /// What the menu calls it.
        var title: String {
            self == .today ? "Today" : rawValue.prefix(1).uppercased() + rawValue.dropFirst()
        }

        var right: Right {
            switch self {
            case .today, .orders, .parked, .workflows: .look
            case .proposals: .seeProposals
            case .clinics: .readClinics
            case .audit: .audit
            case .settings: .readSettings
            }
        }
    }

    /// What of an order is asked for.
    enum OrderPart: String, Hashable, Sendable, CaseIterable {
        case view = ""
        /// What a decision would send.
        case plan
        /// The decision itself.
        case act
        /// A dispense.
        case dispense
        case reverse
        /// The proof that its entries stand in the journal.
        case proof
        /// The auditor's report.
        case report
    }

    enum Step: String, Hashable, Sendable, CaseIterable {
        case plan
        case act
    }

    enum ProposalPart: String, Hashable, Sendable, CaseIterable {
        case view = ""
        case confirm
        case withdraw
    }

    /// - Parameter names: The parts of the path, decoded.
    init?(_ names: [String]) {
        guard names.first == "console" else { return nil }
        let rest = Array(names.dropFirst())
        switch (rest.first, rest.count) {
        case (nil, _): self = .section(.today)
        case ("", 1): self = .section(.today)
        case ("sign-in", 1): self = .signIn
        case ("sign-out", 1): self = .signOut
        case ("live", 1): self = .live
        case ("assets", 2):
            guard let asset = Asset(rawValue: rest[1]) else { return nil }
            self = .asset(asset)
        case (let name?, 1):
            guard let section = Section(rawValue: name), section != .today else { return nil }
            self = .section(section)
        default: self.init(deeper: rest)
        }
    }

    private init?(deeper names: [String]) {
        let last = names.last ?? ""
        switch (names[0], names.count) {
        case ("orders", 3...4):
            let path = Route.OrderPath(source: names[1], orderID: names[2])
            let part = OrderPart(rawValue: names.count == 4 ? last : "")
            guard let part, names.count == 3 || part != .view else { return nil }
            self = .order(path, part)
        case ("parked", 2):
            guard let step = Step(rawValue: last) else { return nil }
            self = .parked(step)
        case ("proposals", 2...3):
            let part = ProposalPart(rawValue: names.count == 3 ? last : "")
            guard let part, names.count == 2 || part != .view else { return nil }
            self = .proposal(names[1], part)
        case ("workflows", 2): self = .workflow(digest: last)
        case ("audit", 2) where last == "verify": self = .verify
        default: return nil
        }
    }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .asset, .section, .workflow: [.get, .head]
        case .nothing: [.get, .head, .post]
        case .signIn: [.get, .head, .post]
        case .live: [.get]
        case .signOut, .parked, .verify: [.post]
        case .order(_, .view), .order(_, .proof), .order(_, .report): [.get, .head]
        case .order: [.post]
        case .proposal(_, let part): part == .view ? [.get, .head] : [.post]
        }
    }

    /// What somebody must be allowed to do to come here; nothing where nobody is signed in yet.
    var right: Right? {
        switch self {
        case .asset, .signIn, .signOut, .nothing: nil
        case .live: .look
        case .section(let section): section.right
        case .order(_, let part): part.right
        case .parked: .repair
        case .proposal(_, let part): part == .confirm ? .confirm : .seeProposals
        case .workflow: .look
        case .verify: .audit
        }
    }

    /// Whether a page answers, and not a part of one or a file.
    var isPage: Bool {
        switch self {
        case .asset, .live: false
        default: true
        }
    }
}

extension ConsoleRoute.OrderPart {
    fileprivate var right: Right {
        switch self {
        // Each decision asks for its own right.
        case .view, .plan, .act: .look
        case .dispense, .reverse: .dispense
        case .proof, .report: .audit
        }
    }
}
