import DosetteCore
import DosetteEngine
import DosetteTelemetry
import DosetteTesting
import DosetteTracing
import Foundation
import Synchronization
import Testing

@testable import DosetteProvet

@Suite("Handing a prescription to the pharmacy")
struct PharmacyTransmitterTests {
    private static let secret = "a plain secret"

    /// A journey at the point where the prescription is handed over.
    private func request(_ clock: StandingClock, id: String = "HD-1") throws -> ActionRequest {
        let actions = ProvetActions([], assumptions: ProvetAssumptions())
        var journey = try Journey(actions, clock, .init(id: id, remarks: "Ring."))
        return try journey.pretend(upTo: "pharmacy.transmit")
    }

    private func transmitter(
        _ far: Scripted,
        _ secret: String = secret,
        port: Int? = nil
    ) -> PharmacyTransmitter {
        let url = "http://127.0.0.1:\(port ?? far.port)/hooks/rx?key=1"
        return PharmacyTransmitter(
            .webhook(url: url, secret: secret, transport: far.transport),
            clock: far.clock
        )
    }

    // MARK: - What is sent

    @Test(.timeLimit(.minutes(1)))
    func `the pharmacy gets the order and the prescription, once`() async throws {
        try await Scripted.run { _ in
            .answer(204)
        } _: { far in
            let request = try request(far.clock)
            let transmitter = transmitter(far)
            #expect(await transmitter.perform(request) == .confirmed(Receipt()))
            #expect(far.seen.count == 1)
            let sent = try #require(far.seen.first)
            #expect(sent.method == "POST")
            #expect(sent.target == "/hooks/rx?key=1")
            #expect(sent.headers["content-type"] == "application/json")
            #expect(
                sent.json == [
                    "type": "prescription.transmitted", "order_id": "HD-1", "source": "webshop",
                    "clinic": "nordic-vets", "provet_id": 1001,
                    "prescription": .object(request.order.received.prescription),
                ]
            )
            #expect(sent.body == sent.json?.canonicalBytes)
            #expect(transmitter.digest(of: request) == Engine.digest(of: try #require(sent.json)))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a webhook names the span of its attempt, where orders are traced`() async throws {
        try await Scripted.run { _ in
            .answer(204)
        } _: { far in
            let request = try request(far.clock)
            _ = await transmitter(far).perform(request)
            let traced = PharmacyTransmitter(
                .webhook(
                    url: "http://127.0.0.1:\(far.port)/hooks/rx",
                    secret: Self.secret,
                    transport: far.transport
                ),
                clock: far.clock,
                instrument: SpanTracer(share: 1)
            )
            _ = await traced.perform(request)
            let fields = far.seen.map { $0.headers["traceparent"] }
            let step = OrderTrace.Step.attempt(effect: request.plan.effect, attempt: 1)
            let identity = OrderTrace(order: "webshop/HD-1").identity(of: step)
            #expect(fields == [nil, "00-\(identity.trace)-\(identity.span)-01"])
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (secret, Array("a plain secret".utf8)), ("", []),
            (String(repeating: "k", count: 100), Array(repeating: UInt8(ascii: "k"), count: 100)),
            ("whsec_AAECAwQFBgcICQ==", Array(0...9)),
        ] as [(String, [UInt8])]
    )
    func `the signature is over id, time and body`(secret: String, key: [UInt8]) async throws {
        try await Scripted.run { _ in
            .answer(200)
        } _: { far in
            far.clock.move(by: .milliseconds(999))
            let request = try request(far.clock)
            #expect(await transmitter(far, secret).perform(request).word == "confirmed")
            let sent = try #require(far.seen.first)
            let id = try #require(sent.headers["webhook-id"])
            let time = try #require(sent.headers["webhook-timestamp"])
            #expect(time == String(World.morning.milliseconds / 1000))
            let content = Array("\(id).\(time).".utf8) + sent.body
            let code = Data(IndependentHMAC.code(of: content, key: key)).base64EncodedString()
            #expect(sent.headers["webhook-signature"] == "v1,\(code)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an effect keeps its id over all attempts, and every effect has its own`() async throws {
        try await Scripted.run { _ in
            .answer(500)
        } _: { far in
            let transmitter = transmitter(far)
            for id in ["HD-1", "HD-1", "HD-2"] {
                let request = try request(far.clock, id: id)
                #expect(await transmitter.perform(request).word == "unknown")
                #expect(await transmitter.probe(request) == .absent)
                far.clock.move(by: .seconds(60))
            }
            let ids = far.seen.compactMap { $0.headers["webhook-id"] }
            #expect(ids[0] == ids[1])
            #expect(ids[0] != ids[2])
            #expect(ids[0].hasPrefix("webshop/HD-1/"))
            #expect(Set(far.seen.map { $0.headers["webhook-timestamp"] }).count == 3)
            #expect(Set(far.seen.map { $0.headers["webhook-signature"] }).count == 3)
        }
    }

    // MARK: - What is answered

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (200, nil, "confirmed"), (202, nil, "confirmed"), (204, nil, "confirmed"),
            (299, nil, "confirmed"), (400, nil, "refused"), (401, nil, "refused"),
            (404, nil, "refused"), (410, nil, "refused"), (422, nil, "refused"),
            (408, nil, "unknown"), (500, nil, "unknown"), (502, nil, "unknown"),
            (599, "5", "unknown"), (429, "5", "not processed, 5000 ms"),
            (429, nil, "not processed"), (503, "9999", "not processed, 3600000 ms"),
            (503, nil, "not processed"), (301, nil, "refused"), (307, nil, "refused"),
        ] as [(Int, String?, String)]
    )
    func `each answer has its meaning`(
        status: Int,
        wait: String?,
        word: String
    ) async throws {
        let headers = wait.map { ["Retry-After": $0, "Location": "/other"] }
        try await Scripted.run { _ in
            .answer(status, headers: headers ?? ["Location": "/other"])
        } _: { far in
            let outcome = await transmitter(far).perform(try request(far.clock))
            #expect(outcome.word == word)
            #expect(far.seen.map(\.target) == ["/hooks/rx?key=1"])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a pharmacy that is not there was not told`() async throws {
        var dead = 0
        try await Scripted.run { _ in
            nil
        } _: { far in
            dead = far.port
        }
        try await Scripted.run { _ in
            nil
        } _: { far in
            let transmitter = transmitter(far, port: dead)
            let outcome = await transmitter.perform(try request(far.clock))
            #expect(outcome.word == "not processed")
            #expect(far.seen.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a cancelled delivery may have arrived`() async throws {
        try await Scripted.run { _ in
            .silence
        } _: { far in
            let conformance = ActionPerformerConformance(transmitter(far))
            let request = try request(far.clock)
            await conformance.verifyCancellation(of: request, arrival: far.silenced)
        }
    }

    // MARK: - Without a webhook

    @Test(.timeLimit(.minutes(1)))
    func `handed over at once it is confirmed`() async throws {
        let clock = StandingClock(World.morning)
        let transmitter = PharmacyTransmitter(.handedOver, clock: clock)
        #expect(await transmitter.perform(try request(clock)) == .confirmed(Receipt()))
    }

    @Test(.timeLimit(.minutes(1)))
    func `the embedder's own function decides by itself`() async throws {
        let clock = StandingClock(World.morning)
        let told = Mutex<[String]>([])
        let refusal = EffectProtocol.Outcome.refused(reason: "not ours")
        let transmitter = PharmacyTransmitter(
            .handler { request in
                told.withLock { $0.append(request.order.received.key.orderID) }
                return refusal
            },
            clock: clock
        )
        #expect(await transmitter.perform(try request(clock)) == refusal)
        #expect(told.withLock { $0 } == ["HD-1"])
    }

    // MARK: - The measure itself

    @Test func `the independent code agrees with published examples`() {
        let hex = { (bytes: [UInt8]) in
            bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
        }
        // FIPS 180-4, "abc"; RFC 4231, cases 2 and 6; Standard Webhooks' own example.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(hex(IndependentHMAC.digest(Array("abc".utf8))) == abc)
        let second = IndependentHMAC.code(
            of: Array("what do ya want for nothing?".utf8),
            key: Array("Jefe".utf8)
        )
        #expect(hex(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let sixth = IndependentHMAC.code(
            of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            key: Array(repeating: 0xAA, count: 131)
        )
        #expect(hex(sixth) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func `a signature is that of the published example`() {
        let signature = PharmacyTransmitter.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds: "1614265330",
            body: Array(#"{"test": 2432232314}"#.utf8),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        )
        #expect(signature == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }
}
