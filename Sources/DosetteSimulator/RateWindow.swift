/// What one API user spent on one endpoint within the last minute.
struct RateWindow: Hashable, Sendable {
    static let widthMilliseconds: Int64 = 60_000

    private struct Call: Hashable {
        let at: Int64
        let cost: Int
    }

    private var calls: [Call] = []
    /// Where the calls begin that still count; the ones before it are dropped now and then.
    private var start = 0
    private var spent = 0

    /// Spends `cost`, if the window allows it.
    ///
    /// - Parameters:
    ///   - cost: What the call costs: 1, or more for a long page.
    ///   - limit: What may be spent within one window.
    ///   - now: The time, in milliseconds; never less than in the call before.
    /// - Returns: `nil` when it was spent; otherwise how many seconds to wait, at least 1, and
    ///   nothing was spent.
    mutating func spend(_ cost: Int, limit: Int, now: Int64) -> Int64? {
        forget(until: now - Self.widthMilliseconds)
        guard spent + cost > limit else {
            calls.append(Call(at: now, cost: cost))
            spent += cost
            return nil
        }
        return secondsUntilFree(spent + cost - limit, now: now)
    }

    private mutating func forget(until time: Int64) {
        while start < calls.count, calls[start].at <= time {
            spent -= calls[start].cost
            start += 1
        }
        guard start > calls.count / 2 else { return }
        calls.removeFirst(start)
        start = 0
    }

    private func secondsUntilFree(_ excess: Int, now: Int64) -> Int64 {
        var freed = 0
        for call in calls[start...] {
            freed += call.cost
            guard freed < excess else {
                let wait = call.at + Self.widthMilliseconds - now
                return max(1, (wait + 999) / 1000)
            }
        }
        // One call alone costs more than the limit: it will never be allowed.
        return Self.widthMilliseconds / 1000
    }
}
