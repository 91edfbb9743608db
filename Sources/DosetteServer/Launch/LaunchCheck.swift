import Crypto
import DosetteCore
import DosetteDefinitions

/// Decides whether a launch comes from a clinic's Provet: a pure function of what was sent.
struct LaunchCheck: Sendable {
    let buttons: ButtonsConfiguration
    let salt: String

    /// Whether the launch bears the hash that only who knows the salt can make.
    ///
    /// The time tells nothing about how much of a hash is right.
    func isGenuine(_ form: FormPairs) -> Bool {
        guard let hash = form.only(buttons.hashParameter),
            let id = form.only(buttons.idParameter)
        else { return false }
        let presented = Array(hash.value.lowercased().utf8)
        return texts(form, id).reduce(false) { isGenuine, text in
            let isEqual = ConstantTime.areEqual(presented, Array(digest(of: text).utf8))
            return isEqual || isGenuine
        }
    }

    /// What the hash may have been made over.
    private func texts(_ form: FormPairs, _ id: FormPairs.Pair) -> [String] {
        switch buttons.scope {
        case .id:
            // Whether it is hashed before it is percent-encoded or after is not told anywhere.
            return [id.value, id.sentValue]
        case .payload:
            let others = form.pairs.filter { $0.name != buttons.hashParameter }
            return [others.map(\.sent).joined(separator: "&")]
        }
    }

    private func digest(of text: String) -> String {
        let bytes =
            switch buttons.saltPlace {
            case .first: Array((salt + text).utf8)
            case .last: Array((text + salt).utf8)
            }
        return switch buttons.algorithm {
        case .sha256: Self.hex(SHA256.hash(data: bytes))
        case .sha512: Self.hex(SHA512.hash(data: bytes))
        case .sha1: Self.hex(Insecure.SHA1.hash(data: bytes))
        case .md5: Self.hex(Insecure.MD5.hash(data: bytes))
        }
    }

    private static func hex(_ digest: some Digest) -> String {
        digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        .joined()
    }

    /// The number behind the prefix in the id's value.
    func objectID(_ form: FormPairs) -> Int? {
        guard let value = form.only(buttons.idParameter)?.value,
            value.hasPrefix(buttons.idPrefix)
        else { return nil }
        return Self.id(String(value.dropFirst(buttons.idPrefix.count)))
    }

    /// An id as Provet writes it: digits.
    static func id(_ text: String?) -> Int? {
        guard let text, !text.isEmpty, text.utf8.count <= 16,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let id = Int(text),
            (1...OrderDocument.idMaximum).contains(id)
        else { return nil }
        return id
    }

    /// What makes a launch the same as another: all that has a meaning in it.
    ///
    /// Pairs that nobody reads are left out, and where the hash is over the id also those that it does not prove:
    /// adding or changing one makes no new launch.
    func sameness(_ form: FormPairs, clinic: String, place: LaunchPlace) -> String {
        let proven = [buttons.idParameter, buttons.hashParameter]
        let names =
            switch buttons.scope {
            case .id: proven
            case .payload: proven + [buttons.userParameter, buttons.departmentParameter]
            }
        // A hash is the same in capitals.
        let values = names.flatMap { name in
            form.all(name).map { $0.lowercased() }.map { "\($0.utf8.count):\($0)" }
        }
        let text = ([clinic, place.rawValue] + values).joined(separator: "/")
        return Self.hex(SHA256.hash(data: Array(text.utf8)))
    }
}
