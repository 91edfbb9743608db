import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys

/// The buttons that a clinic's Provet should have: what a person types into its settings, or the API
/// makes.
struct ButtonPlan {
    /// The places, with Provet's number for the page that shows the button.
    static let places: [(place: String, page: Int, name: String)] = [
        ("client", 1, "Order at the pharmacy (client)"),
        ("patient", 2, "Order at the pharmacy (patient)"),
        ("consultation", 3, "Order at the pharmacy (consultation)"),
        ("10", 10, "Order at the pharmacy (client, online prescription)"),
        ("11", 11, "Order at the pharmacy (patient, online prescription)"),
        ("12", 12, "Order at the pharmacy (consultation, online prescription)"),
    ]

    /// Provet's number for "open in a new tab".
    private static let newTab = 1

    let buttons: [ButtonRecord]
    private let configuration: ButtonsConfiguration

    init(_ clinic: ClinicConfiguration, keys: MasterKey, serverURL: String) {
        let configuration = clinic.buttons
        self.configuration = configuration
        buttons = Self.places.map { place, page, name in
            // A salt for each place: a hash over a patient's number opens no client's page.
            let derived = Secret(keys.secret(for: "launch/\(clinic.id)/\(place)"))
            let salt = configuration.salt ?? derived
            return ButtonRecord(
                id: nil,
                name: name,
                visiblePage: page,
                action: Self.newTab,
                isPost: true,
                url: "\(serverURL)/launch/\(clinic.id)/\(place)",
                idParameter: configuration.idParameter,
                idPrefix: configuration.idPrefix,
                salt: salt,
                hash: configuration.scope == .id ? 1 : 2
            )
        }
    }

    /// Whether the clinic has the button: not every installation shows where a button leads, but all show its
    /// name.
    ///
    /// Where Provet does not tell what a button opens, its name stands for it: made twice would be worse.
    func isThere(_ button: ButtonRecord, among existing: [ButtonRecord]) -> Bool {
        existing.contains { other in
            guard other.visiblePage == button.visiblePage else { return false }
            return other.url.isEmpty ? other.name == button.name : other.url == button.url
        }
    }

    /// What to type in; the salt is a secret of the clinic's and is shown to whoever may set it up.
    func view(_ button: ButtonRecord, state: String?) -> JSONObject {
        [
            "place": .string(button.url.split(separator: "/").last.map(String.init) ?? ""),
            "name": .string(button.name),
            "visible_page": JSON(button.visiblePage),
            "action": JSON(button.action),
            "method": button.isPost ? "POST" : "GET",
            "url": .string(button.url),
            "id_parameter": .string(button.idParameter),
            "id_prefix": .string(button.idPrefix),
            "salt": .string(button.salt?.text ?? ""),
            "hash": .string(
                "\(configuration.algorithm.rawValue) over the \(configuration.scope.rawValue)"
            ),
            "state": state.map { .string($0) } ?? .null,
        ]
    }
}
