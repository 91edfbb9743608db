import DosetteCore
import DosetteStore
import Logging
import Synchronization

/// Notices what the clinic changed at Provet by itself.
///
/// Each clinic has its own rounds. A round looks at the newest open orders, goes on with the older ones where the last
/// round stopped, and then at some that are settled; the looks are spread evenly over the interval. A difference becomes an
/// event. Reading leaves at least half of each budget to the orders.
final class Reconciler: Sendable {
    /// Open orders of one clinic in one round at the most: the newest, and as many older ones.
    static let newestMaximum = 200
    static let olderMaximum = 200
    /// Settled orders of one clinic in one round at the most.
    static let settledMaximum = 50
    /// How long after a round's end a look may still wait for its budget.
    static let graceMaximum = TimeSpan.minutes(1)

    /// Every so many rounds an order's client is looked at, and whether parked fees can go on.
    static let roundsBetween = 12

    /// Where a clinic's rounds go on.
    private struct Place {
        /// Rounds so far.
        var count = 0
        var older: StreamID?
        var settled: StreamID?
    }

    let desk: OrderDesk
    let eye: ClinicEye
    private let fees: ParkedFees?
    private let directory: ClinicDirectory
    private let interval: TimeSpan
    private let wakeUp = WakeUp()

    private struct Rounds {
        var places: [String: Place] = [:]
        /// Clinics whose round is under way.
        var busy: Set<String> = []
        /// When each clinic's last round ended.
        var endedAt: [String: Timestamp] = [:]
    }

    private let rounds = Mutex(Rounds())

    init(
        desk: OrderDesk,
        eye: ClinicEye,
        fees: ParkedFees?,
        directory: ClinicDirectory,
        interval: TimeSpan
    ) {
        self.desk = desk
        self.eye = eye
        self.fees = fees
        self.directory = directory
        self.interval = interval
    }

    /// Goes round until the engine drains or fails; one clinic that answers slowly keeps no other waiting.
    func run() async {
        await withDiscardingTaskGroup { group in
            while await pause(until: desk.clock.now().advanced(by: interval)) {
                let clinics = directory.all.filter { !$0.isDisabled }.map(\.id)
                let until = desk.clock.now().advanced(by: interval)
                for clinic in clinics {
                    guard let place = begin(clinic) else { continue }
                    group.addTask {
                        let (next, hasLooked) = await self.round(clinic, from: place, until)
                        self.rounds.withLock { rounds in
                            rounds.places[clinic] = next
                            rounds.busy.remove(clinic)
                            if hasLooked { rounds.endedAt[clinic] = self.desk.clock.now() }
                        }
                    }
                }
            }
        }
    }

    /// Where the clinic's round begins; nothing while its last one is still under way.
    private func begin(_ clinic: String) -> Place? {
        rounds.withLock { rounds in
            guard rounds.busy.insert(clinic).inserted else { return nil }
            return rounds.places[clinic] ?? Place()
        }
    }

    func stop() {
        wakeUp.wake()
    }

    /// When the clinic's last round ended; nothing before the first one has.
    func endOfLastRound(at clinic: String) -> Timestamp? {
        rounds.withLock { $0.endedAt[clinic] }
    }

    /// Looks at a clinic's orders once; answers where the next round goes on.
    ///
    /// - Returns: Also whether anything was looked at; a clinic whose orders all rest is looked at, too.
    private func round(
        _ clinic: String,
        from place: Place,
        _ until: Timestamp
    ) async -> (Place, hasLooked: Bool) {
        // What the budget does not allow in this round is not begun: half of it is for the newest.
        let share = max(1, eye.capacity(of: clinic, in: interval) / 2)
        let newestCount = min(Self.newestMaximum, share)
        let newest = await rows(.watchedOpen, clinic, after: nil, newestCount)
        var next = place
        next.count += 1
        if next.count % Self.roundsBetween == 0 { await fees?.resume(at: clinic) }
        var older: [StreamID] = []
        if newest.count == newestCount {
            let count = min(Self.olderMaximum, share)
            older = await rows(.watchedOpen, clinic, after: place.older ?? newest.last, count)
            // A sweep that has come to its end begins anew behind the newest.
            next.older = older.count == count ? older.last : nil
        }
        let selection = OrderQuery.Selection.watchedSettled(at: desk.clock.now())
        let count = min(Self.settledMaximum, share)
        let settled = await rows(selection, clinic, after: place.settled, count)
        next.settled = settled.count == count ? settled.last : nil
        let looked = await look(newest + older + settled, place.count, until)
        // What was not come to is where the next round goes on.
        if looked < newest.count + older.count {
            next.older = looked > newest.count ? older[looked - newest.count - 1] : place.older
        }
        if looked < newest.count + older.count + settled.count {
            let done = looked - newest.count - older.count
            next.settled = done > 0 ? settled[done - 1] : place.settled
        }
        let isNothingDue = newest.isEmpty && older.isEmpty && settled.isEmpty
        return (next, looked > 0 || isNothingDue)
    }

    private func rows(
        _ selection: OrderQuery.Selection,
        _ clinic: String,
        after: StreamID?,
        _ limit: Int
    ) async -> [StreamID] {
        let query = OrderQuery(
            selection: selection,
            clinic: clinic,
            after: after,
            isNewestFirst: true,
            limit: limit
        )
        return ((try? await desk.store.orders(query)) ?? []).map(\.stream)
    }

    /// Looks at the orders one after the other, spread over the time until the next round.
    ///
    /// - Returns: How many were looked at.
    private func look(_ streams: [StreamID], _ count: Int, _ until: Timestamp) async -> Int {
        let pace = interval.milliseconds / Int64(max(1, streams.count))
        let began = desk.clock.now()
        let end = until.advanced(by: Self.graceMaximum)
        for (index, stream) in streams.enumerated() {
            // Each at its own time, however long the look before it took.
            let due = began.advanced(by: .milliseconds(pace * Int64(index)))
            guard await pause(until: due), desk.clock.now() < end else { return index }
            let isDone = await eye.look(at: stream, waitingUntil: end) { await pause(until: $0) }
            guard desk.state.isRunning, isDone else { return index }
            // Each order's turn comes in another round.
            if (Int(stream.number) + count) % Self.roundsBetween == 0 {
                await eye.lookAtClient(of: stream)
            }
        }
        return streams.count
    }

    /// Waits; answers whether the engine goes on.
    private func pause(until: Timestamp) async -> Bool {
        while true {
            let count = wakeUp.callCount
            guard desk.state.isRunning, !Task.isCancelled, desk.clock.now() < until else { break }
            await wakeUp.wait(after: count, until: until, clock: desk.clock)
        }
        return desk.state.isRunning && !Task.isCancelled
    }
}
