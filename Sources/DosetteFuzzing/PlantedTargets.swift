import DosetteCore

/// Targets that are wrong on purpose: who runs them sees whether fuzzing can fail.
enum PlantedTargets {
    static let all = [trap, hang, memory, property]

    private static let seeds: [[UInt8]] = [Array(#"{"name":"a","items":[1,2],"note":"b"}"#.utf8)]

    /// Traps on a number that does not fit.
    private static let trap = FuzzTarget(name: "planted-trap", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes) else { return ["not JSON"] }
        for item in json["items"]?.arrayValue ?? [] {
            guard let number = item.integerValue else { continue }
            precondition(number < 1_000_000, "planted: a number that is too big")
        }
        return [json.kindName]
    }

    /// Never ends on an empty name.
    private static let hang = FuzzTarget(name: "planted-hang", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes) else { return ["not JSON"] }
        var rounds: UInt64 = 0
        while json["name"]?.stringValue?.isEmpty == true { rounds &+= 1 }
        return [json.kindName, "\(rounds)"]
    }

    /// Takes memory without end for a list of lists.
    private static let memory = FuzzTarget(name: "planted-memory", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes) else { return ["not JSON"] }
        var hoard: [[UInt8]] = []
        while json["items"]?.arrayValue?.first?.arrayValue != nil {
            hoard.append(Array(repeating: UInt8(truncatingIfNeeded: hoard.count), count: 1 << 20))
        }
        return [json.kindName]
    }

    /// Loses a member that is null.
    private static let property = FuzzTarget(name: "planted-property", shape: .json) {
        seeds
    } check: { bytes in
        guard let json = try? JSONReader.read(bytes), let object = json.objectValue else {
            return ["not an object"]
        }
        let kept = object.members.filter { !$0.value.isNull }
        try hold("planted: no member is lost", kept.count == object.members.count)
        return ["\(kept.count)"]
    }
}
