import Foundation
import TestSupport
import Testing

@testable import Organisms
@testable import Steering

/// What the tests of the organisms read: rows drawn by an independent implementation, and the committed models.
enum OrganismFixtures {
  private static let root = Fixtures.repository

  struct Row: Decodable {
    var set: String
    var text: String
    var ids: [Int]
    var answer: String?
    var conflict: Bool?
    var approval: Int?
    var expertise: Int?
    var instruction: String?
    var strength: [Int]?
  }

  static func rows(_ set: String) throws -> [Row] {
    let data = try Data(contentsOf: root.appending(path: "Tests/Fixtures/organisms/rows.jsonl"))
    let all = try data.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Row.self, from: Data($0)) }
    return all.filter { $0.set == set }
  }

  static func model(_ organism: Organism) -> URL { root.appending(path: "Models/organism-\(organism.rawValue)") }

  /// Calls `body` with a new directory that is removed afterwards.
  static func withDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "organism-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
  }
}
