package import DosetteCore
import DosetteStore

/// JSON, and orders in it.
enum OrderTargets {
    static let json = FuzzTarget(name: "json", shape: .json, bytesMaximum: 1 << 20) {
        seeds
    } check: { bytes in
        try checkJSON(bytes)
    }

    static let order = FuzzTarget(
        name: "order",
        shape: .json,
        bytesMaximum: OrderDocument.byteCountMaximum
    ) {
        seeds
    } check: { bytes in
        try checkOrder(bytes)
    }

    private static let seeds: [[UInt8]] = [
        Array(
            """
            {"order_id":"HD-2025-000123","source":"webshop","clinic":"nordic-vets",\
            "priority":"urgent","prescription":{"client_id":1,"department_id":1,\
            "prescriber_id":1,"issue_time":"2025-08-20T11:20:45+03:00","remarks":"\\u00c4 \\"x\\"",\
            "consultation_id":7,"payment_details":[1,2.5,1e300,[],{}],"prescription_items":[\
            {"name":"Lorem ipsum","patients":[1,2],"strength":"100 mg",\
            "instructions":"lorem ipsum","quantity_packages":1,"valid_until":"2026-08-20",\
            "repeat_number":3,"repeat_timevalue":2,"repeat_timeunit":"M",\
            "latest_dispensing":"2026-08-01"}]}}
            """.utf8
        )
    ]

    // MARK: - JSON

    private static func checkJSON(_ bytes: [UInt8]) throws -> FuzzTarget.Traits {
        let json: JSON
        do {
            json = try JSONReader.read(bytes)
        } catch {
            try hold(
                "an error points into the text",
                (0...bytes.count).contains(error.offset),
                "\(error)"
            )
            return [error.rule]
        }
        try hold("the depth has its limit", json.depth <= JSONReader.depthMaximum)
        try checkCanonical(json)
        return ["read \(json.kindName) depth \(json.depth)"]
    }

    /// What was read can be written, read again, and means the same.
    static func checkCanonical(_ json: JSON) throws {
        let canonical = json.canonicalBytes
        let again: JSON
        do {
            again = try JSONReader.read(canonical)
        } catch {
            throw PropertyFailure("canonical bytes can be read", "\(error)")
        }
        try hold("canonical bytes mean the same", again == json)
        try hold("canonical bytes are stable", again.canonicalBytes == canonical)
        try hold("equal values have equal hashes", again.hashValue == json.hashValue)
    }

    // MARK: - Orders

    /// The pharmacy's clinics, on the day of the samples.
    static let rules = OrderRules(
        clinicNames: ["nordic-vets", "fjord-vets"],
        intervalUnits: [("D", .day), ("V", .week), ("M", .month)],
        clinic: { name in
            guard ["nordic-vets", "fjord-vets"].contains(name) else { return nil }
            return OrderRules.Clinic(
                today: CalendarDate(daysSinceEpoch: 20_320),
                day: { instant in
                    let hours = instant.milliseconds / 3_600_000 + 3
                    return CalendarDate(daysSinceEpoch: Int(hours / 24))
                }
            )
        }
    )

    private static func checkOrder(_ bytes: [UInt8]) throws -> FuzzTarget.Traits {
        guard bytes.count <= OrderDocument.byteCountMaximum,
            let json = try? JSONReader.read(bytes)
        else { return ["not read"] }
        do {
            let document = try OrderDocument.decode(json, rules: rules)
            try checkAccepted(document)
            return ["accepted \(document.items.count)"]
        } catch let error as InvalidDocument {
            try hold("a refusal says why", !error.violations.isEmpty)
            for violation in error.violations {
                try Pointer.check(violation.pointer, in: json)
                try hold("a violation has its rule", !violation.rule.isEmpty)
                try hold("a violation says what is due", !violation.detail.isEmpty)
            }
            return Set(error.violations.prefix(50).map { $0.rule + Pointer.shape($0.pointer) })
        }
    }

    private static func checkAccepted(_ document: OrderDocument) throws {
        let again: OrderDocument
        do {
            again = try OrderDocument.decode(document.meaning, rules: rules)
        } catch {
            let first = (error as InvalidDocument).violations.first
            throw PropertyFailure("an order's meaning is an order", "\(String(describing: first))")
        }
        try hold("the meaning of a meaning is itself", again.meaning == document.meaning)
        try hold("the meaning keeps the items", again.items == document.items)
        let entry = entry(of: document)
        try hold(
            "an accepted order fits into the journal",
            entry.byteCountMaximum <= EventCodec.entryBytesMaximum,
            "\(entry.byteCountMaximum) bytes"
        )
        let fact = try? EventCodec.fact(entry.entry(at: .max))
        guard case .received(let received) = fact?.event else {
            throw PropertyFailure("an accepted order's event can be read")
        }
        try hold(
            "an accepted order's event means the same",
            received.prescription == document.prescription
        )
    }

    /// The order's first event, with everything around the prescription as long as it may be.
    private static func entry(of document: OrderDocument) -> EncodedEvent {
        let name = String(repeating: "n", count: 64)
        let digest = String(repeating: "c", count: 64)
        let items = document.items.map { item in
            RepeatPlan.Item(
                allowedCount: item.allowedCount,
                packagesMaximum: item.packagesMaximum,
                lastDay: item.lastDay,
                interval: item.interval
            )
        }
        let received = Received(
            key: document.key,
            clinic: document.clinic,
            priority: document.priority,
            clientID: document.clientID,
            prescription: document.prescription,
            contentDigest: digest,
            workflowName: name,
            workflowVersion: 1_000_000,
            workflowDigest: digest,
            marker: "[dosette:01J5Q0000000000000000000A1]",
            charging: .prescriptionFee,
            plan: RepeatPlan(items: items, issueDay: CalendarDate(daysSinceEpoch: 20_320)),
            expiresAt: OrderWalk.morning
        )
        let fact = Fact(
            event: .received(received),
            at: OrderWalk.morning,
            actor: Actor(.source, name: name)
        )
        return EventCodec.encode(fact, stream: StreamID(.max), version: 0, key: document.key)
    }
}

/// JSON pointers (RFC 6901).
package enum Pointer {
    /// Demands that `pointer` is one, and that what it points into exists.
    ///
    /// A pointer to a member that is missing points into the object that misses it.
    package static func check(_ pointer: String, in json: JSON) throws {
        guard let names = names(pointer) else {
            throw PropertyFailure("a violation has a JSON pointer", pointer)
        }
        var place = json
        for (index, name) in names.enumerated() {
            if let next = step(place, name) {
                place = next
            } else {
                try hold(
                    "a pointer leads to a place in the document",
                    index == names.count - 1 && place.objectValue != nil,
                    pointer
                )
            }
        }
    }

    /// Demands that `pointer` is a JSON pointer at all.
    package static func checkForm(_ pointer: String) throws {
        try hold("an error has a JSON pointer", names(pointer) != nil, pointer)
    }

    private static func names(_ pointer: String) -> [String]? {
        if pointer.isEmpty { return [] }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        var names: [String] = []
        for part in pointer.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ) {
            guard let name = unescaped(Array(part)) else { return nil }
            names.append(name)
        }
        return names
    }

    private static func unescaped(_ bytes: [UInt8]) -> String? {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                result.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): result.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): result.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return result.repaired
    }

    private static func step(_ json: JSON, _ name: String) -> JSON? {
        if let list = json.arrayValue {
            return Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil }
        }
        return json[name]
    }

    /// The pointer without what is different in every document.
    package static func shape(_ pointer: String) -> String {
        pointer.split(separator: "/").prefix(6)
            .map { Int($0) == nil ? String($0.prefix(24)) : "0" }.joined(separator: "/")
    }
}
