package import DosetteCore

/// What can be done with the pharmacy's clinics while the engine runs: the same for the HTTP API,
/// the command line and the hookup URL.
///
/// Views are objects of the outer contract and hold no secret, but for ``buttons(of:create:by:)``, which tells the
/// salt that has to be typed in at the clinic.
package protocol ClinicOffice: Sendable {
    /// `{id, base_url, token_url, client_id, time_zone, origin, state: "ready"|"disabled", fee: {…}}`
    func views() -> [JSONObject]

    func view(of clinic: String) throws(ClinicFailure) -> JSONObject

    /// Adds a clinic, or changes one that was added before; its credentials are tried first.
    ///
    /// When this returns, the clinic is on disk with its secret sealed, its event in the journal, and orders
    /// for it are taken. A second call with the same values changes nothing.
    ///
    /// - Parameters:
    ///   - draft: `{id, base_url, token_url, client_id, client_secret, time_zone, fee?, buttons?,
    ///     home_delivery?, calls_per_minute?}` as in the configuration, the secret in clear.
    ///   - actor: Who does it.
    ///   - reason: Why, where something was said.
    /// - Returns: The clinic's view.
    /// - Throws: ``ClinicFailure``.
    func add(
        _ draft: JSONObject,
        by actor: Actor,
        reason: String?
    ) async throws(ClinicFailure) -> JSONObject

    /// Takes the credentials that a clinic's Provet POSTs to the hookup URL.
    ///
    /// - Parameters:
    ///   - payload: `provet_id, client_id, client_secret, token_url, …` as Provet lists them.
    ///   - name: The id that the clinic gets; nothing for `provet-<provet_id>`.
    /// - Returns: The clinic's view.
    /// - Throws: ``ClinicFailure``.
    func hookUp(
        _ payload: JSONObject,
        as name: String?
    ) async throws(ClinicFailure) -> JSONObject

    /// Holds a clinic back, or lets it go on: no order is taken for it and no call is made meanwhile.
    func setDisabled(
        _ isDisabled: Bool,
        _ clinic: String,
        by actor: Actor,
        reason: String
    ) async throws(ClinicFailure) -> JSONObject

    /// Takes a clinic away that has no open order.
    func remove(_ clinic: String, by actor: Actor, reason: String) async throws(ClinicFailure)

    /// `{sign_in: finding, permissions: [finding], good}` with `{permission, purpose, verdict, needed, detail}`.
    func check(_ clinic: String) async throws(ClinicFailure) -> JSONObject

    /// `{settings: [{department, fee_item, problem?, financial_period_lock_date, read_at}]}`, read now.
    func settings(of clinic: String) async throws(ClinicFailure) -> JSONObject

    /// `{buttons: [{place, visible_page, url, method, id_parameter, salt, …, exists}]}`: what to type into Provet's settings;
    /// with `create`, those that are missing are made there.
    func buttons(
        of clinic: String,
        create: Bool,
        by actor: Actor
    ) async throws(ClinicFailure) -> JSONObject

    /// `{url, webhooks: [{trigger, what, state: "ok"|"missing"|"created"}]}`; with `create`, those that are missing are
    /// made.
    func webhooks(
        of clinic: String,
        create: Bool,
        by actor: Actor
    ) async throws(ClinicFailure) -> JSONObject
}

/// Why something that was asked of the office was not done; nothing has changed then.
package enum ClinicFailure: Error, Sendable {
    case invalid([Violation])
    case noSuchClinic
    /// The state of the clinic does not allow it: a rule's name and one sentence.
    case refused(rule: String, detail: String)
    /// Provet refuses the credentials, or the API user lacks a permission.
    case notAllowed(detail: String)
    case unreachable(detail: String)
    case store(StoreErrorText)

    /// A failure of the store, without its cause.
    package struct StoreErrorText: Hashable, Sendable {
        package let summary: String

        package init(_ summary: String) {
            self.summary = summary
        }
    }
}
