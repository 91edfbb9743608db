import DosetteCore
import DosetteEngine
import DosetteKeys
import HTTPTypes
import Hummingbird

/// What Provet says by itself: that something may have changed.
extension ClinicAPI {
    /// Takes a webhook and answers at once; what it says is looked up later, or not at all.
    func hook(_ clinic: String, _ token: String, _ call: Call) async throws(Problem) -> Response {
        // Nothing is read of a call that nobody of ours was told to make.
        let isKnown = side.directory.clinic(clinic) != nil
        let secret = side.keys.secret(for: "hook/\(clinic)")
        guard Self.areEqual(token, secret), isKnown else { throw .noSuchPath }
        let pairs = try await call.pairs(upTo: ServerLimits.hookBytesMaximum)
        let hints = hints(pairs, clinic)
        if !side.directory.isDisabled(clinic) {
            let admitted = hintRates.admit(hints.count, of: clinic, at: engine.clock.now())
            for hint in hints.prefix(admitted) { side.hint(hint) }
            engine.noteDropped(hints: hints.count - admitted)
        }
        return Response(status: .ok)
    }

    private func hints(_ object: JSONObject, _ clinic: String) -> [ClinicHint] {
        let members = object.members.prefix(ServerLimits.hookPairsMaximum)
        return members.compactMap { member in
            guard let subject = ClinicHint.Subject(rawValue: member.name),
                let id = LaunchCheck.id(
                    member.value.stringValue ?? member.value.intValue.map(String.init)
                )
            else { return nil }
            return ClinicHint(clinic: clinic, subject: subject, id: id)
        }
    }

    /// Whether a secret in a path is the right one; the time tells nothing about it.
    static func areEqual(_ presented: String, _ secret: String) -> Bool {
        ConstantTime.areEqual(AccessToken.digest(of: presented), AccessToken.digest(of: secret))
    }
}

extension Call {
    /// Reads the body, a form or a JSON object, as an object; of two pairs with one name the last stays.
    func pairs(upTo byteCountMaximum: Int) async throws(Problem) -> JSONObject {
        try requireType(
            { MediaType.isForm($0) || MediaType.isJSON($0) },
            "\(MediaType.form) or \(MediaType.json)"
        )
        let bytes = try await bytes(upTo: byteCountMaximum)
        let type = request.headers[.contentType]
        let isJSON = type.map(MediaType.isJSON) ?? (bytes.first == UInt8(ascii: "{"))
        return isJSON ? try Self.object(bytes) : try Self.form(bytes)
    }

    private static func object(_ bytes: [UInt8]) throws(Problem) -> JSONObject {
        do {
            guard let object = try JSONReader.read(bytes).objectValue else {
                throw Problem(.notJSON, rule: "not_an_object", "A JSON object is due.")
            }
            return object
        } catch let error as JSONSyntaxError {
            throw .notJSON(error)
        } catch {
            throw Problem(.notJSON, rule: "not_an_object", "A JSON object is due.")
        }
    }

    private static func form(_ bytes: [UInt8]) throws(Problem) -> JSONObject {
        guard let text = String(validating: bytes, as: UTF8.self),
            let form = FormPairs(text, countMaximum: ServerLimits.launchPairsMaximum)
        else { throw Problem(.notJSON, rule: "not_a_form", "The form cannot be read.") }
        return JSONObject(form.pairs.map { ($0.name, .string($0.value)) })
    }
}
