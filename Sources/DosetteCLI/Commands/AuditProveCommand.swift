import ArgumentParser
import DosetteAudit
import DosetteAuditFiles
import DosetteCore
import DosetteStore
import Foundation

struct AuditProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove that the events of an order are in the log.",
        discussion: """
            Writes the exact bytes of each event and a proof that stands alone (C2SP tlog-proof), with \
            the newest checkpoint. Reads only; it may run beside a working server.
            """
    )

    @OptionGroup var options: AccessOptions
    @Argument(help: "SOURCE/ORDER_ID.") var order: String
    @Option(help: "Only the event with that number in the order, from 0.") var event: Int?
    @Option(help: "Where to; proofs-SOURCE-ORDER_ID when nothing is said.") var out: String?

    func run() async throws {
        guard let key = OrderKey(text: order) else {
            throw Stop(.usage, "an order is named SOURCE/ORDER_ID")
        }
        let access = try await AuditAccess.open(options)
        let note = try await access.checkpoint()
        guard let events = try await access.log.events(of: key) else {
            throw Stop(.refused, "there is no order \(key)")
        }
        let wanted = events.filter { event == nil || $0.version == event }
        let directory = out ?? "proofs-\(key.source)-\(key.orderID)"
        try await AuditAccess.telling {
            let proofs = try EntryProofs(under: note, keys: access.keys)
            let proved = wanted.filter { $0.position < Int64(clamping: proofs.size) }
            guard !proved.isEmpty else {
                throw AuditFailure("the newest checkpoint has no such event of \(key)")
            }
            try await proofs.write(
                proved.map { (UInt64($0.position), $0.entry) },
                from: access.log,
                to: ExportDirectory(URL(filePath: directory))
            )
            print("\(proved.count) events of \(key), each with its proof, in \(directory)")
            if proved.count < wanted.count {
                print(
                    "not proved: \(wanted.count - proved.count) events that are newer than the checkpoint"
                )
            }
        }
    }
}
