package import Instrumentation

/// Which trace a span belongs to: 16 bytes, not all 0.
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 16

    package let high: UInt64
    package let low: UInt64

    /// Nothing when it is not 16 bytes, or all of them are 0.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
        if high == 0, low == 0 { return nil }
    }

    /// Takes the beginning of a digest; one of nothing but noughts, which does not come, is taken for 1.
    init(digest: [UInt8]) {
        self = TraceID(digest.prefix(Self.byteCount)) ?? TraceID(high: 0, low: 1)
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits in lower case.
    package var description: String { Hex.text(high) + Hex.text(low) }
}

/// A span's own number in its trace: 8 bytes, not all 0.
package struct SpanID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init?(_ number: UInt64) {
        if number == 0 { return nil }
        self.number = number
    }

    /// Takes the beginning of a digest; see ``TraceID``.
    init(digest: [UInt8]) {
        number = max(1, digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// 16 hexadecimal digits in lower case.
    package var description: String { Hex.text(number) }
}

/// A span as another program names it: W3C `traceparent`.
package struct TraceParent: Hashable, Sendable {
    package static let field = "traceparent"

    package let trace: TraceID
    package let span: SpanID
    package let isSampled: Bool

    package init(trace: TraceID, span: SpanID, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Reads the field of an HTTP request; nothing when it is not as W3C has it.
    ///
    /// Of a version to come what is known of this one is read, as W3C asks.
    package init?(_ field: String) {
        let parts = field.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, field.utf8.count <= Self.lengthMaximum,
            let version = Hex.bytes(parts[0]), version.count == 1, version[0] != 0xFF,
            version[0] != 0 || parts.count == 4,
            let trace = Hex.bytes(parts[1]).flatMap({ TraceID($0) }),
            let span = Hex.bytes(parts[2]), span.count == 8,
            let spanID = SpanID(span.reduce(0) { $0 << 8 | UInt64($1) }),
            let flags = Hex.bytes(parts[3]), flags.count == 1
        else { return nil }
        self.init(trace: trace, span: spanID, isSampled: flags[0] & 1 == 1)
    }

    /// Longer fields are of no version that is known.
    private static let lengthMaximum = 256

    package var text: String { "00-\(trace)-\(span)-\(isSampled ? "01" : "00")" }
}

/// What a span is called, decided by who starts it: not drawn, so that after a restart it is the same.
package struct SpanIdentity: Hashable, Sendable {
    package let trace: TraceID
    package let span: SpanID
    package let parent: SpanID?

    package init(trace: TraceID, span: SpanID, parent: SpanID?) {
        self.trace = trace
        self.span = span
        self.parent = parent
    }
}

extension InstrumentationContext {
    private enum IdentityKey: InstrumentationContextKey {
        typealias Value = SpanIdentity
    }

    private enum RemoteKey: InstrumentationContextKey {
        typealias Value = TraceParent
    }

    /// The span that is started in this context, or that was.
    package var span: SpanIdentity? {
        get { self[IdentityKey.self] }
        set { self[IdentityKey.self] = newValue }
    }

    /// The span of the program that called us.
    package var caller: TraceParent? {
        get { self[RemoteKey.self] }
        set { self[RemoteKey.self] = newValue }
    }
}

/// Hexadecimal digits in lower case.
enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ number: UInt64) -> String {
        let shifts = stride(from: 60, through: 0, by: -4)
        let text = shifts.map { digits[Int(number >> UInt64($0) & 15)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nothing for anything but pairs of digits in lower case.
    static func bytes(_ text: Substring) -> [UInt8]? {
        let values = text.utf8.compactMap { digit in
            digits.firstIndex(of: digit).map { UInt8($0) }
        }
        guard values.count == text.utf8.count, values.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
