import DosetteCore
import DosetteStore
import Testing

// What outgoing webhooks and kept answers ask of a store.
extension StoreConformance {
    func verifyNotices() async throws {
        try await anEndpointIsKeptAsItWasLast()
        try await ofTooManyDeadLettersTheOldestGo()
        try await deadLettersAreReadInPages()
        try await anAnswerIsKeptOnce()
        try await oldAnswersGo()
    }

    private func anEndpointIsKeptAsItWasLast() async throws {
        let store = try await open().store
        #expect(try await store.webhooks().isEmpty)
        var row = WebhookRow(id: "warehouse", position: 7)
        try await store.keep(row, nil)
        row.position = 9
        row.attempt = 2
        row.retryAt = StoreSamples.start
        row.failure = String(repeating: "x", count: 10)
        row.isDisabled = true
        row.revivingTo = 5
        try await store.keep(row, nil)
        let other = WebhookRow(id: "accounts", position: 0)
        try await store.keep(other, nil)
        #expect(try await store.webhooks() == [other, row])
    }

    private func letter(_ position: Int64, _ webhook: String = "warehouse") -> DeadLetterRow {
        DeadLetterRow(
            webhook: webhook,
            position: position,
            attempts: 10,
            diedAt: StoreSamples.start,
            reason: "status 500"
        )
    }

    private func ofTooManyDeadLettersTheOldestGo() async throws {
        let store = try await open().store
        for position in Int64(1)...5 {
            let row = WebhookRow(id: "warehouse", position: position + 1)
            try await store.keep(row, .bury(letter(position), countMaximum: 3))
        }
        let other = WebhookRow(id: "accounts", position: 1)
        try await store.keep(other, .bury(letter(1, "accounts"), countMaximum: 3))
        func positions(_ webhook: String) async throws -> [Int64] {
            try await store.deadLetters(of: webhook, after: nil, limit: 10).map(\.position)
        }
        #expect(try await positions("warehouse") == [3, 4, 5])
        #expect(try await positions("accounts") == [1])
        #expect(try await store.deadLetterCount(of: "warehouse") == 3)
        try await store.keep(other, .remove(position: 1))
        #expect(try await store.deadLetterCount(of: "accounts") == 0)
        #expect(try await store.deadLetterCount(of: "warehouse") == 3)
    }

    private func deadLettersAreReadInPages() async throws {
        let store = try await open().store
        for position in Int64(0)...4 {
            let row = WebhookRow(id: "warehouse", position: position + 1)
            try await store.keep(row, .bury(letter(position), countMaximum: 10))
        }
        let first = try await store.deadLetters(of: "warehouse", after: nil, limit: 2)
        #expect(first == [letter(0), letter(1)])
        let rest = try await store.deadLetters(of: "warehouse", after: 1, limit: 10)
        #expect(rest.map(\.position) == [2, 3, 4])
    }

    private func answer(
        _ key: String,
        _ body: String = "sealed",
        after seconds: Int64 = 0
    ) -> KeptAnswer {
        KeptAnswer(
            scope: "POST /v1/clinics",
            key: key,
            digest: "digest",
            status: 200,
            sealed: body,
            keptAt: StoreSamples.start.advanced(by: .seconds(seconds))
        )
    }

    private func anAnswerIsKeptOnce() async throws {
        let store = try await open().store
        let long = StoreSamples.start.advanced(by: .days(-1))
        try await store.keep(answer("a"), forgettingBefore: long)
        do {
            try await store.keep(answer("a", "other"), forgettingBefore: long)
            Issue.record("two answers under one key")
        } catch {
            #expect(error.code == .conflict)
        }
        #expect(try await store.keptAnswer(scope: "POST /v1/clinics", key: "a") == answer("a"))
        #expect(try await store.keptAnswer(scope: "POST /v1/clinics", key: "b") == nil)
        #expect(try await store.keptAnswer(scope: "POST /v1/other", key: "a") == nil)
    }

    private func oldAnswersGo() async throws {
        let store = try await open().store
        let start = StoreSamples.start
        for (key, seconds) in [("a", Int64(0)), ("b", 10), ("c", 20)] {
            let kept = answer(key, after: seconds)
            try await store.keep(kept, forgettingBefore: start.advanced(by: .seconds(seconds - 10)))
        }
        #expect(try await store.keptAnswer(scope: "POST /v1/clinics", key: "a") == nil)
        #expect(try await store.keptAnswer(scope: "POST /v1/clinics", key: "b") != nil)
        #expect(try await store.keptAnswer(scope: "POST /v1/clinics", key: "c") != nil)
    }
}
