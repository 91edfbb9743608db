import AsyncHTTPClient
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Foundation
import NIOCore
import NIOHTTP1

/// Whether orders can be carried out at a clinic; nothing is changed there.
enum ClinicChecks {
    private static let seconds: Int64 = 10

    /// Unlike the library's shared client it does not try again for the whole time when nobody listens.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    static func all(
        _ clinic: ClinicConfiguration,
        _ configuration: Configuration
    ) async -> [Finding] {
        var findings = await clock(clinic)
        do {
            findings += try await DirectClinic.lend(clinic.id, of: configuration) { direct in
                let check = await direct.setup.check(clinic)
                let permissions = judge(check, at: clinic.id)
                guard check.signIn.verdict == .ok, clinic.fee.charging != .nothing else {
                    return permissions
                }
                return permissions + feeItem(await direct.setup.settings(at: clinic.id), clinic)
            }
        } catch {
            let reason = (error as? Stop)?.message ?? "\(error)"
            findings.append(.bad("provet", clinic.id, reason, mend: "correct the configuration"))
        }
        return findings
    }

    // MARK: - Sign-in and permissions

    static func judge(_ check: ClinicCheck, at clinic: String) -> [Finding] {
        guard check.signIn.verdict == .ok else {
            return [
                .bad(
                    "sign-in",
                    clinic,
                    check.signIn.detail,
                    mend: "correct client_id, the secret, token_url or the network's way there"
                )
            ]
        }
        let lacking = check.permissions.filter { $0.verdict != .ok }.map { finding -> Finding in
            let says = "\(finding.permission), for \(finding.purpose): \(finding.detail)"
            let mend =
                finding.verdict == .missing
                ? "in Provet's settings, give the API user \"\(finding.permission)\""
                : "try again; if it stays so, ask the clinic or Provet"
            return finding.isNeeded && finding.verdict == .missing
                ? .bad("permission", clinic, says, mend: mend)
                : .warn("permission", clinic, says, mend: mend)
        }
        let head = Finding.ok("sign-in", clinic, check.signIn.detail)
        return [head] + (lacking.isEmpty ? [.ok("permission", clinic, "all are there")] : lacking)
    }

    // MARK: - The fee

    private static func feeItem(
        _ looked: Looked<[DepartmentSettings]>,
        _ clinic: ClinicConfiguration
    ) -> [Finding] {
        let settings: [DepartmentSettings]
        do {
            settings = try looked.orStop("departments' settings")
        } catch {
            let reason = (error as? Stop)?.message ?? "\(error)"
            let mend = "without them no fee is charged: see dosette clinic settings \(clinic.id)"
            return [.bad("fee item", clinic.id, reason, mend: mend)]
        }
        let today = ClinicCalendar(timeZone: clinic.timeZone)?.day(of: SystemClock().now())
        let problems = settings.compactMap {
            $0.problem(itemField: clinic.fee.itemField, today: today)
        }
        guard problems.isEmpty, !settings.isEmpty else {
            let says = problems.first ?? "Provet shows no settings of a department"
            let mend = "the clinic corrects it in Provet, or fee: { charge: false }"
            return [.bad("fee item", clinic.id, says, mend: mend)]
        }
        let count = settings.count
        let text = count == 1 ? "named by its department" : "named by all \(count) departments"
        return [.ok("fee item", clinic.id, text)]
    }

    // MARK: - The clock

    /// Asks the clinic's Provet anything and reads when it says that it is.
    private static func clock(_ clinic: ClinicConfiguration) async -> [Finding] {
        let request = HTTPClientRequest(url: clinic.baseURL + "/")
        let begin = SystemTime.now
        guard
            let response = try? await client.execute(request, timeout: .seconds(seconds))
        else {
            return [
                .warn(
                    "provet",
                    clinic.id,
                    "nobody answers at base_url",
                    mend: "look at the network's way there: curl -v \(clinic.baseURL.shellWord)/"
                )
            ]
        }
        let end = SystemTime.now
        guard let text = response.headers.first(name: "Date"), let theirs = HTTPDate.date(text)
        else { return [.ok("clock", clinic.id, "Provet does not say what time it is")] }
        // The answer was made in between, and tells whole seconds.
        let middle = begin.addingTimeInterval(end.timeIntervalSince(begin) / 2)
        let difference = middle.timeIntervalSince(theirs) - 0.5
        return [ClockChecks.difference(difference, to: clinic.id)]
    }
}

/// Times as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)
    }
}
