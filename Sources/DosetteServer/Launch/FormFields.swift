/// The fields of the form, each with its label, its hint and what is wrong with it beside it.
struct FormFields: Sendable {
    let mistakes: OrderForm.Mistakes

    func isWrong(_ field: OrderForm.Field) -> Bool { mistakes.fields[field] != nil }

    func errors(_ field: OrderForm.Field) -> HTML {
        guard let texts = mistakes.fields[field] else { return HTML() }
        return HTML(.span, .class("error"), .id("\(field.name)-error")) {
            texts.joined(separator: " ")
        }
    }

    static func label(_ field: OrderForm.Field) -> String {
        switch field {
        case .patients: "Animals"
        case .prescriber: "Prescriber"
        case .department: "Department"
        case .remarks: "Remarks"
        case .item(_, .name): "Name of the product"
        case .item(_, .strength): "Strength"
        case .item(_, .instructions): "Instructions"
        case .item(_, .packages): "Packages"
        case .item(_, .validUntil): "Valid until"
        case .item(_, .dispenses): "Dispenses"
        }
    }

    // MARK: - Kinds of fields

    func input(
        _ field: OrderForm.Field,
        _ value: String,
        hint: String? = nil,
        isFirst: Bool = false
    ) -> HTML {
        wrapped(field, hint) {
            HTML(
                .input,
                .type("text"),
                .id(field.name),
                .name(field.name),
                .value(value),
                .required,
                isFirst ? .autofocus : nil,
                isWrong(field) ? .invalid : nil,
                notes(field, hint)
            )
        }
    }

    func number(_ field: OrderForm.Field, _ value: String, hint: String) -> HTML {
        wrapped(field, hint) {
            HTML(
                .input,
                .type("text"),
                .inputMode("numeric"),
                .id(field.name),
                .name(field.name),
                .value(value),
                .required,
                isWrong(field) ? .invalid : nil,
                notes(field, hint)
            )
        }
    }

    func date(_ field: OrderForm.Field, _ value: String) -> HTML {
        let hint = "The last day of a dispense"
        return wrapped(field, hint) {
            HTML(
                .input,
                .type("date"),
                .id(field.name),
                .name(field.name),
                .value(value),
                .required,
                isWrong(field) ? .invalid : nil,
                notes(field, hint)
            )
        }
    }

    func area(
        _ field: OrderForm.Field,
        _ value: String,
        rows: Int,
        isRequired: Bool = true
    ) -> HTML {
        wrapped(field, nil, isWide: true) {
            // The first line break in a text area is not part of its text.
            HTML(
                .textarea,
                .id(field.name),
                .name(field.name),
                .rows(rows),
                isRequired ? .required : nil,
                isWrong(field) ? .invalid : nil,
                notes(field, nil)
            ) { value.hasPrefix("\n") ? "\n\(value)" : value }
        }
    }

    func select(
        _ field: OrderForm.Field,
        _ choices: [(id: Int, name: String)],
        chosen: Int?
    ) -> HTML {
        wrapped(field, nil) {
            HTML(
                .select,
                .id(field.name),
                .name(field.name),
                .required,
                isWrong(field) ? .invalid : nil,
                notes(field, nil)
            ) {
                HTML(.option, .value("")) { "Choose…" }
                choices.map { choice in
                    HTML(
                        .option,
                        .value("\(choice.id)"),
                        choice.id == chosen ? .selected : nil
                    ) { choice.name }
                }
            }
        }
    }

    // MARK: - What they share

    private func wrapped(
        _ field: OrderForm.Field,
        _ hint: String?,
        isWide: Bool = false,
        @HTMLBuilder _ control: () -> HTML
    ) -> HTML {
        let names = ["field", isWide ? "wide" : "", isWrong(field) ? "wrong" : ""]
        return HTML(.div, .class(names.filter { !$0.isEmpty }.joined(separator: " "))) {
            HTML(.label, .for(field.name)) { Self.label(field) }
            if let hint { HTML(.span, .class("hint"), .id("\(field.name)-hint")) { hint } }
            errors(field)
            control()
        }
    }

    /// The texts that belong to a field, for those who do not see them beside it.
    private func notes(_ field: OrderForm.Field, _ hint: String?) -> HTML.Attribute? {
        let ids = [
            hint == nil ? nil : "\(field.name)-hint",
            isWrong(field) ? "\(field.name)-error" : nil,
        ]
        let text = ids.compactMap { $0 }.joined(separator: " ")
        return text.isEmpty ? nil : .describedBy(text)
    }
}
