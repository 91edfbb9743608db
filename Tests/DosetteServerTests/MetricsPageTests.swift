import DosetteCore
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@testable import DosetteServer

@Suite("What the page for Prometheus makes of the facts")
struct MetricsPageTests {
    private static let measure = StoreMeasure(
        eventCount: 812,
        orderCount: 3,
        queuedCount: 1,
        openCount: 2,
        parkedCount: 1,
        logBytes: 4_096,
        freeBytes: nil
    )

    private func page(_ change: (inout MetricsPage) -> Void) throws -> PrometheusPage {
        var page = MetricsPage(
            counters: EngineCounters(),
            measure: Self.measure,
            isReady: true,
            runningCount: 0,
            setAsideCount: 0,
            breakers: [],
            checkpoints: nil,
            requests: [:]
        )
        change(&page)
        return try PrometheusPage(page.text)
    }

    private func orders(
        _ clinic: String,
        _ state: String,
        _ count: Int,
        parked: String? = nil,
        isOpen: Bool = true
    ) -> OrderTally {
        OrderTally(
            clinic: clinic,
            workflowDigest: "d",
            prescriptionState: state,
            parkedKind: parked,
            isOpen: isOpen,
            count: count
        )
    }

    @Test func `orders are summed by clinic and state, whatever else tells them apart`() throws {
        let page = try page { page in
            page.orders = [
                orders("a", "accepted", 3), orders("a", "accepted", 4, isOpen: false),
                orders("a", "accepted", 5, parked: "in_doubt"), orders("b", "sent", 1),
                orders("b", "sent", 2, parked: "in_doubt"),
            ]
        }
        #expect(page.value("dosette_orders_by_state", ["clinic": "a"]) == 12)
        #expect(page.value("dosette_orders_by_state", ["clinic": "b", "state": "sent"]) == 3)
        #expect(page.value("dosette_orders_parked_by_kind", ["kind": "in_doubt"]) == 7)
        #expect(page.value("dosette_orders_parked_by_kind", ["kind": "poison"]) == 0)
    }

    @Test func `of very many clinics the last are summed up`() throws {
        let most = MetricsPage.clinicsMaximum
        let page = try page { page in
            page.orders = (0..<(most + 3)).map { orders("c\(10_000 + $0)", "sent", 2) }
        }
        let samples = try #require(page.families["dosette_orders_by_state"]?.samples)
        #expect(samples.count == most + 1)
        #expect(page.value("dosette_orders_by_state", ["clinic": "(others)"]) == 6)
    }

    @Test func `the queue's age is told in seconds, and never below none`() throws {
        let received = Timestamp(milliseconds: 1_000_000)
        for (now, age) in [(1_090_500, 90.5), (999_000, 0)] as [(Int64, Double)] {
            let page = try page { page in
                page.oldestQueuedAt = received
                page.now = Timestamp(milliseconds: now)
            }
            #expect(page.value("dosette_oldest_queued_seconds") == age)
        }
    }

    @Test func `each endpoint of ours says how far it is`() throws {
        let page = try page { page in
            page.webhooks = [
                WebhookMeasure(endpoint: "erp", lagCount: 7, deadCount: 2, isFailing: true),
                WebhookMeasure(endpoint: "shop", lagCount: 0, deadCount: 0, isFailing: false),
            ]
        }
        #expect(page.value("dosette_webhook_lag_events", ["endpoint": "erp"]) == 7)
        #expect(page.value("dosette_webhook_dead_letters", ["endpoint": "erp"]) == 2)
        #expect(page.value("dosette_webhook_failing", ["endpoint": "erp"]) == 1)
        #expect(page.value("dosette_webhook_failing", ["endpoint": "shop"]) == 0)
    }

    @Test func `without a store the page says so and nothing of orders`() throws {
        let whole = try page { _ in }
        #expect(whole.value("dosette_orders") == 3)
        let page = MetricsPage(
            counters: EngineCounters(),
            measure: nil,
            isReady: false,
            runningCount: 0,
            setAsideCount: 0,
            breakers: [],
            checkpoints: nil,
            requests: [:]
        )
        let text = try PrometheusPage(page.text)
        #expect(text.value("dosette_store_up") == 0)
        #expect(text.families["dosette_orders"] == nil)
    }
}
