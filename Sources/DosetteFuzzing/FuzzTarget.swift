/// A parser that reads from outside, and what must hold of whatever it reads.
///
/// The same targets are run by the driver `dosette-fuzz`, by libFuzzer and by the test that
/// replays the kept inputs.
package struct FuzzTarget: Sendable {
    /// What the inputs look like: how they are changed.
    package enum Shape: Sendable {
        case json
        /// Lines, each a JSON value or a word of its own.
        case jsonLines
        case yaml
        case text
        /// Sections that begin with a line `== …`: see ``Frames``.
        case frames
    }

    /// What one input came to, in words: a new word means that the input went another way.
    package typealias Traits = Set<String>

    package let name: String
    package let shape: Shape
    /// An input's bytes at the most; longer ones are not made.
    package let bytesMaximum: Int
    /// Whether one input is so quick that half the time does.
    package let isSmall: Bool
    /// Real examples to begin with.
    package let seeds: @Sendable () -> [[UInt8]]
    /// Reads an input.
    ///
    /// It throws ``PropertyFailure`` when a property does not hold, and nothing else.
    package let check: @Sendable ([UInt8]) async throws -> Traits

    package init(
        name: String,
        shape: Shape,
        bytesMaximum: Int = FuzzLimits.bytesMaximum,
        isSmall: Bool = false,
        seeds: @escaping @Sendable () -> [[UInt8]],
        check: @escaping @Sendable ([UInt8]) async throws -> Traits
    ) {
        self.name = name
        self.shape = shape
        self.bytesMaximum = bytesMaximum
        self.isSmall = isSmall
        self.seeds = seeds
        self.check = check
    }
}

/// What an input may cost; generous for a build without optimisation on a busy machine.
package enum FuzzLimits {
    package static let bytesMaximum = 96 * 1024
    /// Processor time for one input: beyond it is a hang.
    package static let processorSeconds = 5.0
    /// Time on the clock for one input: beyond it something waits for ever.
    package static let clockSeconds = 60.0
    /// Memory of a worker: beyond it an input eats too much.
    package static let residentMegabytes = 768
    /// Address space of a worker, should memory grow between two looks.
    package static let addressMegabytes = 8_192
}

/// A property that an input breaks.
package struct PropertyFailure: Error, CustomStringConvertible {
    package let property: String
    package let detail: String

    package init(_ property: String, _ detail: String = "") {
        self.property = property
        self.detail = detail
    }

    package var description: String { detail.isEmpty ? property : "\(property): \(detail)" }
}

/// Demands a property of what was read.
package func hold(
    _ property: String,
    _ condition: Bool,
    _ detail: @autoclosure () -> String = ""
) throws(PropertyFailure) {
    if !condition { throw PropertyFailure(property, String(detail().prefix(500))) }
}

extension [UInt8] {
    package init(text: String) { self = Array(text.utf8) }

    /// The bytes as text; broken UTF-8 becomes U+FFFD.
    package var repaired: String { String(decoding: self, as: UTF8.self) }
}
