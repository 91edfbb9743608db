/// Reads the members of a body and gathers what is wrong with them, as Django REST framework
/// does: every field is looked at before anything is answered.
struct FieldReader {
    /// Whether a member must be there.
    enum Presence {
        case required
        case optional
    }

    /// What is wrong with one member.
    struct Problem: Error, Hashable {
        let errors: JSON

        init(_ message: String) {
            errors = [.string(message)]
        }

        /// The problems of the elements of a list, one object each.
        init(elements: [JSON]) {
            errors = .array(elements)
        }
    }

    private let object: JSON
    private(set) var errors: [JSON.Member] = []

    init(_ object: JSON) {
        self.object = object
    }

    /// Reads the member `name` with `convert`.
    ///
    /// - Parameters:
    ///   - name: The member's name.
    ///   - presence: Whether it must be there; an optional member may be `null` too.
    ///   - convert: Makes the value, or says what is wrong with it.
    /// - Returns: The value, or `nil` when there is none or it is wrong.
    mutating func read<Value>(
        _ name: String,
        _ presence: Presence = .required,
        as convert: (JSON) throws(Problem) -> Value
    ) -> Value? {
        do throws(Problem) {
            switch (object[name], presence) {
            case (nil, .required): throw Problem("This field is required.")
            case (.null, .required): throw Problem("This field may not be null.")
            case (nil, .optional), (.null, .optional): return nil
            case (let value?, _): return try convert(value)
            }
        } catch {
            errors.append(JSON.Member(name, error.errors))
            return nil
        }
    }

    /// Throws the refusal that lists every problem, if there is one.
    func finish() throws(Refusal) {
        guard errors.isEmpty else { throw .fields(errors) }
    }
}

/// The kinds of fields that bodies have.
enum Field {
    /// The greatest whole number that a body may hold, as in the database behind the real one.
    static let integerMaximum = 2_147_483_647

    /// A whole number of at least `minimum`; a text of digits counts as one.
    static func integer(
        atLeast minimum: Int
    ) -> (JSON) throws(FieldReader.Problem) -> Int {
        { (json) throws(FieldReader.Problem) -> Int in
            guard let number = json.wholeNumber else {
                throw .init("A valid integer is required.")
            }
            guard number >= minimum else {
                throw .init("Ensure this value is greater than or equal to \(minimum).")
            }
            guard number <= integerMaximum else {
                throw .init("Ensure this value is less than or equal to \(integerMaximum).")
            }
            return number
        }
    }

    /// The key of an object of which `exists` knows.
    static func key(
        where exists: @escaping (Int) -> Bool
    ) -> (JSON) throws(FieldReader.Problem) -> Int {
        { (json) throws(FieldReader.Problem) -> Int in
            guard let number = json.wholeNumber else {
                throw .init("Incorrect type. Expected pk value, received \(json.pythonTypeName).")
            }
            guard exists(number) else {
                throw .init("Invalid pk \"\(number)\" - object does not exist.")
            }
            return number
        }
    }

    /// A text that is not empty; a number counts as one.
    static func text(_ json: JSON) throws(FieldReader.Problem) -> String {
        let text = try anyText(json)
        guard !text.isEmpty else { throw .init("This field may not be blank.") }
        return text
    }

    /// A text that may be empty; a number counts as one.
    static func anyText(_ json: JSON) throws(FieldReader.Problem) -> String {
        switch json {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .decimal(let number): return number
        case .null, .bool, .array, .object: throw .init("Not a valid string.")
        }
    }

    /// A number for which `value` has a meaning.
    static func choice<Value>(
        _ value: @escaping (Int) -> Value?
    ) -> (JSON) throws(FieldReader.Problem) -> Value {
        { (json) throws(FieldReader.Problem) -> Value in
            guard let number = json.wholeNumber, let value = value(number) else {
                let shown = (try? anyText(json)) ?? json.pythonTypeName
                throw .init("\"\(shown)\" is not a valid choice.")
            }
            return value
        }
    }

    /// True or false.
    static func flag(_ json: JSON) throws(FieldReader.Problem) -> Bool {
        guard case .bool(let flag) = json else { throw .init("Must be a valid boolean.") }
        return flag
    }

    /// The URL of a web page.
    static func url(_ json: JSON) throws(FieldReader.Problem) -> String {
        let text = try text(json)
        guard text.hasPrefix("http://") || text.hasPrefix("https://"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .init("Enter a valid URL.") }
        return text
    }

    /// An instant, as UTC milliseconds.
    static func time(_ json: JSON) throws(FieldReader.Problem) -> Int64 {
        guard let time = json.text.flatMap(WireTime.milliseconds) else {
            throw .init(
                "Datetime has wrong format. Use one of these formats instead: "
                    + "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
            )
        }
        return time
    }

    /// A date, in the notation `2026-08-20`.
    static func date(_ json: JSON) throws(FieldReader.Problem) -> String {
        guard let text = json.text, WireTime.isDate(text) else {
            throw .init(
                "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
            )
        }
        return text
    }

    /// An amount of money.
    static func money(_ json: JSON) throws(FieldReader.Problem) -> WireMoney {
        guard let text = try? anyText(json), let money = WireMoney(text) else {
            throw .init("A valid number is required.")
        }
        return money
    }

    /// A list of at least one element, each read with `convert`.
    static func list<Element>(
        of convert: @escaping (JSON) throws(FieldReader.Problem) -> Element
    ) -> (JSON) throws(FieldReader.Problem) -> [Element] {
        { (json) throws(FieldReader.Problem) -> [Element] in
            guard case .array(let values) = json else {
                throw .init(
                    "Expected a list of items but got type \"\(json.pythonTypeName)\"."
                )
            }
            guard !values.isEmpty else { throw .init("This list may not be empty.") }
            var elements: [Element] = []
            for value in values { elements.append(try convert(value)) }
            return elements
        }
    }
}
