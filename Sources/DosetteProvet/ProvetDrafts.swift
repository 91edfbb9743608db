import DosetteCore
import DosetteDefinitions
package import DosetteEngine
import Synchronization

/// What an attempt would send, found by making it against a Provet that is not there: the very code that sends tells it.
extension ProvetActions {
    package func drafts(
        of request: ActionRequest,
        _ purpose: DraftPurpose
    ) async -> [RequestDraft] {
        guard let client = client(request.order.received.clinic) else { return [] }
        let recorder = DraftRecorder(request.order, client)
        let copy = ProvetClient(
            clinic: client.clinic,
            assumptions: assumptions,
            transport: HTTPTransport { recorder.answer($0) },
            clock: client.clock
        )
        // Settings that are kept are not asked for; a dry run reads them anew, and leaves the kept ones alone.
        let dry = ProvetActions([copy], assumptions: assumptions)
        switch purpose {
        case .attempt: _ = await dry.performOnce(request)
        case .look: _ = await dry.probe(request)
        }
        return recorder.drafts
    }
}

/// Writes requests down and answers as a Provet would that has nothing new.
private final class DraftRecorder: Sendable {
    /// What is only known when an earlier request is answered.
    private static let unknownSum = "the invoice's total"
    private static let draftsMaximum = 50

    private let tokenURL: String
    private let answer: JSON
    private let recorded = Mutex<[RequestDraft]>([])

    init(_ order: Order, _ client: ProvetClient) {
        tokenURL = client.clinic.tokenURL
        var object: JSONObject = [
            "id": JSON(order.provetID ?? 0), "count": 0, "next": .null, "results": [],
            "status": JSON(order.provetStatus), "remarks": "",
        ]
        object[client.assumptions.invoiceTotalField] = "0.00"
        answer = .object(object)
    }

    var drafts: [RequestDraft] { recorded.withLock { $0 } }

    func answer(_ request: TransportRequest) -> TransportResult {
        if request.url == tokenURL {
            let token: JSON = [
                "access_token": "none", "expires_in": 3600, "token_type": "Bearer",
            ]
            return Self.done(token)
        }
        let body = request.body.flatMap { try? JSONReader.read($0) }
        let draft = RequestDraft(
            method: request.method.rawValue,
            url: request.url,
            body: body.map(Self.shown),
            isWrite: request.method.isWrite
        )
        recorded.withLock { recorded in
            if recorded.count < Self.draftsMaximum { recorded.append(draft) }
        }
        return request.method.isWrite
            ? .unknown(reason: "a dry run sends nothing") : Self.done(answer)
    }

    private static func shown(_ body: JSON) -> JSON {
        guard var object = body.objectValue, object["sum"] != nil else { return body }
        object["sum"] = .string(unknownSum)
        return .object(object)
    }

    private static func done(_ json: JSON) -> TransportResult {
        .answer(TransportAnswer(status: 200, retryAfter: nil, body: json.canonicalBytes))
    }
}
