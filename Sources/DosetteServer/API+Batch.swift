import DosetteCore
import DosetteEngine
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Taking many orders in at once.
extension API {
    /// Takes the orders of a body of lines; the answer is written while the body is read.
    func batch(_ call: Call) throws(Problem) -> Response {
        try refuseQuery(call)
        try call.checkKey()
        try call.requireType(MediaType.isLines, MediaType.lines)
        try call.refuseLonger(than: ServerLimits.batchBytesMaximum)
        let body = ResponseBody { [self] writer in
            let deadline = call.channel.cut(after: ServerLimits.batchTime)
            defer { deadline.cancel() }
            try await takeLines(call, &writer)
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: MediaType.lines], body: body)
    }

    // The writer is not Sendable and its methods run where Hummingbird runs them: `@concurrent`
    // keeps these functions there, too.
    @concurrent
    private func takeLines(_ call: Call, _ writer: inout any ResponseBodyWriter) async throws {
        var splitter = LineSplitter(byteCountMaximum: OrderDocument.byteCountMaximum)
        var byteCount = 0
        var body = call.request.body.makeAsyncIterator()
        while let chunk = try await body.next() {
            byteCount += chunk.readableBytes
            guard byteCount <= ServerLimits.batchBytesMaximum else {
                let problem = Problem.tooLarge(ServerLimits.batchBytesMaximum)
                return try await end(splitter, problem, &writer)
            }
            try await take(splitter.feed(chunk.readableBytesView), call.caller, &writer)
            if Task.isShuttingDownGracefully {
                try await end(splitter, .stopping, &writer)
                return await hearOut(&body, call.channel)
            }
        }
        try await take(splitter.finish(), call.caller, &writer)
    }

    /// Reads what the caller still sends and throws it away, for a moment.
    ///
    /// A connection that is closed while its other end sends is reset, and what was just said on it
    /// may get lost.
    @concurrent
    private func hearOut(
        _ body: inout RequestBody.AsyncIterator,
        _ channel: any Channel
    ) async {
        let limit = channel.stopReading(after: ServerLimits.hearingTime)
        defer { limit.cancel() }
        do {
            while try await body.next() != nil {}
        } catch {
            // It came to no end in time, or the caller has gone.
        }
    }

    /// Says at the first line that was not taken why it and those behind it were not.
    @concurrent
    private func end(
        _ splitter: LineSplitter,
        _ problem: Problem,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        let answer = LineAnswer(line: splitter.lineCount + 1, orderID: nil, outcome: problem)
        try await writer.write(ByteBuffer(bytes: answer.bytes))
    }

    @concurrent
    private func take(
        _ lines: [LineSplitter.Line],
        _ caller: Caller,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        var rest = lines[...]
        while !rest.isEmpty {
            let answers = await take(Array(rest.prefix(ServerLimits.batchWindow)), caller)
            rest = rest.dropFirst(ServerLimits.batchWindow)
            try await writer.write(ByteBuffer(bytes: answers.flatMap(\.bytes)))
        }
    }

    /// Takes the lines of one window together, so that they share a flush of the journal.
    ///
    /// - Returns: The answers in the order of the lines.
    private func take(_ lines: [LineSplitter.Line], _ caller: Caller) async -> [LineAnswer] {
        let orders = lines.map(BatchOrder.init)
        return await withTaskGroup(of: [LineAnswer].self) { group in
            for same in Dictionary(grouping: orders, by: \.sameness).values {
                // Lines about one order go one after the other: the first one is the order.
                group.addTask {
                    var answers: [LineAnswer] = []
                    for order in same { answers.append(await take(order, caller)) }
                    return answers
                }
            }
            return await group.reduce(into: []) { $0 += $1 }.sorted { $0.line < $1.line }
        }
    }

    private func take(_ order: BatchOrder, _ caller: Caller) async -> LineAnswer {
        do throws(Problem) {
            switch try await take(order.json.get(), from: caller) {
            case .accepted: return LineAnswer(order, .accepted)
            case .repeated: return LineAnswer(order, .ok)
            }
        } catch {
            return LineAnswer(line: order.line, orderID: order.orderID, outcome: error)
        }
    }
}

/// One line of a batch.
private struct BatchOrder: Sendable {
    /// What lines about the same order have in common.
    enum Sameness: Hashable {
        case order(source: String, orderID: String)
        case line(Int)
    }

    let line: Int
    let json: Result<JSON, Problem>
    /// The order's id, if the line gives one that can be an id.
    let orderID: String?
    let sameness: Sameness

    init(_ line: LineSplitter.Line) {
        let json = Self.read(line)
        let object = (try? json.get())?.objectValue
        let orderID = object?["order_id"]?.stringValue.flatMap { Token.isValid($0) ? $0 : nil }
        self.line = line.number
        self.json = json
        self.orderID = orderID
        if let orderID, let source = object?["source"]?.stringValue {
            sameness = .order(source: source, orderID: orderID)
        } else {
            sameness = .line(line.number)
        }
    }

    private static func read(_ line: LineSplitter.Line) -> Result<JSON, Problem> {
        switch line.content {
        case .tooLong:
            return .failure(.tooLarge(OrderDocument.byteCountMaximum))
        case .bytes(let bytes):
            do {
                return .success(try JSONReader.read(bytes))
            } catch {
                return .failure(.notJSON(error))
            }
        }
    }
}

/// What became of one line of a batch.
private struct LineAnswer: Sendable {
    let line: Int
    let orderID: String?
    let status: HTTPResponse.Status
    let problem: Problem?

    init(_ order: BatchOrder, _ status: HTTPResponse.Status) {
        line = order.line
        orderID = order.orderID
        self.status = status
        problem = nil
    }

    init(line: Int, orderID: String?, outcome problem: Problem) {
        self.line = line
        self.orderID = orderID
        status = problem.kind.status
        self.problem = problem
    }

    /// The answer as a line.
    var bytes: [UInt8] {
        var object: JSONObject = [
            "line": JSON(line), "order_id": JSON(orderID), "status": JSON(status.code),
        ]
        object["problem"] = problem?.json
        return JSON.object(object).canonicalBytes + [LineSplitter.newline]
    }
}
