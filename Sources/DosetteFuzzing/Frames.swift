/// An input of several sections, each a line that begins with `== ` and what stands below it.
///
/// ```
/// == provet.add_payment probe
/// == 200
/// {"access_token": "t", "expires_in": 3600}
/// == 503 5
/// ```
package struct Frames: Sendable {
    package struct Frame: Hashable, Sendable {
        /// What stands behind `== `.
        package var head: String
        package var body: [UInt8]

        package init(head: String, body: [UInt8]) {
            self.head = head
            self.body = body
        }
    }

    private static let mark = Array("== ".utf8)
    private static let newline = UInt8(ascii: "\n")

    package var frames: [Frame] = []

    package init(_ frames: [Frame]) {
        self.frames = frames
    }

    /// Cuts an input; what stands before the first mark is left out.
    package init(_ bytes: [UInt8]) {
        let text = bytes.last == Self.newline ? bytes.dropLast() : bytes[...]
        for line in text.split(separator: Self.newline, omittingEmptySubsequences: false) {
            if line.starts(with: Self.mark) {
                let head = Array(line.dropFirst(Self.mark.count)).repaired
                frames.append(Frame(head: head, body: []))
            } else if !frames.isEmpty {
                if !frames[frames.count - 1].body.isEmpty {
                    frames[frames.count - 1].body.append(Self.newline)
                }
                frames[frames.count - 1].body += line
            }
        }
    }

    package var bytes: [UInt8] {
        frames.flatMap { frame in
            Self.mark + Array(frame.head.utf8) + [Self.newline]
                + (frame.body.isEmpty ? [] : frame.body + [Self.newline])
        }
    }
}
