import DosetteCore

/// What came of something, but for the digest of the remarks, which is tested by itself.
extension EffectProtocol.Outcome {
    var plain: Self {
        guard case .confirmed(let receipt) = self else { return self }
        return .confirmed(receipt.plain)
    }
}

extension EffectProtocol.Finding {
    var plain: Self {
        guard case .found(let receipt) = self else { return self }
        return .found(receipt.plain)
    }
}

extension Receipt {
    var plain: Receipt {
        var values = values
        values["remarks_digest"] = nil
        values["remarks_differ"] = nil
        return Receipt(values)
    }
}
