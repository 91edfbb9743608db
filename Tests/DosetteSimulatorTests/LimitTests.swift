import Testing

@testable import DosetteSimulator

@Suite("Limits")
struct LimitTests {
    @Test func `the documented number of calls fits in a minute, and no more`() throws {
        var clinic = try Clinic()
        for _ in 0..<300 {
            #expect(clinic.send("POST", "countersale/", Clinic.sale).status == 201)
            clinic.now += 100
        }
        let refused = clinic.send("POST", "countersale/", Clinic.sale)
        #expect(refused.status == 429)
        #expect(refused.answer?.header("Retry-After") == "30")
        #expect(clinic.ledger.count == 300)
        clinic.now += 30_000
        #expect(clinic.send("POST", "countersale/", Clinic.sale).status == 201)
        #expect(clinic.send("POST", "countersale/", Clinic.sale).status == 429)
    }

    @Test func `each endpoint has its own budget`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription()
        for _ in 0..<100 { _ = clinic.send("GET", "eprescription/prescription/") }
        #expect(clinic.send("GET", "eprescription/prescription/").status == 429)
        #expect(clinic.send("GET", "eprescription/prescription/\(id)/").status == 200)
    }

    @Test func `reading and patching share one budget`() throws {
        let clinic = try Clinic()
        let id = try clinic.prescription()
        for _ in 0..<300 { _ = clinic.send("GET", "eprescription/prescription/\(id)/") }
        #expect(clinic.patch(id, ["status": 3]).status == 429)
    }

    @Test func `a long page costs as much as the pages it replaces`() throws {
        let clinic = try Clinic()
        for _ in 0..<5 {
            #expect(clinic.send("GET", "countersale/?page_size=1000").status == 200)
        }
        #expect(clinic.send("GET", "countersale/?page_size=1").status == 429)
    }

    @Test func `one number replaces every limit`() throws {
        var configuration = SimulatorConfiguration()
        configuration.limitsPerMinute = 2
        let clinic = try Clinic(configuration)
        let statuses = (0..<3).map { _ in clinic.send("GET", "invoice/").status }
        #expect(statuses == [200, 200, 429])
        #expect(clinic.send("GET", "invoice/?page_size=1000").status == 429)
    }

    @Test func `a refused call costs nothing`() {
        var window = RateWindow()
        #expect(window.spend(1, limit: 1, now: 0) == nil)
        #expect(window.spend(1, limit: 1, now: 59_000) == 1)
        #expect(window.spend(1, limit: 1, now: 60_000) == nil)
        #expect(window.spend(5, limit: 1, now: 60_000) == 60)
    }

    @Test func `a long run forgets what is over`() {
        var window = RateWindow()
        for second in Int64(0)..<10_000 {
            #expect(window.spend(1, limit: 60, now: second * 1000) == nil, "\(second)")
        }
    }
}
