import DosetteCore
import DosetteDefinitions
import DosetteEngine

/// Tries a clinic's credentials and each permission that the work needs; it changes nothing.
///
/// One reading call for each: rare and asked for by a person, so not taken from the budgets.
struct PermissionCheck: Sendable {
    /// A way to the clinic that has no token yet.
    let client: ProvetClient
    let clock: any EngineClock
    /// Of one call; the whole takes no longer than twice that.
    let deadline: TimeSpan

    /// What is tried for one permission.
    private struct Trial {
        let permission: ProvetPermission
        let purpose: String
        let isNeeded: Bool
        let looks: [Look]
    }

    /// One call, and whether 404 is an answer that shows the permission.
    private struct Look {
        let path: String
        var isList = true
        /// Where the same is looked for when nothing is at `path`.
        var otherPath: String?
    }

    func run() async -> ClinicCheck {
        let end = clock.now().advanced(by: deadline + deadline)
        let signIn = await signIn()
        guard signIn.verdict == .ok else {
            let rest = trials.map {
                finding($0, .unclear, "not tried: the sign-in did not succeed")
            }
            return ClinicCheck(signIn: signIn, permissions: rest)
        }
        var findings: [ClinicCheck.Finding] = []
        for trial in trials { findings.append(await attempt(trial, until: end)) }
        return ClinicCheck(signIn: signIn, permissions: findings)
    }

    // MARK: - Signing in

    private func signIn() async -> ClinicCheck.Finding {
        let client = client
        let result = await clock.run(
            until: clock.now().advanced(by: deadline),
            late: AccessTokens.SignIn.unreachable
        ) { await client.signIn() }
        let verdict: ClinicCheck.Finding.Verdict
        let detail: String
        switch result {
        case .done:
            (verdict, detail) = (.ok, "Provet takes the credentials")
        case .refused(let status) where [400, 401, 403].contains(status):
            verdict = .missing
            detail =
                "Provet refuses the credentials (status \(status)): check client_id and the secret, or "
                + "have the clinic make new ones"
        case .refused(404):
            (verdict, detail) = (
                .missing, "there is no sign-in at token_url (status 404): check it"
            )
        case .refused(let status):
            verdict = .unclear
            detail = "the sign-in was answered with status \(status): try again later"
        case .unreachable:
            verdict = .unclear
            detail = "the sign-in could not be reached: check token_url, or try again later"
        }
        return ClinicCheck.Finding(
            permission: "sign-in",
            purpose: "nothing can be done at the clinic without it",
            verdict: verdict,
            isNeeded: true,
            detail: detail
        )
    }

    // MARK: - Permissions

    private var trials: [Trial] {
        let names = client.assumptions
        let charges = client.clinic.fee.charging == .prescriptionFee
        var trials = [
            Trial(
                permission: .patients,
                purpose: "prescriptions are made, read and changed; clients and animals are shown",
                isNeeded: true,
                looks: [
                    Look(path: names.prescriptionPath),
                    Look(path: "\(names.clientPath)/1", isList: false),
                ]
            ),
            Trial(
                permission: .items,
                purpose: "the items of a prescription are read",
                isNeeded: false,
                looks: [Look(path: names.prescriptionItemPath)]
            ),
            Trial(
                permission: .invoices,
                purpose: "the fee is charged and refunded; the settings name its item",
                isNeeded: charges,
                looks: [Look(path: names.salePath), settingsLook]
            ),
        ]
        if client.clinic.homeDelivery.isOn {
            trials.append(
                Trial(
                    permission: .items,
                    purpose: "home-delivery orders are fetched and reported on",
                    isNeeded: true,
                    looks: [Look(path: names.homeDeliveryOrderPath)]
                )
            )
        }
        return trials + sideTrials
    }

    /// What makes the work easier, but is not needed for it.
    private var sideTrials: [Trial] {
        let names = client.assumptions
        func trial(_ permission: ProvetPermission, _ purpose: String, _ look: Look) -> Trial {
            Trial(permission: permission, purpose: purpose, isNeeded: false, looks: [look])
        }
        return [
            trial(
                .consultations,
                "the button on a consultation's page knows its client and veterinarian",
                Look(path: "\(names.consultationPath)/1", isList: false)
            ),
            trial(
                .users,
                "the buttons' pages offer the clinic's veterinarians",
                Look(path: names.userPath)
            ),
            trial(
                .departments,
                "the buttons' pages offer the clinic's departments",
                Look(path: names.departmentPath)
            ),
            trial(
                .webhooks,
                "dosette clinic webhooks manages the webhooks that tell of changes at once",
                Look(path: names.webhookPath)
            ),
            trial(
                .integrations,
                "dosette clinic buttons makes the buttons; they can be typed in by hand, too",
                Look(path: names.customIntegrationPath)
            ),
        ]
    }

    private var settingsLook: Look {
        let path = client.clinic.fee.settingsPath
        guard path.contains("{department}") else {
            let other = client.assumptions.departmentSettingsPath
            return Look(path: path, otherPath: other.replacing("{department}", with: "1"))
        }
        return Look(path: path.replacing("{department}", with: "1"), isList: false)
    }

    private func attempt(_ trial: Trial, until end: Timestamp) async -> ClinicCheck.Finding {
        for look in trial.looks {
            var look = look
            var result = await call(look, until: end)
            if case .refused(404, _) = result, let other = look.otherPath {
                look = Look(path: other, isList: false)
                result = await call(look, until: end)
            }
            if let finding = judge(result, look, trial) { return finding }
        }
        return finding(trial, .ok, "the API user has it")
    }

    private func call(_ look: Look, until end: Timestamp) async -> ProvetResult {
        let client = client
        let late = ProvetResult.unknown(reason: "Provet did not answer in time")
        let until = min(end, clock.now().advanced(by: deadline))
        return await clock.run(until: until, late: late) {
            await client.call(.get, look.path, query: look.isList ? [("page_size", "1")] : [])
        }
    }

    /// What one call shows against the permission; nothing when it shows that it is there.
    private func judge(
        _ result: ProvetResult,
        _ look: Look,
        _ trial: Trial
    ) -> ClinicCheck.Finding? {
        let name = trial.permission.rawValue
        switch result {
        case .done: return nil
        case .refused(404, _) where !look.isList: return nil
        case .refused(404, _):
            let detail =
                "Provet has nothing at \(look.path)/: check base_url, or the path under assumptions"
            return finding(trial, .unclear, detail)
        case .refused(403, _):
            let detail =
                "the API user lacks it: in Provet's settings, give the user group of the API user the "
                + "permission \"\(name)\"; without it this is not possible: \(trial.purpose)"
            return finding(trial, .missing, detail)
        case .refused(_, let reason), .notProcessed(_, let reason), .unknown(let reason):
            return finding(trial, .unclear, "\(reason): try again later")
        }
    }

    private func finding(
        _ trial: Trial,
        _ verdict: ClinicCheck.Finding.Verdict,
        _ detail: String
    ) -> ClinicCheck.Finding {
        ClinicCheck.Finding(
            permission: trial.permission.rawValue,
            purpose: trial.purpose,
            verdict: verdict,
            isNeeded: trial.isNeeded,
            detail: detail
        )
    }
}
