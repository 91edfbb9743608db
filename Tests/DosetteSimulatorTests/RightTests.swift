import Testing

@testable import DosetteSimulator

@Suite("Rights and budgets")
struct RightTests {
    private static let paths = [
        ("patients", "client/7/"), ("patients", "patient/"), ("patients", "patient/71/"),
        ("consultations", "consultation/71/"), ("users", "user/"), ("users", "user/1/"),
        ("departments", "department/"), ("departments", "department/1/"),
        ("invoices", "departmentsettings/"), ("invoices", "departmentsettings/1/"),
        ("invoices", "department/1/settings/"), ("integrations", "custom_integration/"),
        ("webhooks", "hook/webhook/"), ("items", "home_delivery/order/"),
        ("items", "home_delivery/item/"), ("items", "home_delivery/client_data/7/"),
        ("items", "home_delivery/patient_data/71/"),
        ("items", "home_delivery/department_data/1/"),
    ]

    @Test(arguments: SimulatorConfiguration.permissions.sorted())
    func `a missing right closes its paths and no others`(right: String) throws {
        let clinic = try Clinic()
        clinic.provet.setPermissionsMissing([right])
        for (needed, path) in Self.paths {
            let status = clinic.send("GET", path).status
            #expect(status == (needed == right ? 403 : 200), "\(path)")
        }
        #expect(clinic.sendRaw("GET", "/oauth2/userinfo/").status == 200)
        clinic.provet.setPermissionsMissing([])
        for (_, path) in Self.paths { #expect(clinic.send("GET", path).status == 200) }
    }

    @Test(arguments: [
        ("webhooks", "POST", "hook/webhook/"), ("webhooks", "DELETE", "hook/webhook/1/"),
        ("integrations", "POST", "custom_integration/"),
        ("items", "PUT", "home_delivery/item/1/update_status/"),
        ("items", "PATCH", "home_delivery/item/1/update_status/"),
        ("items", "GET", "home_delivery/order/1/"), ("items", "GET", "home_delivery/item/1/"),
    ])
    func `a missing right closes before anything is looked up`(
        right: String,
        method: String,
        path: String
    ) throws {
        let clinic = try Clinic()
        clinic.provet.setPermissionsMissing([right])
        #expect(clinic.send(method, path).status == 403)
        clinic.provet.setPermissionsMissing([])
        #expect(clinic.send(method, path).status != 403)
    }

    @Test(arguments: [
        ("GET", "patient/", 100), ("GET", "user/", 100), ("GET", "department/", 100),
        ("GET", "custom_integration/", 100), ("GET", "hook/webhook/", 100),
        ("GET", "home_delivery/order/", 100), ("GET", "home_delivery/item/", 100),
        ("PUT", "home_delivery/item/1/update_status/", 100),
        ("GET", "client/7/", 300), ("GET", "patient/71/", 300),
        ("GET", "consultation/71/", 300), ("GET", "user/1/", 300),
        ("GET", "department/1/", 300), ("POST", "hook/webhook/", 300),
        ("DELETE", "hook/webhook/1/", 300), ("POST", "custom_integration/", 300),
        ("GET", "home_delivery/order/1/", 300), ("GET", "home_delivery/item/1/", 300),
        ("GET", "home_delivery/client_data/7/", 300),
    ])
    func `an endpoint has its calls a minute`(method: String, path: String, limit: Int) throws {
        let clinic = try Clinic()
        for _ in 0..<limit { #expect(clinic.send(method, path).status != 429) }
        #expect(clinic.send(method, path).status == 429)
    }

    @Test func `both ways to report an item share one budget`() throws {
        let clinic = try Clinic()
        let path = "home_delivery/item/1/update_status/"
        for _ in 0..<100 { _ = clinic.send("PUT", path) }
        #expect(clinic.send("PATCH", path).status == 429)
    }

    @Test(arguments: [
        ("client/7/", "PUT", "GET"), ("hook/webhook/1/", "PATCH", "GET, DELETE"),
        ("home_delivery/item/1/update_status/", "POST", "PUT, PATCH"),
        ("home_delivery/order/", "POST", "GET"), ("custom_integration/", "DELETE", "GET, POST"),
    ])
    func `a method that does not exist is refused`(
        path: String,
        method: String,
        allowed: String
    ) throws {
        let reply = try Clinic().send(method, path)
        #expect(reply.status == 405)
        #expect(reply.answer?.header("Allow") == allowed)
    }
}
