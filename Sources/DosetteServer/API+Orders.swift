import DosetteCore
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird
import Instrumentation

/// Taking orders in and showing them.
extension API {
    // MARK: - POST /v1/orders

    /// Takes an order in; when this answers 202, the order is on disk.
    func submit(_ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        guard let key = try call.key() else { return try await submitted(call) }
        // An order is known by source and order_id: a key is not needed, but must not stand for two.
        let body = try await call.bytes(upTo: OrderDocument.byteCountMaximum)
        let claim = try orderKeys.claim(key, for: body, by: call.caller.name)
        do throws(Problem) {
            let response = try await submitted(call.with(body))
            orderKeys.settle(claim)
            return response
        } catch {
            orderKeys.release(claim)
            throw error
        }
    }

    private func submitted(_ call: Call) async throws(Problem) -> Response {
        let json = try await call.json(upTo: OrderDocument.byteCountMaximum)
        switch try await take(json, from: call.caller, in: sender(of: call)) {
        case .accepted(let order):
            var response = Response.json(.object(order.view), .accepted)
            response.headers[.location] = Route.OrderPath.text(of: order.received.key)
            return response
        case .repeated(let view):
            return Response.bytes(Array(view.utf8), .ok, type: MediaType.json)
        }
    }

    func take(
        _ json: JSON,
        from caller: Caller,
        in sender: InstrumentationContext? = nil
    ) async throws(Problem) -> Submission {
        do {
            return try await engine.submit(json, submitter: caller.name, caller: sender)
        } catch {
            throw Problem(error)
        }
    }

    /// The span that the request's sender is in, if it says so.
    private func sender(of call: Call) -> InstrumentationContext? {
        var context = InstrumentationContext.topLevel
        engine.instrument.extract(call.request.headers, into: &context, using: FieldExtractor())
        return context.isEmpty ? nil : context
    }

    private struct FieldExtractor: Extractor {
        func extract(key: String, from carrier: HTTPFields) -> String? {
            HTTPField.Name(key).flatMap { carrier[$0] }
        }
    }

    // MARK: - GET /v1/orders

    func list(_ call: Call) async throws(Problem) -> Response {
        var reader = QueryReader(
            call.request.uri.query,
            known: ["state", "clinic", "source", "cursor", "limit"]
        )
        let selection = reader.choice("state", Self.selections.map(\.name))
        let clinic = reader.token("clinic")
        let source = reader.token("source")
        let cursor = reader.cursor("cursor")
        let limit = reader.integer("limit", in: ServerLimits.listLimits)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        let limitOrDefault = limit ?? ServerLimits.listLimitDefault
        let query = OrderQuery(
            selection: Self.selections.first { $0.name == selection }?.selection ?? .all,
            clinic: clinic,
            source: source,
            after: cursor,
            // One more, to know whether there is more.
            limit: limitOrDefault + 1
        )
        return Self.page(try await rows(query), limit: limitOrDefault)
    }

    private static let selections: [(name: String, selection: OrderQuery.Selection)] =
        Lifecycle.prescription.stateNames.map { ($0, .prescription($0)) }
        + [("parked", .parked), ("open", .open)]

    private func rows(_ query: OrderQuery) async throws(Problem) -> [OrderRow] {
        do {
            return try await engine.orders(query)
        } catch {
            throw Problem(error)
        }
    }

    /// The views as they stand in the store, which are JSON already.
    private static func page(_ rows: [OrderRow], limit: Int) -> Response {
        let shown = rows.prefix(limit)
        let next = rows.count > limit ? shown.last.map { Cursor.text(after: $0.stream) } : nil
        var writer = JSONWriter()
        writer.write(raw: "{\"next\":")
        writer.write(JSON(next))
        writer.write(raw: ",\"orders\":[")
        for (index, row) in shown.enumerated() {
            if index > 0 { writer.write(raw: ",") }
            writer.write(raw: row.view)
        }
        writer.write(raw: "]}")
        return Response.bytes(writer.bytes, .ok, type: MediaType.json)
    }

    // MARK: - GET /v1/orders/{source}/{order_id}

    /// Shows an order, and what holds it back at this moment.
    func show(_ path: Route.OrderPath, _ call: Call) async throws(Problem) -> Response {
        try refuseQuery(call)
        let key = try path.key()
        let order = try await ask { () async throws(DeskFailure) in try await engine.order(key) }
        var view = order.view
        if var waiting = view["waiting"]?.objectValue,
            let detail = await engine.waitingDetail(order)
        {
            waiting["detail"] = .string(detail)
            view["waiting"] = .object(waiting)
        }
        return Self.tagged(.object(view), order.version, call)
    }

    /// An order with its tag, or nothing but the tag when the caller has just that.
    private static func tagged(_ shown: JSON, _ version: Int, _ call: Call) -> Response {
        let tag = OrderTag(version: version, shown)
        var response =
            tag.isNamed(in: call.request.headers[.ifNoneMatch])
            ? Response(status: .notModified) : .json(shown)
        response.headers[.eTag] = tag.text
        return response
    }

    /// Who reads without a token and without a name.
    static let nobody = "(unknown)"

    /// Shows the order's history: the journal's entries with what is personal in its place, or as they are hashed.
    ///
    /// Who reads what is personal is recorded before it is shown.
    func history(_ path: Route.OrderPath, _ call: Call) async throws(Problem) -> Response {
        var reader = QueryReader(call.request.uri.query, known: ["form", "by", "for"])
        let form = reader.choice("form", ["opened", "sealed"])
        let name = reader.text("by", bytes: ServerLimits.personBytes)
        let what = reader.choice("for", ["history", "package"]) ?? "history"
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        let key = try path.key()
        var writer = JSONWriter()
        writer.write(raw: "{\"events\":[")
        if form == "sealed" {
            // Orders of before there were keys stand in plain text.
            if !call.caller.rights.contains(.readPersonal) { try call.caller.require(.audit) }
            let events = try await ask { () async throws(DeskFailure) in
                try await engine.events(of: key)
            }
            for (index, event) in events.enumerated() {
                if index > 0 { writer.write(raw: ",") }
                writer.write(bytes: event.entry)
            }
        } else {
            try call.caller.require(.readPersonal)
            let reading = Actor(.person, name: call.caller.name ?? name ?? Self.nobody)
            let events = try await ask { () async throws(DeskFailure) in
                try await engine.openedEvents(of: key, as: what, for: reading)
            }
            for (index, event) in events.enumerated() {
                if index > 0 { writer.write(raw: ",") }
                writer.write(.object(event))
            }
        }
        writer.write(raw: "]}")
        return Response.bytes(writer.bytes, .ok, type: MediaType.json)
    }
}
