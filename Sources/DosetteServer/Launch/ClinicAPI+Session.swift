import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// The page that a launch opened, and the form that it takes.
extension ClinicAPI {
    /// A session whose clinic is served.
    struct Visit: Sendable {
        let session: LaunchSession
        let token: String
        let clinic: Clinic
    }

    /// Shows the session's page, or takes its form.
    func session(_ token: String, _ call: Call) async -> Response {
        await visit(token) { visit throws(LaunchFailure) in
            if call.request.method == .post { return try await take(call, visit) }
            let facts = try await LaunchFacts.read(visit.session, side.records)
            let now = engine.clock.now()
            let identity = OrderForm.Identity(
                nonce: side.random.identifier(at: now),
                issuedAt: now
            )
            let form = OrderForm(identity, visit.session, facts)
            return await page(visit, facts, form).page.response
        }
    }

    /// Lets `body` answer a session that is valid; otherwise a page says why it is not.
    func visit(
        _ token: String,
        _ body: (Visit) async throws(LaunchFailure) -> Response
    ) async -> Response {
        var frame = Page.Frame.anybody
        do throws(LaunchFailure) {
            let session: LaunchSession
            do throws(LaunchSession.Failure) {
                session = try LaunchSession.read(token, side.keys, at: engine.clock.now())
            } catch {
                switch error {
                case .unknown: throw .unknownSession
                case .expired(let clinic):
                    frame = self.frame(clinic)
                    throw .expired
                }
            }
            frame = self.frame(session.clinic)
            guard let clinic = side.directory.clinic(session.clinic), !clinic.isDisabled else {
                throw .disabled
            }
            return try await body(Visit(session: session, token: token, clinic: clinic))
        } catch {
            if case .request(let problem) = error { report(problem, .session) }
            return error.page(base, frame).response
        }
    }

    private func page(
        _ visit: Visit,
        _ facts: LaunchFacts,
        _ form: OrderForm,
        _ mistakes: OrderForm.Mistakes = .none
    ) async -> FormPage {
        FormPage(
            session: visit.session,
            token: visit.token,
            facts: facts,
            form: form,
            identity: form.identity.text(visit.session, side.keys),
            mistakes: mistakes,
            earlier: await earlier(visit),
            base: base,
            frame: frame(visit.session.clinic)
        )
    }

    private func earlier(_ visit: Visit) async -> [FormPage.EarlierOrder]? {
        let time = ClinicTime(timeZone: visit.clinic.configuration.timeZone)
        let rows = try? await side.ordersOfClient(
            visit.session.clinic,
            visit.session.client,
            ServerLimits.earlierOrdersMaximum
        )
        return rows?.prefix(ServerLimits.earlierOrdersMaximum).compactMap { row in
            guard row.clinic == visit.session.clinic,
                let view = try? JSONReader.read(Array(row.view.utf8)).objectValue
            else { return nil }
            return FormPage.EarlierOrder(
                key: row.key,
                receivedAt: row.receivedAt,
                time: time.text(row.receivedAt),
                words: OrderWords(view)
            )
        }
    }

    // MARK: - The form

    private func take(_ call: Call, _ visit: Visit) async throws(LaunchFailure) -> Response {
        guard isOwnPage(call.request.head) else { throw .foreignForm }
        let text = try await text(call, upTo: ServerLimits.formBytesMaximum)
        guard let pairs = FormPairs(text, countMaximum: ServerLimits.formPairsMaximum),
            let identity = pairs[OrderForm.identityName].flatMap({
                OrderForm.Identity($0, visit.session, side.keys)
            })
        else { throw .foreignForm }
        let facts: LaunchFacts
        do throws(LaunchFailure) {
            facts = try await LaunchFacts.read(visit.session, side.records)
        } catch {
            throw error.whileSending
        }
        var form = OrderForm(identity, pairs)
        if pairs[OrderForm.actionName] == OrderForm.addAction {
            if form.items.count < OrderForm.itemsMaximum { form.items.append(OrderForm.Item()) }
            var page = await page(visit, facts, form)
            page.newItem = form.items.count - 1
            return page.page.response
        }
        return try await submit(form, facts, visit)
    }

    /// Whether a form was sent by a page of ours, as far as a browser tells.
    ///
    /// Its address, which nobody can guess, is the proof; this is a second door.
    private func isOwnPage(_ head: HTTPRequest) -> Bool {
        if let site = head.headerFields[.fetchSite], site != "same-origin", site != "none" {
            return false
        }
        // A browser that tells no referrer says null.
        guard let origin = head.headerFields[.origin], origin != "null" else { return true }
        let authority = head.authority ?? ""
        let own = ["http://\(authority)", "https://\(authority)"]
        return own.contains(origin)
            || side.publicURL.flatMap(PublicAddress.init)?.origin == origin
    }

    private func submit(
        _ form: OrderForm,
        _ facts: LaunchFacts,
        _ visit: Visit
    ) async throws(LaunchFailure) -> Response {
        let document = form.document(visit.session, facts)
        let path = SitePath(
            base: base,
            [
                "launch", "session", visit.token, "orders", OrderForm.source,
                form.identity.orderID,
            ]
        )
        do throws(IntakeFailure) {
            let submitter = facts.submitter(visit.session, prescriber: form.prescriber)
            // Whether it is new or was sent before: it is the same order.
            _ = try await engine.submit(document, submitter: submitter)
            return redirect(to: path, frame(visit.session.clinic))
        } catch {
            return await refused(error, form, facts, visit).page.response
        }
    }

    /// The form again, with what was typed and what is wrong with it.
    private func refused(
        _ failure: IntakeFailure,
        _ form: OrderForm,
        _ facts: LaunchFacts,
        _ visit: Visit
    ) async -> FormPage {
        let problem = Problem(failure)
        report(problem, .session)
        var mistakes = OrderForm.Mistakes()
        switch failure {
        case .invalid(let violations):
            mistakes = form.mistakes(violations)
        case .conflict, .forgotten:
            mistakes.general = [
                "This form was sent before, with other words: that prescription is among the "
                    + "earlier ones. Press the button in Provet again to write another one."
            ]
        case .full, .diskFull, .stopping, .clientBeingForgotten, .unknownWorkflow, .store:
            mistakes.general = ["\(problem.detail) Send it again in a moment."]
        }
        var page = await page(visit, facts, form, mistakes)
        page.status = problem.kind.status
        page.retryAfterSeconds = problem.retryAfterSeconds
        return page
    }
}

extension LaunchFailure {
    /// The same failure, told to somebody who has typed something.
    fileprivate var whileSending: LaunchFailure {
        guard case .unreachable(let seconds, _) = self else { return self }
        return .unreachable(seconds: seconds, isSending: true)
    }
}
