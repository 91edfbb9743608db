import Hummingbird
import NIOCore

/// What is known of the connection that a request came by.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection itself, so that it can be cut.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Whether the other end is on this machine.
    var isLoopback: Bool {
        guard let address = channel.remoteAddress?.ipAddress else { return false }
        return address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}
