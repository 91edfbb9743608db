import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import HTTPTypes
import Hummingbird

/// The first page, and those of orders, workflows, clinics and settings.
extension ConsoleAPI {
    private static let spanName = "span"
    private static let fromName = "from"

    private var board: any OrderBoard { engine.store.board }

    /// The clock that all clinics share; UTC where they differ.
    var commonTime: ClinicTime { ClinicTime(timeZone: commonZone) }

    private var commonZone: String {
        let zones = Set(engine.clinics.all.map(\.configuration.timeZone))
        return zones.count == 1 ? zones.first ?? "UTC" : "UTC"
    }

    // MARK: - Today

    func today(_ visit: Visit) async throws(Problem) -> Response {
        var reader = QueryReader(visit.call.request.uri.query, known: [Self.spanName])
        let spans = TodayPage.Span.allCases.map(\.rawValue)
        let span = reader.choice(Self.spanName, spans).flatMap(TodayPage.Span.init) ?? .day
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        let facts = try await read { () async throws(StoreError) in
            try await todayFacts(span)
        }
        let page = TodayPage(facts: facts, links: todayLinks(visit))
        return self.page(
            ConsoleContent(title: "Today", section: .today, content: page.content),
            visit
        )
    }

    private func todayFacts(_ span: TodayPage.Span) async throws(StoreError) -> TodayPage.Facts {
        let now = engine.clock.now()
        var facts = TodayPage.Facts(now: now, time: commonTime)
        facts.span = span
        facts.tally = try await board.tally(.together)
        facts.workflows = try await workflowNames()
        // The hour of now and those before it: of the first one not all.
        facts.hours = try await board.hours(
            from: now.advanced(by: .hours(Int64(-span.hourCount))),
            before: now.advanced(by: .hours(1)),
            clinic: nil
        )
        facts.expiring = try await board.expiring(
            from: now,
            before: now.advanced(by: ServerLimits.expiringTime),
            limit: ServerLimits.expiringOnPage
        )
        facts.oldestQueued = try await board.oldestQueued()
        facts.oldestAtPharmacist = try await oldestAtPharmacist()
        facts.webhookTroubles = await engine.webhookMeasures().compactMap(Self.trouble)
        facts.proposalCount = engine.proposals.all.count { $0.state == .open }
        let measure = await gauge.measure()
        facts.queuedCount = measure?.queuedCount ?? 0
        facts.freeBytes = measure?.freeBytes
        facts.isReady = engine.isReady
        let clinics = engine.clinics.all
        facts.hasMoreClinics = clinics.count > ServerLimits.clinicsOnFirstPage
        facts.clinics = mostPressing(clinics)
        return facts
    }

    private static func trouble(_ webhook: WebhookMeasure) -> String? {
        guard webhook.isFailing || webhook.deadCount > 0 else { return nil }
        let dead = webhook.deadCount == 0 ? "" : " \(webhook.deadCount) events were given up."
        let failing = webhook.isFailing ? " It takes no events just now." : ""
        return
            "The webhook \(webhook.endpoint) needs somebody.\(failing)\(dead) See dosette webhooks list."
    }

    private func oldestAtPharmacist() async throws(StoreError) -> Timestamp? {
        var search = OrderSearch(limit: 1)
        search.prescriptionState = "sent"
        search.isOpen = true
        search.isNewestFirst = false
        guard let row = try await board.find(search).rows.first else { return nil }
        let view = try? JSONReader.read(Array(row.view.utf8))
        return view?["waiting"]?["since"]?.stringValue.flatMap(Timestamp.init(text:))
            ?? row.changedAt
    }

    /// Clinics that do not answer first, then those with the least that is left.
    private func mostPressing(_ clinics: [Clinic]) -> [TodayPage.ClinicStanding] {
        let all = clinics.map { clinic in
            TodayPage.ClinicStanding(
                id: clinic.id,
                isDisabled: clinic.isDisabled,
                standing: engine.standing(of: clinic.id)
            )
        }
        func rank(_ one: TodayPage.ClinicStanding) -> (Int, Int, String) {
            let left = one.standing.budgets.map { $0.calls * 100 / max(1, $0.limit) }.min() ?? 100
            let isTrouble = one.standing.breaker != .closed || one.isDisabled
            return (isTrouble ? 0 : 1, left, one.id)
        }
        return Array(all.sorted { rank($0) < rank($1) }.prefix(ServerLimits.clinicsOnFirstPage))
    }

    private func todayLinks(_ visit: Visit) -> TodayPage.Links {
        TodayPage.Links(
            parked: path(.parked),
            proposals: path(.proposals),
            clinics: visit.may(.readClinics) ? path(.clinics) : nil,
            orders: { path(.orders).asking($0) },
            order: { path(of: $0) },
            span: { path(.today).asking([(Self.spanName, $0.rawValue)]) }
        )
    }

    private func workflowNames() async throws(StoreError) -> [String: TodayPage.WorkflowName] {
        var names: [String: TodayPage.WorkflowName] = [:]
        for row in try await engine.store.definitions() {
            let workflow = engine.library.workflow(digest: row.digest)
            names[row.digest] = TodayPage.WorkflowName(
                text: "\(MachineWords.title(row.name)), version \(row.version)",
                hasPrescription: workflow.map { $0.index(of: .prescription) != nil } ?? true
            )
        }
        return names
    }

    // MARK: - Orders

    func orders(_ visit: Visit) async throws(Problem) -> Response {
        let mayAskForPeople = visit.may(.readPersonal) || visit.may(.readClients)
        let common = commonZone
        let query = OrdersQuery(
            visit.call.request.uri.query,
            mayAskForPeople: mayAskForPeople,
            limit: ServerLimits.ordersOnPage
        ) { clinic in
            clinic.flatMap { engine.clinics.clinic($0) }?.calendar
                ?? ClinicCalendar(timeZone: common)
        }
        let names = try await read { () async throws(StoreError) in try await workflowNames() }
        let found: FoundOrders? =
            query.violations.isEmpty
            ? try await read { () async throws(StoreError) in
                try await board.find(query.search)
            } : nil
        let clinics = engine.clinics.ids
        let page = OrdersPage(
            query: query,
            found: found,
            clinics: clinics.count <= ServerLimits.clinicsOnPage ? clinics : nil,
            workflows: names.map { ($0.key, $0.value.text) }.sorted { $0.1 < $1.1 },
            mayAskForPeople: mayAskForPeople,
            now: engine.clock.now(),
            time: { time(of: $0) },
            order: { path(of: $0) },
            own: path(.orders)
        )
        return self.page(
            ConsoleContent(
                title: "Orders",
                section: .orders,
                status: found == nil ? Problem(query.violations).kind.status : .ok,
                isLive: found != nil,
                content: page.content
            ),
            visit
        )
    }

    // MARK: - Workflows

    func workflows(_ visit: Visit) async throws(Problem) -> Response {
        try visit.call.refuseQuery()
        let (rows, tally) = try await read { () async throws(StoreError) in
            (try await engine.store.definitions(), try await board.tally(.together))
        }
        let offered = Set(engine.library.offeredRows.map(\.digest))
        let lines = rows.map { row in
            let own = tally.filter { $0.workflowDigest == row.digest }
            return WorkflowsPage.Line(
                row: row,
                count: own.reduce(0) { $0 + $1.count },
                openCount: own.filter(\.isOpen).reduce(0) { $0 + $1.count },
                isOffered: offered.contains(row.digest)
            )
        }
        let page = WorkflowsPage(
            lines: lines.sorted { one, other in
                (one.row.name, -one.row.version) < (other.row.name, -other.row.version)
            },
            workflow: { path(["workflows", $0]) },
            orders: { path(.orders).asking([("workflow", $0)]) }
        )
        return self.page(
            ConsoleContent(title: "Workflows", section: .workflows, content: page.content),
            visit
        )
    }

    func workflow(_ digest: String, _ visit: Visit) async throws(Problem) -> Response {
        try visit.call.refuseQuery()
        let (rows, tally) = try await read { () async throws(StoreError) in
            (try await engine.store.definitions(), try await board.tally(.together))
        }
        guard let row = rows.first(where: { $0.digest == digest }) else {
            throw Problem(.notFound, rule: "no_such_workflow", "No definition has this digest.")
        }
        let own = tally.filter { $0.workflowDigest == digest }
        let page = WorkflowPage(
            row: row,
            workflow: engine.library.workflow(digest: digest),
            count: own.reduce(0) { $0 + $1.count },
            openCount: own.filter(\.isOpen).reduce(0) { $0 + $1.count },
            orders: path(.orders).asking([("workflow", digest)]),
            all: path(.workflows)
        )
        return self.page(
            ConsoleContent(
                title: "\(MachineWords.title(row.name)), version \(row.version)",
                section: .workflows,
                isLive: false,
                content: page.content
            ),
            visit
        )
    }

    // MARK: - Clinics and settings

    func clinics(_ visit: Visit) async throws(Problem) -> Response {
        var reader = QueryReader(visit.call.request.uri.query, known: [Self.fromName])
        let from = reader.token(Self.fromName)
        guard reader.violations.isEmpty else { throw Problem(reader.violations) }
        let limit = ServerLimits.clinicsOnPage
        let found = engine.clinics.all.filter { $0.id >= from ?? "" }.prefix(limit + 1)
        var lines: [ClinicsPage.Line] = []
        for clinic in found.prefix(limit) {
            lines.append(
                ClinicsPage.Line(
                    clinic: clinic,
                    standing: engine.standing(of: clinic.id),
                    lastRound: engine.lastRound(at: clinic.id),
                    tally: try await read { () async throws(StoreError) in
                        try await board.tally(.clinic(clinic.id))
                    }
                )
            )
        }
        let next = found.dropFirst(limit).first
        let page = ClinicsPage(
            lines: lines,
            now: engine.clock.now(),
            orders: { path(.orders).asking($0) },
            next: next.map { path(.clinics).asking([(Self.fromName, $0.id)]) },
            first: from == nil ? nil : path(.clinics)
        )
        return self.page(
            ConsoleContent(title: "Clinics", section: .clinics, content: page.content),
            visit
        )
    }

    func settings(_ visit: Visit) async throws(Problem) -> Response {
        try visit.call.refuseQuery()
        let page = SettingsPage(sections: setting.settings)
        return self.page(
            ConsoleContent(
                title: "Settings",
                section: .settings,
                isLive: false,
                content: page.content
            ),
            visit
        )
    }
}
