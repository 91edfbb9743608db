import DosetteCore
package import DosetteDefinitions
package import DosetteEngine
package import DosetteKeys
package import DosetteStore

/// What the server needs for the clinics' side: their buttons, webhooks, credentials and settings.
package struct ClinicSide: Sendable {
    package var directory: ClinicDirectory
    package var records: any ClinicRecords
    package var office: any ClinicOffice
    package var keys: MasterKey
    /// How the server is reached from outside, such as `https://dosette.example.org`; its path stands before every link.
    package var publicURL: String?
    /// Whether clinics may bring their credentials.
    package var hookup: HookupConfiguration?
    /// Takes a hint and returns at once.
    package var hint: @Sendable (ClinicHint) -> Void
    /// A client's earlier orders: clinic, client, how many at the most; newest first.
    package var ordersOfClient: @Sendable (String, Int, Int) async throws(StoreError) -> [OrderRow]
    /// Where the identities of forms and sessions come from.
    package var random: RandomSource

    package init(
        directory: ClinicDirectory,
        records: any ClinicRecords,
        office: any ClinicOffice,
        keys: MasterKey,
        publicURL: String? = nil,
        hookup: HookupConfiguration? = nil,
        hint: @escaping @Sendable (ClinicHint) -> Void,
        ordersOfClient:
            @escaping @Sendable (String, Int, Int) async throws(StoreError) ->
            [OrderRow],
        random: RandomSource = RandomSource(SystemRandomNumberGenerator())
    ) {
        self.directory = directory
        self.records = records
        self.office = office
        self.keys = keys
        self.publicURL = publicURL
        self.hookup = hookup
        self.hint = hint
        self.ordersOfClient = ordersOfClient
        self.random = random
    }

    /// The path of the public URL, without its last slash.
    var base: String {
        guard let parts = publicURL.flatMap(PublicAddress.init) else { return "" }
        return parts.path
    }
}

/// The parts of a public URL.
struct PublicAddress: Hashable, Sendable {
    /// Scheme and authority: `https://dosette.example.org`.
    let origin: String
    /// `dosette.example.org`, with its port if it has one.
    let authority: String
    /// `""` or such as `/dosette`.
    let path: String

    init?(_ url: String) {
        guard let scheme = ["https://", "http://"].first(where: { url.hasPrefix($0) }) else {
            return nil
        }
        let rest = url.dropFirst(scheme.count).prefix { $0 != "?" && $0 != "#" }
        authority = rest.prefix { $0 != "/" }.lowercased()
        guard !authority.isEmpty else { return nil }
        origin = scheme + authority
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }
}
