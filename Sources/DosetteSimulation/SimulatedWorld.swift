package import DosetteCore
import DosetteDefinitions
import DosetteDeterminism
import DosetteEngine
import DosetteSimulator
import DosetteStore
import Synchronization

/// Everything that one seed's pharmacy shares: two clocks, a store, a Provet, machines, and chance.
///
/// Nothing in it moves by itself; ``Simulation`` lets time pass.
final class SimulatedWorld: Sendable {
    /// What somebody was told, and may rely on.
    enum Acknowledgement: Sendable {
        case submitted(OrderKey, SimulationPlan.Order.Content)
        /// Something that was asked under this key was recorded.
        case asked(OrderKey, key: String)
        case canceled(OrderKey)
        case dispensed(OrderKey, id: String)
        case reversed(OrderKey, id: String)
        /// No dispense remains, it was said.
        case noneRemaining(OrderKey, item: Int)
    }

    /// One attempt at an effect, and the machine that makes it.
    struct Origin: Hashable, Sendable {
        let machine: Int
        let order: OrderKey
        let effect: Int
        let attempt: Int

        @TaskLocal static var current: Origin?

        var text: String { "\(machine)|\(order)|\(effect)|\(attempt)" }

        init(machine: Int, order: OrderKey, effect: Int, attempt: Int) {
            self.machine = machine
            self.order = order
            self.effect = effect
            self.attempt = attempt
        }

        init?(text: String) {
            let words = text.split(separator: "|").map(String.init)
            guard words.count == 4, let machine = Int(words[0]), let effect = Int(words[2]),
                let attempt = Int(words[3]), let order = OrderKey(text: words[1])
            else { return nil }
            self.init(machine: machine, order: order, effect: effect, attempt: attempt)
        }
    }

    private struct State {
        var machines: [Machine] = []
        var epoch = 0
        var isCalm = false
        var diskFullUntil = SimulationPlan.start
        var outageUntil = SimulationPlan.start
        var offset = TimeSpan.zero
        var violation: SimulationViolation?
        var acknowledgements: [Acknowledgement] = []
        var rows: [StreamID: OrderRow] = [:]
        var orders: [Order] = []
        var attempts: Set<Origin> = []
        var throttles = 0
    }

    let plan: SimulationPlan
    /// The true time: of networks, disks, people and Provet.
    let clock = VirtualClock(SimulationPlan.start)
    /// What the pharmacy's machines take for the time.
    let machineClock = VirtualClock(SimulationPlan.start)
    let store = InMemoryStore()
    /// The clients' keys, which outlive every machine.
    let vault = InMemoryVault()
    let provet: SimulatedProvet
    let trace: Trace
    private let state = Mutex(State())
    /// Under a lock of their own: whoever draws may ask the world for something.
    private let dice: Mutex<Dice>

    init(_ plan: SimulationPlan, trace: Trace) {
        self.plan = plan
        self.trace = trace
        dice = Mutex(Dice(seed: plan.seed ^ 0xD05E_77E0))
        var configuration = SimulatorConfiguration(seed: plan.seed, faults: plan.faults)
        configuration.limitsPerMinute = plan.clinics.first?.callsPerMinute
        provet = SimulatedProvet(configuration)
    }

    func draw<Value>(_ body: (inout Dice) -> Value) -> Value {
        dice.withLock { body(&$0) }
    }

    func note(
        _ who: @autoclosure () -> String,
        _ order: OrderKey?,
        _ what: @autoclosure () -> String
    ) {
        trace.note(clock.now(), who(), order, what())
    }

    // MARK: - Time

    var offset: TimeSpan { state.withLock { $0.offset } }

    /// The next true time at which somebody wakes.
    var nextWaking: Timestamp? {
        let machines = machineClock.nextWaking.map {
            $0.advanced(by: .milliseconds(-offset.milliseconds))
        }
        return [clock.nextWaking, machines].compactMap { $0 }.min()
    }

    func set(to time: Timestamp) {
        clock.set(to: time)
        machineClock.set(to: time.advanced(by: offset))
    }

    /// Sets the machines' clock; the true time stays.
    func jump(to offset: TimeSpan) {
        state.withLock { $0.offset = offset }
        machineClock.set(to: clock.now().advanced(by: offset))
    }

    // MARK: - Trouble

    var isCalm: Bool { state.withLock { $0.isCalm } }
    var isStoreOut: Bool { state.withLock { !$0.isCalm && $0.outageUntil > clock.now() } }
    var isDiskFull: Bool { state.withLock { !$0.isCalm && $0.diskFullUntil > clock.now() } }

    func calmDown() {
        state.withLock { $0.isCalm = true }
        provet.setFaults(.none)
        note("world", nil, "the trouble is over")
    }

    func fillDisk(until time: Timestamp) { state.withLock { $0.diskFullUntil = time } }
    func stopStore(until time: Timestamp) { state.withLock { $0.outageUntil = time } }

    // MARK: - Machines

    var epoch: Int { state.withLock { $0.epoch } }

    func began(epoch: Int) {
        state.withLock { $0.epoch = max($0.epoch, epoch) }
    }

    func add(_ machine: Machine) { state.withLock { $0.machines.append(machine) } }

    var machines: [Machine] { state.withLock { $0.machines } }

    var machineCount: Int { state.withLock { $0.machines.count } }

    /// A machine that answers, mostly the newest one.
    func serving(_ dice: inout Dice) -> Machine? {
        let serving = machines.filter(\.isServing)
        guard serving.count > 1, dice.happens(1, in: 4) else { return serving.last }
        return serving.first
    }

    /// Lets a machine die, in the middle of whatever it does.
    func crash(_ number: Int, _ why: String) {
        guard let machine = machines.first(where: { $0.number == number }), machine.isAlive
        else { return }
        note("engine \(number)", nil, why)
        machine.kill()
    }

    // MARK: - What the checks need to know

    func acknowledge(_ acknowledgement: Acknowledgement, by machine: Machine) {
        // Whoever is dead says nothing.
        guard machine.isAlive else { return }
        state.withLock { $0.acknowledgements.append(acknowledgement) }
    }

    func takeAcknowledgements() -> [Acknowledgement] {
        state.withLock { state in
            defer { state.acknowledgements = [] }
            return state.acknowledgements
        }
    }

    func row(_ stream: StreamID) -> OrderRow? { state.withLock { $0.rows[stream] } }
    func keep(_ row: OrderRow, _ stream: StreamID) { state.withLock { $0.rows[stream] = row } }

    /// All orders as the journal has them, for people to choose from.
    var orders: [Order] { state.withLock { $0.orders } }
    func keep(_ orders: [Order]) { state.withLock { $0.orders = orders } }

    func violate(_ rule: String, _ order: OrderKey?, _ detail: String) {
        let violation = SimulationViolation(
            rule: rule,
            order: order,
            detail: detail,
            at: clock.now()
        )
        let isFirst = state.withLock { state in
            defer { state.violation = state.violation ?? violation }
            return state.violation == nil
        }
        if isFirst { note("CHECK", order, "\(rule): \(detail)") }
    }

    var violation: SimulationViolation? { state.withLock { $0.violation } }

    /// Takes note of an attempt; answers whether it is the first time that it is made.
    func begin(_ origin: Origin) -> Bool {
        state.withLock { $0.attempts.insert(origin).inserted }
    }

    func countThrottle() { state.withLock { $0.throttles += 1 } }
    var throttleCount: Int { state.withLock { $0.throttles } }
}

/// A promise that was not kept.
package struct SimulationViolation: Hashable, Sendable {
    /// A short name that stays the same while a failing seed is made smaller.
    package let rule: String
    package let order: OrderKey?
    package let detail: String
    package let at: Timestamp
}
