import DosetteCore
import DosetteEngine
import DosetteFuzzing

/// Requests as an engine makes them, and answers as the simulated Provet gives them.
enum ProvetSeeds {
    /// A request for each action, by its name.
    static let requests: [String: ActionRequest] = {
        let forward = [
            "provet.create_prescription", "provet.patch_status", "provet.fetch_fee_item",
            "provet.create_counter_sale", "provet.add_counter_sale_item",
            "provet.finalize_counter_sale", "provet.add_payment",
        ]
        var requests: [String: ActionRequest] = [:]
        for action in forward {
            var walk = try? OrderWalk()
            requests[action] = try? walk?.reach(action)
        }
        requests["provet.delete_counter_sale"] = undo(of: "provet.add_counter_sale_item")
        requests["provet.refund_invoice"] = undo(of: "provet.add_payment")
        requests["provet.cancel_payment"] = undoOfPayment()
        return requests
    }()

    /// What is undone first when `action` is refused.
    private static func undo(of action: String) -> ActionRequest? {
        guard var walk = try? OrderWalk(), let request = try? walk.reach(action) else { return nil }
        try? walk.settle(request, .refused(reason: "sample"))
        return try? walk.beginNext()
    }

    private static func undoOfPayment() -> ActionRequest? {
        guard var walk = try? OrderWalk() else { return nil }
        return try? walk.reach("provet.cancel_payment")
    }

    private static let token = "== 200\n{\"access_token\":\"t\",\"expires_in\":3600}\n"

    private static let prescription = """
        {"id":1001,"url":"http://provet.test/4/api/0.1/eprescription/prescription/1001/",\
        "status":1,"remarks":"Ring the bell.\\n[dosette:01J5Q0000000000000000000A1]",\
        "client":"http://provet.test/4/api/0.1/client/1/","prescriber":{"id":1},\
        "department":"http://provet.test/4/api/0.1/department/1/","items":[],\
        "issue_time":"2025-08-20T11:20:45Z","created":"2025-08-20T14:20:46+03:00"}
        """

    private static let sale = """
        {"id":21,"client":1,"department":"http://provet.test/4/api/0.1/department/1/",\
        "invoice":"http://provet.test/4/api/0.1/invoice/31/","finalized":false,\
        "created":"2025-08-20T11:21:00Z"}
        """

    private static let invoice = #"{"id":31,"status":3,"total":"12.00","client":1}"#
    private static let payment =
        #"{"id":41,"invoice":31,"payment_type":0,"sum":"12.00","cancelled":false}"#

    private static func page(_ row: String) -> String {
        "== 200\n{\"count\":1,\"next\":null,\"previous\":null,\"results\":[\(row)]}\n"
    }

    private static let note = #"{"id":32,"credit_note_original_invoice":31,"client":1}"#
    private static let settings = #"{"id":1,"department":1,"prescription_fee_item":{"id":501}}"#

    static let all: [[UInt8]] = [
        "== provet.create_prescription perform\n\(token)== 201\n\(prescription)\n",
        "== provet.create_prescription probe\n\(token)\(page(prescription))\(page(prescription))",
        "== provet.create_prescription perform\n\(token)== 400\n"
            + "{\"prescription_items\":[{\"name\":[\"Too long.\"]}],\"detail\":\"No.\"}\n",
        "== provet.patch_status perform\n\(token)== 200\n\(prescription)\n"
            + "== 200\n{\"id\":1001,\"status\":2}\n",
        "== provet.patch_status probe\n\(token)== 200\n\(prescription)\n",
        "== provet.patch_status status\n\(token)== 200\n\(prescription)\n",
        "== provet.fetch_fee_item perform\n\(token)\(page(settings))",
        "== provet.create_counter_sale perform\n\(token)== 201\n\(sale)\n",
        "== provet.create_counter_sale probe\n\(token)\(page(sale))\(page(""))",
        "== provet.add_counter_sale_item perform\n\(token)== 201\n{\"id\":7,\"item\":501}\n",
        "== provet.add_counter_sale_item probe\n\(token)\(page("{\"item\":501,\"quantity\":1}"))",
        "== provet.finalize_counter_sale perform\n\(token)== 401\n\(token)== 200\n\(sale)\n",
        "== provet.finalize_counter_sale probe\n\(token)== 200\n\(sale)\n== 200\n\(invoice)\n",
        "== provet.add_payment perform\n\(token)== 200\n\(invoice)\n== 201\n\(payment)\n",
        "== provet.add_payment probe\n\(token)== 200\n\(invoice)\n\(page(payment))",
        "== provet.add_payment perform\n\(token)== 200\n\(invoice)\n== lost\n",
        "== provet.delete_counter_sale perform\n\(token)== 204\n",
        "== provet.delete_counter_sale probe\n\(token)== 404\n{\"detail\":\"Not found.\"}\n",
        "== provet.refund_invoice perform\n\(token)== 201\n\(note)\n",
        "== provet.refund_invoice probe\n\(token)\(page(note))",
        "== provet.cancel_payment perform\n\(token)== 503 5\n",
        "== provet.cancel_payment probe\n\(token)== 200\n\(payment)\n",
    ].map { Array($0.utf8) }
}
