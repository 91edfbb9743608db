import DosetteCore

/// What is wrong with a form, in words that fit what the person sees, and not the API's.
enum FormWords {
    /// All mistakes in sentences; the problem's own words where none are known here.
    static func text(_ problem: Problem) -> String {
        if problem.errors.contains(where: { $0.rule == "idempotency_key_reused" }) {
            return "This form was sent already. Look at the order, then decide again."
        }
        let sentences = problem.errors.map { error in
            sentence(error.pointer, error.rule) ?? error.detail
        }
        return sentences.isEmpty ? problem.detail : sentences.joined(separator: " ")
    }

    private static func sentence(_ pointer: String, _ rule: String) -> String? {
        switch (pointer, rule) {
        case (_, "receipt_needed"): "Type Provet's number of what is there."
        case (_, "not_taken_here"): "The order has moved on: this is not decided here any more."
        case (_, "not_parked"): "It is not parked there any more; look at the order again."
        case ("/signal", _): "Choose what shall happen."
        case ("/reason", _):
            "Say why, in not more than \(ServerLimits.reasonBytes.upperBound) letters; letters such as ä count twice."
        case ("/remarks", _):
            "The remarks are too long: \(OrderDocument.textBytesMaximum) letters at the most; letters such as ä count twice."
        case ("/receipt/id", _), ("/receipt", _):
            "Provet's number is a whole number in digits, such as 2001."
        case ("/quantity_packages", _): "Packages are a whole number, 1 or more."
        case ("/dispensed_on", _): "The day is written as 2026-08-20."
        default: nil
        }
    }
}
