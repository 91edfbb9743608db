import DosetteCore
import DosetteDefinitions
import DosetteServer
import Foundation
import NIOCore
import NIOPosix

/// Whether callers come in, and whether those who are told of things can be reached.
enum DoorChecks {
    private static let connectSeconds: Int64 = 5
    private static let day = 86_400.0
    /// A certificate should be renewed so many days before its end.
    static let certificateDays = 30.0

    // MARK: - Coming in

    static func port(_ configuration: Configuration, _ lock: JournalChecks.Lock) async -> [Finding]
    {
        let directory = configuration.dataDirectory
        if lock.isHeld, let record = ServerRecord.read(from: directory) {
            let file = configuration.tls?.certificateFile
            let client = APIClient(record, token: nil, certificateFile: file)
            if let answer = try? await client.get("/health/live"), answer.status == 200 {
                return [.ok("port", record.address, "the server answers")]
            }
            let mend = "look at its log; if it hangs, stop it and start it again"
            return [
                .bad(
                    "port",
                    record.address,
                    "a server holds the journal and does not answer",
                    mend: mend
                )
            ]
        }
        let listen = configuration.listen
        guard listen.port != 0 else { return [.ok("port", "", "any that is free is taken")] }
        if await isReached(listen.host, listen.port) {
            return [
                .bad(
                    "port",
                    listen.text,
                    "another program listens there",
                    mend: "stop it, or change listen; it is the one that ss -ltnp shows"
                )
            ]
        }
        return [await free(listen)]
    }

    private static func free(_ listen: ListenAddress) async -> Finding {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: listen.host, port: listen.port).get()
            try? await channel.close()
            return .ok("port", listen.text, "free")
        } catch {
            let code = (error as? IOError)?.errnoCode
            let mend =
                switch code {
                case EACCES:
                    "ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit"
                case EADDRINUSE: "stop the program that holds it (ss -ltnp), or change listen"
                default: "listen must name an address of this machine (ip address), or 0.0.0.0"
                }
            return .bad("port", listen.text, "nobody can listen there", mend: mend)
        }
    }

    static func certificate(_ files: TLSFiles?, at now: Date) -> [Finding] {
        guard let files else { return [] }
        let certificate: ServerCertificate
        do throws(TLSFailure) {
            certificate = try ServerCertificate.read(files)
        } catch {
            let mend = "put certificate and key there in PEM, chmod 640 the key"
            return [.bad("certificate", files.certificateFile, error.reason, mend: mend)]
        }
        let (begin, end) = (certificate.begin.date, certificate.end.date)
        let until = "it holds until \(certificate.end.text)"
        let mend = "renew it; the server takes the new files up by itself"
        if begin > now {
            let says = "it does not hold before \(certificate.begin.text)"
            return [
                .bad("certificate", files.certificateFile, says, mend: "set the clock, or \(mend)")
            ]
        }
        if end <= now {
            let says = "its time is over since \(certificate.end.text)"
            return [.bad("certificate", files.certificateFile, says, mend: mend)]
        }
        if end.timeIntervalSince(now) < certificateDays * day {
            return [.warn("certificate", files.certificateFile, until, mend: mend)]
        }
        return [.ok("certificate", files.certificateFile, until)]
    }

    // MARK: - Going out

    /// Those who are told of things: somebody must listen there; nothing is sent.
    static func elsewhere(_ configuration: Configuration) async -> [Finding] {
        var findings: [Finding] = []
        if let url = configuration.pharmacy.transmitURL {
            findings.append(await listens(url, "pharmacy.transmit_url"))
        }
        if let url = configuration.publicURL {
            findings.append(await listens(url, "public_url"))
        }
        for witness in configuration.audit.witnesses {
            switch witness {
            case .directory(let path): findings.append(self.witness(path))
            case .endpoint(let url, _, _): findings.append(await listens(url, "witness"))
            case .standardOutput: break
            }
        }
        return findings
    }

    private static func witness(_ path: String) -> Finding {
        // Sound: the text lives for the call.
        guard unsafe access(path, W_OK | X_OK) == 0 else {
            return .bad(
                "witness",
                path,
                "the directory is not there, or cannot be written",
                mend: "mount it, or let the service's user write there"
            )
        }
        return .ok("witness", path, "the directory can be written")
    }

    private static func listens(_ text: String, _ check: String) async -> Finding {
        let url = URL(string: text)
        let port = url?.port ?? (url?.scheme == "https" ? 443 : 80)
        guard let host = url?.host(), await isReached(host, port) else {
            return .warn(
                check,
                text,
                "nobody listens there",
                mend:
                    "start what should, or look at the network's way there: curl -v \(text.shellWord)"
            )
        }
        return .ok(check, text, "somebody listens; nothing was sent")
    }

    private static func isReached(_ host: String, _ port: Int) async -> Bool {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(connectSeconds))
        guard let channel = try? await bootstrap.connect(host: host, port: port).get() else {
            return false
        }
        try? await channel.close()
        return true
    }
}

extension Timestamp {
    fileprivate var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1_000) }
}
