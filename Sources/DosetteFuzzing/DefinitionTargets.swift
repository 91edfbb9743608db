import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteWorkflows
import Foundation

/// YAML: workflow definitions and configurations.
enum DefinitionTargets {
    static let workflow = FuzzTarget(name: "workflow", shape: .yaml, bytesMaximum: 56 * 1024) {
        EmbeddedWorkflow.all.map { Array($0.text.utf8) } + [Array(small.utf8)]
    } check: { bytes in
        try checkWorkflow(bytes)
    }

    static let configuration = FuzzTarget(
        name: "configuration",
        shape: .yaml,
        bytesMaximum: 56 * 1024
    ) {
        [Array(sample.utf8)]
    } check: { bytes in
        try checkConfiguration(bytes)
    }

    private static let small = """
        workflow: packing
        version: 3
        parts:
          packing:
            starts: waiting
            states:
              waiting: { by: pharmacy, remind: 4h, on: { pack: packed }, after: { 7d: lost } }
              packed: { do: courier.fetch, on: { done: gone, refused: lost } }
              gone: { rest: true }
              lost: { rest: true, when: [{ packing: [gone, packed], go: gone }] }

        """

    private static let sample = """
        data: ./data
        listen: 127.0.0.1:8787
        tokens_file: null
        clinics:
          - id: nordic-vets
            base_url: http://127.0.0.1:9000/4/api/0.1
            token_url: http://127.0.0.1:9000/4/oauth2/token/
            client_id: dosette
            client_secret_env: PROVET_SECRET
            time_zone: Europe/Helsinki
            fee: { charge: true, payment_type: 0, settings_path: settings, item_field: item }
            calls_per_minute: null
        pharmacy:
          transmit_url: null
          transmit_secret_env: null
          decision: signal
        timing:
          deadline: 30s
          server_bound: 60s
          probe_interval: 10s
          reconcile_interval: 5m
          retry: { attempts: 8, first: 1s, factor: 2, most: 5m }
        limits: { queued_orders: 100, calls_in_flight: 8, free_disk_mib: 64, breaker_pause: 30s }
        workflow: { use: home_delivery, directory: ./flows }
        assumptions:
          list_page_size: 50
          sale_path: countersale

        """

    private static func check(_ error: YAMLProblems, _ text: String) throws -> FuzzTarget.Traits {
        try hold("a refusal says why", !error.problems.isEmpty)
        let lineCount = text.utf8.count(where: { $0 == 0x0A || $0 == 0x0D }) + 3
        for problem in error.problems {
            // YAML has line ends of its own besides: U+0085, U+2028 and U+2029.
            let isThere = (1...lineCount + text.unicodeScalars.count).contains(problem.line)
            try hold("a problem has its line", isThere, problem.description)
            try hold("a problem has its column", problem.column >= 0, problem.description)
        }
        return Set(error.problems.prefix(20).map { String($0.message.prefix(24)) })
    }

    // MARK: - Workflows

    private static func checkWorkflow(_ bytes: [UInt8]) throws -> FuzzTarget.Traits {
        let text = bytes.repaired
        let source = WorkflowSource(file: "fuzz.yaml", text: text)
        do {
            let workflow = try WorkflowLibrary.compile(source, performed: nil)
            try checkCompiled(workflow)
            let again = try WorkflowLibrary.compile(source, performed: nil)
            try hold("a definition compiles to the same tables", again == workflow)
            return ["compiled \(workflow.parts.map(\.states.count))"]
        } catch let error as YAMLProblems {
            return try check(error, text)
        }
    }

    private static func checkCompiled(_ workflow: Workflow) throws {
        try hold("a workflow has parts", !workflow.parts.isEmpty)
        try hold("parts are called differently", areDifferent(workflow.parts.map(\.name)))
        try hold("triggers are called differently", areDifferent(workflow.triggers))
        for part in workflow.parts {
            let states = part.states.indices
            try hold("states are called differently", areDifferent(part.states.map(\.name)))
            try hold("a part has few states", states.count <= Workflow.stateCountMaximum)
            try hold("a part starts in a state", states.contains(part.start))
            try hold(
                "a part is no word of the journal",
                !EventCodec.reservedWords.contains(part.name)
            )
            for state in part.states { try check(state, part, workflow) }
        }
        for format in WorkflowDrawing.Format.allCases {
            try hold("a workflow can be drawn", !WorkflowDrawing.draw(workflow, as: format).isEmpty)
        }
    }

    private static func check(
        _ state: Workflow.State,
        _ part: Workflow.Part,
        _ workflow: Workflow
    ) throws {
        let targets =
            state.targets.compactMap { $0 } + [state.deadline?.target].compactMap { $0 }
            + state.rules.map(\.target)
        try hold(
            "a state leads to states",
            targets.allSatisfy(part.states.indices.contains),
            "\(part.name).\(state.name)"
        )
        try hold("a target for each trigger", state.targets.count == workflow.triggers.count)
        if case .undo(let index) = state.work {
            guard part.states.indices.contains(index), case .saga = part.states[index].work else {
                throw PropertyFailure("what is undone is a saga", state.name)
            }
        }
        let conditions = state.rules.map(\.condition) + [state.abort].compactMap { $0 }
        for term in conditions.flatMap(\.terms) {
            try hold("a condition is about a part", workflow.parts.indices.contains(term.part))
            try hold("a condition is about a state", term.states != 0)
        }
    }

    private static func areDifferent(_ names: [String]) -> Bool { Set(names).count == names.count }

    // MARK: - Configurations

    private static func checkConfiguration(_ bytes: [UInt8]) throws -> FuzzTarget.Traits {
        let text = bytes.repaired
        // A secret's file is the operator's own word; here it would name devices.
        guard !text.contains("_file") || text.contains("tokens_file") else { return ["a file"] }
        do {
            let configuration = try ConfigurationReader.read(
                text: text,
                file: URL(filePath: "/fuzz/none/dosette.yaml"),
                environment: ["PROVET_SECRET": "s3cret"]
            )
            try check(configuration)
            return ["read \(configuration.clinics.count) \(configuration.assumptions.count)"]
        } catch let error as YAMLProblems {
            try hold("a problem tells no secret", !error.description.contains("s3cret"))
            return try check(error, text)
        }
    }

    private static func check(_ configuration: Configuration) throws {
        try hold("there is a clinic", !configuration.clinics.isEmpty)
        try hold("clinics are called differently", areDifferent(configuration.clinics.map(\.id)))
        for clinic in configuration.clinics {
            try hold("a clinic's id is a name", Token.isValid(clinic.id))
            try hold(
                "a clinic's time zone is known",
                ClinicCalendar(timeZone: clinic.timeZone) != nil,
                clinic.timeZone
            )
        }
        try hold("the port is one", (0...65_535).contains(configuration.listen.port))
        try hold(
            "off loopback there are tokens",
            configuration.listen.isLoopback || configuration.tokensFile != nil
        )
        let timing = configuration.timing
        try hold("a retry ends", timing.retry.attemptsMaximum >= 1)
        try hold("waits grow", timing.retry.most >= timing.retry.first)
        for attempt in 1...min(timing.retry.attemptsMaximum, 40) {
            _ = timing.retry.delay(after: attempt, jitter: 0.99)
        }
    }
}
