import Crypto
package import DosetteCore
package import DosetteEngine
import DosetteTelemetry
import Foundation
package import Instrumentation

/// Does `pharmacy.transmit`: hands the prescription to the pharmacy's own system.
///
/// Over HTTP it is a webhook signed as Standard Webhooks has it, delivered at least once: the receiver drops a
/// `webhook-id` that it has seen.
package struct PharmacyTransmitter: ActionPerformer {
    /// How a prescription gets to the pharmacy.
    package enum Way: Sendable {
        /// It is there at once: the pharmacy works with Dosette itself.
        case handedOver
        case webhook(url: String, secret: String, transport: HTTPTransport)
        /// The embedder's own function.
        case handler(@Sendable (ActionRequest) async -> EffectProtocol.Outcome)
    }

    private static let name = "pharmacy.transmit"

    private let way: Way
    private let clock: any EngineClock
    private let instrument: (any Instrument)?

    /// - Parameters:
    ///   - way: How a prescription gets to the pharmacy.
    ///   - clock: The engine's.
    ///   - instrument: Names the attempt's span in a webhook; nothing names none.
    package init(_ way: Way, clock: any EngineClock, instrument: (any Instrument)? = nil) {
        self.instrument = instrument
        self.way = way
        self.clock = clock
    }

    package var specifications: [ActionSpecification] {
        [ActionSpecification(name: Self.name, effectClass: .blind)]
    }

    package func digest(of request: ActionRequest) -> String {
        Engine.digest(of: payload(request))
    }

    package func perform(_ request: ActionRequest) async -> EffectProtocol.Outcome {
        switch way {
        case .handedOver:
            return .confirmed(Receipt())
        case .handler(let handler):
            return await handler(request)
        case .webhook(let url, let secret, let transport):
            return await send(request, url, secret, transport)
        }
    }

    package func probe(_ request: ActionRequest) async -> EffectProtocol.Finding {
        .absent  // The receiver drops what it has seen.
    }

    package func drafts(
        of request: ActionRequest,
        _ purpose: DraftPurpose
    ) async -> [RequestDraft] {
        guard purpose == .attempt, case .webhook(let url, _, _) = way else { return [] }
        return [RequestDraft(method: "POST", url: url, body: payload(request), isWrite: true)]
    }

    // MARK: - Webhook

    private func payload(_ request: ActionRequest) -> JSON {
        let order = request.order
        return [
            "type": "prescription.transmitted",
            "order_id": .string(order.received.key.orderID),
            "source": .string(order.received.key.source),
            "clinic": .string(order.received.clinic),
            "provet_id": JSON(order.provetID),
            "prescription": .object(order.received.prescription),
        ]
    }

    private func send(
        _ request: ActionRequest,
        _ url: String,
        _ secret: String,
        _ transport: HTTPTransport
    ) async -> EffectProtocol.Outcome {
        let body = payload(request).canonicalBytes
        // The same for every attempt of the same effect, so that a second delivery is known.
        let id = "\(request.order.received.key)/\(request.plan.effect)"
        let seconds = String(clock.now().milliseconds / 1000)
        let signature = Self.signature(id: id, seconds: seconds, body: body, secret: secret)
        var message = TransportRequest(
            method: .post,
            url: url,
            headers: [
                ("Content-Type", "application/json"), ("webhook-id", id),
                ("webhook-timestamp", seconds), ("webhook-signature", "v1,\(signature)"),
            ],
            body: body
        )
        instrument?.inject(Self.context(request), into: &message, using: FieldInjector())
        return Self.outcome(await transport.send(message))
    }

    /// The context of the attempt's span, whose numbers follow from the order's key.
    private static func context(_ request: ActionRequest) -> InstrumentationContext {
        let attempt = request.order.parts[request.plan.part].effect?.state.attemptCount ?? 1
        var context = InstrumentationContext.topLevel
        context.span = OrderTrace(order: "\(request.order.received.key)")
            .identity(of: .attempt(effect: request.plan.effect, attempt: attempt))
        return context
    }

    private struct FieldInjector: Injector {
        func inject(_ value: String, forKey key: String, into message: inout TransportRequest) {
            message.headers.append((name: key, value: value))
        }
    }

    private static func outcome(_ result: TransportResult) -> EffectProtocol.Outcome {
        switch result {
        case .notSent(let reason): return .notProcessed(retryAfter: nil, reason: reason)
        case .unknown(let reason): return .unknown(reason: reason)
        case .answer(let answer):
            let reason = "the pharmacy answers \(answer.status)"
            switch answer.status {
            case 200..<300: return .confirmed(Receipt())
            case 429, 503: return .notProcessed(retryAfter: answer.retryAfter, reason: reason)
            case 408, 500...: return .unknown(reason: reason)
            default: return .refused(reason: reason)
            }
        }
    }

    /// Base64 of HMAC-SHA256 over `id.timestamp.body`; a `whsec_` secret is base64 itself.
    static func signature(id: String, seconds: String, body: [UInt8], secret: String) -> String {
        let prefix = "whsec_"
        let encoded =
            secret.hasPrefix(prefix)
            ? Data(base64Encoded: String(secret.dropFirst(prefix.count))) : nil
        let key = SymmetricKey(data: encoded ?? Data(secret.utf8))
        var content = Data("\(id).\(seconds).".utf8)
        content.append(contentsOf: body)
        let code = HMAC<SHA256>.authenticationCode(for: content, using: key)
        return Data(code).base64EncodedString()
    }
}
