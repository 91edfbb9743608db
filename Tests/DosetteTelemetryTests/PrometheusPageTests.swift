import DosetteTesting
import Testing

@Suite("Reading a page for Prometheus")
struct PrometheusPageTests {
    private static let head = "# HELP a_total Things.\n# TYPE a_total counter\n"
    private static let histogram = """
        # HELP h Times.
        # TYPE h histogram
        h_bucket{le="1"} 2
        h_bucket{le="+Inf"} 3
        h_sum 4.5
        h_count 3

        """

    @Test func `a page is read with its labels and escapes`() throws {
        let page = try PrometheusPage(
            Self.head + "a_total{x=\"1\",y=\"a\\\\b\\\"c\\nd\"} 12\na_total{x=\"2\"} 1.5e-05\n"
                + Self.histogram
        )
        #expect(page.value("a_total", ["y": "a\\b\"c\nd"]) == 12)
        #expect(page.value("a_total", ["x": "2"]) == 0.000_015)
        #expect(page.value("h_bucket", ["le": "+Inf"]) == 3)
        #expect(page.names == ["a_total", "h_bucket", "h_sum", "h_count"])
    }

    /// Each of these is wrong in one way, so that the reader is seen to notice it.
    static let wrong: [(page: String, text: String)] = [
        ("", "no end"), (head + "a_total 1", "no end"),
        ("a_total 1\n", "before HELP"),
        ("# TYPE a_total counter\na_total 1\n", "behind its HELP"),
        ("# HELP a_total\n", "a name and a text"),
        ("# HELP a_total One \\x.\n", "escape"),
        (head + head, "explained twice"),
        ("# HELP a_total x\n# HELP b_total y\n", "explained twice"),
        ("# HELP a x\n# TYPE a counter\n", "_total"),
        ("# HELP a_total x\n# TYPE a_total gauge\n", "_total"),
        ("# HELP a x\n# TYPE a summary\n", "known kind"),
        (head + "b_total 1\n", "among samples"),
        (head + "a_total 1\na_total 1\n", "twice"),
        (head + "a_total{x=\"1\",y=\"2\"} 1\na_total{y=\"2\",x=\"1\"} 1\n", "twice"),
        (head + "a_total{x=\"1\",x=\"2\"} 1\n", "given twice"),
        (head + "a_total{1x=\"1\"} 1\n", "no label's name"),
        (head + "a_total{x=\"\\t\"} 1\n", "escape"),
        (head + "a_total{x=\"1} 1\n", "no end"),
        (head + "a_total{x=\"1\" 1\n", "} is due"),
        (head + "a_total{x=1} 1\n", "is due behind x"),
        (head + "a_total{le=\"1\"} 1\n", "le belongs"),
        (head + "a_total 1 2\n", "one number"), (head + "a_total  1\n", "one number"),
        (head + "a_total one\n", "one number"), (head + "a_total\n", "one number"),
        (head + "a_total -1\n", "below 0"), (head + "a_total NaN\n", "below 0"),
        (head + "\n", "no name"), (head + "a-total 1\n", "no name"),
        (histogram.replacing("{le=\"1\"} 2", with: "{le=\"1\"} 4"), "below them"),
        (histogram.replacing("le=\"1\"", with: "le=\"NaN\""), "do not rise"),
        (histogram.replacing("h_count 3", with: "h_count 4"), "end with all"),
        (histogram.replacing("h_sum 4.5\n", with: ""), "no sum"),
        (histogram.replacing("h_count 3\n", with: ""), "no count"),
        (histogram.replacing("h_bucket{le=\"+Inf\"} 3\n", with: ""), "end with all"),
    ]

    @Test func `what is wrong with a page is noticed`() {
        for (page, text) in Self.wrong {
            do throws(PrometheusPage.Problem) {
                _ = try PrometheusPage(page)
                Issue.record("taken: \(page)")
            } catch {
                #expect(error.text.contains(text), "\(error) of \(page)")
            }
        }
    }
}
