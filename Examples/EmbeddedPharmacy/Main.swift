import Dosette
import DosetteSimulator
import Foundation
import Logging

/// Books a courier once an order is accepted: an action of the pharmacy's own.
struct BookCourier: Action {
    let name = "courier.book"
    let repetition = Repetition.free  // The courier drops a booking whose key it has seen.

    func perform(_ context: ActionContext) async -> ActionOutcome {
        print("courier booked for \(context.orderID)")
        return .done(id: 4711)
    }
}

@main
enum EmbeddedPharmacy {
    static func main() async throws {
        // A Provet to try this against; yours is at https://<domain>/<provet_id>/api/0.1.
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = SimulatedProvetServer(
            SimulatedProvet(),
            port: 0,
            logger: Logger(label: "provet") { _ in SwiftLogNoOpLogHandler() },
            onReady: { announce.yield($0) }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await port in ports {
                try await fulfil(port: port)
                break
            }
            group.cancelAll()
        }
    }

    static func fulfil(port: Int) async throws {
        let clinic = PharmacyConfiguration.Clinic(
            id: "nordic-vets",
            baseURL: URL(string: "http://127.0.0.1:\(port)/4/api/0.1") ?? .temporaryDirectory,
            tokenURL: URL(string: "http://127.0.0.1:\(port)/4/oauth2/token/")
                ?? .temporaryDirectory,
            clientID: "dosette",
            clientSecret: "simulated-secret",
            timeZone: "Europe/Helsinki"
        )
        var configuration = PharmacyConfiguration(dataDirectory: nil, clinics: [clinic])
        configuration.workflow = "with_courier"
        let pharmacy = try Pharmacy(
            configuration,
            actions: [BookCourier()],
            workflows: [WithCourier.yaml],
            logger: Logger(label: "dosette") { _ in SwiftLogNoOpLogHandler() }
        )
        try await pharmacy.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pharmacy.run() }
            let order = try await pharmacy.submit(SampleOrder.json)
            guard let id = order.id else { return }
            for await status in try await pharmacy.follow(id) {
                if status.waiting?.by == "pharmacist", status.provetStatus == 3 {
                    print("sent to the pharmacist")
                    try await pharmacy.signal("accept", to: id, by: "Aino", reason: "checked")
                }
                if status.fee == "charged", status.state(ofPart: "courier") == "booked" { break }
            }
            if let dispense = Dispense(id: "d-1", item: 0, packages: 1, day: SampleOrder.today) {
                try await pharmacy.dispense(dispense, of: id, by: "Aino")
            }
            let end = try await pharmacy.order(id)
            print("prescription \(end.prescription), fee \(end.fee), left \(end.remaining)")
            pharmacy.drain()
        }
    }
}
