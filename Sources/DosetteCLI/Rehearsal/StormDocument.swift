import DosetteCore

/// One order document of a storm.
struct StormDocument: Hashable, Sendable {
    /// How it is written down; the content does not depend on it.
    enum Notation: Hashable, Sendable {
        case plain
        /// Members in another order, other white space, the time in another zone.
        case other(UInt64)
    }

    static let source = "storm"

    /// The number of the order that it speaks of.
    let order: Int
    /// Which of the contents that are sent under this order's id.
    let content: Int
    let notation: Notation

    var orderID: String { "S-\(order)" }

    static func instructions(_ content: Int) -> String { "content \(content)" }

    /// The content that a stored prescription has; nothing when it is none of a storm's.
    static func content(of prescription: JSONObject) -> Int? {
        let items = prescription["prescription_items"]?.arrayValue
        let text = items?.first?["instructions"]?.stringValue ?? ""
        return Int(text.replacing("content ", with: ""))
    }

    /// The order's number in its id.
    static func order(of orderID: String) -> Int? {
        orderID.hasPrefix("S-") ? Int(orderID.dropFirst(2)) : nil
    }

    /// The document as one line of JSON.
    var bytes: [UInt8] {
        let clinic = Stage.clinics[order % Stage.clinics.count].0
        let isPlain = notation == .plain
        var chance =
            switch notation {
            case .plain: SeededChance(seed: 0)
            case .other(let seed): SeededChance(seed: seed)
            }
        func object(_ members: [(String, String)]) -> String {
            let order = isPlain ? members : members.shuffled(using: &chance)
            let space = isPlain ? "" : [" ", "  ", "\t"].randomElement(using: &chance) ?? " "
            let text = order.map { "\(space)\"\($0.0)\":\(space)\($0.1)" }
            return "{" + text.joined(separator: "\(space),") + "\(space)}"
        }
        let item = object([
            ("name", "\"Meloxicam\""), ("patients", "[1]"), ("strength", "\"1.5 mg/ml\""),
            ("instructions", "\"\(Self.instructions(content))\""), ("quantity_packages", "1"),
            ("valid_until", "\"2026-08-20\""), ("repeat_number", "3"),
        ])
        let time = isPlain ? "2025-08-20T11:20:45Z" : "2025-08-20T13:20:45+02:00"
        let prescription = object([
            ("client_id", "\(order + 1)"), ("department_id", "1"), ("prescriber_id", "1"),
            ("issue_time", "\"\(time)\""), ("prescription_items", "[\(item)]"),
        ])
        let document = object([
            ("order_id", "\"\(orderID)\""), ("source", "\"\(Self.source)\""),
            ("clinic", "\"\(clinic)\""), ("priority", "\"normal\""),
            ("prescription", prescription),
        ])
        return Array(document.utf8)
    }
}

/// What clients hand in, drawn from a seed: documents one by one and in batches.
struct StormLoad: Sendable {
    /// Of a hundred documents: new orders, exact duplicates, duplicates in another notation; the rest are
    /// other contents under a known id.
    private static let newShare = 60
    private static let exactShare = 15
    private static let otherShare = 13
    /// Contents besides the first that an id may be sent with.
    private static let contentsMaximum = 3
    /// Duplicates speak of one of so many orders before them, so that they race with the first one.
    private static let near = 60
    /// Documents are mixed within blocks of so many: a duplicate may come before its first.
    private static let block = 120
    private static let batchLengths = 2...40

    /// What one connection sends in one request, 1 document or a batch.
    let units: [[StormDocument]]
    let documentCount: Int

    init(documents count: Int, seed: UInt64) {
        var chance = SeededChance(seed: seed)
        var documents: [StormDocument] = []
        var orders = 0
        for _ in 0..<count {
            let roll = orders == 0 ? 0 : Int.random(in: 0..<100, using: &chance)
            if roll < Self.newShare {
                documents.append(StormDocument(order: orders, content: 0, notation: .plain))
                orders += 1
                continue
            }
            let order = Int.random(in: max(0, orders - Self.near)..<orders, using: &chance)
            let other = StormDocument.Notation.other(chance.next())
            if roll < Self.newShare + Self.exactShare {
                documents.append(StormDocument(order: order, content: 0, notation: .plain))
            } else if roll < Self.newShare + Self.exactShare + Self.otherShare {
                documents.append(StormDocument(order: order, content: 0, notation: other))
            } else {
                let content = Int.random(in: 1...Self.contentsMaximum, using: &chance)
                documents.append(StormDocument(order: order, content: content, notation: other))
            }
        }
        documentCount = count
        units = Self.units(Self.mixed(documents, &chance), &chance)
    }

    private static func mixed(
        _ documents: [StormDocument],
        _ chance: inout SeededChance
    ) -> [StormDocument] {
        var mixed: [StormDocument] = []
        for start in stride(from: 0, to: documents.count, by: block) {
            let end = min(start + block, documents.count)
            mixed += documents[start..<end].shuffled(using: &chance)
        }
        return mixed
    }

    /// Half of the documents go alone.
    private static func units(
        _ documents: [StormDocument],
        _ chance: inout SeededChance
    ) -> [[StormDocument]] {
        var units: [[StormDocument]] = []
        var rest = documents[...]
        while !rest.isEmpty {
            let length = Int.random(in: batchLengths, using: &chance)
            if Bool.random(using: &chance) {
                units.append(Array(rest.prefix(length)))
            } else {
                units += rest.prefix(length).map { [$0] }
            }
            rest = rest.dropFirst(length)
        }
        return units
    }
}
