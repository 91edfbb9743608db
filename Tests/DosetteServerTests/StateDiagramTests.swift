import DosetteCore
import DosetteDefinitions
import DosetteEngine
import Testing

@testable import DosetteServer

@Suite struct StateDiagramTests {
    private static let text = """
        workflow: home
        version: 1
        parts:
          packing:
            starts: waiting
            states:
              waiting: { by: pharmacy, on: { pack: packed, cancel: ended }, after: { 24h: late } }
              late: { by: pharmacy, remind: 4h, on: { pack: packed, repack: late } }
              packed: { by: pharmacy, remind: 4h, on: { unpack: waiting, deliver: delivered } }
              delivered: { rest: true }
              ended: { rest: true }
        """

    private func workflow() throws -> Workflow {
        try WorkflowLibrary.compile(
            WorkflowSource(file: "home.yaml", text: Self.text),
            performed: nil
        )
    }

    @Test func `every state has a place of its own, the first one at the left`() throws {
        let moves = StateMoves(try workflow(), part: 0)
        let layout = StateLayout(moves)
        #expect(Set(layout.places).count == moves.part.states.count)
        #expect(layout.places[moves.part.start].column == 0)
        let ends = ["delivered", "ended"].compactMap { moves.part.index(ofState: $0) }
        let last = layout.places.map(\.column).max()
        #expect(ends.allSatisfy { layout.places[$0].column == last })
        for place in layout.places {
            #expect(place.right <= layout.width && place.bottom <= layout.height)
            #expect(place.x >= 0 && place.y >= 0)
        }
    }

    @Test func `the state of now is lit, and the words say it as well`() throws {
        let diagram = StateDiagram(
            try workflow(),
            part: 0,
            current: "packed",
            visited: ["waiting", "packed"]
        )
        let markup = diagram.markup.markup
        #expect(markup.contains("class=\"node now\"><title>packed (now)"))
        #expect(markup.contains("class=\"node past\"><title>waiting"))
        #expect(markup.contains("● packed"))
        #expect(markup.contains("<strong>Packed</strong> (now)"))
        #expect(markup.contains("role=\"img\" aria-labelledby=\"diagram-packing-title\""))
        #expect(
            markup.contains("to late, after 1 day") || markup.contains("to late, after 24 hours")
        )
        #expect(markup.contains("stays, on “repack”"))
        #expect(markup.contains("waits for the pharmacy"))
        #expect(!StateDiagram(try workflow(), part: 0).markup.markup.contains("now"))
    }

    @Test func `each move is drawn once, and one that stays is not`() throws {
        let moves = StateMoves(try workflow(), part: 0)
        let markup = StateDiagram(try workflow(), part: 0).markup.markup
        #expect(markup.split(separator: "class=\"head\"").count - 1 == moves.pairs.count)
        #expect(moves.pairs.count == 6)
        #expect(moves.all.count == 7)
    }

    @Test func `a name is escaped and cut`() throws {
        let state = Workflow.State(
            name: "<script>alert(\"a very long name\")",
            work: .nothing,
            targets: [],
            deadline: nil,
            remindEvery: nil,
            rules: [],
            abort: nil,
            responsible: nil,
            rests: true,
            isExclusive: false
        )
        let part = Workflow.Part(name: "<b>", lifecycle: nil, start: 0, entry: nil, states: [state])
        let workflow = Workflow(name: "w", version: 1, digest: "d", parts: [part], triggers: [])
        let markup = StateDiagram(workflow, part: 0, current: state.name).markup.markup
        #expect(!markup.contains("<script>") && !markup.contains("<b>"))
        #expect(markup.contains("● &lt;script&gt;alert(&quot;a…"))
    }
}
