package import DosetteCore

/// An endpoint of a far side that counts calls.
package struct Endpoint: Hashable, Sendable {
    package let name: String
    /// Calls that one API user may make in a rolling minute.
    package let limitPerMinute: Int

    package init(name: String, limitPerMinute: Int) {
        self.name = name
        self.limitPerMinute = limitPerMinute
    }
}

/// How often an endpoint is called.
package struct EndpointUse: Hashable, Sendable {
    package let endpoint: Endpoint
    package let count: Int

    package init(_ endpoint: Endpoint, _ count: Int = 1) {
        self.endpoint = endpoint
        self.count = count
    }
}

/// What the engine has to know of an action before it can drive it.
package struct ActionSpecification: Hashable, Sendable {
    /// The name that definitions use: `provet.create_prescription`.
    package let name: String
    package let effectClass: EffectProtocol.Class
    /// The calls of one attempt, at the most: as long as they are not free none is begun.
    package let calls: [EndpointUse]
    /// Those of `calls` that are made for each item of a delivery; they stand there for as many items as
    /// an order can have.
    package let callsPerItem: [EndpointUse]
    /// The calls of one probe.
    package let probeCalls: [EndpointUse]
    /// Whether the calls go to the clinic's Provet, and so through its breaker.
    package let isAtClinic: Bool
    /// Whether later steps need the id of what it made.
    package let makesID: Bool
    /// The whole of one attempt; nothing for the configured deadline.
    package let deadline: TimeSpan?

    package init(
        name: String,
        effectClass: EffectProtocol.Class,
        calls: [EndpointUse] = [],
        callsPerItem: [EndpointUse] = [],
        probeCalls: [EndpointUse] = [],
        isAtClinic: Bool = false,
        makesID: Bool = false,
        deadline: TimeSpan? = nil
    ) {
        self.name = name
        self.effectClass = effectClass
        self.calls = calls
        self.callsPerItem = callsPerItem
        self.probeCalls = probeCalls
        self.isAtClinic = isAtClinic
        self.makesID = makesID
        self.deadline = deadline
    }

    /// The calls that one attempt for `order` makes at the most.
    package func calls(for order: Order) -> [EndpointUse] {
        guard !callsPerItem.isEmpty else { return calls }
        let count = order.delivery?.items.count ?? 0
        let missing = max(0, OrderDocument.deliveryItemsMaximum - count)
        return calls.map { use in
            let own = callsPerItem.first { $0.endpoint == use.endpoint }?.count ?? 0
            return EndpointUse(use.endpoint, max(0, use.count - own * missing))
        }
    }
}

/// One thing to be done in the outside world, with all that its performer may use.
package struct ActionRequest: Sendable {
    package let plan: EffectPlan
    /// The order as it is, with the receipts of the steps before.
    package let order: Order
    /// When the engine stops waiting.
    package let deadline: Timestamp
    /// When this effect was first intended; what is older is not ours.
    package let firstAttemptAt: Timestamp

    package init(
        plan: EffectPlan,
        order: Order,
        deadline: Timestamp,
        firstAttemptAt: Timestamp
    ) {
        self.plan = plan
        self.order = order
        self.deadline = deadline
        self.firstAttemptAt = firstAttemptAt
    }
}

/// Does things in the outside world: at Provet, in the simulator's world, or the embedder's own.
///
/// The engine makes every attempt durable before it calls ``perform(_:)``, never calls it twice for one attempt, and
/// calls ``probe(_:)`` only after the quarantine. `ActionPerformerConformance` checks these words.
package protocol ActionPerformer: Sendable {
    /// The actions that this performer does, each name once.
    var specifications: [ActionSpecification] { get }

    /// SHA-256, in hex, of what an attempt would send; the same for the same request.
    func digest(of request: ActionRequest) -> String

    /// Makes one attempt, without any retry of its own.
    ///
    /// It returns soon after it is cancelled. When it is not certain that nothing happened, the answer
    /// is `unknown`, never `refused` or `notProcessed`.
    func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome

    /// Looks for the trace of an earlier attempt and changes nothing.
    func probe(_ request: ActionRequest) async -> EffectProtocol.Finding

    /// The requests that an attempt or a look would make, in their order, as far as they can be known before answers;
    /// none where the performer cannot tell. Nothing is sent.
    func drafts(of request: ActionRequest, _ purpose: DraftPurpose) async -> [RequestDraft]
}

extension ActionPerformer {
    package func drafts(
        of request: ActionRequest,
        _ purpose: DraftPurpose
    ) async -> [RequestDraft] { [] }
}

/// What a dry run asks about.
package enum DraftPurpose: Hashable, Sendable {
    case attempt
    case look
}

/// One request that would be made.
package struct RequestDraft: Hashable, Sendable {
    package let method: String
    package let url: String
    package let body: JSON?
    /// Whether it changes something on the far side.
    package let isWrite: Bool

    package init(method: String, url: String, body: JSON?, isWrite: Bool) {
        self.method = method
        self.url = url
        self.body = body
        self.isWrite = isWrite
    }
}

/// Reads what the clinic may have changed by itself.
package protocol ClinicObserver: Sendable {
    /// The calls of one look at a prescription.
    var calls: [EndpointUse] { get }
    /// The calls of one look at a fee.
    var feeCalls: [EndpointUse] { get }
    /// The calls of one look at a client, or at what a payment belongs to.
    var hintCalls: [EndpointUse] { get }

    /// The order's prescription as Provet has it now.
    func look(at order: Order) async -> Looked<ClinicSight>

    /// The order's fee as Provet has it now.
    func lookAtFee(of order: Order) async -> Looked<FeeSight>

    /// Whether Provet still has the client.
    func hasClient(_ id: Int, at clinic: String) async -> Looked<Bool>

    /// The invoice that a payment belongs to.
    func invoice(ofPayment id: Int, at clinic: String) async -> Looked<Int>
}
