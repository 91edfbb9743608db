import DosetteCore
import HTTPTypes
import Testing

@testable import DosetteServer

/// Tokens of tests: one for each role.
enum RoleToken {
    static func secret(_ role: Role) -> String {
        role.rawValue + String(repeating: "-s3cret", count: 6)
    }

    static let all = Role.allCases.map { role in
        AccessToken(owner: role.rawValue, token: secret(role), roles: [role])
    }

    static func bearer(_ role: Role) -> HTTPFields {
        HTTPFields(named: ["Authorization": "Bearer \(secret(role))"])
    }
}

/// A browser that is signed in to the console.
struct Visitor: Sendable {
    let client: Client
    /// `name=value`, as a browser sends it back.
    let cookie: String
    /// What stands in every form.
    let formKey: String

    /// Signs in with what the door asks for.
    static func enter(_ client: Client, _ fields: [(String, String)]) async throws -> Visitor {
        let door = try await client.postForm("/console/sign-in", FormText.of(fields))
        let set = try #require(door.headers[.setCookie], "\(door.status) \(door.text)")
        let cookie = String(set.prefix { $0 != ";" })
        let page = try await client.get("/console", HTTPFields(named: ["Cookie": cookie]))
        let start = try #require(page.text.firstRange(of: "name=\"form_key\" value=\""))
        let key = page.text[start.upperBound...].prefix { $0 != "\"" }
        return Visitor(client: client, cookie: cookie, formKey: String(key))
    }

    static func enter(_ client: Client, as role: Role) async throws -> Visitor {
        try await enter(client, [("token", RoleToken.secret(role))])
    }

    private func fields(_ others: HTTPFields) -> HTTPFields {
        var fields = HTTPFields(named: ["Cookie": cookie])
        fields.append(contentsOf: others)
        return fields
    }

    func get(_ path: String, _ headers: HTTPFields = [:]) async throws -> Client.Answer {
        try await client.get(path, fields(headers))
    }

    /// Sends a form, with the session's key unless another one is said.
    func post(
        _ path: String,
        _ pairs: [(String, String)] = [],
        key: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Client.Answer {
        let all = pairs + [("form_key", key ?? formKey)]
        return try await client.postForm(path, FormText.of(all), fields(headers))
    }

    /// Whether the first page opens, and not the door.
    func isIn() async throws -> Bool { try await get("/console").status == 200 }
}

/// Forms as browsers send them.
enum FormText {
    static func of(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = Token.isValid(String(decoding: [byte], as: UTF8.self))
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain
                ? String(decoding: [byte], as: UTF8.self)
                : "%" + (digits.count == 1 ? "0" : "") + digits
        }
        .joined()
    }
}
