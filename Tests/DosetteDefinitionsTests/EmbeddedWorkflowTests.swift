import DosetteAudit
import DosetteCore
import DosetteDefinitions
import DosetteStore
import DosetteWorkflows
import Foundation
import Testing

@Suite("The workflows that every Dosette carries")
struct EmbeddedWorkflowTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Workflows").standardized

    static func compile(_ embedded: EmbeddedWorkflow) throws(YAMLProblems) -> Workflow {
        try WorkflowCompiler.compile(
            WorkflowSource(file: embedded.file, text: embedded.text),
            digest: HexDigest.of(embedded.text.utf8),
            reservedNames: EventCodec.reservedWords
        )
    }

    static func homeDelivery() throws -> Workflow {
        let embedded = try #require(
            EmbeddedWorkflow.all.first { $0.file == "home_delivery_v1.yaml" }
        )
        return try compile(embedded)
    }

    @Test func `every one compiles and is named like its file`() throws {
        for embedded in EmbeddedWorkflow.all {
            let workflow = try Self.compile(embedded)
            #expect(embedded.file == "\(workflow.name)_v\(workflow.version).yaml")
            #expect(workflow.digest == HexDigest.of(embedded.text.utf8))
        }
    }

    @Test func `every file is registered, with its text`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".yaml") }
            .sorted()
        #expect(files == EmbeddedWorkflow.all.map(\.file).sorted())
        for embedded in EmbeddedWorkflow.all {
            let file = Self.folder.appending(path: embedded.file)
            #expect(try String(contentsOf: file, encoding: .utf8) == embedded.text)
        }
    }

    @Test func `a definition fits into the entry that keeps it`() throws {
        for embedded in EmbeddedWorkflow.all {
            let row = DefinitionRow(
                digest: HexDigest.of(embedded.text.utf8),
                name: embedded.file,
                version: 1,
                text: embedded.text
            )
            let event = EngineEvent.workflowDefined(row)
            let encoded = EventCodec.encode(event, version: 0, at: Timestamp(milliseconds: 0))
            #expect(encoded.byteCountMaximum <= EventCodec.entryBytesMaximum)
        }
    }

    @Test func `an order of home delivery begins in each lifecycle's first state`() throws {
        let workflow = try Self.homeDelivery()
        #expect(workflow.parts.map(\.name) == ["prescription", "fee", "dispensing"])
        #expect(workflow.parts.map(\.lifecycle) == [.prescription, .fee, .dispensing])
        let starts = workflow.parts.map { $0.states[$0.start].name }
        #expect(starts == ["draft", "waiting", "waiting"])
    }

    @Test func `home delivery asks for these actions`() throws {
        #expect(
            try Self.homeDelivery().actions == [
                "provet.patch_status", "provet.create_prescription", "pharmacy.transmit",
                "provet.fetch_fee_item", "provet.create_counter_sale",
                "provet.add_counter_sale_item", "provet.finalize_counter_sale",
                "provet.add_payment", "provet.delete_counter_sale", "provet.refund_invoice",
                "provet.cancel_payment",
            ]
        )
    }

    /// The prescription's moves as a pharmacist can read them.
    @Test func `home delivery moves a prescription like this`() throws {
        let workflow = try Self.homeDelivery()
        let part = try #require(workflow.parts.first { $0.lifecycle == .prescription })
        let moves = part.states.flatMap { state in
            zip(workflow.triggers, state.targets).compactMap { trigger, target in
                target.map { "\(state.name) \(trigger): \(part.states[$0].name)" }
            }
        }
        #expect(
            moves == [
                "draft done: sending", "draft given_up: canceled", "draft cancel: canceled",
                "sending done: sent", "sending refused: error", "sent cancel: canceled",
                "sent accept: accepted", "sent accept_with_warning: accepted_warning",
                "sent reject: rejected", "accepted cancel: canceled",
                "accepted_warning cancel: canceled", "accepted_warning accept: accepted",
                "accepted_warning reject: rejected", "error cancel: canceled",
                "error retry: sending",
            ]
        )
    }

    @Test func `what nobody performs is told for every workflow`() {
        for embedded in EmbeddedWorkflow.all {
            let problems = #expect(throws: YAMLProblems.self) {
                try WorkflowCompiler.compile(
                    WorkflowSource(file: embedded.file, text: embedded.text),
                    digest: "",
                    reservedNames: EventCodec.reservedWords,
                    performed: ["provet.patch_status"]
                )
            }
            let messages = problems?.problems.map(\.message) ?? []
            #expect(!messages.isEmpty)
            #expect(messages.allSatisfy { $0.hasPrefix("nobody performs the action ") })
        }
    }
}
