package import DosetteCore
package import DosetteKeys

/// Which key seals a personal field: how long it must be kept is decided by the class.
package enum PersonalClass: String, Hashable, Sendable, CaseIterable {
    /// What the law makes a pharmacy keep: the prescription, for whom, and why somebody decided.
    case record
    /// The rest: remarks, and what an order marks as such.
    case rest
}

/// A client as a clinic knows it.
package struct ClientName: Hashable, Sendable {
    package let clinic: String
    /// The clinic's number for the client.
    package let id: Int

    package init(clinic: String, id: Int) {
        self.clinic = clinic
        self.id = id
    }
}

/// The keys of one client, as far as they are still there.
///
/// A client's entries name it by `subject`, a word that means nothing without the key file.
package struct PersonalSeal: Sendable {
    package let subject: String
    /// Nothing once what the law makes us keep was destroyed: nobody can work on such orders.
    package let record: ClientSecret?
    package let rest: ClientSecret?

    package init(subject: String, record: ClientSecret?, rest: ClientSecret?) {
        self.subject = subject
        self.record = record
        self.rest = rest
    }

    func secret(_ personalClass: PersonalClass) -> ClientSecret? {
        switch personalClass {
        case .record: record
        case .rest: rest
        }
    }
}

/// Where the clients' keys are kept: apart from the journal, so that destroying a key erases what was sealed with it.
///
/// Implemented in memory and as a file; `ClientVaultConformance` in DosetteTesting checks both.
package protocol ClientVault: Sendable {
    /// The word by which new entries name a client, with keys of its own; made when there is none.
    ///
    /// When this returns, the keys are on disk: nothing is ever sealed with a key that a power cut could
    /// take away. A second call answers the same, until the client is forgotten.
    ///
    /// - Throws: ``StoreError`` `unavailable` or `full`; no key was made.
    func subject(of client: ClientName, at now: Timestamp) async throws(StoreError) -> String

    /// The keys of a subject; without keys when they were destroyed, nothing when it was never known here.
    ///
    /// - Throws: ``StoreError`` `unavailable` when the keys cannot be read.
    func seal(of subject: String) throws(StoreError) -> PersonalSeal?

    /// All words by which entries name a client, oldest first; none when it is not known here.
    func subjects(of client: ClientName) async throws(StoreError) -> [String]

    /// The client whom a subject stands for; nothing when it is not known or was destroyed.
    func client(of subject: String) async throws(StoreError) -> ClientName?

    /// Lets later orders of the client have new keys; what was sealed before opens as before.
    func retire(_ subject: String) async throws(StoreError)

    /// Destroys keys of a subject.
    ///
    /// When this returns, they are on no disk that the vault knows of, its own backups included. A second call changes
    /// nothing. Once the record's key is gone, nothing tells whom the subject stood for.
    func destroy(_ personalClass: PersonalClass, of subject: String) async throws(StoreError)

    /// Writes a copy of the keys beside them, unless the newest is younger than `interval`, and lets the oldest
    /// copy go.
    func backUp(at now: Timestamp, every interval: TimeSpan) async throws(StoreError)
}

/// How far the personal members of an entry are read.
package enum Opening: Sendable {
    /// Not at all: placeholders stand for them.
    case closed
    /// With these keys; a subject that they do not know is an error, one that was forgotten is not.
    case keys(any ClientVault)

    /// The vault's keys, where there is a vault.
    package init(_ vault: (any ClientVault)?) {
        self = vault.map { .keys($0) } ?? .closed
    }
}

/// The sealed member of an entry.
package struct SealedMembers: Hashable, Sendable {
    package let subject: String
    package let texts: [PersonalClass: String]

    init(subject: String, texts: [PersonalClass: String]) {
        self.subject = subject
        self.texts = texts
    }

    init(_ object: JSONObject) throws(UnreadableEntry) {
        var fields = Fields(object, "sealed")
        subject = try fields.text("subject")
        var texts: [PersonalClass: String] = [:]
        for personalClass in PersonalClass.allCases {
            texts[personalClass] = fields.optionalText(personalClass.rawValue)
        }
        self.texts = texts
    }

    var json: JSONObject {
        var object: JSONObject = ["subject": .string(subject)]
        for personalClass in PersonalClass.allCases {
            object[personalClass.rawValue] = texts[personalClass].map { .string($0) }
        }
        return object
    }
}
