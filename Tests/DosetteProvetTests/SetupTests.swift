import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSimulator
import Testing

@testable import DosetteProvet

@Suite("How a clinic's Provet is set up")
struct SetupTests {
    private static let clinic = World.clinicID

    // MARK: - The check

    @Test(.timeLimit(.minutes(1)))
    func `a clinic with all permissions is good, and nothing was changed`() async throws {
        try await World.run { world in
            let before = world.ledger.count
            let check = await world.setup().check(world.client.clinic)
            #expect(check.signIn.verdict == .ok)
            #expect(check.permissions.allSatisfy { $0.verdict == .ok }, "\(check.permissions)")
            #expect(check.permissions.count == 8)
            #expect(check.isGood)
            #expect(world.ledger.count == before)
            #expect(check.view["good"] == true)
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("patients", "General: Patients and clients", true),
            ("items", "Settings: Items", false),
            ("invoices", "Financial: Invoices", true),
            ("consultations", "General: Consultations", false),
            ("users", "Settings: Users", false),
            ("departments", "Settings: Departments", false),
            ("webhooks", "Settings: Webhooks", false),
            ("integrations", "Settings: Custom integrations", false),
        ]
    )
    func `one permission that is missing is told, and no other`(
        right: String,
        permission: String,
        isNeeded: Bool
    ) async throws {
        try await World.run { world in
            world.provet.setPermissionsMissing([right])
            let check = await world.setup().check(world.client.clinic)
            let missing = check.permissions.filter { $0.verdict != .ok }
            #expect(missing.map(\.permission) == [permission])
            #expect(missing.map(\.verdict) == [.missing])
            #expect(missing.map(\.isNeeded) == [isNeeded])
            #expect(missing.first?.detail.contains("\"\(permission)\"") == true)
            #expect(check.isGood == !isNeeded)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `credentials that do not work are told, and nothing else is tried`() async throws {
        var setup = World.Setup()
        setup.clientSecret = "wrong"
        try await World.run(setup) { world in
            let check = await world.setup().check(world.client.clinic)
            #expect(check.signIn.verdict == .missing)
            #expect(check.signIn.detail.hasPrefix("Provet refuses the credentials (status 401)"))
            #expect(check.permissions.allSatisfy { $0.verdict == .unclear })
            #expect(!check.isGood)
            #expect(world.callCount == 1)
        }
    }

    @Test func `a token that is held is not trusted`() async {
        let count = Counter()
        let fake = FakeClinic { call in
            guard call.line == "POST token" else { return .json(404, [:]) }
            return count.next() == 1 ? FakeClinic.token : .json(401, [:])
        }
        _ = await fake.records.client(7, at: Self.clinic)
        #expect(await fake.check().signIn.verdict == .missing)
    }

    @Test(
        arguments: [
            (
                .json(500, [:]), .unclear,
                "the sign-in was answered with status 500: try again later"
            ),
            (.json(404, [:]), .missing, "there is no sign-in at token_url (status 404): check it"),
            (
                .json(200, [:]), .unclear,
                "the sign-in was answered with status 200: try again later"
            ),
            (
                .lost, .unclear,
                "the sign-in could not be reached: check token_url, or try again later"
            ),
            (
                .late, .unclear,
                "the sign-in could not be reached: check token_url, or try again later"
            ),
        ] as [(FakeClinic.Reply, ClinicCheck.Finding.Verdict, String)]
    )
    func `a sign-in that goes wrong is told as it went`(
        reply: FakeClinic.Reply,
        verdict: ClinicCheck.Finding.Verdict,
        detail: String
    ) async {
        let fake = FakeClinic { _ in reply }
        let check = await fake.check()
        #expect(check.signIn.verdict == verdict)
        #expect(check.signIn.detail == detail)
        #expect(fake.calls.isEmpty)
        #expect(!check.isGood)
    }

    @Test func `home delivery is tried when it is on, and is needed then`() async {
        func check(_ isOn: Bool) async -> ClinicCheck {
            let fake = FakeClinic(homeDelivery: isOn) { call in
                if call.line == "POST token" { return FakeClinic.token }
                let isDelivery = call.line == "GET home_delivery/order/"
                return isDelivery ? .json(403, [:]) : FakeClinic.list([])
            }
            return await fake.check()
        }
        let off = await check(false)
        #expect(off.isGood)
        let on = await check(true)
        #expect(!on.isGood)
        #expect(on.permissions.filter { $0.verdict == .missing }.map(\.isNeeded) == [true])
    }

    @Test func `without a fee invoices are not needed`() async {
        var fee = FeeConfiguration.standard
        fee.charging = .nothing
        let fake = FakeClinic(fee: fee) { call in
            if call.line == "POST token" { return FakeClinic.token }
            return call.line == "GET countersale/" ? .json(403, [:]) : FakeClinic.list([])
        }
        #expect(await fake.check().isGood)
    }

    @Test func `a path that is not there is no missing permission`() async {
        let fake = FakeClinic { call in
            call.line == "POST token" ? FakeClinic.token : .json(404, [:])
        }
        let check = await fake.check()
        #expect(check.signIn.verdict == .ok)
        let patients = check.permissions.first
        #expect(patients?.verdict == .unclear)
        #expect(
            patients?.detail
                == "Provet has nothing at eprescription/prescription/: check base_url, or the path "
                + "under assumptions"
        )
        // An object that is not there shows that one may look for it.
        let consultations = check.permissions.first { $0.permission == "General: Consultations" }
        #expect(consultations?.verdict == .ok)
        #expect(!check.isGood)
    }

    @Test func `settings at the newer place are enough`() async {
        let fake = FakeClinic { call in
            switch call.line {
            case "POST token": FakeClinic.token
            case "GET departmentsettings/": .json(404, [:])
            default: FakeClinic.list([])
            }
        }
        #expect(await fake.check().isGood)
        #expect(fake.lines.contains("GET department/1/settings/"))
    }

    @Test func `a check reads and never writes`() async {
        let fake = FakeClinic(homeDelivery: true) { call in
            call.line == "POST token" ? FakeClinic.token : FakeClinic.list([])
        }
        _ = await fake.check()
        #expect(fake.calls.count == 11)
        #expect(fake.lines.allSatisfy { $0.hasPrefix("GET ") })
    }

    // MARK: - Webhooks

    @Test(.timeLimit(.minutes(1)))
    func `a webhook is made once and found again`() async throws {
        try await World.run { world in
            let setup = world.setup()
            let url = "https://dosette.example/hooks/nordic-vets/secret"
            #expect(await setup.webhooks(at: Self.clinic).value == [])
            let made = try #require(
                await setup.createWebhook(trigger: 63, url: url, at: Self.clinic).value
            )
            #expect(made.trigger == 63)
            #expect(made.url == url)
            #expect(await setup.webhooks(at: Self.clinic).value == [made])
            world.provet.setPermissionsMissing(["webhooks"])
            let word = "forbidden: Settings: Webhooks"
            #expect(await setup.webhooks(at: Self.clinic).word == word)
            let again = await setup.createWebhook(trigger: 63, url: url, at: Self.clinic)
            #expect(again.word == word)
        }
    }

    @Test func `a webhook that cannot be read is not ours`() async {
        let fake = FakeClinic { call in
            guard call.line != "POST token" else { return FakeClinic.token }
            return FakeClinic.list([
                ["id": 1, "trigger": 63, "url_to_call": "https://a.example", "active": false],
                [
                    "url": "http://x/hook/webhook/2/", "trigger": 1,
                    "url_to_call": "https://b.example",
                ],
                ["id": 3, "trigger": "63", "url_to_call": "https://c.example"],
                ["id": 4, "trigger": 63, "url": "https://d.example"], ["id": .null], [:],
            ])
        }
        let hooks = await fake.setup.webhooks(at: Self.clinic).value
        #expect(hooks?.map(\.id) == [1, 2])
        #expect(hooks?.map(\.isActive) == [false, true])
    }

    @Test(
        arguments: [.lost, .json(500, [:]), .json(200, [:]), .json(302, .null)]
            as [FakeClinic.Reply]
    )
    func `a webhook of which nobody knows is not claimed`(reply: FakeClinic.Reply) async {
        let fake = FakeClinic { $0.line == "POST token" ? FakeClinic.token : reply }
        let made = await fake.setup.createWebhook(trigger: 1, url: "https://a", at: Self.clinic)
        #expect(made.word.hasSuffix("look at what is there first"), "\(made.word)")
        #expect(fake.calls.count == 1)
    }

    // MARK: - Buttons

    private static let button = ButtonRecord(
        id: nil,
        name: "Prescribe",
        visiblePage: 10,
        action: 2,
        isPost: true,
        url: "https://dosette.example/launch/nordic-vets/10",
        idParameter: "id",
        idPrefix: "c",
        salt: Secret("pepper"),
        hash: 1
    )

    @Test(.timeLimit(.minutes(1)))
    func `a button is made and found again, without its salt`() async throws {
        try await World.run { world in
            let setup = world.setup()
            #expect(await setup.buttons(at: Self.clinic).value == [])
            let made = try #require(
                await setup.createButton(Self.button, at: Self.clinic).value
            )
            #expect(made.id != nil)
            #expect(made.url == Self.button.url)
            let found = try #require(await setup.buttons(at: Self.clinic).value?.first)
            #expect(found.id == made.id)
            #expect(found.name == "Prescribe")
            #expect(found.visiblePage == 10)
            #expect(found.action == 2)
            #expect(found.isPost)
            #expect(found.idPrefix == "c")
            #expect(found.hash == 1)
            #expect(found.salt == nil)
            // The row's own address is not what the button opens.
            #expect(found.url.isEmpty)
            world.provet.setPermissionsMissing(["integrations"])
            let word = "forbidden: Settings: Custom integrations"
            #expect(await setup.buttons(at: Self.clinic).word == word)
            #expect(await setup.createButton(Self.button, at: Self.clinic).word == word)
        }
    }

    @Test func `a button is sent with every field`() async {
        let fake = FakeClinic { call in
            call.line == "POST token" ? FakeClinic.token : .json(201, ["id": 5])
        }
        let made = await fake.setup.createButton(Self.button, at: Self.clinic)
        #expect(made.value?.id == 5)
        #expect(
            fake.calls.first?.body == [
                "name": "Prescribe", "visible_page": 10, "action": 2, "method": 1,
                "url": "https://dosette.example/launch/nordic-vets/10", "id_parameter": "id",
                "id_prefix": "c", "verification_salt": "pepper", "verification_hash": 1,
            ]
        )
    }
}
