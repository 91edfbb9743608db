import AsyncHTTPClient
import NIOSSL

/// The clients for servers with TLS on this machine, one for each for as long as the process lives.
final class SecureClients: Sendable {
    static let shared = SecureClients()

    private let clients = Locked<[String: HTTPClient]>([:])

    /// A client that finds `name` at `host` and believes the certificates of a file, too.
    func client(_ name: String, at host: String, _ certificateFile: String?) -> HTTPClient {
        clients.change { clients in
            let key = "\(name) \(host) \(certificateFile ?? "")"
            if let client = clients[key] { return client }
            var tls = TLSConfiguration.makeClientConfiguration()
            let known = certificateFile.flatMap { try? NIOSSLCertificate.fromPEMFile($0) } ?? []
            if !known.isEmpty { tls.additionalTrustRoots = [.certificates(known)] }
            var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.httpVersion = .http1Only
            if name != host { configuration.dnsOverride = [name: host] }
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: configuration
            )
            clients[key] = client
            return client
        }
    }
}
