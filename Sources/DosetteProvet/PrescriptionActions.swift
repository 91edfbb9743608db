import DosetteCore
import DosetteEngine

/// Does `provet.create_prescription`, a tagged create.
///
/// The marker stands at the end of the remarks.
struct CreatePrescription: ProvetAction {
    let specification: ActionSpecification

    init(pageCost: Int) {
        specification = ActionSpecification(
            name: "provet.create_prescription",
            effectClass: .taggedCreate,
            calls: [EndpointUse(ProvetEndpoint.prescriptionCreate)],
            probeCalls: [EndpointUse(ProvetEndpoint.prescriptionList, 2 * pageCost)],
            isAtClinic: true,
            makesID: true
        )
    }

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        let received = request.order.received
        var body = received.prescription
        let remarks = body["remarks"]?.stringValue ?? ""
        body["remarks"] = .string(
            remarks.isEmpty ? received.marker : "\(remarks)\n\(received.marker)"
        )
        return .object(body)
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        let path = client.assumptions.prescriptionPath
        let result = await client.call(.post, path, body: content(of: request, client))
        return result.outcome { json in
            guard let object = json.objectValue, let id = ProvetID.read(json) else { return nil }
            return Self.receipt(id, object)
        }
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        let marker = request.order.received.marker
        let filters = [
            ("client__is", String(request.clientID)), ("remarks__icontains", marker),
        ]
        // A filter may be ignored, or misunderstood: the second look does without the second one.
        let narrow = await client.list(client.assumptions.prescriptionPath, filters)
        if case .rows(let rows) = narrow, rows.contains(where: { hasMarker($0, marker) }) {
            return judge(rows, request, client.assumptions)
        }
        let wide = await client.list(client.assumptions.prescriptionPath, [filters[0]])
        return wide.finding { judge($0, request, client.assumptions) }
    }

    private func judge(
        _ rows: [JSONObject],
        _ request: ActionRequest,
        _ assumptions: ProvetAssumptions
    ) -> EffectProtocol.Finding {
        let marker = request.order.received.marker
        let isBlind = PlantedBug.markerNotChecked.isPlanted
        let marked = rows.filter { isBlind || hasMarker($0, marker) }
        if marked.count > 1 {
            return .unclear(reason: "\(marked.count) prescriptions bear our marker")
        }
        if let row = marked.first { return found(row) }
        // Somebody may have edited the remarks: the natural key is the second evidence.
        let twins = rows.filter { isTwin($0, request) && request.mayBeOurs($0, assumptions) }
        guard twins.isEmpty else {
            return .unclear(reason: "a prescription without our marker looks the same")
        }
        return .absent
    }

    private func found(_ row: JSONObject) -> EffectProtocol.Finding {
        guard let id = ProvetID.read(.object(row)) else {
            return .unclear(reason: "a prescription without an id")
        }
        return .found(Self.receipt(id, row))
    }

    private func hasMarker(_ row: JSONObject, _ marker: String) -> Bool {
        row["remarks"]?.stringValue?.contains(marker) == true
    }

    /// Same client, prescriber and time of issue, and no other order's marker.
    private func isTwin(_ row: JSONObject, _ request: ActionRequest) -> Bool {
        let ours = request.order.received.prescription
        let issued = { (json: JSON?) in json?.stringValue.flatMap(Timestamp.init(text:)) }
        guard ProvetID.read(row["client"]) == request.clientID,
            ProvetID.read(row["prescriber"]) == ours["prescriber_id"]?.intValue,
            issued(row["issue_time"]) == issued(ours["issue_time"])
        else { return false }
        // What the order's own remarks quote is not another order's marker.
        let own = ours["remarks"]?.stringValue ?? ""
        let remarks = row["remarks"]?.stringValue ?? ""
        let rest = own.isEmpty ? remarks : remarks.replacing(own, with: "")
        return !rest.contains("[dosette:")
    }

    private static func receipt(_ id: Int, _ object: JSONObject) -> Receipt {
        var values: JSONObject = ["id": JSON(id)]
        values["status"] = object["status"]?.intValue.map { JSON($0) }
        values["remarks_digest"] = Remarks.digest(in: object["remarks"])
        return Receipt(values)
    }
}

/// Does `provet.patch_status`, an assignment.
///
/// The old value is looked at first; what somebody else set meanwhile is a conflict, never
/// overwritten.
struct PatchStatus: ProvetAction {
    let specification = ActionSpecification(
        name: "provet.patch_status",
        effectClass: .assign,
        calls: [EndpointUse(ProvetEndpoint.prescription, 2)],
        probeCalls: [EndpointUse(ProvetEndpoint.prescription)],
        isAtClinic: true
    )

    func content(of request: ActionRequest, _ client: ProvetClient) -> JSON {
        var content: JSONObject = [
            "prescription": JSON(request.order.provetID), "status": JSON(target(request)),
        ]
        content["remarks"] = request.plan.entry?.remarks.map { .string($0) }
        return .object(content)
    }

    private func target(_ request: ActionRequest) -> Int {
        request.plan.entry.flatMap { PrescriptionLifecycle.State(name: $0.state)?.status } ?? 0
    }

    private func path(_ request: ActionRequest, _ client: ProvetClient) -> String? {
        request.order.provetID.map { "\(client.assumptions.prescriptionPath)/\($0)" }
    }

    func perform(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Outcome {
        guard let path = path(request, client) else {
            return .refused(reason: "the prescription is not known at Provet")
        }
        let look = await client.call(.get, path)
        guard case .done(let json) = look, let seen = json["status"]?.intValue else {
            return look.outcomeBeforeWrite
        }
        let remarks = json["remarks"]?.stringValue ?? ""
        let wanted = request.plan.entry?.remarks
        let hasRemarks = wanted.map { Self.hasLines(remarks, $0) } ?? true
        if seen == target(request), hasRemarks { return .confirmed(Self.receipt(json, request)) }
        guard seen == target(request) || seen == request.order.provetStatus else {
            return conflict(seen, request)
        }
        var body: JSONObject = ["status": JSON(target(request))]
        if let wanted, !hasRemarks {
            body["remarks"] = .string(remarks.isEmpty ? wanted : "\(wanted)\n\(remarks)")
        }
        return await write(.object(body), path, seen, request, client)
    }

    /// Whether `remarks` has the lines of `wanted`, whole and together.
    private static func hasLines(_ remarks: String, _ wanted: String) -> Bool {
        "\n\(remarks)\n".contains("\n\(wanted)\n")
    }

    private func write(
        _ body: JSON,
        _ path: String,
        _ seen: Int,
        _ request: ActionRequest,
        _ client: ProvetClient
    ) async -> EffectProtocol.Outcome {
        let target = target(request)
        let result = await client.call(.patch, path, body: body)
        if case .refused = result {
            // Somebody may have been faster than us since the look.
            let look = await client.call(.get, path)
            if case .done(let json) = look, let now = json["status"]?.intValue, now != seen {
                return now == target ? .confirmed(Receipt()) : conflict(now, request)
            }
        }
        return result.outcome {
            $0["status"]?.intValue == target ? Self.receipt($0, request) : nil
        }
    }

    /// Tells the remarks only when they are what was known and our own lines: what somebody else
    /// wrote meanwhile stays news for the next look.
    private static func receipt(_ json: JSON, _ request: ActionRequest) -> Receipt {
        guard let digest = Remarks.digest(in: json["remarks"]) else { return Receipt() }
        let receipt = Receipt(["remarks_digest": digest])
        guard let known = request.order.remarksDigest, digest != .string(known) else {
            return receipt
        }
        guard let own = request.plan.entry?.remarks,
            let rest = rest(of: json["remarks"]?.stringValue ?? "", after: own),
            Remarks.digest(rest) == known
        else { return Receipt(["remarks_differ": true]) }
        return receipt
    }

    /// What follows our own lines at the beginning of the remarks, however Provet ends lines.
    static func rest(of remarks: String, after own: String) -> String? {
        if remarks == own { return "" }
        for end in ["\n", "\r\n"] {
            let lines = own.replacing("\n", with: end) + end
            if remarks.hasPrefix(lines) { return String(remarks.dropFirst(lines.count)) }
        }
        return nil
    }

    private func conflict(_ seen: Int, _ request: ActionRequest) -> EffectProtocol.Outcome {
        let expected = request.order.provetStatus ?? 0
        let reason = "Provet shows status \(seen) where \(expected) was known"
        return .conflict(seen: seen, reason: reason)
    }

    func probe(_ request: ActionRequest, _ client: ProvetClient) async -> EffectProtocol.Finding {
        guard let path = path(request, client) else {
            return .unclear(reason: "the prescription is not known at Provet")
        }
        let look = await client.call(.get, path)
        guard case .done(let json) = look, let seen = json["status"]?.intValue else {
            return look.findingWithoutLook
        }
        // Where the status does not change, only the remark's lines tell whether it is there.
        let isRemark = target(request) == request.order.provetStatus
        let wanted = isRemark ? request.plan.entry?.remarks : nil
        let hasRemarks = wanted.map { Self.hasLines(json["remarks"]?.stringValue ?? "", $0) }
        if seen == target(request), hasRemarks ?? true {
            return .found(Self.receipt(json, request))
        }
        guard seen == request.order.provetStatus else {
            return .unclear(reason: "Provet shows status \(seen)")
        }
        return .absent
    }
}
