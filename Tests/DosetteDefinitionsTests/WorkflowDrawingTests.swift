import DosetteCore
import DosetteDefinitions
import DosetteWorkflows
import Testing

@Suite struct WorkflowDrawingTests {
    @Test(arguments: WorkflowDrawing.Format.allCases, EmbeddedWorkflow.all.map(\.file))
    func `a drawing shows every part, every state and every move`(
        format: WorkflowDrawing.Format,
        file: String
    ) throws {
        let embedded = try #require(EmbeddedWorkflow.all.first { $0.file == file })
        let workflow = try EmbeddedWorkflowTests.compile(embedded)
        let drawing = WorkflowDrawing.draw(workflow, as: format)
        let lines = drawing.split(separator: "\n").map { $0.drop { $0 == " " } }
        let (declares, arrow) =
            switch format {
            case .mermaid: (" : ", " --> ")
            case .graphviz: (" [", " -> ")
            }
        var moveCount = 0
        for part in workflow.parts {
            #expect(lines.contains { $0.contains(part.name) && $0.hasSuffix("{") })
            for state in part.states {
                let name = "\(part.name)_\(state.name)"
                #expect(lines.count { $0.hasPrefix(name + declares) } == 1, "\(name)")
                for target in moves(of: state) {
                    let move = "\(name)\(arrow)\(part.name)_\(part.states[target].name)\(declares)"
                    #expect(lines.contains { $0.hasPrefix(move) }, "\(move)")
                    moveCount += 1
                }
            }
        }
        #expect(moveCount >= 25)
    }

    private func moves(of state: Workflow.State) -> [Int] {
        state.targets.compactMap { $0 } + state.rules.map(\.target)
            + [state.deadline?.target].compactMap { $0 }
    }

    static let tiny = """
        workflow: tiny
        version: 7
        parts:
          packing:
            starts: waiting
            states:
              waiting: { by: pharmacy, remind: 1h, on: { pick: picking }, after: { 48h: given_up } }
              picking:
                saga: [{ do: shelf.take, undo: shelf.put }, { do: box.close }]
                on: { done: packed, undone: waiting }
              packed: { when: [{ post: [left, lost], confirmed: true, go: undoing }] }
              undoing: { undo: picking, on: { undone: given_up } }
              given_up: { rest: true }
          post:
            starts: left
            states:
              left: { do: post.send, on: { done: lost, refused: lost } }
              lost: { rest: true }
        """

    @Test func `a tiny workflow in Mermaid`() throws {
        let workflow = try SampleDefinition.compile(Self.tiny, performed: nil)
        #expect(WorkflowDrawing.draw(workflow, as: .mermaid) == Self.mermaid)
    }

    static let mermaid = #"""
        stateDiagram-v2
            state packing {
                [*] --> packing_waiting
                packing_waiting : waiting
                packing_picking : picking<br/>shelf.take, box.close
                packing_packed : packed
                packing_undoing : undoing<br/>undo the saga
                packing_given_up : given_up
                packing_waiting --> packing_picking : pick
                packing_waiting --> packing_given_up : after 2d
                packing_picking --> packing_packed : done
                packing_picking --> packing_waiting : undone
                packing_packed --> packing_undoing : when post is left or lost, confirmed
                packing_undoing --> packing_given_up : undone
            }
            state post {
                [*] --> post_left
                post_left : left<br/>post.send
                post_lost : lost
                post_left --> post_lost : done
                post_left --> post_lost : refused
            }

        """#

    @Test func `a tiny workflow in Graphviz`() throws {
        let workflow = try SampleDefinition.compile(Self.tiny, performed: nil)
        #expect(WorkflowDrawing.draw(workflow, as: .graphviz) == Self.graphviz)
    }

    static let graphviz = #"""
        digraph tiny_v7 {
            rankdir=LR;
            subgraph cluster_packing {
                label="packing";
                packing_waiting [label="waiting", shape=box];
                packing_picking [label="picking\nshelf.take, box.close", shape=box];
                packing_packed [label="packed", shape=box];
                packing_undoing [label="undoing\nundo the saga", shape=box];
                packing_given_up [label="given_up", shape=doublecircle];
                packing_waiting -> packing_picking [label="pick"];
                packing_waiting -> packing_given_up [label="after 2d"];
                packing_picking -> packing_packed [label="done"];
                packing_picking -> packing_waiting [label="undone"];
                packing_packed -> packing_undoing [label="when post is left or lost, confirmed"];
                packing_undoing -> packing_given_up [label="undone"];
            }
            subgraph cluster_post {
                label="post";
                post_left [label="left\npost.send", shape=box];
                post_lost [label="lost", shape=doublecircle];
                post_left -> post_lost [label="done"];
                post_left -> post_lost [label="refused"];
            }
        }

        """#
}
