import DosetteAudit
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import HTTPTypes
import Testing

@testable import DosetteServer

/// The console's pages as a person who is signed in gets them.
@Suite("The console's pages", .timeLimit(.minutes(1)))
struct ConsolePagesTests {
    /// Signs in where no token is asked for; answers with the cookie.
    private func signIn(_ client: Client) async throws -> HTTPFields {
        let own = HTTPFields(named: [
            "Host": "127.0.0.1", "Content-Type": "application/x-www-form-urlencoded",
        ])
        let answer = try await client.call(
            .post,
            "/console/sign-in",
            own,
            body: Array("name=Aino".utf8)
        )
        #expect(answer.status == 303, "\(answer.text)")
        let cookie = try #require(answer.headers[.setCookie]?.prefix { $0 != ";" })
        return HTTPFields(named: ["Host": "127.0.0.1", "Cookie": String(cookie)])
    }

    private func page(
        _ client: Client,
        _ path: String,
        _ fields: HTTPFields,
        status: Int = 200
    ) async throws -> String {
        let answer = try await client.get(path, fields)
        #expect(answer.status == status, "\(path): \(answer.text)")
        let text = answer.text
        #expect(
            text.split(separator: "<h1>").count == 2,
            "\(path) has one heading of the first kind"
        )
        return text
    }

    @Test func `every page answers with no order and with one`() async throws {
        let world = try World()
        try await world.run { client in
            let fields = try await signIn(client)
            for path in ["", "/orders", "/workflows", "/clinics", "/audit", "/settings"] {
                _ = try await page(client, "/console\(path)", fields)
            }
            #expect(
                try await page(client, "/console", fields).contains("Nothing waits for a person.")
            )
            #expect(
                try await page(client, "/console/orders", fields).contains(
                    "No order was taken in yet."
                )
            )
            try await client.send(Sample.order())
            let today = try await page(client, "/console", fields)
            #expect(
                today.contains(
                    "<span class=\"count\">1</span><span class=\"what\"> wait for a pharmacist"
                )
            )
            #expect(today.contains("Orders taken in and sent as a table"))
            for span in ["week", "month"] {
                _ = try await page(client, "/console?span=\(span)", fields)
            }
            let orders = try await page(client, "/console/orders?state=sent&open=yes", fields)
            #expect(orders.contains("/console/orders/webshop/HD-1"))
            #expect(orders.contains("+03:00"))
            #expect(
                try await page(client, "/console/orders?state=accepted", fields)
                    .contains("No order matches this search.")
            )
            #expect(
                try await page(client, "/console/orders?id=HD&client=1&from=2025-08-20", fields)
                    .contains("/console/orders/webshop/HD-1")
            )
        }
    }

    @Test func `a search that is wrong says what is wrong`() async throws {
        let world = try World()
        try await world.serve { client in
            let fields = try await signIn(client)
            let text = try await page(
                client,
                "/console/orders?from=yesterday&state=%3Cb%3E",
                fields,
                status: 422
            )
            #expect(text.contains("This search cannot be understood"))
            #expect(text.contains("from: A day is due, such as 2025-08-20."))
            #expect(!text.contains("<b>"))
        }
    }

    @Test func `definitions are drawn, each part of them`() async throws {
        let world = try World()
        try await world.serve { client in
            let fields = try await signIn(client)
            let list = try await page(client, "/console/workflows", fields)
            let row = try #require(try await world.engine.store.definitions().first)
            #expect(list.contains("/console/workflows/\(row.digest)"))
            let one = try await page(client, "/console/workflows/\(row.digest)", fields)
            let workflow = try #require(world.engine.library.workflow(digest: row.digest))
            #expect(one.split(separator: "<svg").count == workflow.parts.count + 1)
            _ = try await page(client, "/console/workflows/none", fields, status: 404)
        }
    }

    @Test func `a check of the journal is asked for and comes to its end`() async throws {
        let world = try World()
        try await world.run { client in
            try await client.send(Sample.order())
            var fields = try await signIn(client)
            let audit = try await page(client, "/console/audit", fields)
            let key = try #require(
                audit.firstMatch(of: /name="form_key" value="([0-9a-f]+)"/)?.output.1
            )
            fields[.contentType] = "application/x-www-form-urlencoded"
            let body = Array("form_key=\(key)".utf8)
            let answer = try await client.call(.post, "/console/audit/verify", fields, body: body)
            #expect(answer.status == 303)
            let wrong = try await client.call(
                .post,
                "/console/audit/verify",
                fields,
                body: Array("form_key=00".utf8)
            )
            #expect(wrong.status == 403)
            fields[.contentType] = nil
            var text = ""
            while !text.contains("The last check") {
                text = try await page(client, "/console/audit", fields)
                await Task.yield()
            }
            #expect(text.contains("All is well"), "\(text)")
            #expect(text.contains("<dd>Aino</dd>"))
        }
    }

    @Test func `without a checkpoint there is no proof, and the answer says so`() async throws {
        let world = try World()
        try await world.run { client in
            try await client.send(Sample.order())
            let fields = try await signIn(client)
            for part in ["proof", "report"] {
                let path = "/console/orders/webshop/HD-1/\(part)"
                let text = try await page(client, path, fields, status: 409)
                #expect(text.contains("no checkpoint was signed yet"))
            }
        }
    }
}

/// Pages made of facts that a test gives them.
@Suite struct ConsolePageTests {
    private static let hostile = "<script>alert(\"1\")</script>'&"

    private func facts() -> TodayPage.Facts {
        TodayPage.Facts(now: StoreSamples.start, time: ClinicTime(timeZone: "Europe/Helsinki"))
    }

    private func today(_ facts: TodayPage.Facts) -> String {
        let path = SitePath(base: "", ["console"])
        let links = TodayPage.Links(
            parked: path,
            proposals: path,
            clinics: nil,
            orders: { path.asking($0) },
            order: { SitePath(base: "", [$0.orderID]) },
            span: { path.asking([("span", $0.rawValue)]) }
        )
        return TodayPage(facts: facts, links: links).content.markup
    }

    private func tally(_ state: String, _ count: Int, _ parked: String? = nil) -> OrderTally {
        OrderTally(
            clinic: nil,
            workflowDigest: "d",
            prescriptionState: state,
            parkedKind: parked,
            isOpen: true,
            count: count
        )
    }

    @Test func `a million orders are told as plainly as one`() {
        var facts = facts()
        facts.tally = [
            tally("sent", 3), tally("sent", 2, "in_doubt"), tally("accepted", 1_234_567),
        ]
        facts.oldestAtPharmacist = StoreSamples.start.advanced(by: .hours(-5))
        let text = today(facts)
        #expect(text.contains("1\u{202F}234\u{202F}567"))
        #expect(
            text.contains(
                ">3</span><span class=\"what\"> wait for a pharmacist, the oldest for 5 h"
            )
        )
        #expect(text.contains(">2</span><span class=\"what\"> parked: in doubt"))
        #expect(text.contains("parked=in_doubt"))
        #expect(!text.contains("Nothing waits for a person."))
    }

    @Test func `an hour stands in the column of its time on the clinic's clock`() {
        var facts = facts()
        var hour = OrderHour(number: OrderHour.number(of: StoreSamples.start))
        hour.received = 7
        hour.sendingTimes = [.minute: 5]
        facts.hours = [hour]
        let text = today(facts)
        #expect(text.contains("<title>14:00: taken in 7</title>"))
        #expect(text.contains("<title>14:00: sent to a pharmacist 5</title>"))
        #expect(text.contains("<title>≤ 1 min: orders 5</title>"))
    }

    @Test func `what a page shows stays text`() {
        var facts = facts()
        facts.workflows["d"] = TodayPage.WorkflowName(text: Self.hostile, hasPrescription: false)
        facts.tally = [tally("draft", 1)]
        facts.clinics = [
            TodayPage.ClinicStanding(
                id: Self.hostile,
                isDisabled: false,
                standing: Budgets.Standing(breaker: .closed, budgets: [])
            )
        ]
        let settings = SettingsPage(sections: [
            SettingsSection(Self.hostile, [.init(Self.hostile, Self.hostile)])
        ])
        let definition = DefinitionRow(
            digest: Self.hostile,
            name: Self.hostile,
            version: 1,
            text: Self.hostile
        )
        let path = SitePath(base: "", [Self.hostile])
        let workflow = WorkflowPage(
            row: definition,
            workflow: nil,
            count: 1,
            openCount: 1,
            orders: path,
            all: path
        )
        for text in [today(facts), settings.content.markup, workflow.content.markup] {
            #expect(text.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;"))
            #expect(!text.contains("<script"))
        }
    }

    @Test(arguments: [0, 1, 3, 7, 99, 1_000_000]) func `a chart keeps its bars inside`(most: Int) {
        let chart = Chart(
            name: "c",
            title: "Title",
            columnTitle: "Column",
            columns: ["a", "b", Self.hostile],
            bars: Chart.Row(title: "bars", values: [most, 0, 1]),
            line: Chart.Row(title: "line", values: [0, most / 2, most])
        )
        let text = chart.markup.markup
        for match in text.matches(of: #/ y="(-?\d+)"/#) {
            let y = Int(match.output.1) ?? -1
            #expect((0...Chart.height).contains(y), "\(y)")
        }
        #expect(text.contains("<td class=\"number\">\(most)</td>"))
        #expect(!text.contains("<script"))
    }

    @Test func `a list that was cut says so and goes on`() throws {
        let rows = [SampleOrder(StreamID(5)), SampleOrder(StreamID(4))].map { $0.row(version: 1) }
        func text(_ query: String, _ found: FoundOrders) -> String {
            OrdersPage(
                query: OrdersQuery(query, mayAskForPeople: false, limit: 2) { _ in nil },
                found: found,
                clinics: ["nordic-vets"],
                workflows: [],
                mayAskForPeople: false,
                now: StoreSamples.start,
                time: { _ in ClinicTime(timeZone: "UTC") },
                order: { SitePath(base: "", [$0.orderID]) },
                own: SitePath(base: "", ["orders"])
            ).content.markup
        }
        let cut = text(
            "source=telephone",
            FoundOrders(rows: [], next: StreamID(7), isCut: true)
        )
        #expect(cut.contains("10\u{202F}000 orders were looked at"))
        #expect(
            cut.contains(
                "source=telephone&amp;after=\(Cursor.text(after: StreamID(7)))\">Look further"
            )
        )
        let first = text("", FoundOrders(rows: rows, next: StreamID(4)))
        #expect(first.contains("after=\(Cursor.text(after: StreamID(4)))\">Older orders"))
        #expect(!first.contains("Newer orders"))
        let older = text("after=\(Cursor.text(after: StreamID(9)))", FoundOrders(rows: rows))
        #expect(older.contains("before=\(Cursor.text(after: StreamID(5)))\">Newer orders"))
        #expect(!older.contains("Older orders"))
        let back = text(
            "before=\(Cursor.text(after: StreamID(3)))",
            FoundOrders(rows: rows.reversed())
        )
        #expect(
            back.firstRange(of: "HD-5")?.lowerBound ?? back.endIndex < back.firstRange(of: "HD-4")?
                .lowerBound ?? back.startIndex
        )
        #expect(back.contains("after=\(Cursor.text(after: StreamID(4)))\">Older orders"))
        #expect(!back.contains("client"), "clients are for those who may see them")
    }

    @Test func `settings show no secret`() {
        let planted = "s3cr3t-planted"
        var clinic = World.clinicConfiguration
        clinic.clientSecret = Secret(planted)
        clinic.baseURL = "https://user:\(planted)@clinic.example/4/api/0.1?token=\(planted)"
        let configuration = Configuration(
            dataDirectory: "/var/lib/dosette",
            clinics: [clinic],
            pharmacy: TransmissionConfiguration(
                transmitURL: "https://\(planted)@pharmacy.example/hook?key=\(planted)#\(planted)",
                transmitSecret: Secret(planted)
            ),
            audit: AuditConfiguration(
                witnesses: [
                    .endpoint(
                        url: "https://w.example/?k=\(planted)",
                        key: nil,
                        secret: Secret(planted)
                    )
                ]
            )
        )
        let sections = SettingsSection.all(of: configuration, version: "1")
        let text = SettingsPage(sections: sections).content.markup
        #expect(!text.contains(planted))
        #expect(text.contains("https://clinic.example/4/api/0.1"))
        #expect(text.contains("https://pharmacy.example/hook"))
    }
}
