import DosetteCore
import DosetteStore

// What a person says is ours must be able to be ours.
extension OrderDesk {
    /// Refuses to adopt what the look at the far side did not name, or what another order has.
    ///
    /// - Throws: ``DeskFailure``: `refused` with `not_a_candidate` or `taken_already`.
    func checkAdoption(
        _ command: OrderCommand,
        _ order: Order,
        _ stream: StreamID
    ) async throws(DeskFailure) {
        guard case .signal(let signal) = command, signal.name == ParkedAction.adopt.rawValue,
            let id = signal.receipt?.id,
            let parked = order.parkedParts.map(\.parked)
                .first(where: { signal.step == nil || $0.step == signal.step }),
            parked.actions.contains(.adopt)
        else { return }
        if let named = Self.candidates(in: parked.reason), !named.contains(id) {
            let names = named.map(String.init).joined(separator: ", ")
            throw .refused(
                OrderRefusal(
                    rule: "not_a_candidate",
                    detail:
                        "\(id) is none of those that could be ours: \(names). Retry looks again."
                )
            )
        }
        guard let kind = Projection.kindsOfReceipts[parked.step] else { return }
        let query = OrderQuery(
            selection: .refersTo(OrderReference(kind, id)),
            clinic: order.received.clinic,
            limit: 2
        )
        do {
            let others = try await store.orders(query).filter { $0.stream != stream }
            guard let other = others.first else { return }
            throw OrderRefusal(
                rule: "taken_already",
                detail: "\(id) is of order \(other.key): one thing at Provet stands for one order."
            )
        } catch let refusal as OrderRefusal {
            throw .refused(refusal)
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .damaged("\(error)")
        }
    }

    /// All numbers that a look named: `2 open counter sales of the client could be ours: 2002, 2003`.
    ///
    /// - Returns: Nothing when it named none, or not all of them.
    static func candidates(in reason: String) -> [Int]? {
        guard let mark = reason.firstRange(of: " could be ours: "),
            let count = Int(reason.prefix { $0.isNumber })
        else { return nil }
        let numbers = reason[mark.upperBound...].split(separator: ",")
            .compactMap { Int($0.filter { !$0.isWhitespace }) }
        return numbers.count == count ? numbers : nil
    }
}
