import Foundation
import Testing

@testable import Statistics

/// Files under `Tests/Fixtures/statistics`.
enum Fixtures {
  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/statistics")

  static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  static func decode<T: Decodable>(_ type: T.Type, from name: String) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data(name))
  }
}

/// Expects `actual` to equal `expected` to a relative tolerance; both `nil` also passes.
func expectClose(
  _ actual: Double?, _ expected: Double?, relative: Double = 1e-10, absolute: Double = 1e-300, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let actual, let expected else {
    #expect(actual == expected, "\(what): a value where the other is undefined", sourceLocation: sourceLocation)
    return
  }
  let allowed = max(relative * abs(expected), absolute)
  #expect(
    abs(actual - expected) <= allowed, "\(what): \(actual) is not \(expected) within \(allowed)",
    sourceLocation: sourceLocation)
}
