import DosetteCore
import DosetteSimulator
import Foundation

/// A veterinarian's order, from the button in Provet to its last dispense.
extension ClinicSideAct {
    /// What the order's page says, one after the other.
    private enum Page {
        static let sent = "At the pharmacy; a pharmacist decides on it."
        static let accepted = "Accepted by the pharmacy; it can be dispensed."
        static let dispensedOnce = "1 of 2 left"
        static let dispensed = "all of it was dispensed"

        static let all = [sent, accepted, dispensedOnce, dispensed]
    }

    private static let dispenses = 2
    /// A client whose name a page must escape.
    private static let client = 10
    private static let clientName = "Åsa <b>O'Hara</b>"
    private static let clientMarkup = "Åsa &lt;b&gt;O"

    mutating func veterinarian() async throws -> String {
        let consultation = Self.client * 10 + 1
        guard let python = settings.browser, let manner = settings.manners.first else {
            Terminal.say(
                """
                !! NO BROWSER was given (--browser): step b posts the forms as plain HTTP instead.
                !! Scripts/browser-setup makes one.
                """
            )
            return try await follow(try await plainVeterinarian(consultation), client: Self.client)
        }
        let name = Self.clientName
        return try await browse(python, "consultation", consultation, Self.client, name, manner)
    }

    /// The same in every other manner that was asked for.
    mutating func playOtherManners() async {
        guard let python = settings.browser else { return }
        for (index, manner) in settings.manners.enumerated().dropFirst() {
            let client = Self.client + index * 7
            await step("b.\(manner.rawValue)", "the same in Chromium, \(manner.rawValue)") { act in
                let name = Self.clientName
                return try await act.browse(python, "client", client, client, name, manner)
            }
        }
    }

    private mutating func browse(
        _ python: String,
        _ place: String,
        _ object: Int,
        _ client: Int,
        _ name: String,
        _ manner: BrowserManner
    ) async throws -> String {
        let browser = try open(python, place, object, name, manner, Page.all)
        defer { browser.stop() }
        return try await follow(browser, client: client)
    }

    /// Opens the page with a button in Chromium.
    private mutating func open(
        _ python: String,
        _ place: String,
        _ object: Int,
        _ client: String,
        _ manner: BrowserManner,
        _ texts: [String]
    ) throws -> BrowserVeterinarian {
        let pictures = stage.directory.appending(path: "pictures")
        outcome.pictures = pictures
        let query =
            "installation=\(ActStage.installation)&integration=\(try button(place))"
            + "&object=\(object)&user=2&department=1"
        return try BrowserVeterinarian(
            python: python,
            press: "\(stage.provet.base)/_simulator/press?\(query)",
            client: client,
            texts: texts,
            manner: manner,
            in: pictures.appending(path: manner.rawValue)
        )
    }

    /// Lets Chromium try to show the pages on a foreign page.
    mutating func browseForeignPage() async throws -> String {
        guard let python = settings.browser else { return "no browser tried it" }
        let browser = try open(python, "client", 23, Self.clientName, .foreign, [])
        defer { browser.stop() }
        return try await browser.seeRefusal()
    }

    private func plainVeterinarian(_ consultation: Int) async throws -> FormVeterinarian {
        let launch = try await launch("consultation", of: consultation)
        return FormVeterinarian(visitor, address, launch: launch, client: Self.clientMarkup)
    }

    /// What a browser sends when somebody presses a button.
    func launch(_ place: String, of object: Int) async throws -> JSON {
        try await control(
            "launch",
            [
                "installation": .string(ActStage.installation),
                "integration": JSON(try button(place)), "object": JSON(object), "user": 2,
                "department": 1,
            ]
        )
    }

    /// What a button opens, by plain HTTP.
    func clientsPage(_ place: String, of object: Int) async throws -> String {
        let launch = try await launch(place, of: object)
        let url = launch["url"]?.stringValue ?? ""
        let opened = try await visitor.post(url, form: launch["body"]?.stringValue ?? "")
        try due(opened.status == 303, "the launch got \(opened.status)")
        return try await visitor.get(address + (opened.location ?? "")).text
    }

    // MARK: - The pharmacy's part

    /// Plays the pharmacist, each time the veterinarian has seen what was done before.
    private mutating func follow(
        _ veterinarian: any ActVeterinarian,
        client: Int
    ) async throws -> String {
        let before = try await mark()
        let order = try await veterinarian.write()
        orders.append(order)
        try await veterinarian.see(Page.sent)
        let view = try await acceptAndCharge(order)
        try await veterinarian.see(Page.accepted)
        try await dispense(order, 1)
        try await veterinarian.see(Page.dispensedOnce)
        try await dispense(order, Self.dispenses)
        try await veterinarian.see(Page.dispensed)
        let words = try await veterinarian.leave()
        try await check(order, view, client, since: before)
        return "\(order): accepted, 12.00 charged, \(Self.dispenses) dispenses; \(words)"
    }

    private func check(
        _ order: String,
        _ charged: JSON,
        _ client: Int,
        since mark: Int
    ) async throws {
        let view = try await view(order)
        try due(view["waiting"] == .null, "the order still waits for something")
        let items = view["dispensing"]?["items"]?.arrayValue ?? []
        try due(items.allSatisfy { $0["remaining"] == 0 }, "something is left to dispense")
        let entries = try await ledger(since: mark)
        try due(ActCheck.charge.merging([.prescriptionCreated: 1]) { $1 }, in: entries)
        let made = entries.first { $0.effect == .prescriptionCreated }
        try due(
            made?.object == view["prescription"]?["provet_id"]?.intValue && made?.client == client,
            "Provet's prescription is another one"
        )
        let status = entries.last { $0.effect == .prescriptionStatus }?.statusNew
        try due(
            status == view["prescription"]?["provet_status"]?.intValue,
            "Provet shows status \(status ?? 0)"
        )
        let sum = entries.last { $0.effect == .paymentAdded }?.sum
        try due(sum == "12.00", "\(sum ?? "nothing") was paid")
    }
}
