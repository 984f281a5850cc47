import Foundation
import Foundations

@testable import Statistics

/// The parts of Fixtures/measures/measures.json that the tests read.
struct MeasureGolden: Decodable {
  struct Association: Decodable { let value: Double, byGroup: Double, bySecond: Double, byBoth: Double }
  struct Permutation: Decodable { let z: Double, p: Double }
  struct Numeric: Decodable {
    let name: String, scores: [Double], labels: [Double], groups: [String], second: [String]
    let across: [String: Association], within: [String: Association]
    let partialByDummies: Double, permutation: Permutation
  }
  struct Partial: Decodable {
    struct Value: Decodable { let rate: Double, value: Double }
    let scores: [Double], labels: [Int], values: [Value]
  }
  struct Wilson: Decodable { let k: Int, n: Int, low: Double, high: Double }
  struct Calibration: Decodable {
    let probabilities: [Double], labels: [Int], groups: [String]
    let intercept: Double, slope: Double, errors: [Double], brier: Double
  }
  struct Powered: Decodable {
    let reference: [Double], judged: [Double], unlabelled: [Double], value: Double, low: Double, high: Double
  }
  struct ChiSquared: Decodable { let x: Double, df: Double, p: Double }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct F: Decodable { let x: Double, a: Double, b: Double, p: Double }
  struct Cochran: Decodable { let values: [Double], variances: [Double], q: Double, i2: Double, p: Double }
  struct LeastSquares: Decodable {
    let x: [Double], y: [Double], groups: [String], coefficients: [Double], cr1: [[Double]], cr3: [[Double]]
  }

  let numeric: [Numeric], partial: [Partial], wilson: [Wilson], calibration: Calibration, ppi: [Powered]
  let chiSquared: [ChiSquared], f: [F], cochran: Cochran, leastSquares: LeastSquares

  static func load() throws -> MeasureGolden {
    try Fixtures.decode(MeasureGolden.self, from: "../measures/measures.json")
  }
}

/// A CSV file of `../shared/failing/statistics`: score, label, group.
struct FailingFile {
  let scores: [Double]
  let labels: [Int]
  let groups: [String]

  static let folder = Fixtures.folder.appending(path: "../../../../shared/failing/statistics").standardizedFileURL
  static var isThere: Bool { FileManager.default.fileExists(atPath: folder.path) }

  init(_ name: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
    let cells = text.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    scores = cells.map { Double($0[0]) ?? .nan }
    labels = cells.map { Int($0[1]) ?? -1 }
    groups = cells.map { String($0[2]) }
  }
}

/// How many experiments a coverage test simulates: few by default, 1,000 where `TELLTALE_SIMULATIONS` says so.
enum Simulated {
  static let runs = ProcessInfo.processInfo.environment["TELLTALE_SIMULATIONS"].flatMap(Int.init) ?? 120

  /// The share of experiments whose interval holds the truth, printed and returned.
  static func coverage(_ what: String, truth: Double, _ interval: (Int) -> (low: Double, high: Double)?) -> Double {
    var (held, defined) = (0, 0)
    for run in 0..<runs {
      guard let interval = interval(run) else { continue }
      defined += 1
      if interval.low <= truth, truth <= interval.high { held += 1 }
    }
    let share = Double(held) / Double(max(1, defined))
    print("coverage \(what): \(share) of \(defined) (\(runs - defined) undefined)")
    return share
  }

  /// 93 to 97.5 %, with three standard errors of 95 % (6 points for 120 experiments, 2 for 1,000).
  static var allowed: ClosedRange<Double> {
    let noise = 3 * (0.95 * 0.05 / Double(runs)).squareRoot()
    return (0.93 - noise)...min(0.975 + noise, runs < 400 ? 1 : 0.995)
  }
}

/// Clusters of rows with a shared part, as several measures are simulated on.
struct CorrelatedClusters {
  var groups: [String] = []
  var templates: [String] = []
  var x: [Double] = []
  var y: [Double] = []

  /// Two variables of correlation `correlation` in every part: the group's (variance `shared`), the template's
  /// (`template`) and the row's own (1).
  init(
    seed: Int, sizes: [Int], correlation: Double, shared: Double = 1, templates count: Int = 4, template: Double = 0
  ) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let pair = { (generator: inout SeededGenerator, variance: Double) -> (Double, Double) in
      let (a, b) = (generator.normal(), generator.normal())
      let scale = variance.squareRoot()
      return (scale * a, scale * (correlation * a + (1 - correlation * correlation).squareRoot() * b))
    }
    let ofTemplate = (0..<count).map { _ in pair(&generator, template) }
    for (group, size) in sizes.enumerated() {
      let ofGroup = pair(&generator, shared)
      for _ in 0..<size {
        let own = pair(&generator, 1)
        let number = generator.index(below: count)
        groups.append("q\(group)")
        templates.append("t\(number)")
        x.append(ofGroup.0 + ofTemplate[number].0 + own.0)
        y.append(ofGroup.1 + ofTemplate[number].1 + own.1)
      }
    }
  }
}
