import ArgumentParser
import DosetteCore
import DosetteEngine
import DosetteStore
import Foundation

struct SignalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal",
        abstract: "Tell an order something: accept, reject, cancel, retry, adopt, …"
    )

    @OptionGroup var options: AccessOptions
    @Argument(help: "SOURCE/ORDER_ID") var order: String
    @Argument(
        help:
            "accept, accept_with_warning, reject, cancel, remark, retry, adopt, resend, give_up or force_STATE."
    )
    var signal: String
    @Option(help: "Why.") var reason: String
    @Option(help: "Who says so.") var by: String
    @Option(help: "What to add to the prescription's remarks.") var remarks: String?
    @Option(help: "With adopt: the number that Provet gave to what was made.") var receipt: Int?
    @Option(help: "Which parked step is meant, when there are several.") var step: String?
    @Option(
        name: .customLong("item"),
        help: "What is said of an item, as often as needed: 0=2 (delivered) or 0=NAME (substitute)."
    )
    var items: [String] = []
    @Flag(help: "Print the view as JSON.") var json = false
    @Flag(help: "Write and send nothing; print what would be, as JSON. Needs a running server.")
    var dryRun = false

    func run() async throws {
        guard let key = OrderKey(text: order) else {
            throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
        }
        _ = try said()
        guard !dryRun else { return try await plan(key) }
        let view =
            switch try await options.access() {
            case .server(let client): try await send(key, client)
            case .files(let configuration):
                try await apply(key, OfflineEngine.open(configuration))
            }
        print(json ? view.text : OrderText.page(view))
    }

    private func plan(_ key: OrderKey) async throws {
        guard case .server(let client) = try await options.access() else {
            throw Stop(.unavailable, "a dry run needs a running server")
        }
        let path = "/v1/orders/\(key.source)/\(key.orderID)/plan"
        let answer = try await client.post(path, .object(try body()))
        guard answer.status == 200, let plan = answer.json else {
            throw Stop(answer.status >= 500 ? .unavailable : .refused, answer.problemText)
        }
        print(plan.text)
    }

    /// What the options say of items.
    private func said() throws -> [SignalItem] {
        try items.map { text in
            let halves = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2, let index = Int(halves[0]),
                (0..<SignalItem.countMaximum).contains(index)
            else { throw Stop(.usage, "--item INDEX=QUANTITY or --item INDEX=NAME") }
            guard signal != DeliveryWord.substitute.rawValue else {
                return SignalItem(item: index, change: .substitute(halves[1]))
            }
            let most = OrderDocument.packagesMaximum
            guard let number = Int(halves[1]), (0...most).contains(number) else {
                throw Stop(.usage, "--item INDEX=QUANTITY, up to \(most)")
            }
            let isOrdered = signal.hasPrefix("clinic_")
            return SignalItem(
                item: index,
                change: isOrdered ? .ordered(number) : .delivered(number)
            )
        }
    }

    private func body() throws -> JSONObject {
        var body: JSONObject = [
            "signal": .string(signal), "reason": .string(reason), "by": .string(by),
        ]
        body["remarks"] = remarks.map { .string($0) }
        body["step"] = step.map { .string($0) }
        body["receipt"] = receipt.map { ["id": JSON($0)] }
        let said = try said()
        if !said.isEmpty { body["items"] = .array(said.map(\.json)) }
        return body
    }

    private func send(_ key: OrderKey, _ client: APIClient) async throws -> JSON {
        let path = "/v1/orders/\(key.source)/\(key.orderID)/signals"
        let answer = try await client.post(path, .object(try body()))
        guard answer.status == 202, let view = answer.json else {
            throw Stop(answer.status >= 500 ? .unavailable : .refused, answer.problemText)
        }
        return view
    }

    private func apply(_ key: OrderKey, _ offline: OfflineEngine) async throws -> JSON {
        let signal = Signal(
            name: signal,
            remarks: remarks,
            receipt: receipt.map { Receipt(["id": JSON($0)]) },
            step: step,
            items: try said()
        )
        do {
            let order = try await offline.engine.signal(signal, to: key, by: by, reason: reason)
            await offline.close()
            return .object(order.view)
        } catch {
            await offline.close()
            throw error.stop
        }
    }
}

struct DispenseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispense",
        abstract: "Record that something was handed over."
    )

    @OptionGroup var options: AccessOptions
    @Argument(help: "SOURCE/ORDER_ID") var order: String
    @Option(help: "Your identity for this dispense.") var id: String
    @Option(help: "Index of the prescription's item, from 0.") var item: Int
    @Option(help: "Packages handed over.") var packages: Int
    @Option(help: "The day in the clinic's time zone, as 2026-08-20.") var on: String
    @Option(help: "The batch.") var batch: String?
    @Option(help: "Who did it.") var by: String
    @Flag(help: "Print the view as JSON.") var json = false

    func run() async throws {
        guard let key = OrderKey(text: order) else {
            throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
        }
        guard let day = CalendarDate(text: on), Token.isValid(id), packages >= 1, item >= 0 else {
            throw Stop(.usage, "--on: a date; --id: \(Token.rule); --packages: 1 or more")
        }
        let dispense = RepeatPlan.Dispense(
            id: id,
            item: item,
            packages: packages,
            day: day,
            batch: batch
        )
        let view =
            switch try await options.access() {
            case .server(let client): try await send(dispense, key, client)
            case .files(let configuration):
                try await apply(dispense, key, OfflineEngine.open(configuration))
            }
        print(json ? view.text : OrderText.page(view))
    }

    private func send(
        _ dispense: RepeatPlan.Dispense,
        _ key: OrderKey,
        _ client: APIClient
    ) async throws -> JSON {
        var body: JSONObject = [
            "dispense_id": .string(dispense.id), "item": JSON(dispense.item),
            "quantity_packages": JSON(dispense.packages),
            "dispensed_on": .string(dispense.day.text), "by": .string(by),
        ]
        body["batch"] = batch.map { .string($0) }
        let path = "/v1/orders/\(key.source)/\(key.orderID)/dispenses"
        let answer = try await client.post(path, .object(body))
        guard answer.status < 300 else {
            throw Stop(answer.status >= 500 ? .unavailable : .refused, answer.problemText)
        }
        let view = try await client.get("/v1/orders/\(key.source)/\(key.orderID)")
        return view.json ?? .null
    }

    private func apply(
        _ dispense: RepeatPlan.Dispense,
        _ key: OrderKey,
        _ offline: OfflineEngine
    ) async throws -> JSON {
        do {
            let answer = try await offline.engine.dispense(dispense, of: key, by: by)
            await offline.close()
            return .object(answer.order.view)
        } catch {
            await offline.close()
            throw error.stop
        }
    }
}

extension DeskFailure {
    /// The failure as the end of a command.
    var stop: Stop {
        switch self {
        case .noSuchOrder: Stop(.refused, "there is no such order")
        case .refused(let refusal): Stop(.refused, "\(refusal.rule): \(refusal.detail)")
        case .keyReused: Stop(.refused, "the key stands for another request")
        case .changed: Stop(.refused, "the order has changed since it was looked at")
        case .contended: Stop(.unavailable, "others change the order; ask again")
        case .store(let error): Stop(.unavailable, error.summary)
        case .damaged(let problem): Stop(.unavailable, problem)
        }
    }
}
