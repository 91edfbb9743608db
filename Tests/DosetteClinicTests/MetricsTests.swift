import DosetteCore
import DosetteTesting
import Foundation
import Testing

@Suite("The page for Prometheus of a server at work")
struct MetricsTests {
    static func page(_ stack: LiveStack) async throws -> PrometheusPage {
        let answer = try await stack.get("/metrics")
        try #require(answer.status == 200)
        return try PrometheusPage(answer.text)
    }

    @Test(.timeLimit(.minutes(1)))
    func `it is well formed and shows what was done`() async throws {
        try await LiveStack.run { stack in
            let (key, _) = try await stack.submit("HD-1")
            try await stack.wait(for: key, "it is sent") { $0.prescription == .sent }
            try await stack.say("accept", to: key)
            try await stack.wait(for: key, "it is charged") { $0.fee == .charged }
            let page = try await Self.page(stack)
            let accepted = ["clinic": LiveStack.clinic, "state": "accepted"]
            #expect(page.value("dosette_orders_by_state", accepted) == 1)
            #expect(page.value("dosette_orders_parked_by_kind", ["kind": "in_doubt"]) == 0)
            let created = ["action": "provet.create_prescription", "outcome": "confirmed"]
            #expect(page.value("dosette_attempts_total", created) == 1)
            #expect(page.value("dosette_effect_seconds_count", created) == 1)
            #expect(try #require(page.value("dosette_commit_seconds_count")) > 3)
            #expect(page.value("dosette_key_writes_total") == 1)
            #expect(page.value("dosette_oldest_queued_seconds") == 0)
            #expect(page.value("dosette_breaker_state", ["clinic": LiveStack.clinic]) == 0)
            let create = ["clinic": LiveStack.clinic, "endpoint": "prescription_create"]
            #expect(page.value("dosette_budget_calls_limit", create) == 10_000)
            #expect(page.value("dosette_budget_calls_left", create) == 9_999)
            #expect(page.value("dosette_http_request_seconds_count", ["route": "orders"]) == 1)
            #expect(try #require(page.value("dosette_free_bytes")) > 0)
            #expect(abs(try #require(page.value("dosette_clock_step_seconds"))) < 2)
            #expect(page.value("dosette_build_info") == 1)
            #expect(page.value("dosette_reconcile_age_seconds") != nil)
            #expect(page.value("dosette_metric_series_refused_total") == 0)
            #expect(try #require(page.value("process_resident_memory_bytes")) > 0)
        }
    }
}
