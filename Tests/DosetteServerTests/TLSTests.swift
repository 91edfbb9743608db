import AsyncHTTPClient
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import Synchronization
import Testing

@testable import DosetteServer

@Suite("TLS by the server itself", .timeLimit(.minutes(2)), .enabled(if: OpenSSL.isThere))
struct TLSTests {
    private static let days = 86_400.0

    // MARK: - Files

    @Test func `a certificate is read with its times and its name`() throws {
        let files = try OpenSSL.certificate("dosette.example", days: 90)
        let certificate = try ServerCertificate.read(files.tls)
        #expect(certificate.name == "dosette.example")
        let left = Double(certificate.end.milliseconds) / 1_000 - Date().timeIntervalSince1970
        #expect(abs(left - 90 * Self.days) < Self.days)
        let wild = try OpenSSL.certificate("*.dosette.example", days: 1)
        #expect(try ServerCertificate.read(wild.tls).name == "dosette.dosette.example")
    }

    @Test func `what cannot be used is told with its reason`() throws {
        let one = try OpenSSL.certificate("a.example", days: 1)
        let two = try OpenSSL.certificate("b.example", days: 1)
        func reason(_ certificate: String, _ key: String) -> String? {
            do throws(TLSFailure) {
                _ = try ServerCertificate.read(.init(certificateFile: certificate, keyFile: key))
                return nil
            } catch {
                return error.reason
            }
        }
        let (certificate, key) = (one.tls.certificateFile, one.tls.keyFile)
        #expect(reason(certificate, key) == nil)
        #expect(reason(certificate, two.tls.keyFile)?.contains("does not belong") == true)
        #expect(reason(key, key)?.contains("no certificate") == true)
        #expect(reason(certificate, certificate)?.contains("everybody may read it") == true)
        let ours: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        try FileManager.default.setAttributes(ours, ofItemAtPath: certificate)
        #expect(reason(certificate, certificate)?.contains("no private key") == true)
        #expect(reason("/nowhere", key) == "/nowhere cannot be read")
        let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o644]
        try FileManager.default.setAttributes(mode, ofItemAtPath: key)
        #expect(reason(certificate, key)?.contains("everybody may read it") == true)
    }

    @Test func `changed files are taken up, and broken ones leave the old in use`() throws {
        let files = try OpenSSL.certificate("old.example", days: 1)
        let clock = Mutex(ContinuousClock.now)
        let desk = try CertificateDesk(files.tls, logger: World.logger) {
            clock.withLock { now in
                now += .seconds(2)
                return now
            }
        }
        #expect(desk.current.name == "old.example")
        try Data("half a file".utf8).write(to: URL(filePath: files.tls.certificateFile))
        #expect(desk.current.name == "old.example")
        try OpenSSL.write("new.example", days: 1, files.tls)
        #expect(desk.current.name == "new.example")
    }

    // MARK: - Over a connection

    @Test func `callers come by https, and hear that they always should`() async throws {
        let files = try OpenSSL.certificate("localhost", days: 1)
        try await serving(files.tls) { port in
            try await Self.withClient(trusting: files.tls) { client in
                let request = HTTPClientRequest(url: "https://localhost:\(port)/health/live")
                let response = try await client.execute(request, timeout: .seconds(20))
                #expect(response.status == .ok)
                let field = response.headers.first(name: "Strict-Transport-Security")
                #expect(field == "max-age=31536000")
            }
            await #expect(throws: (any Error).self) {
                try await Self.withClient(trusting: nil) { client in
                    let plain = HTTPClientRequest(url: "http://127.0.0.1:\(port)/health/live")
                    _ = try await client.execute(plain, timeout: .seconds(20))
                }
            }
        }
    }

    @Test func `TLS 1.1 is refused, and so is a certificate that nobody vouches for`() async throws
    {
        let files = try OpenSSL.certificate("localhost", days: 1)
        try await serving(files.tls) { port in
            let url = "https://localhost:\(port)/health/live"
            await #expect(throws: (any Error).self) {
                try await Self.withClient(trusting: files.tls) {
                    $0.maximumTLSVersion = .tlsv11
                    $0.minimumTLSVersion = .tlsv1
                } _: { client in
                    _ = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
                }
            }
            await #expect(throws: (any Error).self) {
                try await Self.withClient(trusting: nil) { client in
                    _ = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
                }
            }
        }
    }

    @Test func `a renewed certificate reaches new connections without a restart`() async throws {
        let files = try OpenSSL.certificate("localhost", days: 1)
        let old = files.copy()
        try await serving(files.tls, lookPause: .zero) { port in
            try OpenSSL.write("localhost", days: 2, files.tls)
            let url = "https://localhost:\(port)/health/live"
            try await Self.withClient(trusting: files.tls) { client in
                let request = HTTPClientRequest(url: url)
                let response = try await client.execute(request, timeout: .seconds(20))
                #expect(response.status == .ok)
            }
            await #expect(throws: (any Error).self) {
                try await Self.withClient(trusting: old) { client in
                    _ = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(20))
                }
            }
        }
    }

    @Test func `while certificate and key do not fit together, every connection has the old ones`()
        async throws
    {
        let files = try OpenSSL.certificate("localhost", days: 1)
        let old = files.copy()
        let other = try OpenSSL.certificate("localhost", days: 1)
        try await serving(files.tls, lookPause: .zero) { port in
            let url = "https://localhost:\(port)/health/live"
            let renewed = try Data(contentsOf: URL(filePath: other.tls.certificateFile))
            try renewed.write(to: URL(filePath: files.tls.certificateFile))
            for _ in 1...3 {
                try await Self.withClient(trusting: old) { client in
                    let request = HTTPClientRequest(url: url)
                    let response = try await client.execute(request, timeout: .seconds(20))
                    #expect(response.status == .ok)
                }
            }
        }
    }

    @Test func `a server whose certificate cannot be read does not start`() async throws {
        let world = try World()
        var configuration = ServerConfiguration(host: "127.0.0.1", port: 0, tokens: [])
        configuration.tls = TLSFiles(certificateFile: "/nowhere", keyFile: "/nowhere")
        let server = DosetteServer(world.engine, configuration, logger: World.logger)
        await #expect(throws: TLSFailure.self) { try await server.run() }
    }

    private static func withClient(
        trusting files: TLSFiles?,
        _ change: (inout TLSConfiguration) -> Void = { _ in },
        _ body: (HTTPClient) async throws -> Void
    ) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let files {
            let known = try NIOSSLCertificate.fromPEMFile(files.certificateFile)
            tls.additionalTrustRoots = [.certificates(known)]
        }
        change(&tls)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    private func serving(
        _ files: TLSFiles,
        lookPause: Duration? = nil,
        _ body: (Int) async throws -> Void
    ) async throws {
        let world = try World()
        try await world.engine.start()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        var configuration = ServerConfiguration(host: "127.0.0.1", port: 0, tokens: [])
        configuration.tls = files
        if let lookPause { configuration.certificateLookPause = lookPause }
        let server = DosetteServer(
            world.engine,
            configuration,
            logger: World.logger,
            onReady: { announce.yield($0) }
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: world.engine), .init(service: server)],
                logger: World.logger
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// Certificates made by the system's openssl.
enum OpenSSL {
    static let program = "/usr/bin/openssl"
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    /// A certificate and its key in a folder that goes with it.
    final class Files {
        let folder: URL
        let tls: TLSFiles

        init() throws {
            folder = FileManager.default.temporaryDirectory
                .appending(path: "dosette-tls-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            tls = TLSFiles(
                certificateFile: folder.appending(path: "certificate.pem").path,
                keyFile: folder.appending(path: "key.pem").path
            )
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// A copy of the certificate as it is now.
        func copy() -> TLSFiles {
            let copy = folder.appending(path: "earlier.pem").path
            try? FileManager.default.copyItem(atPath: tls.certificateFile, toPath: copy)
            return TLSFiles(certificateFile: copy, keyFile: tls.keyFile)
        }
    }

    static func certificate(_ name: String, days: Int) throws -> Files {
        let files = try Files()
        try write(name, days: days, files.tls)
        return files
    }

    static func write(_ name: String, days: Int, _ files: TLSFiles) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "\(days)", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)",
            "-keyout", files.keyFile, "-out", files.certificateFile,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
