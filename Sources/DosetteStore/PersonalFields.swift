import DosetteCore
import DosetteKeys

/// Which members of an entry speak of a person, and how they are cut out and put back.
///
/// In place of a cut member a placeholder of the same type stays, so that an entry can be read without its
/// keys: `"[sealed]"`, 0 or `{}`.
enum PersonalFields {
    static let placeholder = "[sealed]"

    private struct Cut {
        let pointer: String
        let personalClass: PersonalClass
        /// The names that lead to the object which has the member.
        let path: [String]
        let name: String

        init(_ pointer: String, _ personalClass: PersonalClass) {
            var path = JSONPointer.names(pointer)
            name = path.popLast() ?? ""
            self.path = path
            self.pointer = pointer
            self.personalClass = personalClass
        }
    }

    /// Cuts the personal members out of `entry` and seals them.
    ///
    /// What has no key any more is left out for good: it belongs to somebody who was forgotten.
    ///
    /// - Parameters:
    ///   - entry: The members `data`, `reason` and `idempotency`.
    ///   - kind: The kind of event.
    ///   - seal: The client's keys.
    ///   - place: The entry's stream and version, which the sealed text is bound to.
    /// - Returns: The sealed texts.
    static func seal(
        _ entry: inout JSONObject,
        kind: String,
        with seal: PersonalSeal,
        at place: Place
    ) -> SealedMembers {
        let buckets = cut(Set(PersonalClass.allCases), out: &entry, kind: kind)
        var texts: [PersonalClass: String] = [:]
        for personalClass in PersonalClass.allCases {
            guard let bucket = buckets[personalClass], let secret = seal.secret(personalClass)
            else { continue }
            let bytes = JSON.object(bucket).canonicalBytes
            texts[personalClass] = secret.seal(bytes, at: place.text(personalClass))
        }
        return SealedMembers(subject: seal.subject, texts: texts)
    }

    /// Cuts the members of some classes out of an entry; answers them by their pointers.
    static func cut(
        _ classes: Set<PersonalClass>,
        out entry: inout JSONObject,
        kind: String
    ) -> [PersonalClass: JSONObject] {
        var buckets: [PersonalClass: JSONObject] = [:]
        for cut in cuts(entry, kind) where classes.contains(cut.personalClass) {
            guard
                let value = entry.cut(cut.name, under: cut.path, leaving: Self.placeholder(for:))
            else { continue }
            buckets[cut.personalClass, default: [:]][cut.pointer] = value
        }
        return buckets
    }

    /// Leaves the personal members out, or the placeholders that stand for them.
    static func omit(from entry: inout JSONObject, kind: String) {
        for cut in cuts(entry, kind) { entry.omit(cut.name, under: cut.path) }
    }

    /// Puts back what can be opened.
    ///
    /// - Throws: ``UnreadableEntry`` when a key that is there does not open its text.
    static func open(
        _ entry: inout JSONObject,
        _ sealed: SealedMembers,
        with seal: PersonalSeal,
        at place: Place
    ) throws(UnreadableEntry) {
        // The record's members first: the rest lies inside them.
        for personalClass in PersonalClass.allCases {
            guard let text = sealed.texts[personalClass], let secret = seal.secret(personalClass)
            else { continue }
            let problem = "what is sealed as \(personalClass.rawValue) does not open with its key"
            guard let bytes = try? secret.open(text, at: place.text(personalClass)),
                let bucket = (try? JSONReader.read(bytes))?.objectValue
            else { throw UnreadableEntry(problem: problem) }
            for member in bucket.members {
                var path = JSONPointer.names(member.name)
                guard let name = path.popLast() else { continue }
                entry.paste(member.value, name, under: path)
            }
        }
    }

    /// Where an entry stands.
    struct Place {
        let stream: Int64
        let version: Int

        func text(_ personalClass: PersonalClass) -> String {
            "\(stream)/\(version)/\(personalClass.rawValue)"
        }
    }

    private static func placeholder(for value: JSON) -> JSON {
        switch value {
        case .string: .string(placeholder)
        case .integer, .number: 0
        case .object: [:]
        case .array: []
        case .bool: false
        case .null: .null
        }
    }

    // MARK: - The table

    /// What is cut, the innermost first.
    private static func cuts(_ entry: JSONObject, _ kind: String) -> [Cut] {
        let data = entry["data"] ?? [:]
        return switch kind {
        case "order.received/1": cuts(ofReceived(data)) + ofAll
        case "signal.received/1": cuts(ofSignal(data)) + ofAll
        case "clinic.noticed/1": cuts(ofNotice(data)) + ofAll
        case "order.parked/1", "saga.turned_back/1": ofStops
        case "dispense.recorded/1", "dispense.reversed/1", "order.unparked/1", "order.reminded/1",
            "clinic.observed/1", "order.asked/1":
            ofAll
        default: kind.hasPrefix("effect.") ? ofEffects : ofEntries
        }
    }

    // Most events are of these, so their pointers are taken apart once.
    private static let ofAll = [
        Cut("/reason", .record), Cut("/idempotency/body_digest", .record),
    ]
    private static let ofStops = cuts([("/why", .record)]) + ofAll
    private static let ofEntries = cuts([("/remarks", .rest)]) + ofAll
    private static let ofEffects =
        cuts([
            ("/why", .record), ("/request_digest", .record), ("/receipt/remarks_digest", .record),
        ]) + ofAll

    private static func cuts(_ members: [(String, PersonalClass)]) -> [Cut] {
        members.map { Cut("/data\($0.0)", $0.1) }
    }

    private static func ofSignal(_ data: JSON) -> [(String, PersonalClass)] {
        [("/remarks", .rest)] + texts(data["items"] ?? .null, "/items").map { ($0, .record) }
    }

    /// Texts that need not be kept with the record of any order.
    static let restTexts = ["/prescription/remarks", "/delivery/note", "/delivery/address"]

    private static func ofReceived(_ data: JSON) -> [(String, PersonalClass)] {
        let marked = (data["personal"]?.arrayValue ?? []).compactMap(\.stringValue)
        let rest = restTexts + marked
        var record = texts(data["delivery"] ?? .null, "/delivery").filter { !rest.contains($0) }
        record += [
            "/delivery/client_id", "/delivery/patient_id", "/client_id", "/content_digest",
            "/prescription",
        ]
        return rest.map { ($0, .rest) } + record.map { ($0, .record) }
    }

    /// Of what was done by hand the text names an action of ours, which is nobody's secret.
    private static func ofNotice(_ data: JSON) -> [(String, PersonalClass)] {
        let isOfRemarks = ["remarks", "remarks_read"].contains(data["what"]?.stringValue ?? "")
        return isOfRemarks ? [("/text", .rest), ("/digest", .record)] : []
    }

    /// The pointers of all texts in a value.
    private static func texts(_ value: JSON, _ pointer: String) -> [String] {
        switch value {
        case .string: return [pointer]
        case .array(let elements):
            return elements.enumerated().flatMap { texts($1, "\(pointer)/\($0)") }
        case .object(let object):
            return object.members.flatMap { member in
                texts(member.value, JSONPointer.pointer(to: member.name, under: pointer))
            }
        case .null, .bool, .integer, .number: return []
        }
    }
}

extension JSONObject {
    /// Takes out the member that `path` and `name` lead to, if there is one, and leaves something in its place.
    fileprivate mutating func cut(
        _ name: String,
        under path: [String],
        leaving placeholder: (JSON) -> JSON
    ) -> JSON? {
        // Most members that could be cut are not there, and what is changed is made anew on the way to them.
        guard let value = JSON.object(self).value(at: path)?[name], value != .null else {
            return nil
        }
        change(path[...]) { $0[name] = placeholder(value) }
        return value
    }

    fileprivate mutating func omit(_ name: String, under path: [String]) {
        guard JSON.object(self).value(at: path)?[name] != nil else { return }
        change(path[...]) { $0[name] = nil }
    }

    fileprivate mutating func paste(_ value: JSON, _ name: String, under path: [String]) {
        change(path[...]) { $0[name] = value }
    }

    private mutating func change(
        _ path: ArraySlice<String>,
        _ body: (inout JSONObject) -> Void
    ) {
        var value = JSON.object(self)
        value.change(at: path, body)
        self = value.objectValue ?? self
    }
}
