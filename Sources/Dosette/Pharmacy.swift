import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteStore
public import Foundation
public import Logging
public import ServiceLifecycle

/// A durable workflow engine for pharmacy fulfilment inside your program.
///
/// Create it, run it as a `Service`, hand orders in and follow them. Everything accepted is on disk before a call
/// returns; no unconfirmed effect at Provet is ever repeated blindly.
///
/// ```swift
/// let pharmacy = try Pharmacy(configuration, logger: logger)
/// try await pharmacy.start()
/// async let running: Void = pharmacy.run()
/// let order = try await pharmacy.submit(json)
/// for await status in try await pharmacy.follow(order.id) { print(status.prescription) }
/// ```
public final class Pharmacy: Service {
    private let engine: Engine
    private let composition: Composition
    private let store: SQLiteStore?

    /// Opens the journal and checks every workflow; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - configuration: The clinics, limits and places.
    ///   - actions: Actions of your own, bound by name.
    ///   - workflows: Definitions of your own, as YAML text.
    ///   - logger: Where notices go; no order's content is ever logged.
    /// - Throws: ``PharmacyError`` when the journal is in use or not ours, or when a definition is
    ///   wrong or asks for an action that nobody performs.
    public init(
        _ configuration: PharmacyConfiguration,
        actions: [any Action] = [],
        workflows: [String] = [],
        logger: Logger
    ) throws {
        var extras = Composition.Extras()
        extras.performers = actions.map(ActionAdapter.init)
        extras.sources = workflows.enumerated().map { index, text in
            WorkflowSource(file: "workflow \(index + 1)", text: text)
        }
        extras.transmit = configuration.transmit.map(ActionAdapter.transmit)
        do {
            let store: any Store
            if let directory = configuration.dataDirectory {
                let journal = try SQLiteStore(directory: directory, metrics: extras.metrics)
                self.store = journal
                store = journal
            } else {
                self.store = nil
                store = InMemoryStore()
            }
            let values = try configuration.values
            composition = try Composition(values, store: store, extras: extras, logger: logger)
            engine = composition.engine
        } catch {
            throw PharmacyError(error)
        }
    }

    /// Takes the journal over; orders and signals are taken from now on.
    public func start() async throws {
        do {
            try await composition.start()
        } catch {
            throw PharmacyError(error)
        }
    }

    /// Works until a graceful shutdown, finishes the calls that are out, and closes the journal.
    public func run() async throws {
        do {
            try await engine.run()
            await close()
        } catch {
            await close()
            throw PharmacyError(error)
        }
    }

    /// Takes no more orders and begins no more calls; ``run()`` returns when those out have ended.
    ///
    /// A graceful shutdown of the service group does the same.
    public func drain() {
        engine.drain()
    }

    private func close() async {
        await composition.close()
        store?.close()
    }

    // MARK: - Orders

    /// Hands an order in.
    ///
    /// When this returns, the order is on disk. A second call with the same content answers the same
    /// order and changes nothing.
    ///
    /// - Parameters:
    ///   - json: The order document as JSON, at most 48 KiB.
    ///   - workflow: The definition to follow; nothing for the configured one.
    /// - Returns: The order as it is now.
    /// - Throws: ``PharmacyError`` with every field that is wrong.
    public func submit(_ json: Data, workflow: String? = nil) async throws -> OrderStatus {
        guard json.count <= OrderDocument.byteCountMaximum else {
            throw PharmacyError(.invalid, "an order has 48 KiB at the most")
        }
        do {
            let document = try JSONReader.read(Array(json))
            switch try await engine.submit(document, workflow: workflow) {
            case .accepted(let order): return OrderStatus(order.view)
            case .repeated(let view):
                let object = try JSONReader.read(Array(view.utf8)).objectValue
                return OrderStatus(object ?? [:])
            }
        } catch {
            throw PharmacyError(error)
        }
    }

    /// The order as it is now.
    public func order(_ id: OrderID) async throws -> OrderStatus {
        do {
            return OrderStatus(try await engine.order(id.key).view)
        } catch {
            throw PharmacyError(error)
        }
    }

    /// Follows an order: its state now, then every durable change; ends when the engine stops.
    ///
    /// A slow reader may miss states in between, never the newest.
    public func follow(_ id: OrderID) async throws -> OrderUpdates {
        do {
            let (now, states) = try await engine.follow(id.key)
            return OrderUpdates(now, states)
        } catch {
            throw PharmacyError(error)
        }
    }

    /// Tells an order something: `accept`, `accept_with_warning`, `reject`, `cancel`, `retry`, `adopt`,
    /// `resend`, `give_up`, or a signal of its own workflow.
    ///
    /// When this returns, the signal is on disk; it takes effect at Provet later.
    ///
    /// - Parameters:
    ///   - name: The signal.
    ///   - id: Which order.
    ///   - person: Who says so.
    ///   - reason: Why.
    ///   - remarks: What to add to the prescription's remarks at Provet.
    ///   - receiptID: With `adopt`: the number that Provet gave to what was made.
    /// - Returns: The order afterwards.
    /// - Throws: ``PharmacyError``: `refused` when the state does not take it, `notFound`.
    @discardableResult
    public func signal(
        _ name: String,
        to id: OrderID,
        by person: String,
        reason: String,
        remarks: String? = nil,
        receiptID: Int? = nil
    ) async throws -> OrderStatus {
        let signal = Signal(
            name: name,
            remarks: remarks,
            receipt: receiptID.map { Receipt(["id": JSON($0)]) }
        )
        do {
            let order = try await engine.signal(signal, to: id.key, by: person, reason: reason)
            return OrderStatus(order.view)
        } catch {
            throw PharmacyError(error)
        }
    }

    /// Records a dispense.
    ///
    /// When this returns, it is on disk and counted. A second call with the same dispense changes nothing.
    ///
    /// - Throws: ``PharmacyError`` `refused` with the rule: none remaining, too early, too late, …
    @discardableResult
    public func dispense(
        _ dispense: Dispense,
        of id: OrderID,
        by person: String
    )
        async throws -> OrderStatus
    {
        do {
            let answer = try await engine.dispense(dispense.value, of: id.key, by: person)
            return OrderStatus(answer.order.view)
        } catch {
            throw PharmacyError(error)
        }
    }

    // MARK: - People

    /// Forgets a client: destroys the keys under which the journal keeps what is personal, as far as that may be.
    ///
    /// When this returns, what was due is destroyed and the journal says so; what must be kept longer is destroyed by
    /// itself when its time is over. A second call changes nothing more.
    ///
    /// - Parameters:
    ///   - client: The clinic's number for the client.
    ///   - clinic: The clinic's id.
    ///   - person: Who asks for it.
    ///   - reason: Why; it is kept for good, so it should not name the client.
    /// - Returns: What is kept now, and until when, as JSON.
    /// - Throws: ``PharmacyError``: `notFound`; `refused` while an order is open or a legal hold lies on the client.
    public func forget(
        client: Int,
        at clinic: String,
        by person: String,
        reason: String
    ) async throws -> Data {
        try await ask { desk in
            let name = ClientName(clinic: clinic, id: client)
            return try await desk.forget(name, by: Actor(.person, name: person), reason: reason)
        }
    }

    /// Puts a legal hold on a client, or ends it: while it lies, nothing of the client is destroyed.
    ///
    /// When this returns, it is on disk. A second call changes nothing.
    ///
    /// - Returns: What is kept now, and until when, as JSON.
    /// - Throws: ``PharmacyError`` `notFound`.
    public func setLegalHold(
        _ isHeld: Bool,
        client: Int,
        at clinic: String,
        by person: String,
        reason: String
    ) async throws -> Data {
        try await ask { desk in
            let name = ClientName(clinic: clinic, id: client)
            let actor = Actor(.person, name: person)
            return isHeld
                ? try await desk.hold(name, by: actor, reason: reason)
                : try await desk.release(name, by: actor, reason: reason)
        }
    }

    private func ask(
        _ question: (ClientDesk) async throws -> JSONObject
    ) async throws -> Data {
        guard let desk = engine.clients else {
            throw PharmacyError(.unavailable, "there are no clients' keys")
        }
        do {
            return Data(JSON.object(try await question(desk)).canonicalBytes)
        } catch {
            throw PharmacyError(error)
        }
    }

    // MARK: - At the clinics

    /// A prescription as the clinic's Provet has it now, with its items.
    ///
    /// One reading call for the prescription and one for each item, within the clinic's budgets and the configured
    /// deadline; the orders' calls go first. Nothing of it is kept and nothing is changed.
    ///
    /// - Parameters:
    ///   - id: Provet's number of the prescription, from 1; ``OrderStatus/provetID`` of an order.
    ///   - clinic: The clinic's id in the configuration.
    ///   - person: Who reads it: an event that is on disk before it is shown.
    /// - Returns: Provet's own shape as JSON, with the items in place of their URLs.
    /// - Throws: ``PharmacyError``: `notFound`; `refused` when the API user lacks a permission, which is
    ///   named; `unavailable` when Provet does not answer or the clinic's budget is spent.
    public func prescription(
        _ id: Int,
        at clinic: String,
        for person: String = "(unknown)"
    ) async throws -> Data {
        guard engine.clinics.clinic(clinic) != nil else {
            throw PharmacyError(.notFound, "there is no clinic \(clinic)")
        }
        switch await composition.records.prescription(id, at: clinic) {
        case .found(let json):
            let reader = Actor(.person, name: person)
            do {
                try await engine.noteRead("prescription", of: "\(clinic)/\(id)", by: reader)
            } catch {
                throw PharmacyError(error)
            }
            return Data(json.canonicalBytes)
        case .absent: throw PharmacyError(.notFound, "Provet has no prescription \(id)")
        case .forbidden(let permission):
            throw PharmacyError(.refused, "the API user lacks the permission \"\(permission)\"")
        case .unreachable(_, let reason): throw PharmacyError(.unavailable, reason)
        }
    }
}
