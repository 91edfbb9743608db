import Testing

@testable import DosetteSimulator

@Suite("What the clinic does by hand")
struct ClinicActTests {
    private var clinic: Clinic

    init() throws {
        clinic = try Clinic()
    }

    private func act(_ act: ClinicAct) -> Result<Int, SimulatedRefusal> {
        clinic.provet.clinicDoes(act, installation: "4", now: clinic.now)
    }

    private func status(_ result: Result<Int, SimulatedRefusal>) -> Int {
        switch result {
        case .success: 200
        case .failure(let refusal): refusal.answer.status
        }
    }

    @Test func `remarks are set and a prescription is archived`() throws {
        let id = try clinic.prescription()
        #expect(status(act(.setRemarks(prescription: id, "Call first"))) == 200)
        #expect(status(act(.archive(prescription: id))) == 200)
        let json = clinic.send("GET", "eprescription/prescription/\(id)/").json
        #expect(json?["remarks"] == "Call first")
        #expect(json?["archived"] == true)
        #expect(
            clinic.effects == [
                .prescriptionCreated, .prescriptionRemarks, .prescriptionArchived,
            ]
        )
        #expect(clinic.ledger.last?.actor == .clinic)
        #expect(status(act(.archive(prescription: 1))) == 404)
    }

    @Test func `a sale is finalized once, and not without items`() throws {
        let empty = try #require(clinic.send("POST", "countersale/", Clinic.sale).id)
        #expect(status(act(.finalizeSale(empty))) == 400)
        let path = "countersale/\(empty)/"
        #expect(clinic.send("POST", path + "add_item/", ["item": 501]).status == 201)
        #expect(status(act(.finalizeSale(empty))) == 200)
        #expect(status(act(.finalizeSale(empty))) == 400)
        #expect(clinic.send("POST", path + "finalize/").status == 400)
        #expect(clinic.send("GET", path).json?["finalized"] == true)
        #expect(clinic.ledger.last?.actor == .clinic)
        #expect(clinic.ledger.last?.sum == "12.00")
    }

    @Test func `an invoice is paid, its payment cancelled, and it is credited`() throws {
        let sale = try clinic.finalizedSale()
        let payment = try act(.payInvoice(sale.invoice, paymentType: 1)).get()
        let paid = clinic.send("GET", "invoicepayment/\(payment)/").json
        #expect(paid?["sum"] == "12.00")
        #expect(paid?["payment_type"] == 1)
        #expect(status(act(.payInvoice(sale.invoice, paymentType: 8))) == 400)
        #expect(status(act(.cancelPayment(payment))) == 200)
        #expect(status(act(.cancelPayment(payment))) == 400)
        let note = try act(.creditInvoice(sale.invoice)).get()
        #expect(clinic.send("GET", "invoice/\(note)/").json?["credit_note"] == true)
        #expect(status(act(.creditInvoice(sale.invoice))) == 400)
        let byClinic = clinic.ledger.filter { $0.actor == .clinic }.map(\.effect)
        #expect(byClinic == [.paymentAdded, .paymentCancelled, .invoiceRefunded])
    }

    @Test(arguments: [("2025-08-20", 200), ("2025-08-21", 400), ("2024-01-01", 200)])
    func `nothing is invoiced before the end of a lock`(day: String, expected: Int) throws {
        let isSet = clinic.provet.setDepartmentSettings(
            DepartmentSettingsChange(lockDate: .day(day)),
            department: 1,
            installation: "4",
            now: clinic.now
        )
        #expect(isSet)
        let sale = try #require(clinic.send("POST", "countersale/", Clinic.sale).id)
        #expect(clinic.send("POST", "countersale/\(sale)/add_item/", ["item": 501]).status == 201)
        #expect(clinic.send("POST", "countersale/\(sale)/finalize/").status == expected)
        let settings = clinic.send("GET", "department/1/settings/").json
        #expect(settings?["financial_period_lock_date"] == .string(day))
        #expect(settings?["prescription_fee_item"] == 501)
    }

    @Test func `a fee item can be ambiguous`() {
        let isSet = clinic.provet.setDepartmentSettings(
            DepartmentSettingsChange(feeItem: .several([501, 502])),
            department: 1,
            installation: "4",
            now: clinic.now
        )
        #expect(isSet)
        let settings = clinic.send("GET", "departmentsettings/1/").json
        #expect(settings?["prescription_fee_item"] == [501, 502])
    }

    @Test func `a client that is not there cannot be deleted`() {
        #expect(status(act(.deleteClient(404))) == 404)
        #expect(status(act(.deleteClient(7))) == 200)
        #expect(status(act(.deleteClient(7))) == 404)
    }
}
