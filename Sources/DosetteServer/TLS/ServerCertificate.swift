package import DosetteCore
package import DosetteDefinitions
import Foundation
import NIOSSL

/// Why the server has no certificate to prove its name with; without the key.
package struct TLSFailure: Error, Hashable, CustomStringConvertible {
    package let reason: String

    package var description: String { reason }
}

/// A certificate with its key, read from files and tried together.
package struct ServerCertificate: Sendable {
    /// A file's bytes at the most.
    static let fileBytesMaximum = 1 << 20
    /// What nobody may do with the key: read it as somebody who neither owns it nor is in its group.
    static let foreignPermissions = 0o007

    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// When the first certificate of the chain ends; callers refuse it from then on.
    package let end: Timestamp
    /// From when on it holds.
    package let begin: Timestamp

    /// Reads both files.
    ///
    /// - Parameter files: Where they are.
    /// - Returns: The certificate, though its time may be over.
    /// - Throws: ``TLSFailure`` when a file cannot be read or is no PEM, when everybody may read the key, or when the key is
    ///   another certificate's.
    package static func read(_ files: TLSFiles) throws(TLSFailure) -> ServerCertificate {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(try bytes(files.certificateFile))
        } catch let failure as TLSFailure {
            throw failure
        } catch {
            throw TLSFailure(reason: "\(files.certificateFile) holds no certificate in PEM")
        }
        guard let first = chain.first else {
            throw TLSFailure(reason: "\(files.certificateFile) holds no certificate in PEM")
        }
        let certificate = ServerCertificate(
            chain: chain,
            key: try key(files.keyFile),
            end: Timestamp(milliseconds: Int64(first.notValidAfter) * 1_000),
            begin: Timestamp(milliseconds: Int64(first.notValidBefore) * 1_000)
        )
        do {
            _ = try NIOSSLContext(configuration: certificate.configuration)
        } catch {
            let reason = "the key in \(files.keyFile) does not belong to the first certificate in "
            throw TLSFailure(reason: reason + files.certificateFile)
        }
        return certificate
    }

    private static func bytes(_ file: String) throws(TLSFailure) -> [UInt8] {
        let path = URL(filePath: file).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let size = (attributes?[.size] as? NSNumber)?.intValue, size <= fileBytesMaximum,
            let data = FileManager.default.contents(atPath: path)
        else { throw TLSFailure(reason: "\(file) cannot be read") }
        return Array(data)
    }

    private static func key(_ file: String) throws(TLSFailure) -> NIOSSLPrivateKey {
        let bytes = try bytes(file)
        let path = URL(filePath: file).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? foreignPermissions
        guard mode & foreignPermissions == 0 else {
            throw TLSFailure(reason: "\(file): everybody may read it; take that away (chmod o=)")
        }
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw TLSFailure(reason: "\(file) holds no private key in PEM without a passphrase")
        }
    }

    /// TLS 1.2 or newer, with this certificate.
    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: source,
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }

    var source: [NIOSSLCertificateSource] { chain.map { .certificate($0) } }

    /// A name that the certificate proves, for callers on this machine who come by another one.
    package var name: String? {
        let names = chain.first.map { Array($0._subjectAlternativeNames()) } ?? []
        let hosts = names.filter { $0.nameType == .dnsName }
            .compactMap { String(validating: Array($0.contents), as: UTF8.self) }
        if let host = hosts.first(where: { !$0.hasPrefix("*") }) { return host }
        // `*.example.org` proves any one label.
        return hosts.first.map { "dosette" + $0.dropFirst() }
    }
}
