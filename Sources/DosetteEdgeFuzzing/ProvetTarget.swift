import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteFuzzing
import DosetteProvet
import DosetteStore
import Synchronization

/// What Provet answers, to every action: sign-ins, lists, ids, errors, nonsense.
///
/// An input is an action and whether it is performed or probed, then the answers one by one:
/// ```
/// == provet.add_payment perform
/// == 200
/// {"access_token": "t", "expires_in": 3600}
/// == 503 5
/// == lost
/// == unsent
/// ```
enum ProvetTarget {
    static let provet = FuzzTarget(name: "provet", shape: .frames, bytesMaximum: 512 * 1024) {
        ProvetSeeds.all
    } check: { bytes in
        try await check(Frames(bytes).frames)
    }

    /// The answers of one input, given out one by one, and what was asked.
    private final class Script: Sendable {
        private let answers: [Frames.Frame]
        private let asked = Mutex<[(request: TransportRequest, result: TransportResult)]>([])

        init(_ answers: [Frames.Frame]) {
            self.answers = answers
        }

        var all: [(request: TransportRequest, result: TransportResult)] { asked.withLock { $0 } }

        func answer(_ request: TransportRequest) -> TransportResult {
            asked.withLock { asked in
                let result =
                    asked.count < answers.count
                    ? Self.result(answers[asked.count]) : .notSent(reason: "no connection")
                asked.append((request, result))
                return result
            }
        }

        private static func result(_ frame: Frames.Frame) -> TransportResult {
            let words = frame.head.split(separator: " ")
            guard let status = words.first.flatMap({ Int($0) }), (100...999).contains(status) else {
                return words.first == "unsent"
                    ? .notSent(reason: "no connection") : .unknown(reason: "connection lost")
            }
            let seconds = words.dropFirst().first.flatMap { Int64($0) }
            return .answer(
                TransportAnswer(
                    status: status,
                    retryAfter: seconds.map { .seconds(min(3_600, max(0, $0))) },
                    body: Array(frame.body.prefix(HTTPTransport.answerBytesMaximum))
                )
            )
        }
    }

    /// A clock that stands still.
    private struct Noon: EngineClock {
        func now() -> Timestamp { OrderWalk.morning }
        func sleep(until time: Timestamp) async throws { throw CancellationError() }
    }

    private static func check(_ frames: [Frames.Frame]) async throws -> FuzzTarget.Traits {
        let words = frames.first?.head.split(separator: " ").map(String.init) ?? []
        guard words.count == 2, let request = ProvetSeeds.requests[words[0]] else {
            return ["no action"]
        }
        let script = Script(Array(frames.dropFirst()))
        let assumptions = ProvetAssumptions()
        let client = ProvetClient(
            clinic: clinic,
            assumptions: assumptions,
            transport: HTTPTransport { script.answer($0) },
            clock: Noon()
        )
        let actions = ProvetActions([client], assumptions: assumptions)
        switch words[1] {
        case "probe":
            let finding = await actions.probe(request)
            try checkProbe(finding, script.all.map(\.request))
            try ProvetProperties.checkRecorded(finding, request)
            return ["\(words[0]) \(ProvetProperties.shape("\(finding)"))"]
        case "status":
            let status = await actions.look(at: request.order)
            return [ProvetProperties.shape("\(status)")]
        default:
            let outcome = await actions.perform(request)
            try ProvetProperties.check(outcome, script.all)
            try ProvetProperties.checkRecorded(outcome, request)
            return ["\(words[0]) \(ProvetProperties.shape("\(outcome)"))"]
        }
    }

    private static func checkProbe(
        _ finding: EffectProtocol.Finding,
        _ requests: [TransportRequest]
    ) throws {
        let writes = requests.filter { $0.method.isWrite && !ProvetProperties.isSignIn($0) }
        try hold("a probe changes nothing", writes.isEmpty, "\(writes.count) writes")
        try hold("a probe ends", requests.count <= 100, "\(requests.count) calls")
    }

    static let clinic = ClinicConfiguration(
        id: OrderWalk.clinic,
        baseURL: "http://provet.test/4/api/0.1",
        tokenURL: "http://provet.test/4/oauth2/token/",
        clientID: "dosette",
        clientSecret: Secret("secret"),
        timeZone: "Europe/Helsinki"
    )
}

/// What must hold whatever Provet answers.
enum ProvetProperties {
    /// A reason stands in the journal, in views and in logs.
    private static let reasonBytesMaximum = 2_048

    static func isSignIn(_ request: TransportRequest) -> Bool {
        request.url == ProvetTarget.clinic.tokenURL
    }

    /// An outcome's kind, without what is different each time.
    static func shape(_ text: String) -> String {
        String(text.filter { !$0.isNumber }.prefix(48))
    }

    static func check(
        _ outcome: EffectProtocol.Outcome,
        _ asked: [(request: TransportRequest, result: TransportResult)]
    ) throws {
        let calls = asked.filter { !isSignIn($0.request) }
        let writes = calls.filter { $0.request.method.isWrite && status($0.result) != 401 }
        try hold("an attempt writes once", writes.count <= 1, "\(writes.count) writes")
        try hold("an attempt ends", asked.count <= 100, "\(asked.count) calls")
        for (request, _) in calls { try check(request) }
        guard let write = writes.first, mayHaveHappened(write.result) else { return }
        switch outcome {
        case .unknown, .confirmed: break
        case .refused, .notProcessed, .conflict:
            let words = "\(status(write.result) ?? 0) came to \(shape("\(outcome)"))"
            throw PropertyFailure("what may have happened is unknown", words)
        }
        if case .confirmed = outcome, status(write.result).map({ $0 >= 300 }) ?? true {
            throw PropertyFailure("only a success is confirmed")
        }
    }

    private static func status(_ result: TransportResult) -> Int? {
        if case .answer(let answer) = result { answer.status } else { nil }
    }

    /// Whether the far side may have done what was asked: DESIGN's list, not the client's.
    private static func mayHaveHappened(_ result: TransportResult) -> Bool {
        switch result {
        case .notSent: return false
        case .unknown: return true
        case .answer(let answer):
            switch answer.status {
            case 200..<300, 302, 303, 408: return true
            case 503: return answer.retryAfter == nil
            case 500...: return true
            default: return false
            }
        }
    }

    private static func check(_ request: TransportRequest) throws {
        let base = ProvetTarget.clinic.baseURL
        try hold("a call stays at the clinic", request.url.hasPrefix(base + "/"), request.url)
        try hold(
            "a URL has only what URLs have",
            request.url.utf8.allSatisfy { (0x21...0x7E).contains($0) },
            request.url
        )
        guard let body = request.body else { return }
        guard let json = try? JSONReader.read(body) else {
            throw PropertyFailure("what is sent is JSON")
        }
        if let sum = json["sum"]?.stringValue {
            let isSum = sum.wholeMatch(of: /-?[0-9]{1,15}(\.[0-9]{1,4})?/) != nil
            try hold("a sum that is sent is one", isSum, sum)
        }
    }

    /// What came of an attempt must fit into the journal, and be read there as it was written.
    static func checkRecorded(
        _ outcome: EffectProtocol.Outcome,
        _ request: ActionRequest
    ) throws {
        switch outcome {
        case .confirmed(let receipt): try checkEvent(.confirmed(receipt), request)
        case .refused(let reason): try check(reason, .refused(reason: reason), request)
        case .notProcessed(_, let reason), .unknown(let reason):
            let at = OrderWalk.morning
            try check(reason, .becameUnknown(probeAt: at, reason: reason), request)
        case .conflict(let seen, let reason):
            try check(reason, .conflicted(seen: seen, reason: reason), request)
        }
    }

    static func checkRecorded(
        _ finding: EffectProtocol.Finding,
        _ request: ActionRequest
    ) throws {
        switch finding {
        case .found(let receipt): try checkEvent(.adopted(receipt), request)
        case .absent: break
        case .unclear(let reason): try check(reason, .inDoubt(reason: reason), request)
        case .unreachable(_, let reason):
            let at = OrderWalk.morning
            try check(reason, .probeFailed(nextAt: at, reason: reason), request)
        }
    }

    private static func check(
        _ reason: String,
        _ event: EffectProtocol.Event,
        _ request: ActionRequest
    ) throws {
        try hold(
            "a reason is short",
            (1...reasonBytesMaximum).contains(reason.utf8.count),
            "\(reason.utf8.count) bytes"
        )
        try hold(
            "a reason is one line",
            reason.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 }
        )
        try checkEvent(event, request)
    }

    private static func checkEvent(
        _ event: EffectProtocol.Event,
        _ request: ActionRequest
    ) throws {
        let effect = EffectEvent(
            number: 1,
            part: "fee",
            action: request.plan.action,
            purpose: request.plan.purpose,
            event: event
        )
        let fact = Fact(event: .effect(effect), at: OrderWalk.morning, actor: .dosette)
        let written = EventCodec.encode(
            fact,
            stream: StreamID(1),
            version: 1,
            key: request.order.received.key
        )
        try hold(
            "what Provet answered fits into the journal",
            written.byteCountMaximum <= EventCodec.entryBytesMaximum,
            "\(written.byteCountMaximum) bytes"
        )
        let read = try? EventCodec.fact(written.entry(at: 0))
        try hold("what Provet answered is read as it was written", read == fact)
    }
}
