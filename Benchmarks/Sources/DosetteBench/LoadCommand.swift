import ArgumentParser
import AsyncHTTPClient
import DosetteCore
import Foundation
import Glibc
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// The least that a server can do: it reads the body and answers a few bytes.
struct EchoServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo-server",
        abstract: "Serve POST /v1/orders with nothing behind it, until standard input ends."
    )

    static let bodyMaximum = 64 * 1_024

    @Option(help: "The port on loopback.") var port: Int

    func run() async throws {
        let router = Router()
        router.post("/v1/orders") { request, _ in
            let body = try await request.body.collect(upTo: Self.bodyMaximum)
            return Response(
                status: .accepted,
                headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: "{\"bytes\":\(body.readableBytes)}"))
            )
        }
        let app = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "echo") { _ in SwiftLogNoOpLogHandler() }
        )
        Self.endWithInput()
        try await app.runService()
    }

    /// Ends the process with its standard input: whoever started it holds the other end.
    private static func endWithInput() {
        Thread.detachNewThread {
            while readLine() != nil {}
            _exit(0)
        }
    }
}

/// Orders over HTTP, each an order of its own, from so many connections at once.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "POST orders to a server and time the answers."
    )

    private static let answerMaximum = 64 * 1_024
    private static let timeoutSeconds: Int64 = 30

    @Option(help: "Where the server listens on loopback.") var port: Int
    @Option(help: "Connections.") var connections = 64
    @Option(help: "Requests in all.") var requests = 10_000
    @Option(help: "The number of the first order.") var first = 0
    @Option(
        help: "The clinics that orders come from in turn, clinic-1 and so on; 0 for nordic-vets."
    )
    var clinics = 0

    func run() async throws {
        var settings = HTTPClient.Configuration()
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        let url = "http://127.0.0.1:\(port)/v1/orders"
        // Connections are made before the clock starts.
        _ = try await post(first - connections..<first, url, client)
        let began = ContinuousClock.now
        let times = try await post(first..<first + requests, url, client)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        try await client.shutdown()
        var figures = Figures()
        figures[count: "requests"] = requests
        figures["seconds"] = seconds
        figures["requests_per_second"] = Double(requests) / seconds
        figures.add(times, as: "")
        figures.print()
    }

    private func post(
        _ numbers: Range<Int>,
        _ url: String,
        _ client: HTTPClient
    ) async throws -> [Duration] {
        try await withThrowingTaskGroup(of: [Duration].self) { group in
            for lane in 0..<connections {
                group.addTask {
                    var times: [Duration] = []
                    let own = stride(
                        from: numbers.lowerBound + lane,
                        to: numbers.upperBound,
                        by: connections
                    )
                    for number in own {
                        let body = document(number)
                        let began = ContinuousClock.now
                        try await post(body, url, client)
                        times.append(ContinuousClock.now - began)
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func document(_ number: Int) -> ByteBuffer {
        let clinic = clinics > 0 ? "clinic-\(abs(number) % clinics + 1)" : Pharmacy.clinic
        // Numbers before the first are those of the orders that warm up.
        return ByteBuffer(string: Pharmacy.order(number + 1_000_000, clinic: clinic).text)
    }

    private func post(_ body: ByteBuffer, _ url: String, _ client: HTTPClient) async throws {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(body)
        let timeout = TimeAmount.seconds(Self.timeoutSeconds)
        let response = try await client.execute(request, timeout: timeout)
        let answer = try await response.body.collect(upTo: Self.answerMaximum)
        guard response.status == .accepted else {
            throw ValidationError("\(response.status): \(String(buffer: answer))")
        }
    }
}
