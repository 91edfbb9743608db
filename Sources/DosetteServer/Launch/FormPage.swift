import DosetteCore
import DosetteEngine
import HTTPTypes

/// The page that a launch opens: whom it is about, what was ordered before, and the form.
struct FormPage: Sendable {
    let session: LaunchSession
    let token: String
    let facts: LaunchFacts
    let form: OrderForm
    /// What stands in the form to make it this one.
    let identity: String
    var mistakes = OrderForm.Mistakes.none
    /// Earlier orders; nothing when they cannot be read.
    let earlier: [EarlierOrder]?
    let base: String
    let frame: Page.Frame
    var status: HTTPResponse.Status = .ok
    var retryAfterSeconds: Int?
    /// The item that was just added.
    var newItem: Int?

    /// One of the client's orders, as a list shows it.
    struct EarlierOrder: Sendable {
        let key: OrderKey
        let receivedAt: Timestamp
        let time: String
        let words: OrderWords
    }

    private var fields: FormFields { FormFields(mistakes: mistakes) }

    var page: Page {
        Page(
            status: status,
            title: (mistakes.isEmpty ? "" : "Error: ") + "Prescription for \(facts.client.name)",
            base: base,
            frame: frame,
            retryAfterSeconds: retryAfterSeconds,
            content: HTML(.div) {
                HTML(.h1) { "Prescription for \(facts.client.name)" }
                summary
                HTML(.div, .class("sides")) {
                    formSection
                    HTML(.div) {
                        clientSection
                        earlierSection
                    }
                }
            }
        )
    }

    // MARK: - What is wrong

    private var summary: HTML {
        guard !mistakes.isEmpty else { return HTML() }
        return HTML(
            .div,
            .class("errors"),
            .id("errors"),
            .role("alert"),
            .focusable,
            .autofocus,
            .labelledBy("errors-title")
        ) {
            HTML(.h2, .id("errors-title")) { "The prescription was not sent" }
            HTML(.ul, .class("plain")) {
                mistakes.general.map { text in HTML(.li) { text } }
                fieldOrder.flatMap(links)
            }
        }
    }

    private func links(_ field: OrderForm.Field) -> [HTML] {
        (mistakes.fields[field] ?? []).map { text in
            HTML(.li) {
                HTML(.a, .href(.fragment(field.name))) { "\(FormFields.label(field)): \(text)" }
            }
        }
    }

    /// The fields as they stand on the page.
    private var fieldOrder: [OrderForm.Field] {
        let items = form.items.indices.flatMap { index in
            OrderForm.Field.Part.allCases.map { OrderForm.Field.item(index, $0) }
        }
        return [.patients, .prescriber, .department] + items + [.remarks]
    }

    // MARK: - Whom it is about

    private var clientSection: HTML {
        HTML(.section, .labelledBy("client-title")) {
            HTML(.h2, .id("client-title")) { "Client" }
            if facts.client.isArchived {
                HTML(.p, .class("notice")) { "This client is archived in Provet." }
            }
            HTML(.dl) {
                Self.fact("Name", facts.client.name)
                Self.fact("Number", "\(facts.client.id)")
                Self.fact("Address", facts.client.address.joined(separator: ", "))
                Self.fact("Phone", facts.client.phone ?? "")
                if let consultation = facts.consultation {
                    Self.fact("Consultation", "\(consultation.id)")
                    Self.fact("Complaint", consultation.complaint ?? "")
                }
            }
        }
    }

    private static func fact(_ name: String, _ value: String) -> HTML {
        guard !value.isEmpty else { return HTML() }
        return HTML(.div) {
            HTML(.dt) { name }
            HTML(.dd) { value }
        }
    }

    private var earlierSection: HTML {
        HTML(.section, .labelledBy("earlier-title")) {
            HTML(.h2, .id("earlier-title")) { "Earlier prescriptions" }
            if let earlier {
                if earlier.isEmpty {
                    HTML(.p, .class("soft")) { "The pharmacy has none of this client." }
                } else {
                    HTML(.ul, .class("plain orders")) { earlier.map(row) }
                }
            } else {
                HTML(.p, .class("notice")) { "They cannot be read now; reload the page later." }
            }
        }
    }

    private func row(_ order: EarlierOrder) -> HTML {
        let path = SitePath(
            base: base,
            ["launch", "session", token, "orders", order.key.source, order.key.orderID]
        )
        return HTML(.li) {
            HTML(.a, .href(path)) { "Order of \(order.time)" }
            HTML(.p) { order.words.state }
            HTML(.p, .class("soft")) {
                order.words.remaining
                if let waitsFor = order.words.waitsFor { " · waits for \(waitsFor)" }
            }
        }
    }

    // MARK: - The form

    private var formSection: HTML {
        let path = SitePath(base: base, ["launch", "session", token])
        return HTML(.section, .class("entry"), .labelledBy("form-title")) {
            HTML(.h2, .id("form-title")) { "New prescription" }
            HTML(.form, .post, .action(path), .noValidate, .noAutocomplete) {
                Self.hidden(OrderForm.identityName, identity)
                Self.hidden(OrderForm.countName, "\(form.items.count)")
                patients
                people
                form.items.indices.map(item)
                rest
                buttons
            }
        }
    }

    private static func hidden(_ name: String, _ value: String) -> HTML {
        HTML(.input, .type("hidden"), .name(name), .value(value))
    }

    private var patients: HTML {
        HTML(.fieldset, .describedBy("patients-notes")) {
            HTML(.legend) { "Animals" }
            HTML(.div, fields.isWrong(.patients) ? .class("wrong") : nil, .id("patients-notes")) {
                fields.errors(.patients)
                if facts.patients.isEmpty {
                    HTML(.p, .class("notice"), .id(OrderForm.Field.patients.name)) {
                        "Provet shows no animal of this client; add it there and reload this page."
                    }
                }
                facts.patients.enumerated().map { patient($0.element, isFirst: $0.offset == 0) }
            }
        }
    }

    private func patient(_ patient: PatientRecord, isFirst: Bool) -> HTML {
        let name = OrderForm.Field.patients.name
        let words = [patient.species, patient.breed, patient.birth.map { "born \($0)" }]
            .compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
        return HTML(.label, .class("check")) {
            HTML(
                .input,
                .type("checkbox"),
                .name(name),
                .id(isFirst ? name : "\(name)-\(patient.id)"),
                .value("\(patient.id)"),
                form.patients.contains(patient.id) ? .checked : nil,
                fields.isWrong(.patients) ? .invalid : nil
            )
            HTML(.span) {
                HTML(.strong) { patient.name }
                if !words.isEmpty { HTML(.span, .class("soft")) { " \(words)" } }
            }
        }
    }

    private var people: HTML {
        HTML(.fieldset) {
            HTML(.legend) { "Who prescribes" }
            HTML(.div, .class("fields")) {
                fields.select(
                    .prescriber,
                    facts.prescribers.map { (id: $0.id, name: $0.name) },
                    chosen: form.prescriber
                )
                if facts.departments.isEmpty {
                    Self.fact("Department", form.department.map { "\($0)" } ?? "")
                } else {
                    fields.select(
                        .department,
                        facts.departments.map { (id: $0.id, name: $0.name) },
                        chosen: form.department
                    )
                }
            }
        }
    }

    private func item(_ index: Int) -> HTML {
        let item = form.items[index]
        let title = form.items.count == 1 ? "Item" : "Item \(index + 1)"
        let hint = index > 0 ? "Leave all of it empty to leave it out." : nil
        return HTML(.fieldset) {
            HTML(.legend) { title }
            if let hint { HTML(.p, .class("hint")) { hint } }
            HTML(.div, .class("fields")) {
                fields.input(.item(index, .name), item.name, isFirst: newItem == index)
                fields.input(.item(index, .strength), item.strength, hint: "Such as 100 mg")
                fields.area(.item(index, .instructions), item.instructions, rows: 3)
            }
            HTML(.div, .class("fields three")) {
                fields.number(.item(index, .packages), item.packages, hint: "In one dispense")
                fields.number(
                    .item(index, .dispenses),
                    item.dispenses,
                    hint: "In all; 1 means no refill"
                )
                fields.date(.item(index, .validUntil), item.validUntil)
            }
        }
    }

    private var rest: HTML {
        HTML(.fieldset) {
            HTML(.legend) { "For the pharmacy" }
            fields.area(.remarks, form.remarks, rows: 2, isRequired: false)
            HTML(.label, .class("check")) {
                HTML(
                    .input,
                    .type("checkbox"),
                    .name(OrderForm.urgentName),
                    .value("yes"),
                    form.isUrgent ? .checked : nil
                )
                HTML(.span) { "Urgent: before all orders that are not" }
            }
        }
    }

    private var buttons: HTML {
        HTML(.div, .class("buttons")) {
            HTML(.button, .class("main"), .type("submit"), .name(OrderForm.actionName)) {
                "Send to the pharmacy"
            }
            if form.items.count < OrderForm.itemsMaximum {
                HTML(
                    .button,
                    .type("submit"),
                    .name(OrderForm.actionName),
                    .value(OrderForm.addAction)
                ) { "Add another item" }
            }
        }
    }
}
