import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Synchronization

/// The settings of departments, kept for as long as a clinic's configuration allows.
///
/// One for all clinics. It reads by itself when nothing young enough is kept; what is asked for while it reads is read
/// again rather than waited for.
package final class SettingsCache: Sendable {
    /// Departments of one clinic that are kept at the most.
    static let departmentsMaximum = 1_000

    /// Where settings came from: after a change of the clinic's set-up they are somebody else's.
    private struct Source: Hashable {
        let baseURL: String
        let fee: FeeConfiguration

        init(_ clinic: ClinicConfiguration) {
            baseURL = clinic.baseURL
            fee = clinic.fee
        }
    }

    private struct Kept {
        let source: Source
        var departments: [Int: DepartmentSettings] = [:]
    }

    private struct State {
        var clinics: [String: Kept] = [:]
        /// How often something was forgotten: what was read before is not kept after it.
        var forgottenCount = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Makes a clinic's settings be read anew when they are next needed.
    package func forget(_ clinic: String) {
        state.withLock { state in
            state.clinics[clinic] = nil
            state.forgottenCount += 1
        }
    }

    /// A department's settings that are kept and young enough.
    func kept(_ department: Int, _ client: ProvetClient) -> DepartmentSettings? {
        let kept = state.withLock { $0.clinics[client.clinic.id] }
        guard let kept, kept.source == Source(client.clinic),
            let settings = kept.departments[department]
        else { return nil }
        let age = client.clock.now().since(settings.readAt)
        // A clock that was set back makes nothing younger.
        return age >= .zero && age < client.clinic.fee.settingsAge ? settings : nil
    }

    /// Reads a department's settings, or all, and keeps what was read.
    func read(_ department: Int?, _ calls: ClinicCalls) async -> SettingsReading {
        let before = state.withLock { $0.forgottenCount }
        let reading = await SettingsReading.of(department, calls)
        if case .settings(let settings) = reading {
            keep(settings, calls.client.clinic, before)
        }
        return reading
    }

    private func keep(
        _ settings: [DepartmentSettings],
        _ clinic: ClinicConfiguration,
        _ forgottenCount: Int
    ) {
        let source = Source(clinic)
        state.withLock { state in
            guard state.forgottenCount == forgottenCount else { return }
            var kept = state.clinics[clinic.id] ?? Kept(source: source)
            if kept.source != source || kept.departments.count >= Self.departmentsMaximum {
                kept = Kept(source: source)
            }
            for setting in settings.prefix(Self.departmentsMaximum) {
                kept.departments[setting.department] = setting
            }
            state.clinics[clinic.id] = kept
        }
    }
}

/// What reading departments' settings came to.
enum SettingsReading: Sendable {
    /// Those that were asked for and are there.
    case settings([DepartmentSettings])
    case failed(ProvetResult, ProvetPermission)

    /// Departments whose settings are read one by one at the most.
    static let departmentsMaximum = 100
    static let listPath = "departmentsettings"
    private static let placeholder = "{department}"

    /// Reads where the configuration says, and where else Provet's pages say when nothing is there.
    static func of(_ department: Int?, _ calls: ClinicCalls) async -> SettingsReading {
        let configured = calls.client.clinic.fee.settingsPath
        let reading = await of(department, at: configured, calls)
        guard case .failed(.refused(404, _), _) = reading else { return reading }
        let other =
            configured.contains(placeholder)
            ? listPath : calls.client.assumptions.departmentSettingsPath
        guard other != configured else { return reading }
        return await of(department, at: other, calls)
    }

    private static func of(
        _ department: Int?,
        at path: String,
        _ calls: ClinicCalls
    ) async -> SettingsReading {
        guard path.contains(placeholder) else { return await list(department, path, calls) }
        guard let department else { return await each(path, calls) }
        return await single(department, path, calls)
    }

    // MARK: - One by one

    private static func single(
        _ department: Int,
        _ path: String,
        _ calls: ClinicCalls
    ) async -> SettingsReading {
        let path = path.replacing(placeholder, with: String(department))
        let result = await calls.get(path, ProvetEndpoint.settings)
        guard case .done(let json) = result, let row = json.objectValue else {
            return .failed(result, .invoices)
        }
        guard ProvetID.read(row["department"]) ?? department == department else {
            let reason = "Provet answers another department's settings"
            return .failed(.refused(status: 200, reason: reason), .invoices)
        }
        return .settings([DepartmentSettings(department, [row], calls.client)])
    }

    private static func each(_ path: String, _ calls: ClinicCalls) async -> SettingsReading {
        let list = calls.client.assumptions.departmentPath
        let rows = await calls.list(list, [], ProvetEndpoint.departmentList)
        guard case .rows(let rows) = rows else { return .failed(rows.failure, .departments) }
        let departments = Set(rows.compactMap { ProvetID.read(.object($0)) }).sorted()
        guard departments.count <= departmentsMaximum else {
            let reason = "Provet lists more departments than are looked through"
            return .failed(.refused(status: 200, reason: reason), .departments)
        }
        var settings: [DepartmentSettings] = []
        for department in departments {
            switch await single(department, path, calls) {
            case .settings(let one): settings += one
            case .failed(.refused(404, _), _) where !settings.isEmpty: continue
            case .failed(let result, let permission): return .failed(result, permission)
            }
        }
        return .settings(settings)
    }

    // MARK: - As a list

    private static func list(
        _ department: Int?,
        _ path: String,
        _ calls: ClinicCalls
    ) async -> SettingsReading {
        let filter = department.map { [("department__is", String($0))] } ?? []
        let rows = await calls.list(path, filter, ProvetEndpoint.settings)
        guard case .rows(let rows) = rows else { return .failed(rows.failure, .invoices) }
        var own: [Int: [JSONObject]] = [:]
        for row in rows {
            guard let id = ProvetID.read(row["department"]), department ?? id == id else {
                continue
            }
            own[id, default: []].append(row)
        }
        let settings = own.sorted { $0.key < $1.key }
            .map { DepartmentSettings($0.key, $0.value, calls.client) }
        return .settings(settings)
    }
}

extension ProvetClient.Rows {
    /// Why there are no rows.
    fileprivate var failure: ProvetResult {
        switch self {
        case .rows: .refused(status: 200, reason: ProvetResult.unreadable)
        case .tooMany:
            .refused(status: 200, reason: "Provet lists more settings than are read")
        case .unreadable: .refused(status: 200, reason: "Provet's settings cannot be read")
        case .failed(let result): result
        }
    }
}

extension DepartmentSettings {
    /// What the fee needs of the rows of one department, which should be one.
    init(_ department: Int, _ rows: [JSONObject], _ client: ProvetClient) {
        let items = rows.map { FeeItem($0[client.clinic.fee.itemField]) }
        let field = client.assumptions.lockDateField
        self.init(
            department: department,
            feeItem: items.count == 1 ? items[0] : .ambiguous(items.flatMap(\.numbers)),
            lockDate: rows.compactMap { Self.day($0[field]) }.max(),
            readAt: client.clock.now()
        )
    }

    /// A day, also where Provet adds a time.
    private static func day(_ json: JSON?) -> CalendarDate? {
        (json?.stringValue?.prefix(10)).flatMap { CalendarDate(text: String($0)) }
    }
}

extension DepartmentSettings.FeeItem {
    /// An id however it is written; of a list, its only element.
    init(_ json: JSON?) {
        guard let elements = json?.arrayValue else {
            self = ProvetID.read(json).map { .item($0) } ?? .missing
            return
        }
        let items = Set(elements.map { ProvetID.read($0) })
        switch items.count {
        case 0: self = .missing
        case 1: self = items.first.flatMap { $0 }.map { .item($0) } ?? .missing
        default: self = .ambiguous(items.compactMap { $0 }.sorted())
        }
    }

    fileprivate var numbers: [Int] {
        switch self {
        case .item(let item): [item]
        case .missing: []
        case .ambiguous(let items): items
        }
    }
}
