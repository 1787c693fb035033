// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let inMemoryLogging: Target.Dependency = .product(name: "InMemoryLogging", package: "swift-log")

let package = Package(
    name: "yoshikosan",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "AuthAPI", targets: ["AuthAPI"]),
        .executable(name: "WebFrontend", targets: ["WebFrontend"]),
    ],
    dependencies: [
        // Without its default traits Hummingbird leaves Foundation's ICU data out of the binaries.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "SystemThreads", swiftSettings: strict),
        .target(
            name: "PostgresClient",
            dependencies: ["CLibPQ", "SystemThreads", logging, lifecycle],
            swiftSettings: strict + [.strictMemorySafety()]
        ),
        .target(
            name: "Shared",
            dependencies: [
                "SystemThreads",
                hummingbird, hummingbirdCore, logging, lifecycle, arguments, httpTypes, nioCore, nioHTTP1, httpClient,
                metrics,
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            resources: [
                .embedInCode("Rules/common-passwords.txt"), .embedInCode("Rules/common-words.txt"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "AuthAPI",
            dependencies: [
                "Shared", "PostgresClient", "SystemThreads", "CArgon2", "CCrypt",
                hummingbird, crypto, logging, lifecycle, signals, arguments, httpTypes, nioCore, nioHTTP1,
                httpClient, metrics,
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            resources: [
                .embedInCode("Migrations"), .embedInCode("Roles"), .embedInCode("OpenAPI/openapi.json"),
                .embedInCode("OpenAPI/docs.css"), .embedInCode("OpenAPI/docs-operations.css"),
                .embedInCode("OpenAPI/docs-try.js"),
            ],
            swiftSettings: strict + [.strictMemorySafety()]
        ),
        .executableTarget(
            name: "WebFrontend",
            dependencies: [
                "Shared", "CZlib",
                hummingbird, crypto, logging, lifecycle, signals, arguments, httpTypes, nioCore, nioHTTP1, httpClient,
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            resources: [
                .embedInCode("Resources/Templates"), .embedInCode("Resources/Translations"),
                .embedInCode("Resources/Public"),
            ],
            swiftSettings: strict
        ),
        // The Swift program of docs/protect-your-application.md, for Tests/Outside/test_header_recipes.py.
        .executableTarget(name: "HeaderRecipe", dependencies: [hummingbird], path: "Tests/HeaderRecipe"),
        .testTarget(
            name: "SharedTests",
            dependencies: [
                "Shared", hummingbird, hummingbirdTesting, logging, lifecycle, httpTypes, nioCore, nioHTTP1, httpClient,
                inMemoryLogging, metrics,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PostgresClientTests",
            dependencies: ["PostgresClient"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "AuthAPITests",
            dependencies: [
                "AuthAPI", "PostgresClient", "Shared", hummingbird, crypto, logging, lifecycle, arguments, httpTypes,
                nioCore, nioHTTP1,
                httpClient,
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebFrontendTests",
            dependencies: [
                "WebFrontend", "Shared", hummingbird, hummingbirdTesting, logging, httpTypes, nioCore, httpClient,
                inMemoryLogging,
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: strict
        ),
    ]
)

// For `make bench` only; other builds do not include it.
if Context.environment["BENCHMARKS"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "ConstantRoute",
            dependencies: [hummingbird, logging],
            path: "Benchmarks/ConstantRoute",
            swiftSettings: strict
        )
    )
}
