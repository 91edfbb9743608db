import HTTPTypes
import Hummingbird
import NIOCore

/// Carries HTTP requests to the model, and the model's replies back.
struct SimulatorResponder: HTTPResponder {
    /// The longest body of a request, in bytes: 1 MiB.
    static let bodyByteCountMaximum = 1 << 20

    private static let controlName = "_simulator"

    let provet: SimulatedProvet
    let calls: OutgoingCalls
    /// The time, in UTC milliseconds.
    let now: @Sendable () -> Int64

    @Sendable func respond(
        to request: Request,
        context: SimulatorContext
    ) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyByteCountMaximum)
        } catch is NIOTooManyBytesError {
            return Self.response(SimulatedAnswer(status: 413, detail: "Too large."))
        }
        let target = Target(request.head.path ?? "/")
        let simulated = SimulatedRequest(
            request.method.rawValue,
            target.rest,
            host: request.head.authority ?? "localhost",
            authorization: request.headers[.authorization],
            contentType: request.headers[.contentType],
            body: Array(body.readableBytesView),
            requestID: HTTPField.Name("X-Request-ID").flatMap { request.headers[$0] }
        )
        if target.name == Self.controlName {
            return Self.response(await control(simulated, context))
        }
        let reply = provet.handle(simulated, installation: target.name, now: now())
        return try await carryOut(reply, context)
    }

    private func control(
        _ request: SimulatedRequest,
        _ context: SimulatorContext
    ) async -> SimulatedAnswer {
        guard context.isLoopback else { return Refusal.forbidden.answer }
        let control = SimulatorControl(provet: provet)
        guard request.method == "POST", request.path == "/hookup" else {
            return control.answer(request, now: now())
        }
        let hookup: SimulatedHookup
        do throws(Refusal) {
            hookup = try control.hookup(request, now: now())
        } catch {
            return error.answer
        }
        return await calls.send(hookup)
    }

    private func carryOut(
        _ reply: SimulatedReply,
        _ context: SimulatorContext
    ) async throws -> Response {
        if reply.delayMilliseconds > 0 {
            try await Task.sleep(for: .milliseconds(reply.delayMilliseconds))
        }
        switch reply.outcome {
        case .respond(let answer):
            return Self.response(answer)
        case .cutConnection:
            // Once the channel is closed nothing of the response can leave any more.
            try await context.channel.close().get()
            return Response(status: .internalServerError)
        }
    }

    private static func response(_ answer: SimulatedAnswer) -> Response {
        var fields = HTTPFields()
        for header in answer.headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            fields[name] = header.value
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }

    /// A request's target, cut after its first part.
    private struct Target {
        /// The first part: an installation, or ``controlName``.
        let name: String
        /// What follows, query and all, from its slash on.
        let rest: String

        init(_ target: String) {
            let path = target.drop { $0 == "/" }
            let end = path.firstIndex { $0 == "/" || $0 == "?" } ?? path.endIndex
            name = String(path[..<end])
            rest = String(path[end...])
        }
    }
}
