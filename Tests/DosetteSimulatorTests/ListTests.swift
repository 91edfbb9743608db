import Testing

@testable import DosetteSimulator

@Suite("Lists")
struct ListTests {
    /// A clinic with sales of clients 1, 2 and 3, again and again.
    private static func clinic(saleCount: Int) throws -> Clinic {
        var configuration = SimulatorConfiguration()
        configuration.limitsPerMinute = 10_000
        let clinic = try Clinic(configuration)
        for number in 0..<saleCount {
            let body = Clinic.sale.with("client", .integer(number % 3 + 1))
            #expect(clinic.send("POST", "countersale/", body).status == 201)
        }
        return clinic
    }

    @Test func `pages follow each other by their links`() throws {
        let clinic = try Self.clinic(saleCount: 120)
        var seen: [Int] = []
        var target: String? = "countersale/?page_size=50"
        while let path = target {
            let reply = clinic.send("GET", path)
            #expect(reply.json?["count"] == 120)
            #expect(reply.json?["num_pages"] == 3)
            seen += try #require(reply.ids)
            target = reply.json?["next"]?.text.map {
                String($0.dropFirst("http://provet.test/4/api/0.1/".count))
            }
        }
        #expect(seen == Array(2001...2120))
    }

    @Test func `the default is 50 rows and the most is 1000`() throws {
        let clinic = try Self.clinic(saleCount: 1001)
        #expect(clinic.send("GET", "countersale/").ids?.count == 50)
        #expect(clinic.send("GET", "countersale/?page_size=5000").ids?.count == 1000)
        #expect(clinic.send("GET", "countersale/?page_size=x").ids?.count == 50)
    }

    @Test(arguments: ["0", "2", "x"])
    func `a page that does not exist is not found`(page: String) throws {
        let reply = try Self.clinic(saleCount: 1).send("GET", "countersale/?page=\(page)")
        #expect(reply.status == 404)
    }

    @Test(arguments: [
        ("client__is=2", [2002, 2005]),
        ("client__is_not=2", [2001, 2003, 2004, 2006]),
        ("client__in=1,3&id__gt=2003", [2004, 2006]),
        ("id__range=2002,2003", [2002, 2003]),
        ("id__lte=2001", [2001]),
        ("finalized__is=true", []),
        ("ordering=-created&client__is=1", [2004, 2001]),
        ("ordering=colour", [2001, 2002, 2003, 2004, 2005, 2006]),
        ("colour__is=blue&client__like=2", [2001, 2002, 2003, 2004, 2005, 2006]),
        ("client=2", [2001, 2002, 2003, 2004, 2005, 2006]),
        ("created__gte=2025-08-20T11:20:45Z&client__is=3", [2003, 2006]),
        ("created__lt=2025-08-20T14:20:45%2B03:00", []),
    ])
    func `a known filter selects and an unknown one is ignored`(
        query: String,
        ids: [Int]
    ) throws {
        #expect(try Self.clinic(saleCount: 6).send("GET", "countersale/?" + query).ids == ids)
    }

    @Test func `a filter whose value makes no sense is refused`() throws {
        let reply = try Clinic().send("GET", "countersale/?client__is=blue")
        #expect(reply.status == 400)
        #expect(reply.json?["client__is"] != nil)
    }

    @Test func `remarks are searched for a part`() throws {
        let clinic = try Clinic()
        let marked = Clinic.prescription.with("remarks", "[dosette:01JABC] Thanks")
        _ = try clinic.prescription()
        let id = try #require(clinic.send("POST", "eprescription/prescription/", marked).id)
        let path = "eprescription/prescription/?remarks__"
        #expect(clinic.send("GET", path + "icontains=%5BDOSETTE:01jabc%5D").ids == [id])
        #expect(clinic.send("GET", path + "contains=%5BDOSETTE").ids == [])
        #expect(clinic.send("GET", path + "is=").ids?.count == 1)
    }

    @Test func `invoices and payments are found by what they belong to`() throws {
        let clinic = try Clinic()
        let (sale, invoice) = try clinic.finalizedSale()
        let body = Clinic.payment(invoice)
        let payment = try #require(clinic.send("POST", "invoicepayment/", body).id)
        let note = try #require(clinic.send("POST", "invoice/\(invoice)/full_refund/").id)
        #expect(clinic.send("GET", "invoice/?countersale__is=\(sale)").ids == [invoice])
        #expect(clinic.send("GET", "invoice/?credit_note__is=true").ids == [note])
        let original = "invoice/?credit_note_original_invoice__is=\(invoice)"
        #expect(clinic.send("GET", original).ids == [note])
        #expect(
            clinic.send("GET", "invoice/?credit_note_original_invoice__is_null=1").ids
                == [invoice]
        )
        #expect(clinic.send("GET", "invoicepayment/?invoice__is=\(invoice)").ids == [payment])
        #expect(clinic.send("GET", "invoicepayment/?invoice__is=1").ids == [])
    }
}
