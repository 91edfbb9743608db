import Foundation
import Glibc

/// Tells the service manager that started the process how it is, where it asked for that (systemd's `Type=notify`).
enum ServiceNotice {
    /// The server takes calls.
    static let ready = "READY=1"
    private static let variable = "NOTIFY_SOCKET"

    /// Sends a notice; without a socket nothing, and what cannot be sent is not waited for.
    ///
    /// - Parameters:
    ///   - text: The notice.
    ///   - socketName: A path, or an abstract name behind `@`.
    static func send(
        _ text: String,
        to socketName: String? = ProcessInfo.processInfo.environment[variable]
    ) {
        guard let socketName, let first = socketName.utf8.first else { return }
        var name = Array(socketName.utf8)
        if first == UInt8(ascii: "@") { name[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // Sound: the bytes are copied within the field's own size, which was looked at.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(text.utf8)
        // Sound: both pointers stay within the call, and the lengths are those of what they point at.
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                _ = unsafe sendto(
                    descriptor,
                    bytes,
                    bytes.count,
                    Int32(MSG_NOSIGNAL),
                    raw,
                    length
                )
            }
        }
    }
}
