/// Numbers as bars, one beside the other, with a line over them where there is a second row of numbers.
///
/// A table beside it says the same, for those who do not see it and for paper.
struct Chart {
    /// Its name in the page; letters alone.
    let name: String
    let title: String
    /// What the columns stand for, and what they are called: `10:00`.
    let columnTitle: String
    let columns: [String]
    let bars: Row
    var line: Row?

    struct Row: Hashable, Sendable {
        let title: String
        let values: [Int]
    }

    static let width = 720
    static let height = 220
    private static let left = 48
    private static let right = 8
    private static let top = 14
    private static let bottom = 30
    /// Names under the columns at the most.
    private static let namesMaximum = 8

    var markup: HTML {
        HTML(.figure, .class("chart")) {
            HTML(.h3, .id("\(name)-title")) { title }
            if isEmpty {
                HTML(.p) { "Nothing in this time." }
            } else {
                legend
                drawing
            }
            HTML(.details, .id("\(name)-table")) {
                HTML(.summary) { "\(title) as a table" }
                table
            }
        }
    }

    private var all: [Int] { bars.values + (line?.values ?? []) }
    private var isEmpty: Bool { all.allSatisfy { $0 == 0 } }

    /// The top of the scale: 1, 2 or 5 with zeros.
    private var scale: Int {
        let most = max(1, all.max() ?? 1)
        var size = 1
        while true {
            for step in [1, 2, 5] where step * size >= most { return step * size }
            size *= 10
        }
    }

    // MARK: - The drawing

    private var drawing: HTML {
        HTML(
            .svg,
            .role("img"),
            .labelledBy("\(name)-title"),
            .describedBy("\(name)-sum"),
            .viewBox(width: Self.width, height: Self.height)
        ) {
            HTML(.desc, .id("\(name)-sum")) { summary }
            axes
            bars.values.indices.map { index in bar(index) }
            if let line { self.line(line) }
            names
        }
    }

    private var summary: String {
        let rows = [bars] + (line.map { [$0] } ?? [])
        return rows.map { "\($0.title): \($0.values.reduce(0, +)) in all" }.joined(separator: ", ")
    }

    private func height(of value: Int) -> Int {
        (Self.height - Self.top - Self.bottom) * value / scale
    }

    private func y(_ value: Int) -> Int { Self.height - Self.bottom - height(of: value) }

    private func x(_ index: Int) -> Int {
        Self.left + (Self.width - Self.left - Self.right) * index / max(1, columns.count)
    }

    private func middle(_ index: Int) -> Int { (x(index) + x(index + 1)) / 2 }

    private var axes: HTML {
        let marks = scale >= 2 ? [0, scale / 2, scale] : [0, scale]
        return HTML(.g, .hidden) {
            marks.map { mark in
                HTML(.g) {
                    HTML(
                        .line,
                        .class("axis"),
                        .at(.x1, Self.left),
                        .at(.y1, y(mark)),
                        .at(.x2, Self.width - Self.right),
                        .at(.y2, y(mark))
                    )
                    HTML(.text, .class("end"), .at(.x, Self.left - 6), .at(.y, y(mark) + 4)) {
                        "\(mark)"
                    }
                }
            }
        }
    }

    private func bar(_ index: Int) -> HTML {
        let value = bars.values[index]
        let gap = x(index + 1) - x(index) > 6 ? 2 : 0
        // What is there is seen, however little it is.
        let height = value > 0 ? max(2, height(of: value)) : 0
        return HTML(
            .rect,
            .class("first"),
            .at(.x, x(index) + gap),
            .at(.y, Self.height - Self.bottom - height),
            .at(.width, max(1, x(index + 1) - x(index) - 2 * gap)),
            .at(.height, height)
        ) { HTML(.title) { "\(columns[index]): \(bars.title) \(value)" } }
    }

    private func line(_ row: Row) -> HTML {
        HTML(.g) {
            HTML(
                .polyline,
                .class("second"),
                .points(
                    row.values.indices.map { "\(middle($0)),\(y(row.values[$0]))" }
                        .joined(separator: " ")
                )
            )
            row.values.indices.filter { row.values[$0] > 0 }.map { index in
                HTML(
                    .rect,
                    .class("mark"),
                    .at(.x, middle(index) - 3),
                    .at(.y, y(row.values[index]) - 3),
                    .at(.width, 6),
                    .at(.height, 6)
                ) { HTML(.title) { "\(columns[index]): \(row.title) \(row.values[index])" } }
            }
        }
    }

    private var names: HTML {
        let step = max(1, (columns.count + Self.namesMaximum - 1) / Self.namesMaximum)
        return HTML(.g, .hidden) {
            columns.indices.filter { $0.isMultiple(of: step) }.map { index in
                HTML(
                    .text,
                    .class("middle"),
                    .at(.x, middle(index)),
                    .at(.y, Self.height - Self.bottom + 18)
                ) { columns[index] }
            }
        }
    }

    private var legend: HTML {
        HTML(.p, .class("legend soft")) {
            HTML(.span) { "Bars: \(bars.title)" }
            if let line { HTML(.span) { "Line: \(line.title)" } }
        }
    }

    // MARK: - The table

    private var table: HTML {
        let rows = [bars] + (line.map { [$0] } ?? [])
        return HTML(.table, .class("items")) {
            HTML(.caption) { title }
            HTML(.thead) {
                HTML(.tr) {
                    HTML(.th, .scope("col")) { columnTitle }
                    rows.map { row in HTML(.th, .scope("col"), .class("number")) { row.title } }
                }
            }
            HTML(.tbody) {
                columns.indices.map { index in
                    HTML(.tr) {
                        HTML(.th, .scope("row")) { columns[index] }
                        rows.map { row in
                            HTML(.td, .class("number")) { "\(row.values[index])" }
                        }
                    }
                }
            }
        }
    }
}
