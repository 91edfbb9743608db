import DosetteCore
import DosetteEngine
import Testing

@testable import DosetteProvet

@Suite("Lists of Provet")
struct ProvetClientTests {
    /// What a list with these pages comes to, and how it was asked for.
    private func list(
        _ pages: [Scripted.Reply],
        _ assumptions: ProvetAssumptions = ProvetAssumptions()
    ) async throws -> (rows: ProvetClient.Rows, targets: [String]) {
        var result: (ProvetClient.Rows, [String])?
        try await Scripted.run { seen in
            if seen.isSignIn { return nil }
            let page = seen.query.split(separator: "&").first { $0.hasPrefix("page=") }
            let number = page.flatMap { Int($0.dropFirst(5)) } ?? 0
            return pages.indices.contains(number - 1) ? pages[number - 1] : .answer(404)
        } _: { far in
            let rows = await far.client(assumptions).list("a/b", [("client__is", "7 & [ü]")])
            result = (rows, far.calls.map(\.target))
        }
        return try #require(result)
    }

    private static func page(_ ids: [Int], next: JSON) -> Scripted.Reply {
        .json(200, ["next": next, "results": .array(ids.map { ["id": JSON($0)] })])
    }

    @Test(.timeLimit(.minutes(1)))
    func `all pages are read, and only at the configured place`() async throws {
        let pages = [
            Self.page([1, 2], next: "https://evil.test/steal?page=2"), Self.page([3], next: "x"),
            Self.page([], next: .null),
        ]
        let (rows, targets) = try await list(pages)
        guard case .rows(let rows) = rows else {
            Issue.record("no rows")
            return
        }
        #expect(rows.map { $0["id"] } == [1, 2, 3])
        let filter = "client__is=7%20%26%20%5B%C3%BC%5D&page_size=100"
        let expected = (1...3).map { "/4/api/0.1/a/b/?\(filter)&page=\($0)" }
        #expect(targets == expected)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a list without an end is given up`() async throws {
        var assumptions = ProvetAssumptions()
        assumptions.listPagesMaximum = 3
        let endless = Array(repeating: Self.page([1], next: "more"), count: 9)
        let (rows, targets) = try await list(endless, assumptions)
        guard case .tooMany = rows else {
            Issue.record("an endless list came to an end")
            return
        }
        #expect(targets.count == 3)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            .json(200, [:]), .json(200, []), .json(200, ["results": .null]), .answer(204),
            .json(200, ["results": [:]]), .answer(500), .answer(403),
            .answer(200, body: Array("{".utf8)),
        ] as [Scripted.Reply]
    )
    func `a page that cannot be read is no empty list`(second: Scripted.Reply) async throws {
        for pages in [[second], [Self.page([1], next: "more"), second]] {
            guard case .failed = try await list(pages).rows else {
                Issue.record("half a list was taken for the whole")
                continue
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a list that shrinks while it is read is asked again, not parked`() async throws {
        let (rows, _) = try await list([Self.page([1], next: "more")])
        let finding = rows.finding { _ in .absent }
        #expect(finding.word == "unreachable")
    }

    // MARK: - Budgets

    @Test func `a page costs what Provet counts`() {
        let costs = [(1, 1), (50, 1), (51, 2), (100, 2), (1000, 20)]
        for (size, cost) in costs {
            var assumptions = ProvetAssumptions()
            assumptions.listPageSize = size
            #expect(ProvetClient.pageCost(assumptions) == cost)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an action announces its calls`() async throws {
        try await World.run { world in
            await world.signIn()
            var journey = try Journey(world)
            for specification in world.actions.specifications {
                #expect(specification.isAtClinic)
                #expect(!specification.calls.isEmpty, "\(specification.name)")
            }
            let request = try journey.begin("provet.create_prescription")
            let before = world.callCount
            #expect(await world.actions.perform(request).word == "confirmed")
            #expect(world.callCount == before + 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a look announces every page that it turns when it finds nothing`() async throws {
        try await Scripted.run {
            $0.isSignIn ? nil : .list([])
        } _: { far in
            let actions = far.actions()
            let name = "provet.create_prescription"
            var journey = try far.journey(actions)
            #expect(await actions.probe(try journey.begin(name)) == .absent)
            let specification = try #require(actions.specifications.first { $0.name == name })
            let announced = specification.probeCalls.reduce(0) { $0 + $1.count }
            let cost = far.calls.count * ProvetClient.pageCost(ProvetAssumptions())
            #expect(announced == cost)
        }
    }

    // MARK: - Who is asked

    @Test(.timeLimit(.minutes(1)))
    func `an order of a clinic that is gone is not sent anywhere`() async throws {
        try await World.run { world in
            var journey = try Journey(world)
            let request = try journey.begin("provet.create_prescription")
            let nobody = ProvetActions([], assumptions: ProvetAssumptions())
            #expect(await nobody.perform(request).word == "refused")
            #expect(await nobody.probe(request).word == "unclear")
            #expect(nobody.digest(of: request).isEmpty)
            guard case .unreachable = await nobody.look(at: journey.order) else {
                Issue.record("a clinic that is gone has a status")
                return
            }
            #expect(world.callCount == 0)
        }
    }
}
