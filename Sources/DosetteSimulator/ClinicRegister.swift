/// The people and animals of one clinic, made up from their numbers.
///
/// Every positive number is a client, unless the configuration says otherwise or the clinic
/// deleted it. Client 7 has the patients 71 and 72; consultation 71 is one of client 7.
struct ClinicRegister: Sendable {
    /// How many clients can be changed or deleted.
    static let changesMaximum = 10_000
    /// A list of patients that names no client shows those of the first clients only.
    static let clientsListed = 100
    /// When every client and patient was entered: 1 January 2024, in UTC milliseconds.
    static let enteredAt: Int64 = 1_704_067_200_000

    /// What the clinic did to a client.
    private struct Change {
        var count = 0
        var at = ClinicRegister.enteredAt
        var isDeleted = false
    }

    private let unknown: Set<Int>
    private let forbidden: Set<Int>
    private var changes: [Int: Change] = [:]

    init(_ configuration: SimulatorConfiguration) {
        unknown = configuration.clientsUnknown
        forbidden = configuration.clientsForbidden
    }

    var isFull: Bool { changes.count >= Self.changesMaximum }

    /// Says whether there is a client `id`.
    func hasClient(_ id: Int) -> Bool {
        id >= 1 && !unknown.contains(id) && changes[id]?.isDeleted != true
    }

    /// Notes that the clinic wrote to a client that is there.
    mutating func change(_ client: Int, at now: Int64) {
        changes[client, default: Change()].count += 1
        changes[client]?.at = now
    }

    /// Deletes a client that is there.
    mutating func delete(_ client: Int) {
        changes[client, default: Change()].isDeleted = true
    }

    /// Returns the client `id`.
    ///
    /// - Throws: ``Refusal`` when there is none, or the API user may not know of it.
    func client(_ id: Int) throws(Refusal) -> ClientRow {
        guard !forbidden.contains(id) else { throw .forbidden }
        guard hasClient(id), id <= Field.integerMaximum else { throw .notFound }
        let change = changes[id] ?? Change()
        return ClientRow(id: id, modifiedAt: change.at, changeCount: change.count)
    }

    /// Returns the patient `id`, or refuses as ``client(_:)`` does.
    func patient(_ id: Int) throws(Refusal) -> PatientRow {
        guard let patient = PatientRow(id: id) else { throw .notFound }
        _ = try client(patient.client)
        return patient
    }

    /// The patients of `client`; none when the API user may not know of it.
    func patients(of client: Int) -> [PatientRow] {
        guard let row = try? self.client(client) else { return [] }
        return row.patients.compactMap(PatientRow.init)
    }

    /// Returns the consultation `id`, or refuses as ``client(_:)`` does.
    func consultation(_ id: Int) throws(Refusal) -> ConsultationRow {
        guard id >= 10 else { throw .notFound }
        return ConsultationRow(id: id, client: try client(id / 10))
    }
}
