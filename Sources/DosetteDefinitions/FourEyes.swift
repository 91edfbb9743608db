import DosetteCore

/// What one person alone may not do: one proposes it, another confirms it.
package struct FourEyes: Hashable, Sendable {
    /// The deeds that can be put under it.
    package enum Deed: String, Hashable, Sendable, CaseIterable {
        case retry
        case adopt
        case resend
        case giveUp = "give_up"
        case cancel
        /// Saying where a prescription stands at Provet, in place of a look.
        case force
        /// One decision on several orders at once.
        case bulk
        /// Forgetting a client.
        case forget
    }

    package let deeds: Set<Deed>

    /// Where one of these needs a second person, forcing does, too: it would lead round them.
    private static let forcing: Set<Deed> = [.force, .retry, .adopt, .resend, .giveUp, .cancel]

    package init(_ deeds: Set<Deed>) {
        self.deeds = deeds
    }

    package static let nothing = FourEyes([])

    /// Whether a signal to so many orders needs a second person.
    package func needsSecond(signal: String, orderCount: Int = 1) -> Bool {
        if orderCount > 1, deeds.contains(.bulk) { return true }
        guard Signal.forced(by: signal) == nil else { return !deeds.isDisjoint(with: Self.forcing) }
        return Deed(rawValue: signal).map { deeds.contains($0) } ?? false
    }
}

extension ConfigurationReader {
    /// A list of deeds: `four_eyes: [adopt, resend, bulk, forget]`.
    func fourEyes(_ value: YAMLValue, hasTokens: Bool) -> FourEyes? {
        guard let elements = value.elements() else { return nil }
        if !elements.isEmpty, !hasTokens {
            value.fail("two people are told apart by their tokens alone: tokens_file must be given")
        }
        var deeds: Set<FourEyes.Deed> = []
        for element in elements {
            guard let text = element.text() else { continue }
            if let deed = FourEyes.Deed(rawValue: text) {
                deeds.insert(deed)
            } else {
                let known = FourEyes.Deed.allCases.map(\.rawValue).joined(separator: ", ")
                element.fail("one of \(known) is due")
            }
        }
        return FourEyes(deeds)
    }
}
