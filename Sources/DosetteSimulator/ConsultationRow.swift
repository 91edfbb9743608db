/// A visit of a client to the clinic.
struct ConsultationRow: Sendable {
    private static let statusInProgress = 3

    let id: Int
    let client: ClientRow

    func json(_ links: Links) -> JSON {
        [
            "url": links.url("consultation", id),
            "id": .integer(id),
            "client": links.url("client", client.id),
            "patients": .array(client.patients.map { links.url("patient", $0) }),
            "supervising_veterinarian": links.url("user", 1 + id % 3),
            "department": links.url("department", 1),
            "started": .string(WireTime.text(ClinicRegister.enteredAt)),
            "status": .integer(Self.statusInProgress),
            "complaint": "Doesn't eat, scratches at the left ear",
        ]
    }
}
