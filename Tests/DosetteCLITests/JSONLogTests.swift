import DosetteCore
import Logging
import Synchronization
import Testing

@testable import DosetteCLI

@Suite("The log as JSON")
struct JSONLogTests {
    private final class Lines: Sendable {
        let bytes = Mutex<[[UInt8]]>([])
    }

    private let lines = Lines()

    private var logger: Logger {
        Logger(label: "test") { [lines] _ in
            JSONLogHandler(
                write: { line in lines.bytes.withLock { $0.append(line) } },
                now: { Timestamp(milliseconds: 1_755_691_200_000) }
            )
        }
    }

    @Test func `a line is one object with the same members each time`() throws {
        var logger = logger
        logger.logLevel = .debug
        logger[metadataKey: "stream"] = "17"
        logger.warning("journal takes no change, waiting", metadata: ["error_code": "full"])
        logger.debug("plain")
        let lines = lines.bytes.withLock { $0 }
        #expect(lines.count == 2)
        #expect(
            try JSONReader.read(lines[0].dropLast() + []) == [
                "time": "2025-08-20T12:00:00.000Z", "level": "warning",
                "message": "journal takes no change, waiting", "source": "DosetteCLITests",
                "metadata": ["stream": "17", "error_code": "full"],
            ]
        )
        let plain = try JSONReader.read(lines[1].dropLast() + [])
        #expect(plain["metadata"] == ["stream": "17"])
    }

    @Test func `what is logged cannot begin a line of its own`() throws {
        logger.error("a\nb", metadata: ["detail": "x\r\n{\"level\":\"info\"}\u{2028}\u{0}"])
        let line = try #require(lines.bytes.withLock { $0.first })
        #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(line.last == UInt8(ascii: "\n"))
        let json = try JSONReader.read(line.dropLast() + [])
        #expect(json["level"] == "error")
        #expect(json["message"] == "a\nb")
    }
}
