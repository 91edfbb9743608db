import Testing

@testable import DosetteSimulator

@Suite("Replay")
struct ReplayTests {
    /// What one run of the same requests with `seed` gives.
    private struct Run: Equatable {
        var replies: [SimulatedAnswer?] = []
        var delays: [Int64] = []
        var ledger: [LedgerEntry] = []

        init(seed: UInt64) throws {
            var configuration = SimulatorConfiguration(seed: seed)
            configuration.limitsPerMinute = 10_000
            var clinic = try Clinic(configuration, faults: .storm)
            for number in 0..<300 {
                clinic.now += 50
                let reply = Self.step(number, clinic)
                if reply.status == 401 { clinic.renewToken() }
                replies.append(reply.answer)
                delays.append(reply.delayMilliseconds)
            }
            clinic.now += 60_000
            ledger = clinic.ledger
        }

        private static func step(_ number: Int, _ clinic: Clinic) -> Clinic.Reply {
            let prescription = 1001 + number / 6
            switch number % 6 {
            case 0: return clinic.send("POST", "eprescription/prescription/", Clinic.prescription)
            case 1: return clinic.patch(prescription, ["status": 3])
            case 2: return clinic.patch(prescription, ["status": 4])
            case 3: return clinic.send("POST", "countersale/", Clinic.sale)
            case 4: return clinic.send("GET", "countersale/?client__is=7")
            default: return clinic.signIn()
            }
        }
    }

    @Test func `the same seed gives the same replies and the same ledger`() throws {
        let run = try Run(seed: 11)
        #expect(try Run(seed: 11) == run)
        #expect(run.ledger.count > 30)
    }

    @Test func `another seed gives another run`() throws {
        #expect(try Run(seed: 11) != Run(seed: 12))
    }

    @Test func `installations of one seed differ`() {
        var four = SimulatedRandom(seed: 1, installation: "4")
        var five = SimulatedRandom(seed: 1, installation: "5")
        #expect(four.next() != five.next())
    }

    @Test func `the numbers are those of SplitMix64`() {
        var random = SimulatedRandom(seed: 1_234_567)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ]
        )
    }

    @Test func `a drawn UUID is of version 4`() {
        var random = SimulatedRandom(seed: 3)
        let uuid = Array(random.uuid())
        #expect(uuid.count == 36)
        #expect(uuid[14] == "4")
        #expect("89ab".contains(uuid[19]))
    }
}
