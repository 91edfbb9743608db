import DosetteCore

/// One part of a workflow as a drawing: its states in columns from the first to the last, and the moves between them.
///
/// The state of now is lit, those that an order has been in are tinted. A list beside the drawing says the same in
/// words, for those who do not see it.
struct StateDiagram {
    let moves: StateMoves
    /// The name of the state of now; nothing for the definition itself.
    let current: String?
    /// The names of the states that an order has been in.
    let visited: Set<String>

    /// - Parameters:
    ///   - workflow: The definition.
    ///   - part: The index of the part.
    ///   - current: The state of now.
    ///   - visited: The states of before.
    init(_ workflow: Workflow, part: Int, current: String? = nil, visited: [String] = []) {
        moves = StateMoves(workflow, part: part)
        self.current = current
        self.visited = Set(visited)
    }

    private var part: Workflow.Part { moves.part }

    /// The drawing with its words.
    var markup: HTML {
        HTML(.figure, .class("diagram")) {
            drawing
            HTML(.details, .id("moves-\(part.name)")) {
                HTML(.summary) { "\(MachineWords.title(part.name)) in words" }
                list
            }
        }
    }

    // MARK: - In words

    private var list: HTML {
        HTML(.ul) {
            part.states.indices.map { index in
                HTML(.li) {
                    HTML(.strong) { MachineWords.title(part.states[index].name) }
                    if part.states[index].name == current { " (now)" }
                    words(of: index)
                }
            }
            if part.lifecycle == .prescription {
                HTML(.li) { "What the clinic changes at Provet is followed from every state." }
            }
        }
    }

    private func words(of index: Int) -> HTML {
        let state = part.states[index]
        var words: [String] = []
        if let responsible = state.responsible {
            words.append("waits for \(MachineWords.who(responsible))")
        }
        words += moves.all.filter { $0.from == index }.map { move in
            let target = MachineWords.plain(part.states[move.to].name)
            return move.from == move.to
                ? "stays, \(MachineWords.cause(move.cause))"
                : "to \(target), \(MachineWords.cause(move.cause))"
        }
        if words.isEmpty { words = ["the end"] }
        return HTML(": " + words.joined(separator: "; ") + ".")
    }

    // MARK: - The drawing

    private var drawing: HTML {
        let layout = StateLayout(moves)
        let title = "diagram-\(part.name)-title"
        return HTML(
            .svg,
            .role("img"),
            .labelledBy(title),
            .viewBox(width: layout.width, height: layout.height),
            .at(.width, layout.width),
            .at(.height, layout.height)
        ) {
            HTML(.title, .id(title)) {
                "The states of \(MachineWords.plain(part.name))\(current.map { ", now \(MachineWords.plain($0))" } ?? "")"
            }
            moves.pairs.map { pair in arrow(layout.line(from: pair.from, to: pair.to), pair.from) }
            part.states.indices.map { index in box(index, layout.places[index]) }
        }
    }

    /// Letters of a name that fit into a box.
    private static let lettersMaximum = 17

    private func box(_ index: Int, _ place: StateLayout.Place) -> HTML {
        let name = MachineWords.plain(part.states[index].name)
        let fits = name.count <= Self.lettersMaximum
        let short = fits ? name : name.prefix(Self.lettersMaximum - 1) + "…"
        let isNow = part.states[index].name == current
        return HTML(.g, .class(kind(of: index))) {
            HTML(.title) { isNow ? "\(name) (now)" : name }
            HTML(
                .rect,
                .at(.x, place.x),
                .at(.y, place.y),
                .at(.width, StateLayout.boxWidth),
                .at(.height, StateLayout.boxHeight),
                .at(.rx, 6)
            )
            HTML(
                .text,
                .at(.x, place.x + StateLayout.boxWidth / 2),
                .at(.y, place.y + StateLayout.boxHeight / 2 + 5)
            ) { isNow ? "● \(short)" : String(short) }
        }
    }

    private func kind(of index: Int) -> String {
        let state = part.states[index]
        if state.name == current { return "node now" }
        // No event leads into the first state: whoever was elsewhere was there.
        let isLeft = index == part.start && !visited.isEmpty
        if isLeft || visited.contains(state.name) { return "node past" }
        return "node"
    }

    private func arrow(_ line: StateLayout.Line, _ from: Int) -> HTML {
        HTML(.g, .class(part.states[from].name == current ? "move open" : "move")) {
            HTML(.path, .d(line.path))
            HTML(.path, .class("head"), .d(line.head))
        }
    }
}

/// Where the states of a part stand: in columns by how far they are from the first, ends in the last one.
struct StateLayout {
    static let boxWidth = 130
    static let boxHeight = 34
    static let columnGap = 42
    static let rowGap = 18
    static let rowHeight = boxHeight + rowGap
    /// Left free around everything, for lines that go back.
    static let margin = 26

    struct Place: Hashable {
        let column: Int
        let row: Int
        /// How far the column stands below the top, so that all have one middle.
        let drop: Int
        var x: Int { StateLayout.margin + column * (StateLayout.boxWidth + StateLayout.columnGap) }
        var y: Int { StateLayout.margin + drop + row * StateLayout.rowHeight }
        var middle: Int { y + StateLayout.boxHeight / 2 }
        var center: Int { x + StateLayout.boxWidth / 2 }
        var right: Int { x + StateLayout.boxWidth }
        var bottom: Int { y + StateLayout.boxHeight }
    }

    /// A line with its head, as SVG draws them.
    struct Line: Hashable {
        let path: String
        let head: String
    }

    /// By the state's index.
    let places: [Place]

    var width: Int {
        let columns = (places.map(\.column).max() ?? 0) + 1
        return columns * (Self.boxWidth + Self.columnGap) - Self.columnGap + 2 * Self.margin
    }

    var height: Int {
        let rows = (places.map(\.row).max() ?? 0) + 1
        return rows * Self.rowHeight - Self.rowGap + 2 * Self.margin
    }

    init(_ moves: StateMoves) {
        let columns = Self.columns(moves)
        var order: [[Int]] = Array(repeating: [], count: (columns.max() ?? 0) + 1)
        for state in columns.indices { order[columns[state]].append(state) }
        var rows = Array(repeating: 0, count: columns.count)
        for column in order {
            // Near to where the lines come from, else as the definition has them.
            let sorted = column.enumerated().sorted { one, other in
                let heights = [one.element, other.element].map { state in
                    Self.height(of: state, moves, columns, rows)
                }
                return (heights[0], one.offset) < (heights[1], other.offset)
            }
            for (row, state) in sorted.map(\.element).enumerated() { rows[state] = row }
        }
        let most = order.map(\.count).max() ?? 0
        places = zip(columns, rows).map { column, row in
            let drop = (most - order[column].count) * Self.rowHeight / 2
            return Place(column: column, row: row, drop: drop)
        }
    }

    /// The mean row, in hundredths, of the states that lead to one from columns before it.
    private static func height(
        of state: Int,
        _ moves: StateMoves,
        _ columns: [Int],
        _ rows: [Int]
    ) -> Int {
        let before = moves.pairs.filter { $0.to == state && columns[$0.from] < columns[state] }
        guard !before.isEmpty else { return .max }
        return before.map { rows[$0.from] * 100 }.reduce(0, +) / before.count
    }

    private static func columns(_ moves: StateMoves) -> [Int] {
        let states = moves.part.states
        var distances = [Int?](repeating: nil, count: states.count)
        distances[moves.part.start] = 0
        var edge = [moves.part.start]
        while !edge.isEmpty {
            var next: [Int] = []
            for pair in moves.pairs where edge.contains(pair.from) && distances[pair.to] == nil {
                distances[pair.to] = (distances[pair.from] ?? 0) + 1
                next.append(pair.to)
            }
            edge = next
        }
        let isEnd = states.indices.map { state in !moves.pairs.contains { $0.from == state } }
        let middle = states.indices.filter { !isEnd[$0] }.compactMap { distances[$0] }.max() ?? 0
        return states.indices.map { state in
            if state == moves.part.start { return 0 }
            if isEnd[state] { return middle + 1 }
            // A state to which nothing of the definition leads stands with the ends.
            return distances[state] ?? middle + 1
        }
    }

    func line(from: Int, to: Int) -> Line {
        let (start, end) = (places[from], places[to])
        if start.column < end.column { return Self.ahead(start, end) }
        if start.column == end.column { return Self.beside(start, end) }
        return Self.back(start, end)
    }

    private static func ahead(_ start: Place, _ end: Place) -> Line {
        let bend = (end.x - start.right) / 2
        return Line(
            path: "M\(start.right) \(start.middle) C\(start.right + bend) \(start.middle)"
                + " \(end.x - bend) \(end.middle) \(end.x - 6) \(end.middle)",
            head: "M\(end.x) \(end.middle) l-8 -4 v8 z"
        )
    }

    private static func beside(_ start: Place, _ end: Place) -> Line {
        let out = start.right + columnGap / 2
        return Line(
            path: "M\(start.right) \(start.middle) C\(out) \(start.middle) \(out) \(end.middle)"
                + " \(end.right + 6) \(end.middle)",
            head: "M\(end.right) \(end.middle) l8 -4 v8 z"
        )
    }

    private static func back(_ start: Place, _ end: Place) -> Line {
        let low = max(start.bottom, end.bottom) + margin - 4
        return Line(
            path: "M\(start.center) \(start.bottom) C\(start.center) \(low) \(end.center) \(low)"
                + " \(end.center) \(end.bottom + 6)",
            head: "M\(end.center) \(end.bottom) l-4 8 h8 z"
        )
    }
}
