import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

@Suite("Settings of departments")
struct SettingsTests {
    private static let clinic = World.clinicID
    private static let fetch = "provet.fetch_fee_item"
    /// The day on which the tests' clock stands, in the clinic's zone.
    private static let today = "2025-08-20"

    private static func fee(_ path: String) -> FeeConfiguration {
        FeeConfiguration(
            charging: .prescriptionFee,
            paymentType: 0,
            settingsPath: path,
            itemField: "prescription_fee_item"
        )
    }

    /// A clinic whose list of settings has these rows.
    private static func fake(_ rows: @escaping @Sendable (Int) -> [JSON]) -> FakeClinic {
        let counter = Counter()
        return FakeClinic { call in
            call.line == "POST token" ? FakeClinic.token : FakeClinic.list(rows(counter.next()))
        }
    }

    private static func fetch(_ fake: FakeClinic) async throws -> EffectProtocol.Outcome {
        let actions = ProvetActions(
            [fake.client],
            assumptions: ProvetAssumptions(),
            settings: fake.settings
        )
        var journey = try Journey(actions, fake.clock, .init())
        return await actions.perform(try journey.pretend(upTo: fetch))
    }

    // MARK: - What is kept

    @Test func `settings are kept until they are too old`() async throws {
        let fake = Self.fake { [["department": 1, "prescription_fee_item": JSON(500 + $0)]] }
        for _ in 0..<5 {
            #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 501])))
        }
        #expect(fake.calls.count == 1)
        fake.clock.move(by: .milliseconds(15 * 60_000 - 1))
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 501])))
        fake.clock.move(by: .milliseconds(1))
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 502])))
        #expect(fake.calls.count == 2)
        // A clock that was set back makes nothing younger.
        fake.clock.move(by: .hours(-1))
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 503])))
    }

    @Test func `what is forgotten is read anew`() async throws {
        let fake = Self.fake { [["department": 1, "prescription_fee_item": JSON(500 + $0)]] }
        _ = try await Self.fetch(fake)
        fake.setup.forgetSettings(at: "elsewhere")
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 501])))
        fake.setup.forgetSettings(at: Self.clinic)
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 502])))
    }

    @Test func `what a person looks at is what the fee then takes`() async throws {
        let fake = Self.fake { count in
            [
                ["department": 1, "prescription_fee_item": JSON(500 + count)],
                ["department": 2, "prescription_fee_item": .null],
            ]
        }
        _ = try await Self.fetch(fake)
        let shown = try #require(await fake.setup.settings(at: Self.clinic).value)
        #expect(shown.map(\.department) == [1, 2])
        #expect(shown.map(\.feeItem) == [.item(502), .missing])
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 502])))
        #expect(fake.calls.count == 2)
        #expect(shown[0].readAt == World.morning)
    }

    @Test func `what was read while it was forgotten is not kept`() async throws {
        let settings = SettingsCache()
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            settings.forget(Self.clinic)
            return FakeClinic.list([["department": 1, "prescription_fee_item": 501]])
        }
        let calls = ClinicCalls(client: fake.client, allowance: .init(unlimited: fake.clock))
        guard case .settings = await settings.read(1, calls) else {
            Issue.record("the settings were not read")
            return
        }
        #expect(settings.kept(1, fake.client) == nil)
    }

    @Test func `a clinic that was set up anew has none of its old settings`() async throws {
        let fake = Self.fake { _ in [["department": 1, "prescription_fee_item": 501]] }
        _ = try await Self.fetch(fake)
        #expect(fake.settings.kept(1, fake.client) != nil)
        var clinic = fake.client.clinic
        clinic.fee.itemField = "other_item"
        let other = ProvetClient(
            clinic: clinic,
            assumptions: ProvetAssumptions(),
            transport: HTTPTransport { _ in .notSent(reason: "no") },
            clock: fake.clock
        )
        #expect(fake.settings.kept(1, other) == nil)
    }

    // MARK: - What stands in a fee's way

    @Test(
        arguments: [
            (
                [["department": 1]],
                "the clinic must fill the setting prescription_fee_item of department 1 "
                    + "(Provet: Settings, Departments)"
            ),
            (
                [["department": 1, "prescription_fee_item": []]],
                "the clinic must fill the setting prescription_fee_item of department 1 "
                    + "(Provet: Settings, Departments)"
            ),
            (
                [["department": 1, "prescription_fee_item": [502, "http://x/item/501/"]]],
                "the setting prescription_fee_item of department 1 is there more than once "
                    + "(501, 502); the clinic must leave one item (Provet: Settings, Departments)"
            ),
            (
                [
                    ["department": 1, "prescription_fee_item": 501],
                    ["department": "1", "prescription_fee_item": 501],
                ],
                "the setting prescription_fee_item of department 1 is there more than once "
                    + "(501, 501); the clinic must leave one item (Provet: Settings, Departments)"
            ),
            (
                [["department": 2, "prescription_fee_item": 501]],
                "Provet has no settings for department 1; the order's department_id must be one of "
                    + "the clinic's"
            ),
            (
                [
                    [
                        "department": 1, "prescription_fee_item": 501,
                        "financial_period_lock_date": "2025-08-21",
                    ]
                ],
                "the clinic's books are closed for days before 2025-08-21, so that nothing can be invoiced today "
                    + "(financial_period_lock_date of department 1)"
            ),
            (
                [
                    [
                        "department": 1, "prescription_fee_item": 501,
                        "financial_period_lock_date": "2025-12-31T00:00:00+02:00",
                    ]
                ],
                "the clinic's books are closed for days before 2025-12-31, so that nothing can be invoiced today "
                    + "(financial_period_lock_date of department 1)"
            ),
        ] as [([JSON], String)]
    )
    func `is told in a sentence, and looked at anew each time`(
        rows: [JSON],
        sentence: String
    ) async throws {
        let fake = Self.fake { count in
            count < 3 ? rows : [["department": 1, "prescription_fee_item": [77, 77]]]
        }
        #expect(try await Self.fetch(fake) == .refused(reason: sentence))
        #expect(try await Self.fetch(fake) == .refused(reason: sentence))
        // The clinic has filled it in meanwhile.
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 77])))
    }

    @Test(arguments: [
        ("2025-08-19", true), ("2025-08-20", true), ("2025-08-21", false), ("soon", true),
        ("", true),
    ])
    func `the day is the clinic's own`(lock: String, isOpen: Bool) async throws {
        let fake = Self.fake { _ in
            [
                [
                    "department": 1, "prescription_fee_item": 501,
                    "financial_period_lock_date": .string(lock),
                ]
            ]
        }
        // 21:30 UTC the day before is past midnight in Helsinki.
        fake.clock.move(by: .minutes(-830))
        #expect((try await Self.fetch(fake).word == "confirmed") == isOpen)
    }

    // MARK: - Where they are

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["departmentsettings", "department/{department}/settings"]
    )
    func `all departments are read from either place`(path: String) async throws {
        var setup = World.Setup()
        setup.fee = Self.fee(path)
        try await World.run(setup) { world in
            world.setFeeItem(502, department: 2)
            world.setFeeItem(nil, department: 3)
            let isSet = world.provet.setDepartmentSettings(
                DepartmentSettingsChange(feeItem: .several([501, 502])),
                department: 4,
                installation: World.installation,
                now: world.clock.now().milliseconds
            )
            #expect(isSet)
            let all = try #require(await world.setup().settings(at: Self.clinic).value)
            #expect(all.map(\.department) == Array(1...10))
            #expect(
                all.prefix(4).map(\.feeItem) == [
                    .item(501), .item(502), .missing, .ambiguous([501, 502]),
                ]
            )
        }
    }

    @Test(arguments: [
        ("departmentsettings", "GET department/1/settings/"),
        ("department/{department}/settings", "GET departmentsettings/"),
    ])
    func `where nothing is, the other place is tried`(path: String, line: String) async throws {
        let fake = FakeClinic(fee: Self.fee(path)) { call in
            switch call.line {
            case "POST token": FakeClinic.token
            case line where line.hasSuffix("departmentsettings/"):
                FakeClinic.list([["department": 1, "prescription_fee_item": 501]])
            case line: .json(200, ["department": 1, "prescription_fee_item": 501])
            default: .json(404, [:])
            }
        }
        #expect(try await Self.fetch(fake) == .confirmed(Receipt(["item": 501])))
        #expect(fake.lines.last == line)
        #expect(fake.calls.count == 2)
    }

    @Test func `another department's settings are not taken for ours`() async throws {
        let fake = FakeClinic(fee: Self.fee("department/{department}/settings")) { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return .json(200, ["department": 2, "prescription_fee_item": 501])
        }
        let outcome = try await Self.fetch(fake)
        #expect(outcome == .refused(reason: "Provet answers another department's settings"))
    }

    @Test func `a missing permission is told by its name`() async throws {
        let fake = FakeClinic { call in
            call.line == "POST token" ? FakeClinic.token : .json(403, ["detail": "no"])
        }
        #expect(
            try await Self.fetch(fake)
                == .refused(
                    reason: "the API user lacks the permission \"Financial: Invoices\", with which "
                        + "the fee item is read"
                )
        )
        let shown = await fake.setup.settings(at: Self.clinic)
        #expect(shown.word == "forbidden: Financial: Invoices")
    }

    @Test func `a read that failed keeps nothing and is no refusal`() async throws {
        let fake = FakeClinic { $0.line == "POST token" ? FakeClinic.token : .lost }
        #expect(try await Self.fetch(fake).word.hasPrefix("not processed"))
        #expect(fake.settings.kept(1, fake.client) == nil)
    }

    // MARK: - Views

    @Test func `a view says what is wrong`() {
        let day = CalendarDate(text: Self.today)
        let settings = DepartmentSettings(
            department: 2,
            feeItem: .item(501),
            lockDate: day,
            readAt: World.morning
        )
        let view = settings.view(itemField: "f", today: day?.adding(days: -1))
        #expect(view["fee_item"] == 501)
        #expect(view["financial_period_lock_date"] == "2025-08-20")
        #expect(view["problem"]?.stringValue?.contains("closed for days before 2025-08-20") == true)
        #expect(view["read_at"] == "2025-08-20T11:20:45.000Z")
        #expect(settings.view(itemField: "f", today: day)["problem"] == nil)
    }
}
