package import DosetteCore

extension EventCodec {
    /// An entry as it may leave the pharmacy: the bytes that are hashed.
    ///
    /// Orders of before there were keys have personal members in plain text: each has its placeholder then.
    ///
    /// - Throws: ``UnreadableEntry`` when it is no entry.
    package static func closed(_ entry: [UInt8]) throws(UnreadableEntry) -> [UInt8] {
        let json = try json(entry)
        guard var object = json.objectValue, let kind = object["kind"]?.stringValue else {
            throw UnreadableEntry(problem: "the entry is no object with a kind")
        }
        guard object["order"] != nil, object["sealed"] == nil else { return entry }
        let cut = PersonalFields.cut(Set(PersonalClass.allCases), out: &object, kind: kind)
        return cut.isEmpty ? entry : JSON.object(object).canonicalBytes
    }

    /// An entry's members for readers who are told nothing personal: what would be a placeholder is left out, so that nobody
    /// takes a 0 for a number.
    package static func withoutPersonal(_ entry: JSONObject) -> JSONObject {
        guard entry["order"] != nil, let kind = entry["kind"]?.stringValue else { return entry }
        var entry = entry
        PersonalFields.omit(from: &entry, kind: kind)
        return entry
    }
}
