// What the clinic did at Provet by itself.
extension OrderDecision {
    var clinic: Actor { Actor(.clinic, name: order.received.clinic) }

    /// Judges what a look at Provet showed.
    mutating func see(_ sight: ClinicSight) throws(OrderRefusal) {
        if let status = sight.status { try observe(status) }
        try compareRemarks(sight)
        try compareArchive(sight)
        if sight.isClientGone { try noticeClientGone() }
        if let fee = sight.fee { try compareFee(fee) }
    }

    private mutating func notice(_ notice: Notice) throws(OrderRefusal) {
        try add(.noticed(notice), actor: clinic)
    }

    // MARK: - The prescription

    /// Whether a write of ours to the prescription is under way, or waits.
    private func isWriting(_ part: Int) -> Bool {
        !order.parts[part].entries.isEmpty || order.parts[part].effect != nil
    }

    private mutating func compareRemarks(_ sight: ClinicSight) throws(OrderRefusal) {
        guard let seen = sight.remarks, let part = order.workflow.index(of: .prescription),
            seen.digest != order.remarksDigest, !isWriting(part)
        else { return }
        guard order.remarksDigest != nil else {
            return try add(.noticed(Notice(.remarksRead, digest: seen.digest)))
        }
        try notice(Notice(.remarks, text: seen.text, digest: seen.digest))
    }

    private mutating func compareArchive(_ sight: ClinicSight) throws(OrderRefusal) {
        guard let isArchived = sight.isArchived, isArchived != order.isArchived,
            let part = order.workflow.index(of: .prescription)
        else { return }
        guard isArchived else { return try notice(Notice(.restored)) }
        try noticeAndPark(
            Notice(.archived),
            part,
            "The clinic archived the prescription at Provet: cancel the order, or retry to go on."
        )
    }

    private mutating func noticeClientGone() throws(OrderRefusal) {
        guard !order.noticed.contains(.clientDeleted),
            let part = order.workflow.index(of: .prescription)
        else { return }
        try noticeAndPark(
            Notice(.clientDeleted),
            part,
            "The clinic deleted the client: cancel the order, or retry to go on."
        )
    }

    /// Writes down what was noticed and, where something is still to come, asks a person.
    ///
    /// While a call of ours is under way or something else is parked it is left for the next look.
    private mutating func noticeAndPark(
        _ what: Notice,
        _ part: Int,
        _ reason: String
    ) throws(OrderRefusal) {
        guard order.isOpen, order.prescription?.isFinal == false else { return try notice(what) }
        guard order.parts[part].parked == nil, !isWriting(part) else { return }
        try notice(what)
        try park(part, .conflict, what.step, .notice, reason)
    }

    // MARK: - The fee

    private mutating func compareFee(_ sight: FeeSight) throws(OrderRefusal) {
        guard let part = order.workflow.index(of: .fee) else { return }
        if sight.isCredited == true { return try followCredit(part) }
        guard sight.isPaymentCanceled == true, order.fee == .charged,
            !order.noticed.contains(.paymentCanceled), order.parts[part].parked == nil
        else { return }
        try notice(Notice(.paymentCanceled))
        try park(
            part,
            .conflict,
            Notice(.paymentCanceled).step,
            .notice,
            "The clinic canceled the payment of the fee at Provet: settle it there, then retry to go on."
        )
    }

    /// The clinic credited the invoice by hand: what we would refund is refunded.
    private mutating func followCredit(_ part: Int) throws(OrderRefusal) {
        guard !order.noticed.contains(.invoiceCredited) else { return }
        switch order.fee {
        case .charged:
            let name = FeeLifecycle.State.refunded.rawValue
            guard order.parts[part].effect == nil,
                let target = order.workflow.parts[part].index(ofState: name)
            else { return }
            try notice(Notice(.invoiceCredited))
            if let parked = order.parts[part].parked?.parked {
                try add(.unparked(part: parked.part, by: .retry), actor: clinic)
            }
            try enter(part, target, cause: .clinic, by: clinic)
        case .refunding:
            guard let parked = order.parts[part].parked?.parked, case .undo = parked.purpose,
                parked.step == Order.refundAction
            else { return }
            // A refund of ours whose outcome is not known may be what is seen.
            let isOurs = parked.kind == .inDoubt
            let actor = isOurs ? Actor.dosette : clinic
            if !isOurs { try notice(Notice(.invoiceCredited)) }
            if let effect = order.parts[part].effect {
                try apply(part, effect, .person(.adopt(Receipt())), by: actor)
            }
            try add(.unparked(part: parked.part, by: .adopt), actor: actor)
        case .waiting, .charging, .notCharged, .refunded, .notApplicable, nil:
            return
        }
    }

    // MARK: - Settings

    /// Lets a step go on that was refused because of a setting which the clinic may have filled.
    mutating func settingsChanged(_ action: String) throws(OrderRefusal) {
        for part in order.parts.indices {
            guard let parked = order.parts[part].parked?.parked, parked.kind == .refused,
                parked.step == action
            else { continue }
            try notice(Notice(.settingsChanged, text: action))
            try add(.unparked(part: parked.part, by: .retry), actor: clinic)
        }
    }
}
