/// How often each item of a prescription may be dispensed, and how often it was.
///
/// `repeat_number` is the number of dispenses in all: 1 means no refill. The plan is a
/// value; ``decide(_:prescription:today:)`` answers and changes nothing.
package struct RepeatPlan: Hashable, Sendable {
    /// What the prescriber allowed for one item.
    package struct Item: Hashable, Sendable {
        /// Dispenses in all, 1 or more.
        package let allowedCount: Int
        /// Packages in one dispense at the most.
        package let packagesMaximum: Int
        /// The last day, the clinic's `valid_until` or an earlier `latest_dispensing`.
        package let lastDay: CalendarDate
        /// The least time between two dispenses.
        package let interval: Interval?

        package init(
            allowedCount: Int,
            packagesMaximum: Int,
            lastDay: CalendarDate,
            interval: Interval?
        ) {
            self.allowedCount = allowedCount
            self.packagesMaximum = packagesMaximum
            self.lastDay = lastDay
            self.interval = interval
        }
    }

    /// The least time between two dispenses of one item.
    package struct Interval: Hashable, Sendable {
        package enum Unit: String, Hashable, Sendable, CaseIterable {
            case day
            case week
            case month
        }

        package let count: Int
        package let unit: Unit

        package init(count: Int, unit: Unit) {
            self.count = count
            self.unit = unit
        }

        /// The first day on which the item may be dispensed again.
        package func firstDay(after day: CalendarDate) -> CalendarDate {
            switch unit {
            case .day: day.adding(days: count)
            case .week: day.adding(days: 7 * count)
            case .month: day.adding(months: count)
            }
        }
    }

    /// One supply to the client.
    package struct Dispense: Hashable, Sendable {
        /// The caller's identity for it, 1 to 64 of `A-Za-z0-9._~-`.
        package let id: String
        /// Index of the item, from 0.
        package let item: Int
        /// Packages handed over, 1 or more.
        package let packages: Int
        /// The day in the clinic's time zone.
        package let day: CalendarDate
        /// The batch that the packages come from.
        package let batch: String?

        package init(id: String, item: Int, packages: Int, day: CalendarDate, batch: String?) {
            self.id = id
            self.item = item
            self.packages = packages
            self.day = day
            self.batch = batch
        }
    }

    /// A dispense that happened, and whether it was taken back.
    package struct Entry: Hashable, Sendable {
        package let dispense: Dispense
        package var isReversed = false
    }

    /// Why a dispense or a reversal is refused; the raw value is the rule's name.
    package enum Refusal: String, Error, Hashable, Sendable, CaseIterable {
        case notAccepted = "not_accepted"
        case noneRemaining = "none_remaining"
        case tooEarly = "too_early"
        case tooLate = "too_late"
        case inTheFuture = "in_the_future"
        case beforeIssue = "before_issue"
        case tooManyPackages = "too_many_packages"
        case noPackages = "no_packages"
        case reversedBefore = "dispense_reversed"
        case noSuchItem = "no_such_item"
        case idReused = "dispense_id_reused"
        case noSuchDispense = "no_such_dispense"
    }

    /// What a dispense that is not refused means.
    package enum Answer: Hashable, Sendable {
        case recorded
        /// The same dispense was recorded before; nothing more is to be done.
        case repeated
    }

    package let items: [Item]
    /// The day of issue in the clinic's time zone; nothing is dispensed before it.
    package let issueDay: CalendarDate
    package private(set) var entries: [Entry] = []
    /// Whether a cancel or a reject has taken away what remained.
    package var isWithdrawn = false

    package init(items: [Item], issueDay: CalendarDate) {
        self.items = items
        self.issueDay = issueDay
    }
}

extension RepeatPlan {
    /// Dispenses of `item` that stand.
    package func dispensedCount(of item: Int) -> Int {
        standing(item).count
    }

    /// Dispenses of `item` that are still allowed; 0 after the prescription was withdrawn.
    package func remainingCount(of item: Int) -> Int {
        isWithdrawn ? 0 : max(0, items[item].allowedCount - dispensedCount(of: item))
    }

    /// Whether every item was dispensed as often as it may be.
    package var isExhausted: Bool { items.indices.allSatisfy { remainingCount(of: $0) == 0 } }

    /// The last day on which any item may be dispensed.
    package var lastDay: CalendarDate { items.map(\.lastDay).max() ?? issueDay }

    private func standing(_ item: Int) -> [Dispense] {
        let forgets = PlantedBug.reversalNotCounted.isPlanted
        return entries.filter { $0.dispense.item == item && (forgets || !$0.isReversed) }
            .map(\.dispense)
    }

    /// Judges a dispense.
    ///
    /// - Parameters:
    ///   - dispense: What was, or is to be, handed over.
    ///   - prescription: Where the prescription is now.
    ///   - today: Today in the clinic's time zone.
    /// - Returns: Whether it is a new one or one that is recorded already.
    /// - Throws: ``Refusal``, the first rule that is broken.
    package func decide(
        _ dispense: Dispense,
        prescription: PrescriptionLifecycle.State,
        today: CalendarDate
    ) throws(Refusal) -> Answer {
        if let earlier = entries.first(where: { $0.dispense.id == dispense.id }) {
            guard earlier.dispense == dispense else { throw .idReused }
            guard !earlier.isReversed else { throw .reversedBefore }
            return .repeated
        }
        guard items.indices.contains(dispense.item) else { throw .noSuchItem }
        guard prescription.isAccepted, !isWithdrawn else { throw .notAccepted }
        let item = items[dispense.item]
        guard dispense.packages >= 1 else { throw .noPackages }
        guard dispense.packages <= item.packagesMaximum else { throw .tooManyPackages }
        let extra = PlantedBug.oneDispenseTooMany.isPlanted ? 1 : 0
        guard remainingCount(of: dispense.item) + extra > 0 else { throw .noneRemaining }
        guard dispense.day <= today else { throw .inTheFuture }
        guard dispense.day >= issueDay else { throw .beforeIssue }
        guard dispense.day <= item.lastDay else { throw .tooLate }
        guard keepsInterval(dispense, item.interval) else { throw .tooEarly }
        return .recorded
    }

    /// Whether `dispense` is far enough from every other one of its item, earlier or later.
    private func keepsInterval(_ dispense: Dispense, _ interval: Interval?) -> Bool {
        guard let interval else { return true }
        return standing(dispense.item).allSatisfy { other in
            let (first, second) =
                other.day <= dispense.day ? (other.day, dispense.day) : (dispense.day, other.day)
            return interval.firstDay(after: first) <= second
        }
    }

    /// Judges the reversal of a dispense.
    ///
    /// - Returns: Whether it is new or was made before.
    /// - Throws: ``Refusal/noSuchDispense``.
    package func decideReversal(of id: String) throws(Refusal) -> Answer {
        guard let entry = entries.first(where: { $0.dispense.id == id }) else {
            throw .noSuchDispense
        }
        return entry.isReversed ? .repeated : .recorded
    }

    /// The plan after `dispense` happened.
    package mutating func record(_ dispense: Dispense) {
        entries.append(Entry(dispense: dispense))
    }

    /// The plan after the dispense `id` was taken back; an unknown one changes nothing.
    package mutating func reverse(_ id: String) {
        guard let index = entries.firstIndex(where: { $0.dispense.id == id }) else { return }
        entries[index].isReversed = true
    }
}
