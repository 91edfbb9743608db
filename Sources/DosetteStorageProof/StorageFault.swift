/// One way in which a disk fails, at one call.
struct StorageFault: Hashable, Sendable, CustomStringConvertible {
    /// What fails; the names and the order are the shim's.
    enum Call: String, CaseIterable, Sendable {
        case open, write, sync, truncate, unlink, rename, mkdir
    }

    /// A kind of failure that is tried at every index of its call.
    struct Family: Hashable, Sendable {
        let call: Call
        /// EIO, ENOSPC, short or short-ENOSPC.
        let action: String
        /// Calls in a row; 0 for all from then on.
        let times: Int
        /// Only files whose name ends so; nothing for all.
        var suffix: String?

        static let all = [
            Family(call: .sync, action: "EIO", times: 1),
            Family(call: .sync, action: "EIO", times: 3),
            Family(call: .sync, action: "EIO", times: 0),
            Family(call: .sync, action: "ENOSPC", times: 1),
            Family(call: .write, action: "EIO", times: 1),
            Family(call: .write, action: "EIO", times: 0),
            Family(call: .write, action: "ENOSPC", times: 1),
            Family(call: .write, action: "ENOSPC", times: 40),
            Family(call: .write, action: "ENOSPC", times: 0),
            Family(call: .write, action: "short", times: 1),
            Family(call: .write, action: "short-ENOSPC", times: 40),
            Family(call: .open, action: "EIO", times: 1),
            Family(call: .open, action: "EIO", times: 0),
            Family(call: .open, action: "ENOSPC", times: 1),
            Family(call: .truncate, action: "EIO", times: 1),
            Family(call: .unlink, action: "EIO", times: 1),
        ]

        /// The one with which a store that lies about failures is caught.
        static let forPlanted = Family(call: .write, action: "ENOSPC", times: 40, suffix: "-wal")
    }

    let family: Family
    /// The call that fails first, from 0.
    let index: Int

    /// What the shim has to be told.
    var settings: [String: String] {
        var settings = [
            "KIND": family.call.rawValue, "ACTION": family.action,
            "TIMES": "\(family.times)", "INDEX": "\(index)",
        ]
        if let suffix = family.suffix { settings["SUFFIX"] = suffix }
        return settings
    }

    var description: String {
        let often = family.times == 0 ? "for ever" : "\(family.times) times"
        return "\(family.call) \(index) \(family.action) \(often)"
    }

    /// The faults of all families.
    ///
    /// - Parameters:
    ///   - counts: How many calls of each kind a run without faults makes.
    ///   - sample: How many indexes of each family, evenly spread; nothing for all of them.
    /// - Returns: One fault for each family and index.
    static func all(_ counts: [Call: Int], sample: Int?) -> [StorageFault] {
        Family.all.flatMap { family in
            indexes(below: counts[family.call] ?? 0, sample: sample)
                .map { StorageFault(family: family, index: $0) }
        }
    }

    /// Numbers from 0 up to `count`, the first and the last among them.
    static func indexes(below count: Int, sample: Int?) -> [Int] {
        guard let sample, sample < count else { return Array(0..<count) }
        guard sample > 1 else { return count == 0 ? [] : [count / 2] }
        return (0..<sample).map { $0 * (count - 1) / (sample - 1) }
    }
}
