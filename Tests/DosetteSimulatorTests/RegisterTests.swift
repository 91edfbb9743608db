import Testing

@testable import DosetteSimulator

@Suite("The clinic's people, animals and places")
struct RegisterTests {
    @Test func `a client has a name, an address and times`() throws {
        let client = try #require(Clinic().send("GET", "client/7/").json)
        #expect(client["url"] == "http://provet.test/4/api/0.1/client/7/")
        #expect(client["id"] == 7)
        #expect(client["firstname"] == "Mika")
        #expect(client["lastname"] == "Virtanen")
        #expect(client["archived"] == false)
        #expect(
            client.members?.map(\.name) == [
                "url", "id", "firstname", "lastname", "organization_name", "email",
                "phone_number", "street_address", "zip_code", "city", "archived", "created",
                "modified",
            ]
        )
    }

    @Test func `a name can hold what a page must escape`() throws {
        let client = try Clinic().send("GET", "client/10/")
        #expect(client.json?["firstname"] == "Åsa")
        #expect(client.json?["lastname"] == "<b>O'Hara</b>")
    }

    @Test(arguments: [
        ("client/404/", 404), ("client/403/", 403), ("client/0/", 404),
        ("client/9223372036854775807/", 404), ("patient/4031/", 403), ("patient/4041/", 404),
        ("patient/73/", 404), ("patient/1/", 404), ("consultation/9/", 404),
        ("consultation/4039/", 403), ("user/5/", 404), ("department/99/", 404),
        ("home_delivery/client_data/403/", 403), ("home_delivery/patient_data/73/", 404),
        ("home_delivery/department_data/99/", 404),
    ])
    func `who is not there or not shown is refused`(path: String, status: Int) throws {
        #expect(try Clinic().send("GET", path).status == status)
    }

    @Test func `a client has a dog and a cat`() throws {
        let clinic = try Clinic()
        #expect(clinic.send("GET", "patient/?client__is=7").ids == [71, 72])
        let dog = try #require(clinic.send("GET", "patient/71/").json)
        #expect(dog["species"] == "dog")
        #expect(dog["client"] == "http://provet.test/4/api/0.1/client/7/")
        #expect(clinic.send("GET", "patient/72/").json?["species"] == "cat")
        #expect(clinic.send("GET", "patient/?client__is=404").ids == [])
        #expect(clinic.send("GET", "patient/?client__is=seven").status == 400)
    }

    @Test func `a filter that the list does not know is ignored`() throws {
        let clinic = try Clinic()
        #expect(clinic.send("GET", "patient/?owner__is=7").json?["count"] == 200)
        #expect(clinic.send("GET", "patient/?species__is=cat&page_size=3").ids == [12, 22, 32])
    }

    @Test func `a consultation names its client, patients and veterinarian`() throws {
        let json = try #require(Clinic().send("GET", "consultation/75/").json)
        let root = "http://provet.test/4/api/0.1/"
        #expect(json["client"] == .string(root + "client/7/"))
        #expect(
            json["patients"] == [.string(root + "patient/71/"), .string(root + "patient/72/")]
        )
        #expect(json["supervising_veterinarian"] == .string(root + "user/1/"))
        #expect(json["department"] == .string(root + "department/1/"))
    }

    @Test func `three users are active and one is not`() throws {
        let clinic = try Clinic()
        #expect(clinic.send("GET", "user/").ids == [1, 2, 3, 4])
        #expect(clinic.send("GET", "user/?is_active__is=true").ids == [1, 2, 3])
        #expect(clinic.send("GET", "user/4/").json?["is_active"] == false)
    }

    @Test func `departments are those that are configured`() throws {
        var configuration = SimulatorConfiguration()
        configuration.departments = [3, 5]
        let clinic = try Clinic(configuration)
        #expect(clinic.send("GET", "department/").ids == [3, 5])
        #expect(clinic.send("GET", "department/5/").json?["name"] == "Department 5")
        let data = clinic.send("GET", "home_delivery/department_data/5/").json
        #expect(data?["name"] == "Department 5")
    }

    @Test func `the API user is told who it is`() throws {
        let clinic = try Clinic()
        #expect(clinic.sendRaw("GET", "/oauth2/userinfo/").json?["sub"] == "900")
        let stranger = clinic.sendRaw("GET", "/oauth2/userinfo/", authorization: "Bearer x")
        #expect(stranger.status == 401)
    }

    @Test func `any patient's number is still taken in a prescription`() throws {
        let clinic = try Clinic()
        #expect(clinic.send("GET", "patient/1/").status == 404)
        _ = try clinic.prescription()
    }

    @Test func `a client that the clinic deleted is gone`() throws {
        let clinic = try Clinic()
        let done = clinic.provet.clinicDoes(.deleteClient(7), installation: "4", now: clinic.now)
        #expect(try done.get() == 7)
        #expect(clinic.send("GET", "client/7/").status == 404)
        #expect(clinic.send("GET", "patient/71/").status == 404)
        #expect(clinic.send("POST", "countersale/", Clinic.sale).status == 400)
        #expect(clinic.effects == [.clientDeleted])
    }

    @Test func `a client that the clinic changed is different`() throws {
        var clinic = try Clinic()
        let before = clinic.send("GET", "client/7/").json
        clinic.now += 1000
        _ = clinic.provet.clinicDoes(.changeClient(7), installation: "4", now: clinic.now)
        let after = clinic.send("GET", "client/7/").json
        #expect(before?["street_address"] != after?["street_address"])
        #expect(after?["modified"] == .string(WireTime.text(clinic.now)))
    }
}
