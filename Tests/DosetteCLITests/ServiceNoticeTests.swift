import Foundation
import Glibc
import Testing

@testable import DosetteCLI

@Suite("Telling the service manager")
struct ServiceNoticeTests {
    @Test func `the notice arrives at the socket that was named`() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appending(path: "s").path
        let manager = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(manager) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        try #require(name.count < MemoryLayout.size(ofValue: address.sun_path))
        // The bytes fit, and the pointers stay within the calls.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let isBound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(manager, raw, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isBound)
        ServiceNotice.send(ServiceNotice.ready, to: path)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe recv(manager, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "READY=1")
    }

    @Test func `without a socket, or with one that is not there, nothing happens`() {
        ServiceNotice.send(ServiceNotice.ready, to: nil)
        ServiceNotice.send(ServiceNotice.ready, to: "")
        ServiceNotice.send(ServiceNotice.ready, to: "/nowhere/socket")
        ServiceNotice.send(ServiceNotice.ready, to: "@" + String(repeating: "x", count: 300))
    }
}
