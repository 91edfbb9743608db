import DosetteCore
import DosetteDeterminism
import DosetteEngine
import DosetteProvet
import DosetteSimulator

/// The way from one machine to the simulated Provet and to the pharmacy.
struct SimulatedNetwork: Sendable {
    private let world: SimulatedWorld
    private let machine: Int

    init(_ world: SimulatedWorld, machine: Int) {
        self.world = world
        self.machine = machine
    }

    private var isMachineAlive: Bool {
        world.machines.first { $0.number == machine }?.isAlive ?? false
    }

    /// Carries one request there and its answer back, or loses either.
    func carry(_ request: TransportRequest) async -> TransportResult {
        let lost = TransportResult.unknown(reason: "connection lost")
        let (isRefused, latency) = world.draw { dice in
            let isRefused = !world.isCalm && dice.strikes(world.plan.noConnection)
            return (isRefused, dice.number(in: 1...40))
        }
        guard await sleep(latency) else { return lost }
        if isRefused {
            note(request, "no connection")
            return .notSent(reason: "no connection")
        }
        // A dead process sends nothing.
        guard isMachineAlive, let simulated = Simulated(request) else { return lost }
        let reply = world.provet.handle(
            simulated.request,
            installation: simulated.installation,
            now: world.clock.now().milliseconds
        )
        note(request, words(reply))
        // Whoever no longer waits for the answer has been turned away all the same.
        if reply.answer?.status == 429 { world.countThrottle() }
        guard await sleep(Int(reply.delayMilliseconds)) else { return lost }
        guard let answer = reply.answer else { return lost }
        return .answer(
            TransportAnswer(
                status: answer.status,
                retryAfter: HTTPTransport.retryAfter(answer.header("Retry-After")),
                body: answer.body
            )
        )
    }

    /// Hands a prescription over to the pharmacy.
    func transmit(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        let (fails, kind, latency) = world.draw { dice in
            let fails = !world.isCalm && dice.strikes(world.plan.transmitFaults)
            return (fails, dice.number(in: 0...2), dice.number(in: 1...40))
        }
        guard await sleep(latency) else { return .unknown(reason: "connection lost") }
        guard fails else { return .confirmed(Receipt()) }
        switch kind {
        case 0: return .unknown(reason: "status 500")
        case 1: return .notProcessed(retryAfter: .seconds(2), reason: "busy")
        default: return .refused(reason: "the pharmacy answers 422")
        }
    }

    /// Answers whether the time passed; not when the caller gave up.
    private func sleep(_ milliseconds: Int) async -> Bool {
        guard milliseconds > 0 else { return true }
        let until = world.clock.now().advanced(by: .milliseconds(Int64(milliseconds)))
        do {
            try await world.clock.sleep(until: until)
            return true
        } catch {
            return false
        }
    }

    private func words(_ reply: SimulatedReply) -> String {
        let delay = reply.delayMilliseconds > 0 ? " after \(reply.delayMilliseconds) ms" : ""
        guard let answer = reply.answer else { return "connection cut\(delay)" }
        return "\(answer.status)\(delay)"
    }

    private func note(_ request: TransportRequest, _ what: String) {
        let path = request.url.split(separator: "/").dropFirst(2).joined(separator: "/")
        let order = SimulatedWorld.Origin.current?.order
        // The reconciler's looks are many and say nothing as long as nothing differs.
        if order == nil, request.method == .get, what == "200" { return }
        world.note("engine \(machine)", order, "\(request.method.rawValue) /\(path) → \(what)")
    }
}

/// A request of the adapter as the simulator takes it, and the installation that its URL names.
private struct Simulated {
    let installation: String
    let request: SimulatedRequest

    init?(_ request: TransportRequest) {
        let parts = request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: true)
        guard parts.count == 4 else { return nil }
        func header(_ name: String) -> String? { request.headers.first { $0.name == name }?.value }
        installation = String(parts[2])
        self.request = SimulatedRequest(
            request.method.rawValue,
            "/" + parts[3],
            host: String(parts[1]),
            authorization: header("Authorization"),
            contentType: header("Content-Type"),
            body: request.body ?? [],
            requestID: SimulatedWorld.Origin.current?.text
        )
    }
}
