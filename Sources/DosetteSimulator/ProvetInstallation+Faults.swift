/// How faults change the way a call goes.
extension ProvetInstallation {
    /// How long a caller is asked to wait by a fault that promises nothing was done.
    private static let retryAfterSeconds: Int64 = 1

    /// Carries `call` out, or lets it go wrong.
    mutating func carryOut(_ call: Call, in world: inout SharedWorld) -> SimulatedReply {
        let draw = drawFault(for: call.operation, in: &world)
        var call = call
        if draw.isStale {
            call.visibleUntil = call.now - world.faults.staleMilliseconds
        }
        let outcome: SimulatedReply.Outcome
        switch draw.answerFault {
        case .tokenExpiry:
            tokens.forget(call.request.authorization)
            outcome = .respond(Self.unauthorized(.unknown).answer)
        case .lateEffect:
            postpone(call, in: &world)
            outcome = .cutConnection
        case .cutBefore, .throttle, .unavailable, .errorBefore, .brokenJSON, .cutAfter,
            .errorAfter, .delay, .staleList, .clinicCancel, nil:
            outcome = Self.spoil(draw.answerFault) { perform(call, in: &world) }
        }
        return SimulatedReply(delayMilliseconds: draw.delayMilliseconds, outcome: outcome)
    }

    /// Draws what goes wrong with a call, and counts it.
    ///
    /// - Parameters:
    ///   - operation: The call; `nil` stands for the token endpoint.
    ///   - world: Where the faults in force are, and where they are counted.
    /// - Returns: What goes wrong, if anything.
    mutating func drawFault(
        for operation: Operation?,
        in world: inout SharedWorld
    ) -> FaultDraw {
        let target = FaultDraw.Target(
            isWrite: operation?.isWrite ?? false,
            isList: operation?.isList ?? false,
            hasToken: operation != nil
        )
        let draw = FaultDraw(world.faults, for: target, using: &random)
        if let fault = draw.answerFault { world.count(fault) }
        if draw.delayMilliseconds > 0 { world.count(.delay) }
        if draw.isStale { world.count(.staleList) }
        return draw
    }

    /// Carries a call out as far as `fault` lets it.
    ///
    /// - Parameters:
    ///   - fault: What goes wrong; `nil` for nothing.
    ///   - perform: Carries the call out. It is not called when the fault comes before.
    /// - Returns: How the connection ends.
    static func spoil(
        _ fault: FaultKind?,
        _ perform: () -> SimulatedAnswer
    ) -> SimulatedReply.Outcome {
        switch fault {
        case .cutBefore, .lateEffect:
            return .cutConnection
        case .cutAfter:
            _ = perform()
            return .cutConnection
        case .throttle:
            return .respond(Self.throttled(seconds: Self.retryAfterSeconds))
        case .unavailable:
            return .respond(Self.unavailable)
        case .errorBefore:
            return .respond(Self.serverError)
        case .errorAfter:
            _ = perform()
            return .respond(Self.serverError)
        case .brokenJSON:
            return .respond(Self.broken(perform()))
        case .tokenExpiry, .delay, .staleList, .clinicCancel, nil:
            return .respond(perform())
        }
    }

    private static let unavailable = SimulatedAnswer(
        status: 503,
        detail: "Service temporarily unavailable, try again later.",
        headers: [.init("Retry-After", String(retryAfterSeconds))]
    )

    private static let serverError = SimulatedAnswer(
        status: 500,
        headers: [.init("Content-Type", "text/html")],
        body: Array("<h1>Server Error (500)</h1>".utf8)
    )

    /// Cuts the JSON of a success in the middle; a refusal or an empty answer stays whole.
    private static func broken(_ answer: SimulatedAnswer) -> SimulatedAnswer {
        guard answer.isSuccess else { return answer }
        var broken = answer
        broken.body = Array(answer.body.prefix(answer.body.count / 2))
        return broken
    }

    /// Lets `call` take effect later, or at once when too much waits already.
    private mutating func postpone(_ call: Call, in world: inout SharedWorld) {
        let wait = random.milliseconds(upTo: world.faults.lateEffectMilliseconds)
        let isPostponed = world.pending.add(
            PendingEffects.Entry(
                due: call.now + wait,
                installation: place,
                action: .request(call.request, call.operation, id: call.id)
            )
        )
        if !isPostponed { _ = perform(call, in: &world) }
    }

    /// Does what was postponed; nobody hears the answer.
    ///
    /// - Parameters:
    ///   - action: What to do.
    ///   - now: The time at which it was due, in milliseconds.
    ///   - world: What the installations share.
    mutating func apply(
        _ action: PendingEffects.Action,
        now: Int64,
        in world: inout SharedWorld
    ) {
        switch action {
        case .request(let request, let operation, let id):
            let links = Links(host: request.host, installation: name)
            let call = Call(
                request: request,
                operation: operation,
                id: id,
                now: now,
                links: links
            )
            _ = perform(call, in: &world)
        case .clinicCancel(let prescription):
            guard let status = prescriptions[prescription]?.status,
                PrescriptionStatus.handedOver.contains(status)
            else { return }
            let canceled = PrescriptionStatus.canceled
            if clinicSets(canceled, of: prescription, now: now, in: &world) == .done {
                world.count(.clinicCancel)
            }
        }
    }
}
