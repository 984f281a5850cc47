// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with warnings as errors, locally as in CI, so that there is one notion of "it builds".
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Where `scripts/bootstrap` links libtorch. The run path is absolute so that `swift run` and `swift test` need no
/// environment; a binary carried elsewhere finds another libtorch through LD_LIBRARY_PATH.
let libtorch = Context.packageDirectory + "/.libtorch/lib"

let package = Package(
  name: "telltale",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "telltale", targets: ["TelltaleCLI"]),
    .executable(name: "telltale-bench", targets: ["TelltaleBench"]),
    .library(name: "Telltale", targets: ["Telltale"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.8.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
  ],
  targets: [
    .target(
      name: "CTorch",
      cxxSettings: [
        .headerSearchPath("../../.libtorch/include"),
        .headerSearchPath("../../.libtorch/include/torch/csrc/api/include"),
        // Tests run on these loops, and a debugger has little to say of them.
        .unsafeFlags(["-O2"], .when(configuration: .debug)),
      ],
      linkerSettings: [
        .unsafeFlags(["-L\(libtorch)", "-Xlinker", "-rpath", "-Xlinker", libtorch]),
        .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
      ]),
    .target(
      name: "Foundations", dependencies: [.product(name: "Crypto", package: "swift-crypto")], swiftSettings: strict),
    .target(name: "Torch", dependencies: ["CTorch", "Foundations"], swiftSettings: strict),
    .target(
      name: "Statistics",
      dependencies: ["Foundations", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: strict),
    .target(
      name: "Tokenizers",
      dependencies: ["Foundations", .product(name: "HeapModule", package: "swift-collections")],
      swiftSettings: strict),
    .target(
      name: "LanguageModels", dependencies: ["Tokenizers", "Torch", "Foundations"], swiftSettings: strict),
    .target(
      name: "Steering", dependencies: ["LanguageModels", "Tokenizers", "Statistics", "Torch", "Foundations"],
      swiftSettings: strict),
    .target(
      name: "Organisms",
      dependencies: ["Steering", "LanguageModels", "Tokenizers", "Statistics", "Torch", "Foundations"],
      swiftSettings: strict),
    .target(
      name: "Telltale",
      dependencies: ["Organisms", "Steering", "LanguageModels", "Statistics", "Torch", "Foundations"],
      swiftSettings: strict),
    .executableTarget(name: "verdict", dependencies: ["Telltale"], path: "Examples/verdict", swiftSettings: strict),
    .target(
      name: "Experiments",
      dependencies: [
        "Organisms", "Steering", "LanguageModels", "Tokenizers", "Statistics", "Torch", "Foundations",
        .product(name: "Yams", package: "Yams"), .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .target(
      name: "Reports",
      dependencies: [
        "Foundations", "Experiments", "Steering", "Statistics", "Torch",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: [.embedInCode("Resources")],
      swiftSettings: strict),
    .target(
      name: "Endpoint", dependencies: ["Steering", "LanguageModels", "Tokenizers", "Torch", "Foundations"],
      swiftSettings: strict),
    .target(
      name: "WebApp",
      dependencies: [
        "Foundations", "Endpoint", "Reports", "Experiments", "Statistics", "Torch",
        .product(name: "Hummingbird", package: "hummingbird"),
      ],
      resources: ["style.css", "progress.js", "grade.js", "labels.js", "icon.svg"].map { .embedInCode("Assets/\($0)") },
      swiftSettings: strict),
    .target(
      name: "CommandSupport",
      dependencies: [
        "Steering", "LanguageModels", "Tokenizers", "Torch", "Foundations",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "TelltaleBench",
      dependencies: [
        "CommandSupport", "Reports", "Experiments", "Organisms", "Steering", "LanguageModels", "Tokenizers",
        "Statistics", "Torch", "Foundations", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "TelltaleCLI",
      dependencies: [
        "CommandSupport", "WebApp", "Endpoint", "Reports", "Experiments", "Organisms", "Steering", "LanguageModels",
        "Tokenizers", "Statistics", "Torch", "Foundations",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .target(name: "TestSupport", dependencies: ["Foundations"], path: "Tests/TestSupport", swiftSettings: strict),
    .target(
      name: "CheckpointSupport", dependencies: ["Torch", "TestSupport"], path: "Tests/CheckpointSupport",
      swiftSettings: strict),
    .executableTarget(
      name: "TelltaleFuzz",
      dependencies: ["Endpoint", "Experiments", "Steering", "LanguageModels", "Tokenizers", "Torch", "Foundations"],
      path: "Tests/Fuzz", swiftSettings: strict),
    .testTarget(name: "FoundationsTests", dependencies: ["Foundations", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "OrganismsTests", dependencies: ["Organisms", "Steering", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "TorchTests", dependencies: ["Torch", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: strict),
    .testTarget(
      name: "LanguageModelsTests", dependencies: ["LanguageModels", "CheckpointSupport", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: [
        "Experiments", "Steering", "Statistics", "Torch", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ReportsTests",
      dependencies: ["Reports", "Experiments", "Steering", "Statistics", "Torch", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "EndpointTests",
      dependencies: ["Endpoint", "Steering", "LanguageModels", "Tokenizers", "Torch", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "WebAppTests",
      dependencies: [
        "WebApp", "Endpoint", "LanguageModels", "Experiments", "Steering", "Torch", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TelltaleBenchTests", dependencies: ["TelltaleBench", "TelltaleCLI", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TelltaleCLITests", dependencies: ["TelltaleCLI", "CheckpointSupport", "TestSupport"], swiftSettings: strict
    ),
    .testTarget(
      name: "SteeringTests", dependencies: ["Steering", "Organisms", "CheckpointSupport", "TestSupport"],
      swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx17
)
