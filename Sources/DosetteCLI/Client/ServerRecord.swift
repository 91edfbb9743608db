import DosetteCore
import Foundation

/// Where the server of a data directory listens: a small file that it writes when it is ready.
struct ServerRecord {
    private static let fileName = "server.json"

    let address: String
    /// The name that its certificate proves; nothing when it speaks plain HTTP.
    let name: String?

    private static func file(_ directory: String) -> URL {
        URL(filePath: directory).appending(path: fileName)
    }

    static func write(_ address: String, name: String? = nil, in directory: String) throws {
        var object: JSONObject = [
            "address": .string(address),
            "process": JSON(Int(ProcessInfo.processInfo.processIdentifier)),
        ]
        object["name"] = name.map { .string($0) }
        let json = JSON.object(object)
        try Data(json.canonicalBytes).write(to: file(directory), options: .atomic)
    }

    static func remove(from directory: String) {
        // Already gone is as good.
        try? FileManager.default.removeItem(at: file(directory))
    }

    /// The record, if there is one; its server may be gone.
    static func read(from directory: String) -> ServerRecord? {
        guard let data = try? Data(contentsOf: file(directory)),
            let json = try? JSONReader.read(Array(data)),
            let address = json["address"]?.stringValue
        else { return nil }
        return ServerRecord(address: address, name: json["name"]?.stringValue)
    }
}
