/// One call of the API that is being carried out.
struct Call: Sendable {
    let request: SimulatedRequest
    let operation: Operation
    /// The number in the path; 0 when there is none.
    let id: Int
    let now: Int64
    let links: Links
    /// A stale list shows nothing that was created later than this.
    var visibleUntil: Int64?

    /// Returns the body as a JSON object.
    ///
    /// - Throws: ``Refusal`` when the body is not one.
    func body() throws(Refusal) -> JSON {
        let type = request.contentType?.lowercased() ?? "application/json"
        guard type.hasPrefix("application/json") else {
            throw Refusal(
                SimulatedAnswer(
                    status: 415,
                    detail: "Unsupported media type \"\(type)\" in request."
                )
            )
        }
        return try JSONReader.body(of: request)
    }
}

extension JSONReader {
    /// Returns the JSON object in the body of `request`; an empty body is an empty object.
    ///
    /// - Throws: ``Refusal`` when the body is no JSON object.
    static func body(of request: SimulatedRequest) throws(Refusal) -> JSON {
        if request.body.isEmpty { return [:] }
        let json: JSON
        do {
            json = try read(request.body)
        } catch {
            throw .rule("JSON parse error - Expecting value (char \(error.offset))")
        }
        guard json.members != nil else {
            throw .field(
                "non_field_errors",
                "Invalid data. Expected a dictionary, but got \(json.pythonTypeName)."
            )
        }
        return json
    }
}

/// Makes the absolute URLs in answers.
struct Links: Hashable, Sendable {
    /// The installation's address, such as `http://localhost:9000/4`.
    let root: String

    init(host: String, installation: String) {
        root = "http://" + host + "/" + installation
    }

    /// The URL of the object `id` of `resource`, such as `eprescription/prescription`.
    func url(_ resource: String, _ id: Int) -> JSON {
        .string(root + "/api/0.1/" + resource + "/" + String(id) + "/")
    }

    /// The URL of an object that may be absent.
    func url(_ resource: String, _ id: Int?) -> JSON {
        id.map { url(resource, $0) } ?? .null
    }
}
