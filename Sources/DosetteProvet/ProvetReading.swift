import DosetteCore

/// Prescriptions as they stand at Provet, read and not changed.
extension ProvetClient {
    /// The prescription with this id, in Provet's GET shape.
    package func prescription(_ id: Int) async -> ProvetResult {
        await call(.get, "\(assumptions.prescriptionPath)/\(id)")
    }

    /// One item of a prescription; needs the permission "Settings: Items".
    package func prescriptionItem(_ id: Int) async -> ProvetResult {
        await call(.get, "\(assumptions.prescriptionItemPath)/\(id)")
    }

    /// The items of a prescription, in its own order.
    ///
    /// - Returns: A list of items, or the first call that did not succeed.
    package func items(ofPrescription id: Int) async -> ProvetResult {
        let result = await prescription(id)
        guard case .done(let json) = result else { return result }
        var items: [JSON] = []
        for reference in json["items"]?.arrayValue ?? [] {
            guard let item = ProvetID.read(reference) else { continue }
            let result = await prescriptionItem(item)
            guard case .done(let json) = result else { return result }
            items.append(json)
        }
        return .done(.array(items))
    }
}
