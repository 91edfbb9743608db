import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteSQLite
import DosetteSimulator
import DosetteStore
import Foundation
import Logging
import ServiceLifecycle
import Testing

@testable import DosetteCLI

@Suite("The doctor", .timeLimit(.minutes(1)))
struct DoctorTests {
    // MARK: - Judging

    @Test func `an SQLite that is too old is bad, and one with the mistake is told of`() {
        #expect(MachineChecks.sqlite(SQLiteVersion(3, 36, 0)).verdict == .bad)
        #expect(MachineChecks.sqlite(SQLiteVersion(3, 40, 1)).says.contains("loses data"))
        #expect(!MachineChecks.sqlite(SQLiteVersion(3, 51, 3)).says.contains("loses data"))
        let sound = [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)]
        let broken = [(3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 2), (3, 37, 0)]
        #expect(sound.allSatisfy { !SQLiteVersion($0.0, $0.1, $0.2).losesDataOfTwoWriters })
        #expect(broken.allSatisfy { SQLiteVersion($0.0, $0.1, $0.2).losesDataOfTwoWriters })
    }

    @Test func `too few open files and too little memory are warned of`() {
        #expect(MachineChecks.openFiles(1_024).verdict == .warn)
        #expect(MachineChecks.openFiles(4_096).verdict == .ok)
        #expect(MachineChecks.memory(100 << 20).verdict == .warn)
        #expect(MachineChecks.memory(1 << 30).verdict == .ok)
        let text = "MemTotal:       16384 kB\nMemAvailable:   2048 kB\n"
        #expect(MachineChecks.available(in: text) == 2 << 20)
    }

    @Test func `a disk is judged by what orders need of it`() {
        let floor: Int64 = 64 << 20
        #expect(DiskChecks.room(floor - 1, floor: floor).verdict == .bad)
        #expect(DiskChecks.room(floor, floor: floor).verdict == .warn)
        #expect(DiskChecks.room(floor * 10, floor: floor).verdict == .ok)
        #expect(DiskChecks.room(nil, floor: floor).verdict == .warn)
    }

    @Test func `a file system of another machine is bad`() {
        let mounts = """
            /dev/sda1 / ext4 rw 0 0
            server:/x /srv nfs4 rw 0 0
            tmpfs /srv/my\\040data tmpfs rw 0 0
            /dev/sdb /srvelse xfs rw 0 0

            """
        #expect(DiskChecks.kindName(of: "/srv/data", in: mounts) == "nfs4")
        #expect(DiskChecks.kindName(of: "/srv/my data/x", in: mounts) == "tmpfs")
        #expect(DiskChecks.kindName(of: "/srvelse", in: mounts) == "xfs")
        #expect(DiskChecks.kindName(of: "/var", in: mounts) == "ext4")
        #expect(DiskChecks.kind("nfs4").verdict == .bad)
        #expect(DiskChecks.kind("tmpfs").verdict == .warn)
        #expect(DiskChecks.kind("overlay").verdict == .warn)
        #expect(DiskChecks.kind("ext4").verdict == .ok)
    }

    @Test func `a clock that was never set, jumps, or is not Provet's is found`() {
        #expect(ClockChecks.year(Date(timeIntervalSince1970: 0)).verdict == .bad)
        #expect(ClockChecks.year(Date(timeIntervalSince1970: 1_800_000_000)).verdict == .ok)
        #expect(ClockChecks.step(hasGoneBack: true, drift: 0).verdict == .bad)
        #expect(ClockChecks.step(hasGoneBack: false, drift: -3).verdict == .bad)
        #expect(ClockChecks.step(hasGoneBack: false, drift: 0.01).verdict == .ok)
        #expect(ClockChecks.difference(-90, to: "a").verdict == .bad)
        #expect(ClockChecks.difference(9, to: "a").verdict == .warn)
        #expect(ClockChecks.difference(1, to: "a").verdict == .ok)
        let date = HTTPDate.date("Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date == Date(timeIntervalSince1970: 784_111_777))
    }

    @Test func `time zones that are unknown or whose data is old are found`() {
        #expect(ZoneChecks.zone("Europe/Atlantis", of: "a").verdict == .bad)
        #expect(ZoneChecks.zone("Europe/Oslo", of: "a").verdict == .ok)
        #expect(ZoneChecks.data { _, _ in 0 }.verdict == .warn)
        let own = ZoneChecks.data { TimeZone(identifier: $0)?.secondsFromGMT(for: $1) }
        #expect(!own.says.isEmpty)
    }

    @Test func `what a clinic lacks is bad when it is needed`() {
        func finding(
            _ verdict: ClinicCheck.Finding.Verdict,
            isNeeded: Bool
        ) -> ClinicCheck.Finding {
            .init(permission: "P", purpose: "x", verdict: verdict, isNeeded: isNeeded, detail: "d")
        }
        let good = finding(.ok, isNeeded: true)
        func verdicts(
            _ signIn: ClinicCheck.Finding,
            _ rest: [ClinicCheck.Finding]
        ) -> [Finding.Verdict] {
            ClinicChecks.judge(ClinicCheck(signIn: signIn, permissions: rest), at: "a").map(
                \.verdict
            )
        }
        #expect(verdicts(good, [good]) == [.ok, .ok])
        #expect(verdicts(finding(.missing, isNeeded: true), [good]) == [.bad])
        #expect(verdicts(good, [finding(.missing, isNeeded: true)]) == [.ok, .bad])
        #expect(verdicts(good, [finding(.missing, isNeeded: false)]) == [.ok, .warn])
        #expect(verdicts(good, [finding(.unclear, isNeeded: true)]) == [.ok, .warn])
    }

    @Test func `the lock's holder is found by the file's place`() throws {
        let directory = try TemporaryFolder()
        let file = directory.url.appending(path: "dosette.lock")
        try Data().write(to: file)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        let number = try #require((attributes[.systemFileNumber] as? NSNumber)?.uint64Value)
        let device = try #require((attributes[.systemNumber] as? NSNumber)?.uint64Value)
        let place = String(
            format: "%02llx:%02llx:%llu",
            (device >> 8) & 0xFFF,
            device & 0xFF,
            number
        )
        let other = "1: FLOCK  ADVISORY  WRITE 77 \(place)9 0 EOF\n"
        #expect(LockHolder.process(of: directory.url, in: other) == nil)
        let ours = other + "2: FLOCK  ADVISORY  WRITE 4711 \(place) 0 EOF\n"
        #expect(LockHolder.process(of: directory.url, in: ours) == 4711)
        let posix = "3: POSIX  ADVISORY  WRITE 4711 \(place) 0 EOF\n"
        #expect(LockHolder.process(of: directory.url, in: posix) == nil)
    }

    // MARK: - Looking at planted faults

    private struct Patient {
        let folder: TemporaryFolder
        var file: URL { folder.url.appending(path: "dosette.yaml") }
        var data: URL { folder.url.appending(path: "data") }

        init(_ change: (inout InitAnswers) -> Void = { _ in }) throws {
            folder = try TemporaryFolder()
            var answers = InitAnswers()
            answers.listen = "127.0.0.1:0"
            change(&answers)
            try answers.text.write(to: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644],
                ofItemAtPath: file.path
            )
        }

        /// The findings of some checks that are not ok.
        func complaints(
            isOffline: Bool = true,
            secret: String? = "simulated-secret"
        ) async -> [Finding] {
            await findings(isOffline: isOffline, secret: secret).filter { $0.verdict != .ok }
        }

        func findings(
            isOffline: Bool = true,
            secret: String? = "simulated-secret"
        ) async -> [Finding] {
            let doctor = Doctor(
                file: file.path,
                environment: secret.map { ["PROVET_SECRET": $0] } ?? [:],
                isOffline: isOffline,
                checksWhole: false
            )
            return await doctor.report().findings
        }

        /// Makes a journal as a server leaves it behind.
        func makeJournal() throws {
            let store = try SQLiteStore(directory: data)
            store.close()
        }
    }

    /// Which checks complain, of those that do not depend on the machine that the test runs on.
    private func bad(_ findings: [Finding]) -> [String] {
        findings.filter { $0.verdict == .bad }.map(\.check)
    }

    @Test func `where nothing is wrong, nothing is bad and nothing is written`() async throws {
        let patient = try Patient()
        try patient.makeJournal()
        let before = try FileManager.default.subpathsOfDirectory(atPath: patient.folder.url.path)
        let findings = await patient.findings()
        #expect(bad(findings).isEmpty, "\(findings)")
        #expect(findings.contains { $0.check == "journal" && $0.says.hasPrefix("0 events") })
        let after = try FileManager.default.subpathsOfDirectory(atPath: patient.folder.url.path)
        #expect(before.sorted() == after.sorted())
    }

    @Test func `a configuration that is wrong, or others may change, is bad`() async throws {
        let patient = try Patient { $0.timeZone = "Europe/Atlantis" }
        #expect(bad(await patient.findings()) == ["configuration"])
        let open = try Patient()
        let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o666]
        try FileManager.default.setAttributes(mode, ofItemAtPath: open.file.path)
        #expect(bad(await open.findings()) == ["permissions"])
        let secretless = try Patient()
        #expect(bad(await secretless.findings(secret: nil)) == ["configuration"])
    }

    @Test func `keys that others may read are bad`() async throws {
        let patient = try Patient()
        let keys = patient.data.appending(path: "keys")
        try FileManager.default.createDirectory(
            at: keys,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let key = keys.appending(path: "master.key").path
        _ = FileManager.default.createFile(
            atPath: key,
            contents: Data(),
            attributes: [.posixPermissions: 0o644]
        )
        let found = await patient.complaints().first { $0.check == "permissions" }
        #expect(found?.subject == key)
        #expect(found?.mend == "chmod 600 \(key.shellWord)")
    }

    @Test func `a secret that everybody may read is bad, and one of a group is warned of`()
        async throws
    {
        let patient = try Patient { $0.secret = .file("secret") }
        let file = patient.folder.url.appending(path: "secret").path
        func verdict(_ mode: Int) async throws -> Finding.Verdict? {
            try? FileManager.default.removeItem(atPath: file)
            _ = FileManager.default.createFile(
                atPath: file,
                contents: Data("s".utf8),
                attributes: [.posixPermissions: mode]
            )
            return await patient.complaints().first { $0.subject == file }?.verdict
        }
        #expect(try await verdict(0o644) == .bad)
        #expect(try await verdict(0o640) == .warn)
        #expect(try await verdict(0o400) == nil)
    }

    @Test func `a journal that is damaged, foreign or newer is bad`() async throws {
        let patient = try Patient()
        try patient.makeJournal()
        let file = patient.data.appending(path: "journal.sqlite")
        let whole = try Data(contentsOf: file)
        var damaged = whole
        let page = 4_096
        for index in page * 3..<page * 5 { damaged[index] = 0xA5 }
        try damaged.write(to: file)
        #expect(bad(await patient.findings()) == ["journal"])
        var newer = whole
        newer[63] = 99  // user_version, the last byte
        try newer.write(to: file)
        let found = await patient.complaints().first { $0.check == "journal" }
        #expect(found?.mend?.contains("newer version") == true)
        try Data("no database".utf8).write(to: file)
        #expect(bad(await patient.findings()) == ["journal"])
    }

    @Test func `a port that another program holds is bad`() async throws {
        try await withSimulator { port in
            let patient = try Patient { $0.listen = "127.0.0.1:\(port)" }
            #expect(bad(await patient.findings()) == ["port"])
        }
    }

    @Test func `an address that is not this machine's is bad`() async throws {
        let patient = try Patient {
            $0.listen = "192.0.2.1:8787"
            $0.tokensFile = "tokens"
        }
        let tokens = patient.folder.url.appending(path: "tokens")
        _ = FileManager.default.createFile(
            atPath: tokens.path,
            contents: Data("aino \(String(repeating: "t", count: 40))\n".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(bad(await patient.findings()) == ["port"])
    }

    @Test func `who holds the journal is told`() async throws {
        let patient = try Patient()
        let store = try SQLiteStore(directory: patient.data)
        defer { store.close() }
        let lock = await patient.findings().first { $0.check == "lock" }
        let own = ProcessInfo.processInfo.processIdentifier
        // In a container whose file system hides its numbers the holder cannot be told.
        #expect(lock?.says.hasPrefix("process \(own)") == true || lock?.verdict == .ok)
    }

    // MARK: - At a clinic

    private func withSimulator(_ body: @escaping @Sendable (Int) async throws -> Void) async throws
    {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let server = SimulatedProvetServer(
            SimulatedProvet(SimulatorConfiguration(seed: 1, faults: .none)),
            port: 0,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { SimulatedProvetServer.systemTime() },
            onReady: { announce.yield($0) }
        )
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(services: [server], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `a clinic where all is well, and one with a wrong secret`() async throws {
        try await withSimulator { port in
            let patient = try Patient { $0.baseURL = "http://127.0.0.1:\(port)/4/api/0.1" }
            let findings = await patient.findings(isOffline: false)
            #expect(bad(findings).isEmpty, "\(findings.filter { $0.verdict != .ok })")
            for check in ["sign-in", "permission", "fee item"] {
                let found = findings.first { $0.check == check && $0.subject == "nordic-vets" }
                #expect(found?.verdict == .ok, "\(check): \(String(describing: found))")
            }
            let wrong = await patient.findings(isOffline: false, secret: "wrong")
            #expect(bad(wrong) == ["sign-in"])
        }
    }

    @Test func `a clinic that nobody answers for is told`() async throws {
        let patient = try Patient { $0.baseURL = "http://127.0.0.1:1/4/api/0.1" }
        let findings = await patient.findings(isOffline: false)
        #expect(bad(findings) == ["sign-in"])
        #expect(findings.contains { $0.check == "provet" && $0.verdict == .warn })
    }
}

/// A folder that goes with the test.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "dosette-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
