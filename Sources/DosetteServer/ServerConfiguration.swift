package import DosetteDefinitions

/// Where the server listens, and whom it lets in.
package struct ServerConfiguration: Sendable {
    package var host: String
    /// The port; 0 for any that is free.
    package var port: Int
    /// Who may call; with none, everybody who reaches a loopback address.
    package var tokens: TokenBook
    /// Who signs people in to the console besides the server itself.
    package var proxy: TrustedProxy?
    /// A directory for copies of the journal on their way out, which is emptied; nothing where none are made.
    package var copyDirectory: String?
    /// The certificate that it proves its name with; nothing when it speaks plain HTTP.
    package var tls: TLSFiles?
    /// Between two looks whether the certificate's files have changed; a test waits for nothing.
    var certificateLookPause = Duration.seconds(1)
    /// What the console shows beside what the engine knows.
    package var console = ConsoleSetting()

    package init(
        host: String,
        port: Int,
        tokens: [AccessToken],
        copyDirectory: String? = nil
    ) {
        self.init(host: host, port: port, book: TokenBook(tokens), copyDirectory: copyDirectory)
    }

    package init(
        host: String,
        port: Int,
        book: TokenBook,
        copyDirectory: String? = nil
    ) {
        self.host = host
        self.port = port
        tokens = book
        self.copyDirectory = copyDirectory
    }
}

/// Why a server does not begin to listen.
package struct ServerFailure: Error, Hashable, CustomStringConvertible {
    package let reason: String

    package var description: String { reason }
}

/// Which names mean this machine itself.
enum LocalHost {
    /// Whether a host, with or without a port, is one of them: `localhost:8787`, `[::1]`.
    static func includes(_ authority: String) -> Bool {
        let host = withoutPort(authority).lowercased()
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func withoutPort(_ authority: String) -> Substring {
        if authority.hasPrefix("[") {
            return authority.firstIndex(of: "]").map { authority[...$0] } ?? authority[...]
        }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? parts[0] : authority[...]
    }
}
