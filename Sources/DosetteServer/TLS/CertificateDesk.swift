import Dispatch
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOSSL
import Synchronization

/// The certificate in use, read anew when its files change.
///
/// New connections get the new one; those that are open keep theirs. A change that cannot be used is told once and
/// leaves the old one in use.
final class CertificateDesk: Sendable {
    /// What tells one state of the files from another.
    private struct Stamp: Hashable {
        let modified: [Date?]
        let sizes: [Int?]
        let numbers: [Int?]
    }

    private struct State {
        var certificate: ServerCertificate
        var stamp: Stamp
        var lookedAt: ContinuousClock.Instant
    }

    private let files: TLSFiles
    private let lookPause: Duration
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>
    /// Not on a connection's thread: what fails there leaves a mark in the TLS library that breaks that connection.
    private let thread = DispatchQueue(label: "dosette.certificates")

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - files: Where certificate and key are.
    ///   - lookPause: Between two looks at the files.
    ///   - logger: Where a change is told.
    ///   - now: The time that the pause is counted in.
    /// - Throws: ``TLSFailure``.
    init(
        _ files: TLSFiles,
        lookPause: Duration = .seconds(1),
        logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) throws(TLSFailure) {
        self.files = files
        self.lookPause = lookPause
        self.logger = logger
        self.now = now
        let stamp = Self.stamp(files)
        let certificate = try ServerCertificate.read(files)
        state = Mutex(State(certificate: certificate, stamp: stamp, lookedAt: now()))
    }

    /// The certificate for a connection that begins now.
    var current: ServerCertificate {
        state.withLock { state in
            let now = now()
            guard now - state.lookedAt >= lookPause else { return state.certificate }
            state.lookedAt = now
            let stamp = Self.stamp(files)
            guard stamp != state.stamp else { return state.certificate }
            state.stamp = stamp
            do throws(TLSFailure) {
                state.certificate = try ServerCertificate.read(files)
                logger.notice(
                    "certificate read anew",
                    metadata: [LogKey.detail: "until \(state.certificate.end.text)"]
                )
            } catch {
                logger.error(
                    "certificate not taken, the old one stays",
                    metadata: [LogKey.detail: "\(error.reason)"]
                )
            }
            return state.certificate
        }
    }

    private static func stamp(_ files: TLSFiles) -> Stamp {
        let attributes = [files.certificateFile, files.keyFile].map { file in
            let path = URL(filePath: file).resolvingSymlinksInPath().path
            return (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        }
        return Stamp(
            modified: attributes.map { $0[.modificationDate] as? Date },
            sizes: attributes.map { ($0[.size] as? NSNumber)?.intValue },
            numbers: attributes.map { ($0[.systemFileNumber] as? NSNumber)?.intValue }
        )
    }

    /// Puts TLS before `base`: 1.2 or newer, with the certificate that is current when a connection begins.
    func wrap(_ base: HTTPServerBuilder) throws -> HTTPServerBuilder {
        var configuration = current.configuration
        configuration.sslContextCallback = { [self] _, promise in
            thread.async {
                let certificate = self.current
                var change = NIOSSLContextConfigurationOverride()
                change.certificateChain = certificate.source
                change.privateKey = .privateKey(certificate.key)
                promise.succeed(change)
            }
        }
        return try .tls(base, tlsConfiguration: configuration)
    }
}
