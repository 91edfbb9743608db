import DosetteCore

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
}
