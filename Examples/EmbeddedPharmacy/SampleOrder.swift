import Foundation

/// An order that is valid on the day on which the example runs.
enum SampleOrder {
    private static func day(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day().dateSeparator(.dash))
    }

    /// Today, in UTC: never ahead of the clinic's day in Helsinki.
    static var today: String { day(.now) }

    static var json: Data {
        let issued = day(.now.addingTimeInterval(-86_400))
        let until = day(.now.addingTimeInterval(300 * 86_400))
        return Data(
            """
            {"order_id": "HD-1", "source": "embedded", "clinic": "nordic-vets",
             "prescription": {"client_id": 1, "department_id": 1, "prescriber_id": 1,
               "issue_time": "\(issued)T11:20:45Z",
               "prescription_items": [{"name": "Meloxicam", "patients": [1],
                 "strength": "1.5 mg/ml", "instructions": "once a day with food",
                 "quantity_packages": 1, "valid_until": "\(until)", "repeat_number": 3}]}}
            """.utf8
        )
    }
}
