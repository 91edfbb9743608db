/// Where the server's certificate and key are, both in PEM.
package struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, and behind it those that lead to a root.
    package var certificateFile: String
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

extension ConfigurationReader {
    func tls(_ value: YAMLValue) -> TLSFiles? {
        guard let members = value.members(known: ["certificate_file", "key_file"]) else {
            return nil
        }
        for name in ["certificate_file", "key_file"] where members[name] == nil {
            value.missing(name)
        }
        guard let certificate = members["certificate_file"]?.text(),
            let key = members["key_file"]?.text()
        else { return nil }
        return TLSFiles(certificateFile: path(certificate), keyFile: path(key))
    }
}
