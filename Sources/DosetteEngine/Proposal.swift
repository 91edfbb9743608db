package import DosetteCore
package import DosetteStore

/// Something that one person proposes and another one confirms.
package struct Proposal: Hashable, Sendable {
    /// A word of a person about it.
    package struct Word: Hashable, Sendable {
        package let person: String
        package let reason: String
        package let at: Timestamp
    }

    package enum State: Hashable, Sendable {
        /// It waits for a second person.
        case open
        /// It is being done; by a second person's word, where one was needed.
        case confirmed(Word?)
        case withdrawn(Word)
        case done(Word?, [DeedResult], at: Timestamp)
        /// Nobody confirmed it in time.
        case lapsed

        /// Whether something is still to come of it.
        var isUnsettled: Bool {
            switch self {
            case .open, .confirmed: true
            case .withdrawn, .done, .lapsed: false
            }
        }

        package var name: String {
            switch self {
            case .open: "open"
            case .confirmed: "confirmed"
            case .withdrawn: "withdrawn"
            case .done: "done"
            case .lapsed: "lapsed"
            }
        }
    }

    package let id: String
    package let deed: Deed
    package let needsSecond: Bool
    package let made: Word
    package internal(set) var state: State

    /// Until when somebody may confirm it.
    package var lapsesAt: Timestamp { made.at.advanced(by: ProposalDesk.lifetime) }

    /// The orders that it is about.
    package var orders: [OrderKey] {
        if case .signal(_, let orders) = deed { return orders }
        return []
    }
}

/// Why a proposal was not taken, or nothing was done about one.
package enum ProposalFailure: Error, Sendable {
    case noSuchProposal
    case noSuchOrder(OrderKey)
    case refused(OrderRefusal)
    case desk(DeskFailure)
    case client(ClientDeskFailure)
    case store(StoreError)

    /// The failure in a word, for the log.
    var code: String {
        switch self {
        case .noSuchProposal: "no_such_proposal"
        case .noSuchOrder: "no_such_order"
        case .refused(let refusal): refusal.rule
        case .desk(.store(let error)), .store(let error), .client(.store(let error)):
            "\(error.code)"
        case .desk(.contended): "contended"
        case .desk: "desk"
        case .client: "client"
        }
    }
}
