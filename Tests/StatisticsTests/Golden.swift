import Foundation

/// The parts of golden.json that the tests read. `null` there means undefined, so every expectation is optional.
struct Golden: Decodable {
  struct DataSet: Decodable, CustomStringConvertible {
    let name: String
    let labels: [Int]
    let scores: [Double]
    let probabilities: [Double]
    let expected: Expected
    var description: String { name }
    var tolerance: Double { name == "offset" ? 1e-6 : 1e-10 }
  }

  struct Expected: Decodable {
    struct PointBiserial: Decodable { let r: Double?, p: Double? }
    struct Spearman: Decodable { let rho: Double?, p: Double? }
    struct Kendall: Decodable { let tau: Double?, pAsymptotic: Double? }
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct MannWhitney: Decodable { let U: Double, pAsymptotic: Double, pExact: Double? }
    struct Welch: Decodable { let t: Double?, df: Double?, p: Double? }
    struct DeLong: Decodable { let auc: Double, variance: Double?, low: Double?, high: Double? }
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct Logistic: Decodable {
      let C: Double, coefficients: [Double], intercept: Double
      let sklearnLbfgsCoefficients: [Double], sklearnLbfgsIntercept: Double
    }
    let auroc: Double?, averagePrecision: Double?
    let pointBiserial: PointBiserial
    let spearman: Spearman
    let kendallTauB: Kendall
    let mannWhitney: MannWhitney?
    let welchT: Welch?
    let cohensD: Double?
    let delong95: DeLong?
    let brier: Double?, logLoss: Double?, ece10: Double?
    let logisticRegression: Logistic?
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  struct Regression: Decodable {
    let X: [[Double]], y: [Int], fits: [Expected.Logistic]
  }

  struct Adjustment: Decodable { let p: [Double], adjusted: [Double], adjustedBy: [Double] }

  struct Wilson: Decodable {
    let successes: Int, trials: Int, confidence: Double, low: Double, high: Double
    let clopperPearsonLow: Double, clopperPearsonHigh: Double
  }

  struct Paired: Decodable {
    struct Expected: Decodable {
      let aucA: Double, aucB: Double, difference: Double, variance: Double, low: Double, high: Double
      let z: Double?, p: Double?
    }
    let labels: [Int], a: [Double], b: [Double], expected: Expected
  }

  let datasets: [DataSet]
  let logisticRegression: [Regression]
  let benjaminiHochberg: [Adjustment]
  let wilson: [Wilson]
  let delongPaired: [Paired]

  static func load() throws -> Golden { try Fixtures.decode(Golden.self, from: "golden.json") }
}
