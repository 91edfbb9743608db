import DosetteCore
import DosetteDefinitions
public import Foundation

/// Who sent an order, and the sender's own id for it.
public struct OrderID: Hashable, Sendable, CustomStringConvertible {
    let key: OrderKey

    /// - Parameters:
    ///   - source: 1 to 64 of `A-Za-z0-9._~-`.
    ///   - orderID: 1 to 64 of `A-Za-z0-9._~-`.
    public init?(source: String, orderID: String) {
        guard let key = OrderKey(source: source, orderID: orderID) else { return nil }
        self.key = key
    }

    /// Who sent the order.
    public var source: String { key.source }
    /// The sender's own id.
    public var orderID: String { key.orderID }
    /// `source/orderID`.
    public var description: String { key.description }
}

/// An order at one moment, as the outer contract shows it.
public struct OrderStatus: Hashable, Sendable {
    /// What an order waits for.
    public struct Waiting: Hashable, Sendable {
        /// What is waited for, in words.
        public let what: String
        /// Who can move it on.
        public let by: String
    }

    /// What stopped an order until a person decides.
    public struct Parked: Hashable, Sendable {
        /// `in_doubt`, `conflict`, `poison`, `refused` or `compensation`.
        public let kind: String
        /// Why, in words without personal data.
        public let reason: String
        /// The action that is stopped.
        public let step: String
        /// The signals that settle it.
        public let actions: [String]
    }

    private let view: JSONObject

    init(_ view: JSONObject) {
        self.view = view
    }

    /// Who sent the order.
    public var source: String { view["source"]?.stringValue ?? "" }
    /// The sender's own id.
    public var orderID: String { view["order_id"]?.stringValue ?? "" }
    /// Both together.
    public var id: OrderID? { OrderID(source: source, orderID: orderID) }
    /// The prescription's state by its name in the outer contract, such as `sent`.
    public var prescription: String { view["prescription"]?["state"]?.stringValue ?? "" }
    /// Provet's status number, once the prescription is there.
    public var provetStatus: Int? { view["prescription"]?["provet_status"]?.intValue }
    /// Provet's id of the prescription, once it is there.
    public var provetID: Int? { view["prescription"]?["provet_id"]?.intValue }
    /// The fee's state by its name in the outer contract, such as `charged`.
    public var fee: String { view["fee"]?["state"]?.stringValue ?? "" }

    /// The state of any part of the order's workflow.
    public func state(ofPart name: String) -> String? { view["parts"]?[name]?.stringValue }

    /// Dispenses that are still allowed, by item.
    public var remaining: [Int] {
        (view["dispensing"]?["items"]?.arrayValue ?? []).map { $0["remaining"]?.intValue ?? 0 }
    }

    /// What it waits for; nothing when it rests.
    public var waiting: Waiting? {
        guard let waiting = view["waiting"]?.objectValue else { return nil }
        return Waiting(
            what: waiting["for"]?.stringValue ?? "",
            by: waiting["by"]?.stringValue ?? ""
        )
    }

    /// What stopped it, if a person must decide.
    public var parked: Parked? {
        guard let parked = view["parked"]?.objectValue else { return nil }
        return Parked(
            kind: parked["kind"]?.stringValue ?? "",
            reason: parked["reason"]?.stringValue ?? "",
            step: parked["step"]?.stringValue ?? "",
            actions: (parked["actions"]?.arrayValue ?? []).compactMap(\.stringValue)
        )
    }

    /// The whole view as JSON, the object of the HTTP API.
    public var json: Data { Data(JSON.object(view).canonicalBytes) }
}

/// One supply to the client.
public struct Dispense: Hashable, Sendable {
    let value: RepeatPlan.Dispense

    /// - Parameters:
    ///   - id: Your identity for it, 1 to 64 of `A-Za-z0-9._~-`.
    ///   - item: Index of the prescription's item, from 0.
    ///   - packages: Packages handed over, 1 or more.
    ///   - day: The day in the clinic's time zone, written as 2026-08-20.
    ///   - batch: The batch that the packages come from.
    public init?(id: String, item: Int, packages: Int, day: String, batch: String? = nil) {
        guard Token.isValid(id), item >= 0, packages >= 1, let date = CalendarDate(text: day)
        else { return nil }
        value = RepeatPlan.Dispense(
            id: id,
            item: item,
            packages: packages,
            day: date,
            batch: batch
        )
    }
}

/// What went wrong, with a code to match and a sentence to show.
public struct PharmacyError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; new kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// Something given breaks rules; ``PharmacyError/fields`` names each.
        public static let invalid = Code(description: "invalid")
        /// The state, or a rule, refuses it.
        public static let refused = Code(description: "refused")
        /// Another content has the same source and id.
        public static let conflict = Code(description: "conflict")
        /// There is no such order.
        public static let notFound = Code(description: "not_found")
        /// Too much waits, the disk is full, or the engine is stopping: try later.
        public static let unavailable = Code(description: "unavailable")
        /// A configuration or a definition is wrong.
        public static let configuration = Code(description: "configuration")
        /// The journal cannot be used: in use, foreign, newer, damaged.
        public static let journal = Code(description: "journal")
    }

    /// A field that is wrong.
    public struct Field: Hashable, Sendable {
        /// A JSON pointer.
        public let pointer: String
        /// The rule's name, for programs.
        public let rule: String
        /// What is wrong and what would be right.
        public let detail: String
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, without order data.
    public let summary: String
    /// Every field that is wrong, with ``Code/invalid``.
    public let fields: [Field]

    init(_ code: Code, _ summary: String, fields: [Field] = []) {
        self.code = code
        self.summary = summary
        self.fields = fields
    }

    /// The summary and a line for each field.
    public var description: String {
        let lines = fields.map { "\($0.pointer): \($0.detail)" }
        return ([summary] + lines).joined(separator: "\n")
    }
}
