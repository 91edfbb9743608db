import Testing

@testable import DosetteSimulator

@Suite struct RouteTests {
    @Test func `a path without its slash is moved`() throws {
        let reply = try Clinic().sendRaw("POST", "/api/0.1/countersale?page=2&remarks=a%20b")
        #expect(reply.status == 301)
        #expect(
            reply.answer?.header("Location")
                == "http://provet.test/4/api/0.1/countersale/?page=2&remarks=a%20b"
        )
    }

    @Test(arguments: ["/api/0.1/countersales/", "/api/0.2/countersale/", "/", "/api/0.1/"])
    func `an unknown path is not found`(path: String) throws {
        let reply = try Clinic().sendRaw("GET", path)
        #expect(reply.status == 404)
        #expect(reply.text == #"{"detail":"Not found."}"#)
    }

    @Test(arguments: [
        ("PUT", "eprescription/prescription/1/", "GET, PATCH"),
        ("DELETE", "eprescription/prescription/1/", "GET, PATCH"),
        ("POST", "eprescription/prescription_item/", "GET"),
        ("POST", "invoice/", "GET"),
        ("PATCH", "countersale/1/", "GET, DELETE"),
    ])
    func `a method that does not exist is refused`(
        method: String,
        path: String,
        allowed: String
    ) throws {
        let reply = try Clinic().send(method, path)
        #expect(reply.status == 405)
        #expect(reply.answer?.header("Allow") == allowed)
    }

    @Test(arguments: [
        "eprescription/prescription/1/", "eprescription/prescription_item/1/", "item/1/",
        "departmentsettings/99/", "department/99/settings/", "countersale/1/", "invoice/1/",
        "countersale/1/add_item/", "invoicepayment/1/",
    ])
    func `an object that does not exist is not found`(path: String) throws {
        #expect(try Clinic().send("GET", path).status == 404)
    }

    @Test func `a missing right closes its resources and no others`() throws {
        var configuration = SimulatorConfiguration()
        configuration.permissionsMissing = ["items"]
        let clinic = try Clinic(configuration)
        let id = try clinic.prescription()
        #expect(clinic.send("GET", "eprescription/prescription_item/").status == 403)
        #expect(clinic.send("GET", "eprescription/prescription_item/5001/").status == 403)
        #expect(clinic.send("GET", "eprescription/prescription/\(id)/").status == 200)
    }

    @Test func `a form is not taken for JSON`() throws {
        let reply = try Clinic().sendRaw(
            "POST",
            "/api/0.1/countersale/",
            Array("client=7".utf8),
            contentType: "application/x-www-form-urlencoded"
        )
        #expect(reply.status == 415)
    }

    @Test(arguments: ["{", "[]", "7", #"{"client":7,}"#])
    func `a body that is no JSON object is refused`(body: String) throws {
        let reply = try Clinic().sendRaw("POST", "/api/0.1/countersale/", Array(body.utf8))
        #expect(reply.status == 400)
    }

    @Test(arguments: ["", "a/b", "a b", String(repeating: "4", count: 65)])
    func `a name that cannot be an installation is not found`(name: String) {
        let provet = SimulatedProvet()
        let request = SimulatedRequest("GET", "/api/0.1/countersale/")
        #expect(provet.handle(request, installation: name, now: 0).answer?.status == 404)
        #expect(provet.summary(now: 0).installations == 0)
    }
}
