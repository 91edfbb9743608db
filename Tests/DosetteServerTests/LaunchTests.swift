import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteKeys
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("Launches from Provet", .timeLimit(.minutes(1)))
struct LaunchTests {
    @Test(arguments: ["client", "10"])
    func `a genuine launch opens a session's page`(place: String) async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let answer = try await client.get(Press(place: place).get)
            #expect(answer.status == 303)
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.referrerPolicy] == "no-referrer")
            #expect(answer.headers[.setCookie] == nil)
            let path = try #require(answer.headers[.location])
            #expect(path.hasPrefix("/launch/session/"))
            #expect(!path.contains(ClinicWorld.salt))
            let page = try await client.get(path)
            #expect(page.status == 200)
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            #expect(page.text.contains("Satamakatu 3"))
        }
    }

    @Test func `a launch by a form opens the same page`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let answer = try await client.postForm(Press().path, Press().pairs)
            #expect(answer.status == 303)
            let path = try #require(answer.headers[.location])
            #expect(try await client.get(path).status == 200)
        }
    }

    @Test func `an animal and a consultation lead to their client`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let presses = [("patient", "72"), ("11", "71"), ("consultation", "73"), ("12", "74")]
            for (place, id) in presses {
                let page = try await client.get(
                    try await client.launch(Press(place: place, id: id))
                )
                #expect(page.status == 200)
                #expect(page.text.contains("Satamakatu 3"))
            }
        }
    }

    @Test func `a hash that does not fit is refused like a clinic that is not known`() async throws
    {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let genuine = Press()
            let others: [String] = [
                Press(salt: "another salt").get,
                Press(clinic: "unknown-vets").get,
                Press(clinic: "fjord-vets").get,
                Press(clinic: "%00<script>").get,
                genuine.path,
                "\(genuine.path)?id=7",
                "\(genuine.path)?id=7&hash=",
                "\(genuine.path)?id=8&hash=\(genuine.hash)",
                "\(genuine.path)?id=7&hash=\(genuine.hash.dropLast())",
                "\(genuine.path)?id=7&id=8&hash=\(genuine.hash)",
                "\(genuine.path)?id=7&hash=\(genuine.hash)&hash=\(genuine.hash)",
                "\(genuine.path)?id=%ZZ&hash=\(genuine.hash)",
                "\(genuine.get)&x=" + String(repeating: "x", count: 9_000),
                "\(genuine.get)" + String(repeating: "&x", count: 40),
            ]
            let first = try await client.get(others[0])
            #expect(first.status == 403)
            for path in others {
                let answer = try await client.get(path)
                #expect(answer.status == 403, "\(path)")
                #expect(answer.body == first.body, "\(path)")
                #expect(answer.headers == first.headers, "\(path)")
            }
            #expect(clinic.records.callCount == 0)
        }
    }

    @Test func `another clinic's salt opens nothing here`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let derived = clinic.keys.secret(for: "launch/fjord-vets/client")
            #expect(try await client.get(Press(salt: derived).get).status == 403)
            let own = Press(clinic: "fjord-vets", salt: derived)
            #expect(try await client.get(own.get).status == 303)
        }
    }

    @Test func `the same launch opens one page only, for a short while`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            _ = try await client.launch()
            let again = try await client.get(Press().get)
            #expect(again.status == 409)
            #expect(again.text.contains("press the button in Provet again"))
            // What nobody reads, and another order of the pairs, make no other launch.
            #expect(try await client.get(Press().get + "&x=1").status == 409)
            let turned = "\(Press().path)?hash=\(Press().hash)&department=1&user=2&id=7"
            #expect(try await client.get(turned).status == 409)
            #expect(try await client.postForm(Press().path, Press().pairs).status == 409)
            // Nor do capitals in the hash, or another user, whom a hash over the id does not prove.
            let capitals = Press().get.replacing(Press().hash, with: Press().hash.uppercased())
            #expect(try await client.get(capitals).status == 409)
            #expect(try await client.get(Press(others: ["user": "3"]).get).status == 409)
            clinic.world.clock.move(by: .seconds(11))
            #expect(try await client.get(Press().get).status == 303)
        }
    }

    @Test func `a launch opens its own place only`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            let salt = clinic.keys.secret(for: "launch/fjord-vets/client")
            let press = Press(clinic: "fjord-vets", salt: salt)
            for place in ["patient", "consultation", "10", "11", "12"] {
                var other = press
                other.place = place
                #expect(try await client.get(other.get).status == 403, "\(place)")
            }
            #expect(try await client.get(press.get).status == 303)
        }
    }

    @Test func `a launch that came to nothing may be made again at once`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            clinic.records.set { $0.isReachable = false }
            let press = Press(place: "patient", id: "71")
            let answer = try await client.get(press.get)
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] == "7")
            clinic.records.set { $0.isReachable = true }
            #expect(try await client.get(press.get).status == 303)
        }
    }

    @Test func `a launch without a number is told so`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client async throws in
            for id in ["0", "abc", "-7", "7x", "99999999999999999999"] {
                #expect(try await client.get(Press(id: id).get).status == 400, "\(id)")
            }
        }
    }

    @Test func `a disabled clinic's launch is told so`() async throws {
        let clinic = try ClinicWorld()
        let known = try #require(clinic.directory.clinic(World.clinic))
        let disabled = try #require(Clinic(known.configuration, isDisabled: true))
        try await clinic.world.serve { client in
            let path = try await client.launch()
            clinic.directory.put(disabled)
            for path in [path, Press(id: "8").get] {
                let answer = try await client.get(path)
                #expect(answer.status == 403)
                #expect(answer.text.contains("takes no orders of this clinic"))
            }
            // Whoever does not know the salt does not learn it.
            let forged = try await client.get(Press(salt: "x").get)
            #expect(!forged.text.contains("takes no orders of this clinic"))
        }
    }

    @Test func `a launch is not looked at with HEAD, and other bodies than forms are refused`()
        async throws
    {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let head = try await client.call(.head, Press().get)
            #expect(head.status == 405)
            #expect(head.headers[.allow] == "GET, POST, OPTIONS")
            let json = HTTPFields(named: ["Content-Type": "application/json"])
            let pairs = Array(Press().pairs.utf8)
            let answer = try await client.call(.post, Press().path, json, body: pairs)
            #expect(answer.status == 415)
            #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
            let long = String(repeating: "x", count: ServerLimits.launchBytesMaximum)
            #expect(
                try await client.postForm(Press().path, Press().pairs + "&x=" + long).status == 413
            )
            #expect(try await client.get(Press().get).status == 303)
        }
    }

    @Test func `what a launch sends is never shown unescaped`() async throws {
        let clinic = try ClinicWorld()
        try await clinic.world.serve { client in
            let evil = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
            let pairs = "id=\(evil)&hash=\(evil)&user=\(evil)&department=\(evil)"
            for answer in [
                try await client.get("\(Press().path)?\(pairs)"),
                try await client.postForm(Press().path, pairs),
                try await client.postForm("/launch/\(evil)/client", pairs),
            ] {
                #expect(answer.status == 403)
                #expect(!answer.text.contains("alert(1)"))
            }
        }
    }

    @Test func `without the clinics' side its paths lead nowhere`() async throws {
        try await World().serve { client async throws in
            for path in [Press().get, "/launch/style.css", "/v1/clinics", "/launch/session/x"] {
                #expect(try await client.get(path).rule == "no_such_path", "\(path)")
            }
            #expect(try await client.postForm("/hooks/a/b", "").status == 404)
            #expect(try await client.postForm("/hookup/a", "").status == 404)
        }
    }
}

@Suite("The verification hash")
struct LaunchCheckTests {
    private static let salt = "pepper"

    private func isGenuine(_ pairs: String, _ buttons: ButtonsConfiguration) throws -> Bool {
        let form = try #require(FormPairs(pairs, countMaximum: 8))
        return LaunchCheck(buttons: buttons, salt: Self.salt).isGenuine(form)
    }

    /// Made with `printf pepper7 | sha256sum`, and so on.
    private static let hashes: [(ButtonsConfiguration.Algorithm, String)] = [
        (.sha256, "1b44481921a511e3b17e3200b40be11bd079c687d6209960a30c19e45b192723"),
        (.sha1, "8ed0e4107fbf0b367e71ae4802eb0070aafbff88"),
        (.md5, "d96d62914fa590073df40c596c9a5b59"),
        (
            .sha512,
            "86f098b7bdbff70a8963be546e8211983f5cad4c6f595a420f149aba499eb007"
                + "3c186c055fc526487e6eba41d2bb7b2931efe5d2c19a484caef5308593ba45f8"
        ),
    ]

    @Test(arguments: hashes)
    func `every algorithm is known`(
        algorithm: ButtonsConfiguration.Algorithm,
        hash: String
    ) throws {
        let buttons = ButtonsConfiguration(algorithm: algorithm)
        #expect(try isGenuine("id=7&hash=\(hash)", buttons))
        #expect(try isGenuine("id=7&hash=\(hash.uppercased())", buttons))
        #expect(try !isGenuine("id=8&hash=\(hash)", buttons))
        for other in ButtonsConfiguration.Algorithm.allCases where other != algorithm {
            let buttons = ButtonsConfiguration(algorithm: other)
            #expect(try !isGenuine("id=7&hash=\(hash)", buttons))
        }
    }

    @Test func `the salt may stand last`() throws {
        let buttons = ButtonsConfiguration(saltPlace: .last)
        #expect(
            try isGenuine(
                "id=7&hash=23df6ffcc46d63a12190ae28f030a8e1a81c432700b8aa999c4b400553c2b3d0",
                buttons
            )
        )
        #expect(
            try !isGenuine(
                "id=7&hash=23df6ffcc46d63a12190ae28f030a8e1a81c432700b8aa999c4b400553c2b3d0",
                .standard
            )
        )
    }

    @Test func `over the payload every pair counts, in its order and as it was sent`() throws {
        let buttons = ButtonsConfiguration(scope: .payload, idPrefix: "c ")
        let hash = "141b85a38315d0d2ba2b6795c23fa7c8b93ade716897db9901810e566f39cb46"
        #expect(try isGenuine("id=c+7&user=%C3%96&hash=\(hash)", buttons))
        #expect(try isGenuine("hash=\(hash)&id=c+7&user=%C3%96", buttons))
        for pairs in [
            "user=%C3%96&id=c+7", "id=c%207&user=%C3%96", "id=c+7&user=%c3%96", "id=c+7",
            "id=c+7&user=%C3%96&x=1", "id=c+8&user=%C3%96",
        ] {
            #expect(try !isGenuine("\(pairs)&hash=\(hash)", buttons), "\(pairs)")
        }
    }

    @Test func `the number stands behind its prefix`() throws {
        let check = LaunchCheck(
            buttons: ButtonsConfiguration(idParameter: "client", idPrefix: "c-"),
            salt: ""
        )
        let form = { (text: String) in try #require(FormPairs(text, countMaximum: 8)) }
        #expect(check.objectID(try form("client=c-42")) == 42)
        for text in ["client=42", "client=c-", "client=c-x", "client=c-+4", "id=c-42", ""] {
            #expect(check.objectID(try form(text)) == nil, "\(text)")
        }
    }
}

@Suite("Launches that were used")
struct LaunchReplaysTests {
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test func `a launch is used once in its window`() {
        let replays = LaunchReplays(countMaximum: 8)
        #expect(replays.use("a", at: time(0), window: .seconds(10)))
        #expect(!replays.use("a", at: time(9), window: .seconds(10)))
        #expect(replays.use("b", at: time(9), window: .seconds(10)))
        #expect(replays.use("a", at: time(10), window: .seconds(10)))
        #expect(!replays.use("a", at: time(11), window: .seconds(10)))
        replays.release("a")
        #expect(replays.use("a", at: time(12), window: .seconds(10)))
    }

    @Test func `no more than the limit are remembered, the newest`() {
        let replays = LaunchReplays(countMaximum: 8)
        for number in 0..<100 {
            #expect(replays.use("\(number)", at: time(0), window: .seconds(10)))
            #expect(replays.count <= 8)
        }
        #expect(!replays.use("99", at: time(1), window: .seconds(10)))
        #expect(!replays.use("93", at: time(1), window: .seconds(10)))
        #expect(replays.use("1", at: time(1), window: .seconds(10)))
    }
}
