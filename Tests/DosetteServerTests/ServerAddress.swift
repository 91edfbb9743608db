import DosetteServer

/// The configuration of a server; Hummingbird has one of the same name.
typealias ServerAddress = ServerConfiguration
