import DosetteCore
import Testing

@Suite("The document of a clinic's home-delivery order")
struct DeliveryDocumentTests {
    private static let example = """
        {"order_id": "HDO-5", "source": "provet-home-delivery", "clinic": "nordic-vets",
         "delivery": {"home_delivery_order_id": 5, "client_id": 7, "department_id": 1,
           "address": "Main Street 1", "items": [
             {"home_delivery_item_id": 11, "item_id": 3, "name": "Collar", "quantity": 2}]}}
        """

    private static let rules: OrderRules = {
        let today = CalendarDate(daysSinceEpoch: 20_320)
        return OrderRules(clinicNames: ["nordic-vets"], intervalUnits: []) { name in
            guard name == "nordic-vets" else { return nil }
            return OrderRules.Clinic(today: today) { _ in today }
        }
    }()

    private static func decode(_ text: String) throws -> OrderDocument {
        try OrderDocument.decode(try JSONReader.read(Array(text.utf8)), rules: rules)
    }

    private static func violations(_ text: String) throws -> [String] {
        let json = try JSONReader.read(Array(text.utf8))
        do throws(InvalidDocument) {
            _ = try OrderDocument.decode(json, rules: rules)
            return []
        } catch {
            return error.violations.map { "\($0.pointer) \($0.rule)" }
        }
    }

    @Test func `it has items and no prescription`() throws {
        let order = try Self.decode(Self.example)
        #expect(order.clientID == 7)
        #expect(order.prescription.isEmpty)
        #expect(order.items.isEmpty)
        #expect(order.issueTime == nil)
        let delivery = try #require(order.delivery.flatMap { Delivery($0) })
        #expect(delivery.homeDeliveryOrderID == 5)
        #expect(delivery.items.map(\.quantity) == [2])
    }

    @Test func `null counts as absent, and means the same`() throws {
        let nulls = Self.example.replacing("\"address\":", with: "\"note\": null, \"address\":")
        #expect(try Self.decode(nulls).meaning == Self.decode(Self.example).meaning)
        let other = Self.example.replacing("\"quantity\": 2", with: "\"quantity\": 3")
        #expect(try Self.decode(other).meaning != Self.decode(Self.example).meaning)
    }

    @Test func `every broken rule is told at once`() throws {
        let text = """
            {"order_id": "HDO-5", "source": "s", "clinic": "nordic-vets",
             "delivery": {"home_delivery_order_id": 0, "client": 7, "department_id": "1",
               "note": 5, "items": [
                 {"home_delivery_item_id": 11, "item_id": 3, "name": "", "quantity": 0},
                 {"home_delivery_item_id": 11, "item_id": 3, "name": "Collar", "colour": 1},
                 7]}}
            """
        #expect(
            try Self.violations(text) == [
                "/delivery/client unknown_member",
                "/delivery/home_delivery_order_id out_of_range",
                "/delivery/client_id required", "/delivery/department_id wrong_type",
                "/delivery/note wrong_type", "/delivery/items/0/name wrong_length",
                "/delivery/items/0/quantity out_of_range",
                "/delivery/items/1/colour unknown_member",
                "/delivery/items/1/quantity required",
                "/delivery/items/1/home_delivery_item_id twice", "/delivery/items/2 wrong_type",
            ]
        )
    }

    @Test func `an order has a prescription or a delivery`() throws {
        let neither = #"{"order_id": "1", "source": "s", "clinic": "nordic-vets"}"#
        #expect(try Self.violations(neither) == ["/prescription required"])
        let both = Self.example.replacing(
            "\"delivery\":",
            with: "\"prescription\": 1, \"delivery\":"
        )
        #expect(
            try Self.violations(both) == ["/delivery not_both", "/prescription wrong_type"]
        )
        let list = #"{"order_id": "1", "source": "s", "clinic": "nordic-vets", "delivery": []}"#
        #expect(try Self.violations(list) == ["/delivery wrong_type"])
    }

    @Test func `one to twenty items are taken`() throws {
        for (count, isTaken) in [(0, false), (1, true), (20, true), (21, false)] {
            let items = (0..<count).map {
                #"{"home_delivery_item_id": \#($0 + 1), "item_id": 3, "name": "n", "quantity": 1}"#
            }
            let text = """
                {"order_id": "1", "source": "s", "clinic": "nordic-vets", "delivery":
                 {"home_delivery_order_id": 5, "client_id": 7, "department_id": 1,
                  "items": [\(items.joined(separator: ","))]}}
                """
            let expected = isTaken ? [] : ["/delivery/items wrong_length"]
            #expect(try Self.violations(text) == expected)
        }
    }
}
