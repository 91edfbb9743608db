/// Pieces that many pages of the console are made of.
enum Pieces {
    /// The head of a table: titles of words, then titles of numbers.
    static func head(_ titles: [String], numbers: [String] = []) -> HTML {
        HTML(.thead) {
            HTML(.tr) {
                titles.map { title in HTML(.th, .scope("col")) { title } }
                numbers.map { title in HTML(.th, .scope("col"), .class("number")) { title } }
            }
        }
    }

    static func list(_ items: [String]) -> HTML {
        HTML(.ul) { items.map { item in HTML(.li) { item } } }
    }

    static func numbers(_ numbers: [Int]) -> [HTML] {
        numbers.map { number in HTML(.td, .class("number")) { NumberWords.text(number) } }
    }

    static func fact(_ name: String, @HTMLBuilder _ value: () -> HTML) -> HTML {
        HTML(.div) {
            HTML(.dt) { name }
            HTML(.dd) { value() }
        }
    }

    /// A part of a page that a person finds by its heading, and that takes up changes by itself.
    static func section(
        _ title: String,
        _ name: String,
        @HTMLBuilder _ content: () -> HTML
    ) -> HTML {
        HTML(.section, .labelledBy("\(name)-title")) {
            HTML(.h2, .id("\(name)-title")) { title }
            HTML(.div, .hook(name)) { content() }
        }
    }
}
