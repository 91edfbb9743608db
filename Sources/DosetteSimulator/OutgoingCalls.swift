import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// The calls that Provet makes by itself: webhooks, and the message of a hookup.
struct OutgoingCalls: Sendable {
    /// How often is looked for webhooks that are due.
    static let lookPause = Duration.milliseconds(20)
    /// How long the other side may take to answer.
    static let timeout = TimeAmount.seconds(10)
    /// How much of an answer is read, in bytes: 1 MiB.
    static let answerByteCountMaximum = 1 << 20

    let provet: SimulatedProvet
    let client: HTTPClient
    /// The time, in UTC milliseconds.
    let now: @Sendable () -> Int64

    /// The settings of the client.
    ///
    /// One try is one try: redirects are not followed, as Provet is not known to do it, and a
    /// refused connection is an answer.
    static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: timeout)
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Sends the webhooks that are due until the service is shut down; those that wait are lost.
    func run() async {
        await withDiscardingTaskGroup { tasks in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                for delivery in provet.takeDeliveries(now: now()) {
                    tasks.addTask { await send(delivery) }
                }
                do {
                    try await cancelWhenGracefulShutdown {
                        try await Task.sleep(for: Self.lookPause)
                    }
                } catch {
                    break
                }
            }
            tasks.cancelAll()
        }
    }

    private func send(_ delivery: WebhookDelivery) async {
        let answer = try? await post(delivery.body, delivery.contentType, to: delivery.url)
        provet.finishDelivery(delivery.number, status: answer?.status, now: now())
    }

    /// Posts the message of a hookup.
    ///
    /// - Returns: What came back, as the control route tells it; 502 when nothing came back.
    func send(_ hookup: SimulatedHookup) async -> SimulatedAnswer {
        do {
            let answer = try await post(hookup.body, hookup.contentType, to: hookup.url)
            return SimulatedAnswer(
                status: 200,
                ["status": .integer(answer.status), "body": .string(answer.text)]
            )
        } catch {
            return SimulatedAnswer(status: 502, detail: "There was no answer: \(error)")
        }
    }

    private func post(
        _ body: [UInt8],
        _ contentType: String,
        to url: String
    ) async throws -> (status: Int, text: String) {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: contentType)
        request.headers.add(name: "User-Agent", value: "Simulated Provet")
        request.body = .bytes(body)
        let response = try await client.execute(request, timeout: Self.timeout)
        let answer = try await response.body.collect(upTo: Self.answerByteCountMaximum)
        return (Int(response.status.code), String(buffer: answer))
    }
}
