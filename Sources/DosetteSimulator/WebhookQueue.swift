/// One webhook call that is to be sent now.
///
/// Whoever takes it says afterwards how it ended.
package struct WebhookDelivery: Hashable, Sendable {
    /// Its number among all deliveries, from 1.
    package let number: Int
    package let installation: String
    package let trigger: WebhookTrigger
    /// The number of what changed.
    package let object: Int
    package let url: String
    package let contentType: String
    package let body: [UInt8]
    /// How often it was tried before.
    package internal(set) var triesMade = 0
}

/// The webhook calls that wait, that are on their way, and the last that ended.
struct WebhookQueue: Sendable {
    /// How many may wait at once; one more is dropped.
    static let waitingMaximum = 10_000
    /// How many may be on their way at once.
    static let flightMaximum = 16
    /// How many that ended are remembered.
    static let historyMaximum = 1000
    /// How often one is tried: once, and ten times more.
    static let triesMaximum = 11
    /// How long the first pause is; each further one is twice as long.
    static let pauseMilliseconds: Int64 = 1000
    static let pauseMaximumMilliseconds: Int64 = 60_000

    private static let statusExpected = 200

    private struct Waiting {
        let due: Int64
        let delivery: WebhookDelivery
        let status: Int?
    }

    /// Sorted by due time; of equal times the one that was added first is first.
    private var waiting: [Waiting] = []
    private var inFlight: [Int: WebhookDelivery] = [:]
    private var history: [WebhookReport.Delivery] = []
    private var count = 0
    private var deliveredCount = 0
    private var failedCount = 0

    /// Adds a call to `webhook`, due at once; of too many that wait it is dropped.
    mutating func add(
        _ trigger: WebhookTrigger,
        _ object: Int,
        to webhook: WebhookRow,
        in installation: String,
        at now: Int64
    ) {
        count += 1
        let delivery = WebhookDelivery(
            number: count,
            installation: installation,
            trigger: trigger,
            object: object,
            url: webhook.target,
            contentType: webhook.contentType.header,
            body: Self.body(trigger, object, webhook.contentType)
        )
        guard waiting.count < Self.waitingMaximum else {
            end(delivery, status: nil, isDelivered: false)
            return
        }
        wait(delivery, until: now, status: nil)
    }

    private static func body(
        _ trigger: WebhookTrigger,
        _ object: Int,
        _ type: WebhookRow.ContentType
    ) -> [UInt8] {
        switch type {
        case .form: Array("\(trigger.key)=\(object)".utf8)
        case .json: JSON.object([JSON.Member(trigger.key, .integer(object))]).bytes
        }
    }

    /// Takes what is due at `now`, as far as there is room in flight.
    ///
    /// - Returns: The calls; each must be given back with ``finish(_:status:at:)``.
    mutating func take(dueAt now: Int64) -> [WebhookDelivery] {
        let room = max(0, Self.flightMaximum - inFlight.count)
        let taken = waiting.prefix { $0.due <= now }.prefix(room).map(\.delivery)
        waiting.removeFirst(taken.count)
        for delivery in taken { inFlight[delivery.number] = delivery }
        return taken
    }

    /// Notes how a call that was taken ended, and lets it wait for its next try if it failed.
    ///
    /// - Parameters:
    ///   - number: The call; one that is not in flight is ignored.
    ///   - status: The HTTP status of the answer; `nil` when there was none.
    ///   - now: The time, in UTC milliseconds.
    mutating func finish(_ number: Int, status: Int?, at now: Int64) {
        guard var delivery = inFlight.removeValue(forKey: number) else { return }
        delivery.triesMade += 1
        if status == Self.statusExpected {
            end(delivery, status: status, isDelivered: true)
        } else if delivery.triesMade >= Self.triesMaximum {
            end(delivery, status: status, isDelivered: false)
        } else {
            let pause = Self.pauseMilliseconds << (delivery.triesMade - 1)
            let due = now + min(pause, Self.pauseMaximumMilliseconds)
            wait(delivery, until: due, status: status)
        }
    }

    private mutating func wait(_ delivery: WebhookDelivery, until due: Int64, status: Int?) {
        let place = waiting.lastIndex { $0.due <= due }.map { $0 + 1 } ?? 0
        waiting.insert(Waiting(due: due, delivery: delivery, status: status), at: place)
    }

    private mutating func end(_ delivery: WebhookDelivery, status: Int?, isDelivered: Bool) {
        deliveredCount += isDelivered ? 1 : 0
        failedCount += isDelivered ? 0 : 1
        if history.count == Self.historyMaximum { history.removeFirst() }
        history.append(WebhookReport.Delivery(delivery, status: status))
    }

    /// What became of the calls so far; at most ``historyMaximum`` are told one by one.
    var report: WebhookReport {
        let open =
            waiting.map { WebhookReport.Delivery($0.delivery, status: $0.status) }
            + inFlight.values.map { WebhookReport.Delivery($0, status: nil) }
        let all = history + open.sorted { $0.number < $1.number }
        return WebhookReport(
            delivered: deliveredCount,
            failed: failedCount,
            waiting: waiting.count + inFlight.count,
            deliveries: all.suffix(Self.historyMaximum)
        )
    }
}

/// What became of the webhook calls since the start.
package struct WebhookReport: Codable, Hashable, Sendable {
    /// One call, with all its tries.
    package struct Delivery: Codable, Hashable, Sendable {
        package let number: Int
        package let installation: String
        package let trigger: Int
        package let object: Int
        package let url: String
        package let tries: Int
        /// The status of the last answer; `nil` when there was none.
        package let status: Int?

        init(_ delivery: WebhookDelivery, status: Int?) {
            number = delivery.number
            installation = delivery.installation
            trigger = delivery.trigger.rawValue
            object = delivery.object
            url = delivery.url
            tries = delivery.triesMade
            self.status = status
        }
    }

    /// How many were answered with 200.
    package let delivered: Int
    /// How many were given up.
    package let failed: Int
    /// How many will be tried yet.
    package let waiting: Int
    /// The last ones: first those that ended, then those that wait, by their numbers.
    package let deliveries: [Delivery]
}
