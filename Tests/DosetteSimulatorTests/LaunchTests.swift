import Foundation
import Testing

@testable import DosetteSimulator

@Suite("Custom integration buttons")
struct LaunchTests {
    private static let button: JSON = [
        "name": "Dosette", "visible_page": 1, "action": 1, "method": 0,
        "url": "https://pharmacy.example/launch/4/client", "id_parameter": "object_id",
        "id_prefix": "", "verification_salt": "pepper", "verification_hash": 2,
    ]

    private let clinic: Clinic

    init() throws {
        clinic = try Clinic()
    }

    private func launch(_ button: JSON, object: Int = 7) throws -> SimulatedLaunch {
        let id = try #require(clinic.send("POST", "custom_integration/", button).id)
        let place = SimulatedLaunch.Place(
            installation: "4",
            object: object,
            department: 2,
            user: 3
        )
        return try clinic.provet.launch(id, at: place, now: clinic.now).get()
    }

    @Test func `a button is made and listed, and its salt is never read back`() throws {
        let made = clinic.send("POST", "custom_integration/", Self.button)
        #expect(made.status == 201)
        #expect(made.json?["name"] == "Dosette")
        #expect(made.json?["id"] == .integer(try #require(made.id)))
        let list = clinic.send("GET", "custom_integration/")
        #expect(list.ids == [try #require(made.id)])
        #expect(!made.text.contains("pepper"))
        #expect(!list.text.contains("pepper"))
        #expect(clinic.effects == [.integrationCreated])
    }

    @Test(
        arguments: [
            ("name", ""), ("visible_page", 4), ("action", 4), ("method", 2), ("url", "about:blank"),
            ("id_parameter", .null), ("verification_hash", 3),
        ] as [(String, JSON)]
    )
    func `a button that makes no sense is refused`(name: String, value: JSON) {
        let reply = clinic.send("POST", "custom_integration/", Self.button.with(name, value))
        #expect(reply.status == 400)
        #expect(clinic.effects == [])
    }

    @Test(arguments: [1, 2, 3, 10, 11, 12])
    func `every page that Provet has can bear one`(page: Int) {
        let body = Self.button.with("visible_page", .integer(page))
        #expect(clinic.send("POST", "custom_integration/", body).status == 201)
    }

    /// The digest was made with another program:
    /// `printf 'pepperobject_id=7&organization=4&department=2&user=3' | sha256sum`.
    @Test func `the hash over the payload is SHA-256 of the salt and the pairs`() throws {
        let launch = try launch(Self.button)
        #expect(launch.method == "GET")
        #expect(
            launch.url
                == "https://pharmacy.example/launch/4/client?object_id=7&organization=4"
                + "&department=2&user=3&hash="
                + "b811f263df3e0a06e92376659be11346c469a5305e53889b7e30c7d1bdcee01b"
        )
        #expect(launch.body == "")
    }

    /// `printf 'pepperclient-7' | sha256sum`.
    @Test func `the hash over the id is SHA-256 of the salt and the prefixed id`() throws {
        let button = Self.button.with("verification_hash", 1).with("id_prefix", "client-")
            .with("method", 1)
        let launch = try launch(button)
        #expect(launch.method == "POST")
        #expect(launch.url == "https://pharmacy.example/launch/4/client")
        #expect(
            launch.body
                == "object_id=client-7&organization=4&department=2&user=3&hash="
                + "3ce71016b3e1bf84bdf53003198c9c8bb6ef4afb43b54d5d430a024fe23f7702"
        )
    }

    @Test func `without a hash none is sent`() throws {
        let launch = try launch(Self.button.with("verification_hash", 0))
        #expect(launch.pairs.map(\.name) == ["object_id", "organization", "department", "user"])
    }

    @Test func `the payload is hashed as it is sent`() throws {
        let get = try launch(Self.button.with("id_prefix", "a ~"))
        #expect(get.url.contains("object_id=a%20~7&"))
        let post = try launch(Self.button.with("id_prefix", "a ~").with("method", 1))
        #expect(post.body.hasPrefix("object_id=a+%7E7&"))
        for text in [get.url.split(separator: "?")[1], post.body[...]] {
            let parts = text.components(separatedBy: "&hash=")
            #expect(SimulatedLaunch.hash(parts[0], salt: "pepper") == parts[1])
        }
    }

    @Test func `a target with a query keeps it`() throws {
        let launch = try launch(Self.button.with("url", "https://pharmacy.example/?a=1"))
        #expect(launch.url.hasPrefix("https://pharmacy.example/?a=1&object_id=7&"))
    }

    @Test func `a button that is not there cannot be pressed`() {
        let place = SimulatedLaunch.Place(installation: "4", object: 7)
        let launch = clinic.provet.launch(99, at: place, now: clinic.now)
        #expect(throws: SimulatedRefusal.self) { try launch.get() }
    }

    @Test func `the page of a button escapes what it shows`() throws {
        let get = try launch(Self.button).page(isFramed: false)
        #expect(get.contains("client?object_id=7&amp;organization=4&amp;"))
        #expect(!get.contains("<iframe"))
        let button = Self.button.with("id_prefix", "\"><b>").with("method", 1)
        let post = try launch(button).page(isFramed: true)
        #expect(post.contains(#"value="&quot;&gt;&lt;b&gt;7""#))
        #expect(post.contains(#"<form id="launch" method="post""#))
        #expect(post.contains(#"target="panel""#))
        #expect(post.contains("<iframe"))
    }
}
