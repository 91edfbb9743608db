import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import DosetteSimulator

@Suite("The server")
struct ServerTests {
    /// A server on a free port of this machine, and a client for it.
    private struct Live: Sendable {
        let provet: SimulatedProvet
        let root: String

        func send(
            _ method: HTTPMethod,
            _ path: String,
            headers: HTTPHeaders = [:],
            body: [UInt8] = []
        ) async throws -> (status: Int, body: [UInt8]) {
            var request = HTTPClientRequest(url: root + path)
            request.method = method
            request.headers = headers
            request.body = .bytes(body)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            let answer = try await response.body.collect(upTo: 1 << 22)
            return (Int(response.status.code), Array(answer.readableBytesView))
        }

        /// Signs in to installation 4 and returns the header that says so.
        func signIn() async throws -> HTTPHeaders {
            let pair = Data("dosette:simulated-secret".utf8).base64EncodedString()
            let answer = try await send(
                .POST,
                "/4/oauth2/token/",
                headers: [
                    "Authorization": "Basic \(pair)",
                    "Content-Type": "application/x-www-form-urlencoded",
                ],
                body: Array("grant_type=client_credentials".utf8)
            )
            let token = try #require(JSONReader.read(answer.body)["access_token"]?.text)
            return ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
        }
    }

    /// Runs `body` against a server that is shut down afterwards.
    private func withServer(_ body: (Live) async throws -> Void) async throws {
        let provet = SimulatedProvet()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = SimulatedProvetServer(
            provet,
            port: 0,
            logger: logger,
            now: { Clinic.morning },
            onReady: { announce.yield($0) }
        )
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(Live(provet: provet, root: "http://127.0.0.1:\(port)"))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a prescription is created over the wire`() async throws {
        try await withServer { live in
            let headers = try await live.signIn()
            let answer = try await live.send(
                .POST,
                "/4/api/0.1/eprescription/prescription/",
                headers: headers,
                body: Clinic.prescription.bytes
            )
            #expect(answer.status == 201)
            let url = try JSONReader.read(answer.body)["url"]?.text
            #expect(url == live.root + "/4/api/0.1/eprescription/prescription/1001/")
            #expect(live.provet.ledger(limit: 10, now: Clinic.morning).count == 1)
            let ledger = try await live.send(.GET, "/_simulator/ledger?after=0&limit=5")
            #expect(ledger.status == 200)
            #expect(ledger.body.count { $0 == UInt8(ascii: "\n") } == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [(FaultKind.cutBefore, 0), (.cutAfter, 1)])
    func `a cut connection is really cut`(fault: FaultKind, effectCount: Int) async throws {
        try await withServer { live in
            let headers = try await live.signIn()
            live.provet.setFaults(.always(fault))
            let error = await #expect(throws: HTTPClientError.self) {
                try await live.send(
                    .POST,
                    "/4/api/0.1/countersale/",
                    headers: headers,
                    body: Clinic.sale.bytes
                )
            }
            #expect(error == .remoteConnectionClosed)
            #expect(live.provet.ledger(limit: 10, now: Clinic.morning).count == effectCount)
            live.provet.setFaults(.none)
            let list = try await live.send(.GET, "/4/api/0.1/countersale/", headers: headers)
            #expect(try JSONReader.read(list.body)["count"] == .integer(effectCount))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a body that is too long is refused`() async throws {
        try await withServer { live in
            let headers = try await live.signIn()
            let answer = try await live.send(
                .POST,
                "/4/api/0.1/countersale/",
                headers: headers,
                body: Array(repeating: 0x20, count: SimulatorResponder.bodyByteCountMaximum + 1)
            )
            #expect(answer.status == 413)
        }
    }
}
