import DosetteAudit
import DosetteCore
import DosetteStore
import Logging

/// One home-delivery order of a clinic: taken in when it is new, compared when it is open.
extension HomeDeliverySource {
    enum Knowledge: Hashable, Sendable {
        /// Everything of it was taken in before, or is not for us.
        case known
        case new
        /// It could not be found out; the next look tries again.
        case failed
    }

    /// What the journal knows of a home-delivery order: the order itself and those made of items that
    /// came into it later.
    private struct Family {
        var members: [(stream: StreamID, order: Order)] = []

        var itemIDs: Set<Int> {
            Set(members.flatMap { $0.order.delivery?.items ?? [] }.map(\.homeDeliveryItemID))
        }
    }

    /// Takes a clinic's order in, or what is new of it, and notices what the clinic changed.
    func take(
        _ order: HomeDeliveryOrder,
        _ clinic: String,
        isSweep: Bool
    ) async -> Knowledge {
        if !isSweep, settled.contains(order, clinic) { return .known }
        guard let before = await family(of: order.id, clinic) else {
            return .failed
        }
        let isOpen = before.members.contains { $0.order.isOpen }
        let unknown = Set(order.itemIDs ?? []).subtracting(before.itemIDs)
        let saysAll = order.itemIDs != nil || !isSweep
        if !before.members.isEmpty, !isOpen, unknown.isEmpty, saysAll { return .known }
        let id = order.id
        let answer = await look(.items, clinic) { await $0.items(ofOrder: id, at: clinic) }
        guard let items = answer.value,
            let family = await family(of: order.id, clinic)
        else { return .failed }
        for member in family.members where member.order.isOpen {
            await compare(member.order, member.stream, items, clinic)
        }
        let known = family.itemIDs
        let new = items.filter { $0.standing == .new && $0.quantity > 0 && !known.contains($0.id) }
            .sorted { $0.id < $1.id }
        if new.isEmpty {
            // An open order is compared at each look; everything else has been seen.
            if !isOpen { settled.insert(order, clinic) }
            return .known
        }
        return await submit(new, of: order, clinic, isFirst: family.members.isEmpty)
    }

    /// The order's name: Provet's numbers are those of one clinic only.
    private func key(_ clinic: String, _ order: Int, _ item: Int? = nil) -> OrderKey? {
        let suffix = item.map { "-\($0)" } ?? ""
        let short = "HDO-\(clinic)-\(order)\(suffix)"
        if Token.lengths.contains(short.utf8.count) {
            return OrderKey(source: Self.name, orderID: short)
        }
        let digest = HexDigest.of(clinic.utf8).prefix(Self.digestLength)
        return OrderKey(source: Self.name, orderID: "HDO-\(digest)-\(order)\(suffix)")
    }

    /// Characters that stand for a clinic whose name is too long.
    private static let digestLength = 16

    /// Orders of one home-delivery order at the most.
    private static let familyMaximum = 100

    /// What the journal has of the order: whatever refers to it at this clinic.
    private func family(of id: Int, _ clinic: String) async -> Family? {
        let query = OrderQuery(
            selection: .refersTo(OrderReference(.homeDeliveryOrder, id)),
            clinic: clinic,
            limit: Self.familyMaximum
        )
        guard let rows = try? await desk.store.orders(query) else { return nil }
        var family = Family()
        for row in rows {
            guard let order = try? await desk.load(row.stream) else { return nil }
            family.members.append((row.stream, order))
        }
        return family
    }

    // MARK: - New orders

    private func submit(
        _ items: [HomeDeliveryItem],
        of order: HomeDeliveryOrder,
        _ clinic: String,
        isFirst: Bool
    ) async -> Knowledge {
        guard let address = await address(of: order, clinic) else { return .failed }
        var rest = items[...]
        var isFirst = isFirst
        while !rest.isEmpty {
            let part = rest.prefix(OrderDocument.deliveryItemsMaximum)
            rest = rest.dropFirst(part.count)
            guard let key = key(clinic, order.id, isFirst ? nil : part.first?.id) else {
                return .failed
            }
            isFirst = false
            let document = Self.document(key, Array(part), order, address, clinic)
            guard await submit(document, clinic, order.id) else { return .failed }
        }
        return .new
    }

    /// Where it is to be sent; nothing when it has to be asked for again.
    private func address(of order: HomeDeliveryOrder, _ clinic: String) async -> [String]? {
        let id = order.clientID
        let answer = await look(.address, clinic) { await $0.address(ofClient: id, at: clinic) }
        switch answer {
        case .found(let lines): return lines
        case .absent, .forbidden: return order.address.map { [$0] } ?? []
        case .unreachable: return nil
        }
    }

    private static func document(
        _ key: OrderKey,
        _ items: [HomeDeliveryItem],
        _ order: HomeDeliveryOrder,
        _ address: [String],
        _ clinic: String
    ) -> JSON {
        var delivery: JSONObject = [
            "home_delivery_order_id": JSON(order.id),
            "client_id": JSON(order.clientID),
            "department_id": JSON(order.departmentID),
            "items": .array(
                items.map { item in
                    [
                        "home_delivery_item_id": JSON(item.id), "item_id": JSON(item.itemID),
                        "name": .string(short(item.name, OrderDocument.nameBytesMaximum)),
                        "quantity": JSON(item.quantity),
                    ]
                }
            ),
        ]
        delivery["patient_id"] = order.patientID.map { JSON($0) }
        let most = OrderDocument.textBytesMaximum
        let text = address.joined(separator: "\n")
        if !text.isEmpty { delivery["address"] = .string(short(text, most)) }
        delivery["note"] = order.note.map { .string(short($0, most)) }
        return [
            "order_id": .string(key.orderID), "source": .string(key.source),
            "clinic": .string(clinic), "delivery": .object(delivery),
        ]
    }

    /// The beginning of a text that is longer than an order takes.
    private static func short(_ text: String, _ bytesMaximum: Int) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            if count > bytesMaximum { break }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// Answers whether the order is in the journal, now or from before.
    private func submit(_ document: JSON, _ clinic: String, _ order: Int) async -> Bool {
        do {
            _ = try await intake.submit(document, workflow: nil, submitter: nil)
            return true
        } catch .invalid(let violations) {
            let rules = violations.map { "\($0.pointer) \($0.rule)" }.joined(separator: ", ")
            log("home delivery order refused", clinic, "\(order): \(rules)")
            return true  // The same again would be refused again.
        } catch .conflict {
            log("home delivery order has another's name", clinic, "\(order)")
            return true  // The same again would be refused again.
        } catch {
            return false
        }
    }

    // MARK: - What the clinic changed

    private func compare(
        _ order: Order,
        _ stream: StreamID,
        _ rows: [HomeDeliveryItem],
        _ clinic: String
    ) async {
        guard var delivery = order.delivery else { return }
        var words: [SignalItem] = []
        for (index, item) in delivery.items.enumerated() {
            let row = rows.first { $0.id == item.homeDeliveryItemID }
            guard let quantity = await wanted(item, row, clinic), quantity != item.quantity else {
                continue
            }
            words.append(SignalItem(item: index, change: .ordered(quantity)))
        }
        guard !words.isEmpty else { return }
        for word in words { delivery.apply(word) }
        let word: DeliveryWord = delivery.isOver ? .clinicWithdrew : .clinicChanged
        let signal = Signal(name: word.rawValue, items: words)
        do {
            _ = try await desk.apply(.signal(signal), to: stream) {
                self.desk.context(
                    actor: Actor(.clinic, name: clinic),
                    reason: "seen in Provet's home delivery"
                )
            }
            desk.state.count { $0.differences += 1 }
        } catch .refused {
            // Too late for this order: its last word has been said.
        } catch {
            log("difference not recorded", clinic, "\(order.received.key)")
        }
    }

    /// How many the clinic wants of an item now; nothing when that is not known.
    private func wanted(
        _ item: Delivery.Item,
        _ row: HomeDeliveryItem?,
        _ clinic: String
    ) async -> Int? {
        if let row { return row.standing == .replaced ? 0 : row.quantity }
        // A list may be stale: only the item itself can say that it is gone.
        let id = item.homeDeliveryItemID
        let answer = await look(.item, clinic) { await $0.order(ofItem: id, at: clinic) }
        if case .absent = answer { return 0 }
        return nil
    }
}
