// swift-tools-version: 6.2
import PackageDescription

/// The rooms of the house and the arrows between them: see docs/architecture.md.
///
/// An arrow that is not in this file does not exist; the architecture test holds the
/// imports of every source file against the same table.
let package = Package(
    name: "dosette",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Dosette", targets: ["Dosette"]),
        .library(name: "DosetteTesting", targets: ["DosetteTesting"]),
        // For Benchmarks/, which is compiled as part of this package: nothing in it is public.
        .library(
            name: "DosetteInternals",
            targets: [
                "DosetteAudit", "DosetteAuditFiles", "DosetteCore", "DosetteDefinitions",
                "DosetteDeterminism", "DosetteEngine", "DosetteSQLite", "DosetteStore",
            ]
        ),
        .executable(name: "dosette", targets: ["DosetteCLI"]),
        .executable(name: "dosette-audit-proof", targets: ["DosetteAuditProof"]),
        .executable(name: "dosette-fuzz", targets: ["DosetteFuzz"]),
        .executable(name: "dosette-storage-proof", targets: ["DosetteStorageProof"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "DosetteCore"),
        .target(
            name: "DosetteTelemetry",
            dependencies: [
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
            ]
        ),
        .target(
            name: "DosetteTracing",
            dependencies: [
                "DosetteCore", "DosetteTelemetry",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .target(
            name: "DosetteAudit",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "DosetteKeys",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "DosetteStore",
            dependencies: ["DosetteCore", "DosetteAudit", "DosetteKeys"]
        ),
        .target(
            name: "DosetteMigrations",
            path: "Migrations",
            exclude: ["README.md"],
            sources: ["Migrations.swift"],
            resources: [
                .embedInCode("V001_create_journal.sql"),
                .embedInCode("V002_add_clinic_side.sql"),
                .embedInCode("V003_add_tiles_and_checkpoints.sql"),
                .embedInCode("V004_add_forgetting.sql"),
                .embedInCode("V005_add_counts.sql"),
                .embedInCode("V006_add_webhooks_and_answers.sql"),
            ]
        ),
        .target(
            name: "DosetteWorkflows",
            path: "Workflows",
            exclude: ["README.md"],
            sources: ["Workflows.swift"],
            resources: [
                .embedInCode("clinic_home_delivery_v1.yaml"),
                .embedInCode("home_delivery_v1.yaml"),
            ]
        ),
        .target(
            name: "DosetteSQLite",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteKeys", "DosetteStore", "DosetteMigrations",
                "DosetteTelemetry",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "DosetteAuditFiles",
            dependencies: ["DosetteAudit", "DosetteCore", "DosetteStore"]
        ),
        .target(
            name: "DosetteAuditPackage",
            dependencies: [
                "DosetteAudit", "DosetteAuditFiles", "DosetteCore", "DosetteEngine", "DosetteStore",
            ]
        ),
        .target(
            name: "DosetteDefinitions",
            dependencies: ["DosetteCore", .product(name: "Yams", package: "Yams")]
        ),
        .target(
            name: "DosetteEngine",
            dependencies: [
                "DosetteCore", "DosetteAudit", "DosetteStore", "DosetteDefinitions",
                "DosetteTelemetry",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .target(
            name: "DosetteProvet",
            dependencies: [
                "DosetteCore", "DosetteDefinitions", "DosetteEngine", "DosetteTelemetry",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "DosetteSimulator",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "DosetteServer",
            dependencies: [
                "DosetteAudit", "DosetteAuditFiles", "DosetteAuditPackage", "DosetteCore",
                "DosetteDefinitions", "DosetteEngine", "DosetteKeys", "DosetteStore",
                "DosetteTelemetry",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "Dosette",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteEngine", "DosetteKeys",
                "DosetteProvet", "DosetteSQLite", "DosetteStore", "DosetteWorkflows",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .target(
            name: "DosetteDeterminism",
            dependencies: ["DosetteCore", "DosetteEngine"]
        ),
        .target(
            name: "DosetteTesting",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism",
                "DosetteEngine", "DosetteKeys", "DosetteStore",
            ]
        ),
        .target(
            name: "DosetteSimulation",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism",
                "DosetteEngine", "DosetteProvet", "DosetteSimulator", "DosetteStore",
                "DosetteWorkflows",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(
            name: "DosetteCLI",
            dependencies: [
                "Dosette", "DosetteCore", "DosetteAudit", "DosetteAuditFiles",
                "DosetteAuditPackage",
                "DosetteDefinitions", "DosetteEngine", "DosetteKeys", "DosetteProvet",
                "DosetteServer", "DosetteSimulation", "DosetteSimulator",
                "DosetteSQLite", "DosetteStore", "DosetteTelemetry", "DosetteTracing",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "DosetteFuzzing",
            dependencies: [
                "DosetteAudit", "DosetteAuditFiles", "DosetteCore", "DosetteDefinitions",
                "DosetteEngine",
                "DosetteStore", "DosetteWorkflows",
            ]
        ),
        .target(
            name: "DosetteEdgeFuzzing",
            dependencies: [
                "DosetteCore", "DosetteDefinitions", "DosetteEngine", "DosetteFuzzing",
                "DosetteProvet", "DosetteServer", "DosetteStore", "DosetteWorkflows",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        .executableTarget(
            name: "DosetteFuzz",
            dependencies: [
                "DosetteEdgeFuzzing", "DosetteFuzzing",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "DosetteStorageProof",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism",
                "DosetteEngine", "DosetteSQLite", "DosetteStore", "DosetteTesting",
                "DosetteWorkflows",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(
            name: "DosetteAuditProof",
            dependencies: [
                "DosetteAudit", "DosetteAuditFiles",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "EmbeddedPharmacy",
            dependencies: [
                "Dosette", "DosetteSimulator",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Examples/EmbeddedPharmacy",
            exclude: ["README.md", "expected.txt"]
        ),
        .testTarget(
            name: "DosetteCoreTests",
            dependencies: [
                "DosetteCore", "DosetteDefinitions", "DosetteDeterminism", "DosetteTesting",
                "DosetteWorkflows",
            ]
        ),
        .testTarget(
            name: "DosetteAuditTests",
            dependencies: ["DosetteAudit", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .testTarget(
            name: "DosetteAuditFilesTests",
            dependencies: [
                "DosetteAudit", "DosetteAuditFiles", "DosetteAuditProof", "DosetteCore",
                "DosetteStore", "DosetteTesting",
            ]
        ),
        .testTarget(name: "DosetteKeysTests", dependencies: ["DosetteKeys"]),
        .testTarget(
            name: "DosetteStoreTests",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteSQLite", "DosetteStore", "DosetteTesting",
            ]
        ),
        .testTarget(
            name: "DosetteSQLiteTests",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDeterminism", "DosetteEngine",
                "DosetteMigrations",
                "DosetteSQLite", "DosetteKeys", "DosetteStore", "DosetteTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "DosetteDefinitionsTests",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteStore",
                "DosetteWorkflows",
            ]
        ),
        .testTarget(
            name: "DosetteEngineTests",
            dependencies: [
                "DosetteAudit", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism",
                "DosetteEngine",
                "DosetteStore", "DosetteTelemetry",
                "DosetteTesting", "DosetteTracing", "DosetteWorkflows",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "DosetteProvetTests",
            dependencies: [
                "DosetteCore", "DosetteDefinitions", "DosetteDeterminism", "DosetteEngine",
                "DosetteProvet", "DosetteSimulator", "DosetteStore", "DosetteTelemetry",
                "DosetteTesting", "DosetteTracing", "DosetteWorkflows",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "DosetteSimulatorTests",
            dependencies: [
                "DosetteSimulator",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "DosetteServerTests",
            dependencies: [
                "DosetteServer", "DosetteCore", "DosetteDefinitions", "DosetteEngine",
                "DosetteKeys", "DosetteStore", "DosetteTesting", "DosetteWorkflows",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "DosetteClinicTests",
            dependencies: [
                "Dosette", "DosetteCore", "DosetteDefinitions", "DosetteDeterminism",
                "DosetteEngine", "DosetteKeys", "DosetteProvet", "DosetteServer",
                "DosetteSimulator", "DosetteSQLite", "DosetteStore", "DosetteTelemetry",
                "DosetteTesting", "DosetteTracing", "DosetteWorkflows",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .testTarget(
            name: "DosetteTelemetryTests",
            dependencies: [
                "DosetteCore", "DosetteTelemetry", "DosetteTesting", "DosetteTracing",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        .testTarget(
            name: "DosetteTests",
            dependencies: [
                "Dosette", "DosetteAudit", "DosetteCore", "DosetteEngine", "DosetteKeys",
                "DosetteProvet", "DosetteSQLite", "DosetteStore", "DosetteTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "DosetteSimulationTests",
            dependencies: [
                "DosetteCore", "DosetteDeterminism", "DosetteSimulation", "DosetteSimulator",
            ]
        ),
        .testTarget(
            name: "DosetteFuzzingTests",
            dependencies: [
                "DosetteCore", "DosetteDefinitions", "DosetteEdgeFuzzing", "DosetteFuzzing",
            ]
        ),
        .testTarget(
            name: "DosetteCLITests",
            dependencies: [
                "DosetteAuditPackage", "DosetteCLI", "DosetteCore", "DosetteDefinitions",
                "DosetteDeterminism",
                "DosetteEngine", "DosetteSQLite", "DosetteSimulator", "DosetteStore",
                "DosetteTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .testTarget(
            name: "DosetteStorageProofTests",
            dependencies: [
                "DosetteAudit", "DosetteDeterminism", "DosetteStorageProof", "DosetteTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "RepositoryTests",
            dependencies: ["DosetteDefinitions", "DosetteWorkflows"]
        ),
    ]
)

// libFuzzer is the toolchain's own: only `Scripts/fuzz` asks for it, with a scratch path of its own.
// Dependencies are not instrumented.
if Context.environment["DOSETTE_LIBFUZZER"] != nil {
    package.products.append(.executable(name: "dosette-libfuzzer", targets: ["DosetteLibFuzzer"]))
    package.targets.append(
        .executableTarget(
            name: "DosetteLibFuzzer",
            dependencies: ["DosetteFuzzing"],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
        )
    )
    let instrumented: Set = [
        "DosetteCore", "DosetteDefinitions", "DosetteEngine", "DosetteFuzzing",
        "DosetteLibFuzzer", "DosetteStore",
    ]
    for target in package.targets where instrumented.contains(target.name) {
        let settings = target.swiftSettings ?? []
        target.swiftSettings = settings + [.unsafeFlags(["-sanitize=fuzzer"])]
    }
}

for target in package.targets {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .enableUpcomingFeature("InferIsolatedConformances"),
            .enableUpcomingFeature("ImmutableWeakCaptures"),
            .treatAllWarnings(as: .error),
            .strictMemorySafety(),
        ]
}
