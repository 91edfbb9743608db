import DosetteCore
import Foundation
import HTTPTypes
import Testing

@testable import DosetteServer

@Suite("The description of the API", .timeLimit(.minutes(1)))
struct OpenAPITests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/openapi.yaml").standardized

    /// The paths of a route as the document writes them; none for what is made for a person's browser.
    ///
    /// A route that is added does not compile until it has its line here.
    private static func paths(of name: Route.Name) -> [String] {
        let order = "/v1/orders/{source}/{order_id}"
        let client = "/v1/clients/{clinic}/{client_id}"
        let clinic = "/v1/clinics/{clinic}"
        switch name {
        case .orders: return ["/v1/orders"]
        case .batch: return ["/v1/orders/batch"]
        case .order: return [order]
        case .events: return [order + "/events"]
        case .signals: return [order + "/signals"]
        case .dispenses: return [order + "/dispenses"]
        case .reversal: return [order + "/dispenses/{dispense_id}/reversal"]
        case .client:
            return Route.ClientPart.allCases.map {
                $0 == .view ? client : "\(client)/\($0.rawValue)"
            }
        case .live: return ["/health/live"]
        case .ready: return ["/health/ready"]
        case .metrics: return ["/metrics"]
        case .rotateKey: return ["/v1/audit/rotate-key"]
        case .backup: return ["/v1/backup"]
        case .document: return ["/v1/openapi.yaml"]
        case .feed: return ["/v1/events"]
        case .webhooks: return ["/v1/webhooks"]
        case .webhookReplay: return ["/v1/webhooks/{webhook}/replay"]
        case .hook: return ["/hooks/{clinic}/{token}"]
        case .hookUp: return ["/hookup/{token}", "/hookup/{token}/{name}"]
        case .clinics: return ["/v1/clinics"]
        case .clinic:
            let parts: [ClinicRoute.Part] = [
                .view, .disable, .enable, .check, .settings, .buttons, .webhooks,
                .prescription("{prescription}"),
            ]
            return parts.map { clinic + suffix(of: $0) }
        case .proposals:
            let parts: [ProposalRoute] = [
                .list, .one("{proposal}"), .confirm("{proposal}"), .withdraw("{proposal}"),
            ]
            return parts.map(path)
        case .plan: return [order + "/plan"]
        case .asset, .launch, .session, .sessionOrder, .sessionLive, .console, .consoleLive,
            .nowhere:
            return []
        }
    }

    private static func path(of route: ProposalRoute) -> String {
        switch route {
        case .list: "/v1/proposals"
        case .one(let id): "/v1/proposals/\(id)"
        case .confirm(let id): "/v1/proposals/\(id)/confirm"
        case .withdraw(let id): "/v1/proposals/\(id)/withdraw"
        case .plan(let path): "/v1/orders/\(path.source)/\(path.orderID)/plan"
        }
    }

    private static func suffix(of part: ClinicRoute.Part) -> String {
        switch part {
        case .view: ""
        case .disable: "/disable"
        case .enable: "/enable"
        case .check: "/check"
        case .settings: "/settings"
        case .buttons: "/buttons"
        case .webhooks: "/webhooks"
        case .prescription(let number): "/prescriptions/\(number)"
        }
    }

    /// The path of a template with something in the place of each parameter.
    private static func sample(_ template: String) -> String {
        template.replacing(/\{[a-z_]+\}/, with: "7")
    }

    /// `GET /v1/orders`: what the code serves, but for HEAD and OPTIONS, which stand in the document once in
    /// words.
    private static var served: Set<String> {
        var served: Set<String> = []
        for name in Route.Name.allCases {
            for path in paths(of: name) {
                let route = Route(sample(path))
                #expect(route.name == name, "\(path)")
                for method in route.methods where method != .head {
                    served.insert("\(method.rawValue) \(path)")
                }
            }
        }
        return served
    }

    /// What a document describes.
    private static func described(_ text: String) -> Set<String> { Set(operations(text).keys) }

    /// What a document says of each operation: its lines.
    private static func operations(_ text: String) -> [String: [String]] {
        var operations: [String: [String]] = [:]
        var operation = ""
        var isInPaths = false
        var path = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.first?.isLetter == true { isInPaths = line == "paths:" }
            guard isInPaths else { continue }
            if let match = line.wholeMatch(of: #/  (\/[^ ]*):/#) {
                path = String(match.1)
            } else if let match = line.wholeMatch(of: #/    ([a-z]+):/#) {
                operation = "\(match.1.uppercased()) \(path)"
                operations[operation] = []
            } else {
                operations[operation]?.append(line.trimmingCharacters(in: .whitespaces))
            }
        }
        return operations
    }

    /// The rights of each operation: what the server asks everybody for, and what some calls ask for besides.
    private static func describedRights(_ text: String) -> [String: String] {
        operations(text).mapValues { lines in
            lines.filter { $0.hasPrefix("x-") }.joined(separator: "; ")
        }
    }

    /// The same, as the code asks.
    private static var askedRights: [String: String] {
        let signals =
            ["accept", Signal.cancel, Signal.remark] + ParkedAction.allCases.map(\.rawValue)
        let ofSignals = list(signals.map(Right.needed(for:)))
        let ofDeeds = list([.cancel, .repair, .manageClients])
        let further = [
            "GET /v1/orders/{source}/{order_id}/events": list([.readPersonal]),
            "POST /v1/orders/{source}/{order_id}/signals": ofSignals,
            "POST /v1/orders/{source}/{order_id}/plan":
                list([.readPersonal] + signals.map(Right.needed(for:))),
            "POST /v1/proposals": ofDeeds,
            "POST /v1/proposals/{proposal}/withdraw": ofDeeds,
        ]
        var rights: [String: String] = [:]
        for operation in served {
            let words = operation.split(separator: " ").map(String.init)
            let route = Route(sample(words[1]))
            let right = HTTPRequest.Method(words[0]).flatMap { route.right(for: $0) }
            let first = route.isOpen ? nil : right.map { "x-right: \($0.rawValue)" }
            let second = further[operation].map { "x-further-rights: [\($0)]" }
            rights[operation] = [first, second].compactMap(\.self).joined(separator: "; ")
        }
        return rights
    }

    private static func list(_ rights: [Right]) -> String {
        Set(rights).sorted().map(\.rawValue).joined(separator: ", ")
    }

    @Test func `what is described is what is served`() {
        #expect(Self.described(OpenAPIText.yaml) == Self.served)
    }

    @Test func `a route that is missing in the document is found, and one too many, too`() {
        let text = OpenAPIText.yaml
        let without = text.replacing("\n  /v1/backup:\n", with: "\n  /v1/backups:\n")
        let difference = Self.described(without).symmetricDifference(Self.served)
        #expect(difference == ["GET /v1/backup", "GET /v1/backups"])
    }

    @Test func `the right that is described is the one that is asked for`() {
        let described = Self.describedRights(OpenAPIText.yaml)
        for (operation, rights) in Self.askedRights {
            #expect(described[operation] == rights, "\(operation)")
        }
        // Whoever needs no token is asked for nothing; everybody else for something.
        for (operation, lines) in Self.operations(OpenAPIText.yaml) {
            #expect(lines.contains("security: []") == (described[operation] == ""), "\(operation)")
        }
    }

    @Test func `a wrong right in the document is found`() {
        let wrong = OpenAPIText.yaml.replacing("x-right: back_up", with: "x-right: look")
        let described = Self.describedRights(wrong)
        let asked = Self.askedRights
        #expect(asked.keys.filter { described[$0] != asked[$0] } == ["GET /v1/backup"])
    }

    @Test func `whoever needs a token may call too often`() {
        for (operation, lines) in Self.operations(OpenAPIText.yaml) {
            let needsToken = !lines.contains("security: []")
            for status in ["'401'", "'403'", "'429'"] {
                let isThere = lines.contains { $0.hasPrefix(status) }
                #expect(isThere == needsToken, "\(operation) \(status)")
            }
        }
    }

    @Test func `the roles that docs/api.md lists for a right are those that have it`() throws {
        let text = try String(
            contentsOf: Self.file.deletingLastPathComponent().appending(path: "api.md"),
            encoding: .utf8
        )
        var listed: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let match = line.wholeMatch(of: #/\| `([a-z_]+)` \| [^|]* \| ([a-z, ]+) \|/#)
            else { continue }
            listed[String(match.1)] = String(match.2)
        }
        for right in Right.allCases {
            let roles = right.roles.map(\.rawValue).joined(separator: ", ")
            #expect(listed[right.rawValue] == roles)
        }
        #expect(listed.count == Right.allCases.count)
    }

    @Test func `what is served is what stands in the file`() async throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(text == OpenAPIText.yaml, "run Scripts/openapi")
        let token = AccessToken(owner: "aino", token: String(repeating: "t", count: 32))
        try await World(tokens: [token]).serve { client in
            let answer = try await client.get("/v1/openapi.yaml")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/yaml")
            #expect(answer.text == text)
        }
    }

    @Test func `every kind of problem is described`() {
        for kind in Problem.Kind.allCases {
            #expect(
                OpenAPIText.yaml.contains("urn:dosette:problem:\(kind.rawValue)\n"),
                "\(kind)"
            )
        }
    }
}
