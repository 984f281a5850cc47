// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with warnings as errors, locally as in CI, so that there is one notion of "it builds".
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "telltale",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
  ],
  targets: [
    .target(
      name: "Statistics",
      dependencies: [.product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: strict),
    .target(
      name: "LanguageModels",
      dependencies: [.product(name: "HeapModule", package: "swift-collections")],
      swiftSettings: strict),
    .target(name: "Steering", dependencies: ["LanguageModels", "Statistics"], swiftSettings: strict),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: strict),
    .testTarget(name: "LanguageModelsTests", dependencies: ["LanguageModels"], swiftSettings: strict),
    .testTarget(name: "SteeringTests", dependencies: ["Steering"], swiftSettings: strict),
  ]
)
