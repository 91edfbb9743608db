import DosetteCore
import Foundation

/// A veterinarian without a browser: the same forms, posted as plain HTTP.
struct FormVeterinarian: ActVeterinarian {
    private static let waitMaximum = Duration.seconds(20)
    private static let pause = Duration.milliseconds(50)

    let visitor: WebVisitor
    /// Where the server is.
    let address: String
    /// What the button sends: method, URL and body.
    let launch: JSON
    /// The client's name as the page's HTML must have it.
    let client: String
    private let order = Locked("")

    init(_ visitor: WebVisitor, _ address: String, launch: JSON, client: String) {
        self.visitor = visitor
        self.address = address
        self.launch = launch
        self.client = client
    }

    func write() async throws -> String {
        let url = try await open()
        let page = try await visitor.get(url)
        try due(page.status == 200, "the page of the session answers \(page.status)")
        try due(page.text.contains("Prescription for \(client)"), "the page is about somebody else")
        guard let form = page.text.firstMatch(of: /name="form" value="([^"]*)"/)?.1,
            let patient = page.text.firstMatch(of: /name="patients"[^>]* value="(\d+)"/)?.1
        else { throw ClinicSideAct.Failure("the page has no form or no animal") }
        let wrong = try await visitor.post(url, form: try pairs(form, patient, packages: "two"))
        try due(wrong.status == 422, "a form with a mistake got \(wrong.status)")
        try due(
            wrong.text.contains("id=\"item-0-packages-error\""),
            "no error beside the field that is wrong"
        )
        let right = try await visitor.post(url, form: try pairs(form, patient, packages: "1"))
        try due(right.status == 303, "the form got \(right.status)")
        let path = right.location ?? ""
        order.change { $0 = address + path }
        return path.split(separator: "/").suffix(2).joined(separator: "/")
    }

    /// Presses the button; answers where the session's page is.
    private func open() async throws -> String {
        let url = launch["url"]?.stringValue ?? ""
        let answer = try await visitor.post(url, form: launch["body"]?.stringValue ?? "")
        guard answer.status == 303, let path = answer.location else {
            throw ClinicSideAct.Failure("the launch got \(answer.status)")
        }
        return address + path
    }

    private func pairs(
        _ form: Substring,
        _ patient: Substring,
        packages: String
    ) throws -> String {
        FormText.encode([
            ("form", String(form)), ("items", "1"), ("patients", String(patient)),
            ("prescriber", "2"), ("department", "1"), ("item-0-name", "Meloxicam vet"),
            ("item-0-strength", "1.5 mg/ml"), ("item-0-instructions", "once a day with food"),
            ("item-0-packages", packages), ("item-0-dispenses", "2"),
            ("item-0-valid-until", try ClinicSideAct.lastDay), ("remarks", "weigh first"),
        ])
    }

    func see(_ text: String) async throws {
        let url = order.change { $0 }
        let end = ContinuousClock.now + Self.waitMaximum
        while ContinuousClock.now < end {
            if try await visitor.get(url).text.contains(text) { return }
            try await Task.sleep(for: Self.pause)
        }
        throw ClinicSideAct.Failure("the order's page never said “\(text)”")
    }

    func leave() async throws -> String {
        "NO BROWSER: the forms were posted as plain HTTP, the pages asked for again and again"
    }

    private func due(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        guard condition else { throw ClinicSideAct.Failure(what()) }
    }
}
