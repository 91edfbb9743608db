import Testing

@testable import DosetteSimulator

@Suite("Counter sales")
struct SaleTests {
    @Test func `five steps charge the fee`() throws {
        let clinic = try Clinic()
        let settings = clinic.send("GET", "departmentsettings/").json
        guard case .array(let departments) = settings?["results"] else { return }
        let item = try #require(departments[0]["prescription_fee_item"])
        #expect(clinic.send("GET", "item/501/").json?["price"] == "12.00")

        let created = clinic.send("POST", "countersale/", Clinic.sale)
        #expect(created.status == 201)
        let sale = try #require(created.id)
        let added = clinic.send(
            "POST",
            "countersale/\(sale)/add_item/",
            ["item": item, "quantity": 2]
        )
        #expect(added.status == 201)
        #expect(added.json?["sum"] == "24.00")
        #expect(clinic.send("POST", "countersale/\(sale)/finalize/", [:]).status == 200)

        let invoice = try #require(created.json?["invoice"]?.text.flatMap(Clinic.id))
        let read = clinic.send("GET", "invoice/\(invoice)/").json
        #expect(read?["status"] == 3)
        #expect(read?["total"] == "24.00")
        let paid = clinic.send("POST", "invoicepayment/", Clinic.payment(invoice))
        #expect(paid.status == 201)
        #expect(paid.json?["sum"] == "12.00")
        #expect(
            clinic.effects == [.saleCreated, .saleItemAdded, .saleFinalized, .paymentAdded]
        )
        #expect(clinic.ledger.allSatisfy { $0.sale == sale && $0.invoice == invoice })
        #expect(clinic.ledger.map(\.sum) == [nil, "24.00", "24.00", "12.00"])
    }

    @Test func `the settings of a department are found on both pages`() throws {
        let clinic = try Clinic()
        #expect(
            clinic.provet.setPrescriptionFeeItem(nil, department: 2, installation: "4")
        )
        let one = clinic.send("GET", "department/2/settings/").json
        #expect(one?["prescription_fee_item"] == .null)
        #expect(one?["financial_period_lock_date"] == .null)
        #expect(one == clinic.send("GET", "departmentsettings/2/").json)
        #expect(clinic.send("GET", "departmentsettings/").json?["count"] == 10)
    }

    @Test func `a sale is deleted before it is finalized, and its invoice with it`() throws {
        let clinic = try Clinic()
        let created = clinic.send("POST", "countersale/", Clinic.sale)
        let sale = try #require(created.id)
        let invoice = try #require(created.json?["invoice"]?.text.flatMap(Clinic.id))
        #expect(clinic.send("DELETE", "countersale/\(sale)/").status == 204)
        #expect(clinic.send("GET", "countersale/\(sale)/").status == 404)
        #expect(clinic.send("GET", "invoice/\(invoice)/").status == 404)
        #expect(clinic.send("GET", "countersale/").ids == [])
        #expect(clinic.effects == [.saleCreated, .saleDeleted])
    }

    @Test func `a finalized sale is never changed`() throws {
        let clinic = try Clinic()
        let (sale, _) = try clinic.finalizedSale()
        #expect(clinic.send("DELETE", "countersale/\(sale)/").status == 400)
        #expect(clinic.send("POST", "countersale/\(sale)/finalize/").status == 400)
        let added = clinic.send("POST", "countersale/\(sale)/add_item/", ["item": 501])
        #expect(added.status == 400)
        #expect(clinic.effects == [.saleCreated, .saleItemAdded, .saleFinalized])
    }

    @Test func `an empty sale is not finalized`() throws {
        let clinic = try Clinic()
        let sale = try #require(clinic.send("POST", "countersale/", Clinic.sale).id)
        #expect(clinic.send("POST", "countersale/\(sale)/finalize/").status == 400)
    }

    @Test func `an item that nobody sells is not added`() throws {
        let clinic = try Clinic()
        let sale = try #require(clinic.send("POST", "countersale/", Clinic.sale).id)
        let reply = clinic.send("POST", "countersale/\(sale)/add_item/", ["item": 9])
        #expect(reply.json == ["item": [#"Invalid pk "9" - object does not exist."#]])
    }

    @Test(arguments: [0, -1, 2_147_483_648, Int.max])
    func `a quantity out of range is refused`(quantity: Int) throws {
        let clinic = try Clinic()
        let sale = try #require(clinic.send("POST", "countersale/", Clinic.sale).id)
        let body: JSON = ["item": 501, "quantity": .integer(quantity)]
        let reply = clinic.send("POST", "countersale/\(sale)/add_item/", body)
        #expect(reply.status == 400)
        #expect(reply.json?["quantity"] != nil)
    }

    @Test func `the rows of a sale are listed under it alone`() throws {
        let clinic = try Clinic()
        let (first, _) = try clinic.finalizedSale()
        _ = try clinic.finalizedSale()
        let list = clinic.send("GET", "countersale/\(first)/add_item/").json
        #expect(list?["count"] == 1)
    }

    @Test(arguments: [(404, 400), (403, 403)])
    func `a sale needs a client that may be seen`(client: Int, status: Int) throws {
        let body = Clinic.sale.with("client", .integer(client))
        #expect(try Clinic().send("POST", "countersale/", body).status == status)
    }
}

@Suite("Invoices and payments")
struct InvoiceTests {
    @Test func `a refund makes a credit note, once`() throws {
        let clinic = try Clinic()
        let (_, invoice) = try clinic.finalizedSale()
        let note = clinic.send("POST", "invoice/\(invoice)/full_refund/")
        #expect(note.status == 201)
        #expect(note.json?["credit_note"] == true)
        #expect(note.json?["total"] == "-12.00")
        let url = note.json?["credit_note_original_invoice"]?.text
        #expect(url == "http://provet.test/4/api/0.1/invoice/\(invoice)/")
        #expect(clinic.send("POST", "invoice/\(invoice)/full_refund/").status == 400)
        let second = try #require(note.id)
        #expect(clinic.send("POST", "invoice/\(second)/full_refund/").status == 400)
        #expect(clinic.effects.last == .invoiceRefunded)
        #expect(clinic.ledger.last?.object == second)
        #expect(clinic.ledger.last?.invoice == invoice)
    }

    @Test func `a draft is neither refunded nor paid`() throws {
        let clinic = try Clinic()
        let created = clinic.send("POST", "countersale/", Clinic.sale)
        let invoice = try #require(created.json?["invoice"]?.text.flatMap(Clinic.id))
        #expect(clinic.send("POST", "invoice/\(invoice)/full_refund/").status == 400)
        let paid = clinic.send("POST", "invoicepayment/", Clinic.payment(invoice))
        #expect(paid.status == 400)
        #expect(paid.json?["invoice"] != nil)
    }

    @Test(arguments: [8, 13, 14, 16, 99])
    func `an unknown way to pay is refused`(type: Int) throws {
        let clinic = try Clinic()
        let (_, invoice) = try clinic.finalizedSale()
        let body = Clinic.payment(invoice, type: type)
        let reply = clinic.send("POST", "invoicepayment/", body)
        #expect(reply.status == 400)
        #expect(reply.json?["payment_type"] != nil)
    }

    @Test(arguments: [1, 9999, Int.min, Int.max])
    func `a payment of an unknown invoice or a wrong amount is refused`(invoice: Int) throws {
        let reply = try Clinic().send(
            "POST",
            "invoicepayment/",
            Clinic.payment(invoice).with("sum", "twelve")
        )
        #expect(
            reply.json == [
                "invoice": [.string("Invalid pk \"\(invoice)\" - object does not exist.")],
                "sum": ["A valid number is required."],
            ]
        )
    }

    @Test func `a payment is cancelled once`() throws {
        let clinic = try Clinic()
        let (_, invoice) = try clinic.finalizedSale()
        let body = Clinic.payment(invoice)
        let id = try #require(clinic.send("POST", "invoicepayment/", body).id)
        let path = "invoicepayment/\(id)/cancel_payment/"
        #expect(clinic.send("POST", path).status == 200)
        #expect(clinic.send("POST", path).status == 400)
        #expect(clinic.send("GET", "invoicepayment/\(id)/").json?["cancelled"] == true)
        #expect(clinic.effects.last == .paymentCancelled)
    }
}
