import Foundation

@testable import Statistics

/// The founding experiment's published scores, read from the fixtures.
struct SeedResult: CustomStringConvertible {
  struct Expected: Decodable {
    let n: Int
    let positives: Int
    let auroc: Double
    let pointBiserialR: Double
    let pValue: Double
  }

  let name: String
  let scores: [Double]
  let labels: [Int]
  let expected: Expected
  var description: String { name }

  static let anthropic = ["continuation_13", "continuation_30", "prompt_13", "prompt_30"].map {
    "Zephyr_Anthropic_\($0)"
  }
  static let truthfulQA = ["continuation_13", "continuation_30", "prompt_13", "prompt_30"].map {
    "Zephyr_TruthfulQA_\($0)"
  }

  init(_ name: String) throws {
    self.name = name
    let rows = try Self.columns("seed-results/\(name).csv")
    scores = rows.compactMap { Double($0[0]) }
    labels = rows.compactMap { Int($0[1]) }
    expected = try Fixtures.decode(Expected.self, from: "seed-results/\(name).expected.json")
  }

  static func groups() throws -> [String] { try columns("seed-results/groups.csv").map { $0[1] } }

  private static func columns(_ file: String) throws -> [[String]] {
    String(decoding: try Fixtures.data(file), as: UTF8.self)
      .split(whereSeparator: \.isNewline).dropFirst()
      .map { $0.split(separator: ",").map(String.init) }
  }
}
