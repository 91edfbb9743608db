import Foundation

/// One call that the shim has seen succeed; see `Tools/DiskShim/disk_shim.c`.
enum DiskOperation: Hashable, Sendable {
    /// Another process begins; the descriptors of the one before are gone.
    case start
    case open(descriptor: Int32, path: String, creates: Bool, truncates: Bool)
    case close(descriptor: Int32)
    case duplicate(descriptor: Int32, as: Int32)
    case write(descriptor: Int32, offset: Int, bytes: [UInt8])
    case sync(descriptor: Int32)
    case syncFailed(descriptor: Int32)
    case truncate(descriptor: Int32, size: Int)
    case unlink(path: String)
    case rename(from: String, to: String)
    case makeDirectory(path: String)
}

/// A log that is not one of the shim's.
struct UnreadableLog: Error, CustomStringConvertible {
    let problem: String
    var description: String { "the recording cannot be read: \(problem)" }
}

/// Reads the shim's log; paths come back relative to the recorded directory.
struct DiskLogReader {
    private static let headerLength = 32
    private static let createFlag: UInt32 = 0x40
    private static let truncateFlag: UInt32 = 0x200

    private let bytes: [UInt8]
    private let root: String
    private var place = 0

    private init(_ bytes: [UInt8], root: String) {
        self.bytes = bytes
        self.root = root
    }

    /// Reads a whole log.
    ///
    /// - Parameters:
    ///   - file: The log.
    ///   - root: The directory that was recorded, as the shim was told.
    /// - Returns: All calls, in the order in which they happened.
    /// - Throws: ``UnreadableLog`` when it is not a log of the shim.
    static func read(_ file: URL, root: String) throws -> [DiskOperation] {
        var reader = DiskLogReader(Array(try Data(contentsOf: file)), root: root)
        var operations: [DiskOperation] = []
        while reader.place < reader.bytes.count { operations.append(try reader.next()) }
        return operations
    }

    private mutating func next() throws -> DiskOperation {
        guard place + Self.headerLength <= bytes.count else {
            throw UnreadableLog(problem: "it ends in the middle of a record")
        }
        let kind = number(at: place, 4)
        let descriptor = Int32(truncatingIfNeeded: number(at: place + 4, 4))
        let offset = Int(Int64(bitPattern: number(at: place + 8, 8)))
        let flags = UInt32(number(at: place + 16, 4))
        let pathLength = Int(number(at: place + 20, 4))
        let dataLength = Int(number(at: place + 24, 4))
        let pathStart = place + Self.headerLength
        let dataStart = pathStart + pathLength
        guard dataStart + dataLength <= bytes.count else {
            throw UnreadableLog(problem: "a record is longer than the log")
        }
        place = dataStart + dataLength
        let path = relative(String(decoding: bytes[pathStart..<dataStart], as: UTF8.self))
        let data = Array(bytes[dataStart..<place])
        return try operation(kind, descriptor, offset, flags, path, data)
    }

    private func operation(
        _ kind: UInt64,
        _ descriptor: Int32,
        _ offset: Int,
        _ flags: UInt32,
        _ path: String,
        _ data: [UInt8]
    ) throws -> DiskOperation {
        switch kind {
        case 0:
            .open(
                descriptor: descriptor,
                path: path,
                creates: flags & Self.createFlag != 0,
                truncates: flags & Self.truncateFlag != 0
            )
        case 1: .write(descriptor: descriptor, offset: offset, bytes: data)
        case 2: .sync(descriptor: descriptor)
        case 3: .truncate(descriptor: descriptor, size: offset)
        case 4: .unlink(path: path)
        case 5: .rename(from: path, to: relative(String(decoding: data, as: UTF8.self)))
        case 6: .makeDirectory(path: path)
        case 16: .close(descriptor: descriptor)
        case 17: .start
        case 18: .duplicate(descriptor: descriptor, as: Int32(offset))
        case 19: .syncFailed(descriptor: descriptor)
        default: throw UnreadableLog(problem: "no kind \(kind) is known")
        }
    }

    private func number(at place: Int, _ length: Int) -> UInt64 {
        var value: UInt64 = 0
        for offset in 0..<length { value |= UInt64(bytes[place + offset]) << (8 * UInt64(offset)) }
        return value
    }

    /// `/root/data/x` is `data/x`; the root itself is the empty path.
    private func relative(_ path: String) -> String {
        guard path.hasPrefix(root) else { return path }
        return String(path.dropFirst(root.count).drop { $0 == "/" })
    }
}
