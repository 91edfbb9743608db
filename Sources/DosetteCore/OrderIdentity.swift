/// The number of one order's stream; numbers increase in order of arrival.
package struct StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int64

    package init(_ number: Int64) {
        self.number = number
    }

    /// The engine's own stream: definitions and starts.
    package static let engine = StreamID(0)

    package static func < (lhs: StreamID, rhs: StreamID) -> Bool { lhs.number < rhs.number }

    package var description: String { String(number) }
}

/// What an order is called outside: who sent it, and the sender's own id.
package struct OrderKey: Hashable, Sendable, CustomStringConvertible {
    package let source: String
    package let orderID: String

    /// - Parameters:
    ///   - source: A ``Token``.
    ///   - orderID: A ``Token``.
    package init?(source: String, orderID: String) {
        guard Token.isValid(source), Token.isValid(orderID) else { return nil }
        self.source = source
        self.orderID = orderID
    }

    /// Reads `webshop/HD-2025-000123`.
    package init?(text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        self.init(source: String(halves[0]), orderID: String(halves[1]))
    }

    package var description: String { "\(source)/\(orderID)" }
}

/// The short names that outside systems give to things.
package enum Token {
    package static let lengths = 1...64
    package static let rule = "1 to 64 characters of A-Z a-z 0-9 . _ ~ -"

    package static func isValid(_ text: String) -> Bool {
        // `.` and `..` have a meaning of their own in a URL: such an order could not be named.
        lengths.contains(text.utf8.count) && text.utf8.allSatisfy(isAllowed)
            && text != "." && text != ".."
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

package enum Priority: String, Hashable, Sendable, CaseIterable {
    case urgent
    case normal

    /// Smaller goes first.
    package var rank: Int { self == .urgent ? 0 : 1 }
}

/// Who caused an event.
package struct Actor: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Dosette itself.
        case dosette
        /// The program that sent the order.
        case source
        case clinic
        /// The pharmacy's own rule or system.
        case pharmacy
        /// Somebody who acted by name.
        case person
    }

    package let kind: Kind
    package let name: String?

    package init(_ kind: Kind, name: String? = nil) {
        self.kind = kind
        self.name = name
    }

    package static let dosette = Actor(.dosette)
}
