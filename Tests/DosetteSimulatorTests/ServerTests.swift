import AsyncHTTPClient
import Logging
import NIOHTTP1
import Testing

@testable import DosetteSimulator

@Suite("The server")
struct ServerTests {
    @Test(.timeLimit(.minutes(1)))
    func `a prescription is created over the wire`() async throws {
        try await LiveServer.run { live in
            let headers = try #require(try await live.signIn())
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
        try await LiveServer.run { live in
            let headers = try #require(try await live.signIn())
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
        try await LiveServer.run { live in
            let headers = try #require(try await live.signIn())
            let answer = try await live.send(
                .POST,
                "/4/api/0.1/countersale/",
                headers: headers,
                body: Array(repeating: 0x20, count: SimulatorResponder.bodyByteCountMaximum + 1)
            )
            #expect(answer.status == 413)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a server whose port is taken stops at once`() async throws {
        try await LiveServer.run { live in
            let port = try #require(live.root.split(separator: ":").last.flatMap { Int($0) })
            let second = SimulatedProvetServer(
                SimulatedProvet(),
                port: port,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}
