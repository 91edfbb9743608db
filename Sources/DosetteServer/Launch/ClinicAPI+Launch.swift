import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import HTTPTypes
import Hummingbird

/// What a button in Provet opens.
extension ClinicAPI {
    /// Opens a session for a genuine launch; otherwise a page says why not.
    func launch(_ clinic: String, _ place: LaunchPlace, _ call: Call) async -> Response {
        do throws(LaunchFailure) {
            let form = try await launchForm(call)
            let (known, check) = try verify(form, clinic, place)
            return try await open(form, known, check, place)
        } catch {
            return error.page(base, frame(of: error, clinic)).response
        }
    }

    /// A launch that was not verified answers the same for every clinic, known or not.
    private func frame(of failure: LaunchFailure, _ clinic: String) -> Page.Frame {
        switch failure {
        case .notVerified, .request, .unknownSession: .anybody
        case .replayed, .noObject, .expired, .disabled, .absent, .forbidden, .unreachable,
            .noSuchOrder, .foreignForm:
            frame(clinic)
        }
    }

    /// Who may show a clinic's pages in a frame.
    func frame(_ clinic: String) -> Page.Frame {
        .origins(side.directory.clinic(clinic)?.configuration.buttons.frameOrigins ?? [])
    }

    // MARK: - Is it genuine

    /// The pairs of the query or, of a POST, those of the form.
    private func launchForm(_ call: Call) async throws(LaunchFailure) -> FormPairs {
        var text = call.request.uri.query ?? ""
        if call.request.method == .post {
            text = try await self.text(call, upTo: ServerLimits.launchBytesMaximum)
        }
        guard text.utf8.count <= ServerLimits.launchBytesMaximum,
            let form = FormPairs(text, countMaximum: ServerLimits.launchPairsMaximum)
        else { throw .notVerified }
        return form
    }

    /// A form as it was sent.
    func text(_ call: Call, upTo byteCountMaximum: Int) async throws(LaunchFailure) -> String {
        do throws(Problem) {
            try call.requireType(MediaType.isForm, MediaType.form)
            let bytes = try await call.bytes(upTo: byteCountMaximum)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Problem(.notJSON, rule: "not_a_form", "The form is not UTF-8 text.")
            }
            return text
        } catch {
            throw .request(error)
        }
    }

    private func verify(
        _ form: FormPairs,
        _ id: String,
        _ place: LaunchPlace
    ) throws(LaunchFailure) -> (Clinic, LaunchCheck) {
        let clinic = side.directory.clinic(id)
        let buttons = clinic?.configuration.buttons ?? .standard
        let salt = buttons.salt?.text ?? side.keys.secret(for: "launch/\(id)/\(place.rawValue)")
        let check = LaunchCheck(buttons: buttons, salt: salt)
        // An unknown clinic costs what a known one does.
        let isGenuine = check.isGenuine(form)
        guard let clinic, isGenuine else { throw .notVerified }
        guard !clinic.isDisabled else { throw .disabled }
        return (clinic, check)
    }

    // MARK: - The session

    private func open(
        _ form: FormPairs,
        _ clinic: Clinic,
        _ check: LaunchCheck,
        _ place: LaunchPlace
    ) async throws(LaunchFailure) -> Response {
        guard let object = check.objectID(form) else { throw .noObject }
        let now = engine.clock.now()
        let launch = check.sameness(form, clinic: clinic.id, place: place)
        guard replays.use(launch, at: now, window: check.buttons.replayWindow) else {
            throw .replayed
        }
        let client: Int
        do throws(LaunchFailure) {
            client = try await self.client(object, place.subject, clinic.id)
        } catch {
            // It opened nothing; whoever presses the button again is not to be told that it did.
            replays.release(launch)
            throw error
        }
        let session = LaunchSession(
            clinic: clinic.id,
            place: place,
            object: object,
            client: client,
            user: LaunchCheck.id(form[check.buttons.userParameter]),
            department: LaunchCheck.id(form[check.buttons.departmentParameter]),
            expiresAt: now.advanced(by: check.buttons.session),
            nonce: side.random.identifier(at: now)
        )
        let path = SitePath(base: base, ["launch", "session", session.token(side.keys)])
        return redirect(to: path, frame(clinic.id))
    }

    /// The client whom a patient or a consultation belongs to, as Provet has it.
    private func client(
        _ object: Int,
        _ subject: LaunchPlace.Subject,
        _ clinic: String
    ) async throws(LaunchFailure) -> Int {
        switch subject {
        case .client: object
        case .patient:
            try LaunchFacts.found(await side.records.patient(object, at: clinic), "patient")
                .clientID
        case .consultation:
            try LaunchFacts.found(
                await side.records.consultation(object, at: clinic),
                "consultation"
            )
            .clientID
        }
    }

    func redirect(to path: SitePath, _ frame: Page.Frame) -> Response {
        var response = Response(status: .seeOther, headers: [.location: path.text])
        Page.guardHeaders(&response, frame)
        return response
    }
}
