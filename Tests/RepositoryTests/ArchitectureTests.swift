import Foundation
import Testing

/// What a target may import beside the standard library.
///
/// The table is the architecture: a new arrow is a reviewed change here.
private let allowedImports: [String: Set<String>] = [
    // Synchronization holds the one switch for mistakes that are planted on purpose.
    "Sources/DosetteCore": ["Synchronization"],
    "Sources/DosetteTelemetry": [
        "CoreMetrics", "Crypto", "Foundation", "Glibc", "Instrumentation", "Synchronization",
    ],
    "Sources/DosetteTracing": [
        "CoreMetrics", "DosetteCore", "DosetteTelemetry", "Instrumentation",
        "ServiceLifecycle", "Synchronization", "Tracing",
    ],
    "Sources/DosetteAudit": ["Crypto"],
    "Sources/DosetteAuditFiles": [
        "DosetteAudit", "DosetteCore", "DosetteStore", "Foundation", "Glibc", "Synchronization",
    ],
    "Sources/DosetteKeys": ["Crypto", "Foundation", "Glibc"],
    "Sources/DosetteStore": ["DosetteAudit", "DosetteCore", "DosetteKeys", "Synchronization"],
    "Sources/DosetteSQLite": [
        "CoreMetrics", "DosetteAudit", "DosetteCore", "DosetteKeys", "DosetteMigrations",
        "DosetteStore", "DosetteTelemetry", "Dispatch", "Foundation", "GRDB", "GRDBSQLite",
        "Synchronization",
    ],
    "Sources/DosetteDefinitions": ["DosetteCore", "Foundation", "Yams"],
    "Sources/DosetteEngine": [
        "CoreMetrics", "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteStore",
        "DosetteTelemetry", "Foundation", "Instrumentation", "Logging", "ServiceLifecycle",
        "Synchronization", "Tracing",
    ],
    "Sources/DosetteProvet": [
        "AsyncHTTPClient", "Crypto", "DosetteCore", "DosetteDefinitions", "DosetteEngine",
        "DosetteTelemetry", "Foundation", "Instrumentation", "NIOCore", "NIOHTTP1", "NIOPosix",
        "Synchronization",
    ],
    // The simulator shares no code with the adapter, so that a mistake cannot cancel itself out.
    "Sources/DosetteSimulator": [
        "AsyncHTTPClient", "Crypto", "Foundation", "HTTPTypes", "Hummingbird", "Logging",
        "NIOCore", "NIOHTTP1", "ServiceLifecycle", "Synchronization",
    ],
    "Sources/DosetteAuditPackage": [
        "DosetteAudit", "DosetteAuditFiles", "DosetteCore", "DosetteEngine", "DosetteStore",
    ],
    "Sources/DosetteServer": [
        "CoreMetrics", "Crypto", "Dispatch", "DosetteAudit", "DosetteAuditFiles",
        "DosetteAuditPackage", "DosetteCore", "DosetteDefinitions", "DosetteEngine",
        "DosetteKeys", "DosetteStore", "DosetteTelemetry", "Foundation", "HTTPTypes",
        "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "Instrumentation", "Logging", "NIOCore",
        "NIOSSL",
        "ServiceLifecycle", "Synchronization",
    ],
    "Sources/Dosette": [
        "CoreMetrics", "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteEngine",
        "DosetteKeys", "DosetteProvet", "DosetteSQLite", "DosetteStore", "DosetteWorkflows",
        "Foundation", "Instrumentation", "Logging", "ServiceLifecycle", "Synchronization",
        "Tracing",
    ],
    "Sources/DosetteTesting": [
        "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism", "DosetteEngine",
        "DosetteKeys", "DosetteStore", "Synchronization", "Testing",
    ],
    "Sources/DosetteDeterminism": ["DosetteCore", "DosetteEngine", "Synchronization"],
    "Sources/DosetteSimulation": [
        "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism", "DosetteEngine",
        "DosetteProvet", "DosetteSimulator", "DosetteStore", "DosetteWorkflows", "Logging",
        "Synchronization",
    ],
    "Sources/DosetteFuzzing": [
        "DosetteAudit", "DosetteAuditFiles", "DosetteCore", "DosetteDefinitions", "DosetteEngine",
        "DosetteStore",
        "DosetteWorkflows", "Foundation",
    ],
    "Sources/DosetteEdgeFuzzing": [
        "DosetteCore", "DosetteDefinitions", "DosetteEngine", "DosetteFuzzing", "DosetteProvet",
        "DosetteServer", "DosetteStore", "DosetteWorkflows", "HTTPTypes", "HummingbirdTesting",
        "Logging", "NIOCore", "Synchronization",
    ],
    "Sources/DosetteFuzz": [
        "ArgumentParser", "DosetteEdgeFuzzing", "DosetteFuzzing", "DosetteStore", "Foundation",
        "Glibc", "Synchronization",
    ],
    "Sources/DosetteLibFuzzer": ["Dispatch", "DosetteFuzzing", "Foundation"],
    "Sources/DosetteStorageProof": [
        "ArgumentParser", "DosetteAudit", "DosetteCore", "DosetteDefinitions",
        "DosetteDeterminism", "DosetteEngine", "DosetteSQLite", "DosetteStore", "DosetteTesting",
        "DosetteWorkflows", "Foundation", "GRDB",
        "Logging", "Synchronization",
    ],
    "Sources/DosetteAuditProof": [
        "ArgumentParser", "DosetteAudit", "DosetteAuditFiles", "Foundation", "Glibc",
    ],
    "Workflows": [],
    "Migrations": [],
]

@Suite("Rooms and arrows")
struct ArchitectureTests {
    @Test(arguments: allowedImports.keys.sorted())
    func `a target imports only what the table allows`(target: String) throws {
        let allowed = try #require(allowedImports[target])
        let files = try SourceFile.all(under: target)
        #expect(!files.isEmpty, "\(target) has no source")
        for file in files {
            for (index, line) in file.lines.enumerated() {
                guard let name = importedModule(line) else { continue }
                #expect(allowed.contains(name), "\(file.path):\(index + 1) imports \(name)")
            }
        }
    }

    @Test func `every room is in the table`() throws {
        let sources = SourceFile.root.appending(path: "Sources")
        let rooms = try FileManager.default.contentsOfDirectory(atPath: sources.path)
        let known = allowedImports.keys.map { $0.replacing("Sources/", with: "") } + ["DosetteCLI"]
        for room in rooms where !room.hasPrefix(".") {
            #expect(known.contains(room), "\(room) is not in the table")
        }
    }

    @Test func `the core reads no clock and makes no identity`() throws {
        let banned = [
            "Date()", "Date.now", "UUID()", ".now()", "Task {", "Task.detached", "random()",
        ]
        for file in try SourceFile.all(under: "Sources/DosetteCore") {
            for (index, line) in file.lines.enumerated() where !line.contains("///") {
                for word in banned where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1) uses \(word)")
                }
            }
        }
    }

    @Test func `no function is longer than 70 lines`() throws {
        var count = 0
        for file in try SourceFile.all(under: "Sources") {
            for function in file.functions {
                count += 1
                if function.lineCount > 70 {
                    let place = "\(file.path):\(function.firstLine)"
                    Issue.record("\(place) \(function.name) is \(function.lineCount) lines long")
                }
            }
        }
        #expect(count > 500, "only \(count) functions were found: the search is broken")
    }

    @Test func `nothing is forced, unchecked or left loose`() throws {
        let banned = [
            "try!", "as!", "@unchecked Sendable", "nonisolated(unsafe)", "Task.detached",
            "fatalError(", "FIXME",
        ]
        for file in try SourceFile.all(under: "Sources") {
            for (index, line) in file.lines.enumerated() {
                for word in banned where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1) has \(word)")
                }
            }
        }
    }

    @Test func `only the command line starts tasks of its own`() throws {
        for file in try SourceFile.all(under: "Sources")
        where !file.path.contains("DosetteCLI") && !file.path.contains("DosetteLibFuzzer") {
            for (index, line) in file.lines.enumerated() where !line.contains("//") {
                if line.contains(/(^|[^a-zA-Z])Task( \{|<|\.detached)/) {
                    Issue.record("\(file.path):\(index + 1) starts a task without a parent")
                }
            }
        }
    }

    @Test func `the public surface shows none of the libraries below it`() throws {
        let hidden = ["GRDB", "Hummingbird", "Yams", "AsyncHTTPClient", "NIOCore", "Crypto"]
        for file in try SourceFile.all(under: "Sources/Dosette") {
            for (index, line) in file.lines.enumerated() where line.hasPrefix("public import") {
                for name in hidden where line.contains(name) {
                    Issue.record("\(file.path):\(index + 1) shows \(name)")
                }
            }
        }
    }
}

private func importedModule(_ line: Substring) -> String? {
    let words = line.split(separator: " ").drop { $0.hasPrefix("@") }
    guard let index = words.firstIndex(of: "import"), index <= words.startIndex + 1 else {
        return nil
    }
    return words[index...].dropFirst().first.map { String($0.prefix { $0 != "." }) }
}
