import DosetteCore
import Foundation

/// Where the server of a data directory listens: a small file that it writes when it is ready.
struct ServerRecord {
    private static let fileName = "server.json"

    let address: String

    private static func file(_ directory: String) -> URL {
        URL(filePath: directory).appending(path: fileName)
    }

    static func write(_ address: String, in directory: String) throws {
        let json: JSON = [
            "address": .string(address),
            "process": JSON(Int(ProcessInfo.processInfo.processIdentifier)),
        ]
        try Data(json.canonicalBytes).write(to: file(directory), options: .atomic)
    }

    static func remove(from directory: String) {
        // Already gone is as good.
        try? FileManager.default.removeItem(at: file(directory))
    }

    /// The record, if there is one; its server may be gone.
    static func read(from directory: String) -> ServerRecord? {
        guard let data = try? Data(contentsOf: file(directory)),
            let address = (try? JSONReader.read(Array(data)))?["address"]?.stringValue
        else { return nil }
        return ServerRecord(address: address)
    }
}
