/// One filter of a list, such as `client__is=7`, understood.
struct Condition: Hashable, Sendable {
    /// The documented methods of comparison that lists of the simulator understand.
    enum Method: String, Hashable, Sendable, CaseIterable {
        case `is` = "is"
        case isNot = "is_not"
        case less = "lt"
        case lessOrEqual = "lte"
        case greater = "gt"
        case greaterOrEqual = "gte"
        case range = "range"
        case isIn = "in"
        case contains = "contains"
        case containsIgnoringCase = "icontains"
        case isNull = "is_null"
    }

    let field: String
    let method: Method
    /// At least one; two for a range.
    let operands: [FieldValue]

    init(_ field: String, _ method: Method, _ operands: [FieldValue]) {
        precondition(!operands.isEmpty)
        precondition(method != .range || operands.count == 2)
        self.field = field
        self.method = method
        self.operands = operands
    }

    /// Understands one item of a query.
    ///
    /// - Parameters:
    ///   - item: The item.
    ///   - fields: The fields that the list can be filtered by.
    /// - Returns: The condition, or `nil` when the list has no such filter: it is then ignored
    ///   without a word, as the real one does.
    /// - Throws: ``Refusal`` when the filter exists and its value makes no sense.
    static func understand(
        _ item: SimulatedRequest.QueryItem,
        fields: [String: FieldKind]
    ) throws(Refusal) -> Condition? {
        guard let separator = item.name.ranges(of: "__").last,
            let method = Method(rawValue: String(item.name[separator.upperBound...])),
            let kind = fields[String(item.name[..<separator.lowerBound])]
        else { return nil }
        let field = String(item.name[..<separator.lowerBound])
        guard let operands = operands(item.value, method, kind) else {
            throw .field(item.name, "Enter a valid value.")
        }
        return Condition(field, method, operands)
    }

    private static func operands(
        _ text: String,
        _ method: Method,
        _ kind: FieldKind
    ) -> [FieldValue]? {
        switch method {
        case .is, .isNot, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return value(text, kind).map { [$0] }
        case .contains, .containsIgnoringCase:
            return [.text(text)]
        case .isNull:
            return value(text, .flag).map { [$0] }
        case .range, .isIn:
            let values = text.split(separator: ",").map { value(String($0), kind) }
            let known = values.compactMap(\.self)
            let isComplete = known.count == values.count && !known.isEmpty
            return isComplete && (method == .isIn || known.count == 2) ? known : nil
        }
    }

    private static func value(_ text: String, _ kind: FieldKind) -> FieldValue? {
        switch kind {
        case .text: .text(text)
        case .number: Int64(text).map { .number($0) }
        case .instant: WireTime.milliseconds(text).map { .number($0) }
        case .flag:
            switch text.lowercased() {
            case "true", "1": .number(1)
            case "false", "0": .number(0)
            default: nil
            }
        }
    }

    /// Says whether a row with `value` in the field belongs in the list.
    func isMet(by value: FieldValue) -> Bool {
        switch method {
        case .is, .isIn: operands.contains(value)
        case .isNot: value != operands[0]
        case .less: compare(value) { $0 < $1 }
        case .lessOrEqual: compare(value) { $0 <= $1 }
        case .greater: compare(value) { $0 > $1 }
        case .greaterOrEqual: compare(value) { $0 >= $1 }
        case .range:
            Self.compare(value, operands[0]) { $0 >= $1 }
                && Self.compare(value, operands[1]) { $0 <= $1 }
        case .contains: has(value) { $0 }
        case .containsIgnoringCase: has(value) { $0.lowercased() }
        case .isNull: (value == .missing) == (operands[0] == .number(1))
        }
    }

    private func compare(_ value: FieldValue, _ holds: (Int64, Int64) -> Bool) -> Bool {
        Self.compare(value, operands[0], holds)
    }

    /// Texts have no order here: a comparison of texts is never met.
    private static func compare(
        _ value: FieldValue,
        _ operand: FieldValue,
        _ holds: (Int64, Int64) -> Bool
    ) -> Bool {
        guard case .number(let left) = value, case .number(let right) = operand else {
            return false
        }
        return holds(left, right)
    }

    private func has(_ value: FieldValue, _ folded: (String) -> String) -> Bool {
        guard case .text(let text) = value, case .text(let part) = operands[0] else {
            return false
        }
        return part.isEmpty || folded(text).contains(folded(part))
    }
}
