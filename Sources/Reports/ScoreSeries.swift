import Experiments
import Foundation
import Foundations
import Statistics

/// The answers of one model to one data set: one table of texts, shared by every vector, layer and position.
struct AnswerTable: Encodable {
  var model: String
  var dataset: String
  /// Distinct questions, groups, letters and user sides; rows name them by number, -1 where there is none.
  var questions: [String]
  var groups: [String]
  var letters: [String]
  var sides: [String]
  var question: [Int]
  var group: [Int]
  var letter: [Int]
  var side: [Int]
  /// By row: 1, 0, or -1 where the answer could not be read.
  var label: [Int]
  var item: [String]
  var text: [String]
  /// Whole prompts, by row, of the rows that are shown in full.
  var prompts: [String: String] = [:]

  /// - Parameter limit: of a question and of an answer, in characters.
  init(model: String, dataset: String, _ answers: [StoredAnswer], limit: Int) {
    (self.model, self.dataset) = (model, dataset)
    (questions, question) = Self.numbered(answers.map { SafeText.visible($0.question, limit: limit) })
    (groups, group) = Self.numbered(answers.map { SafeText.visible($0.group, limit: 80) })
    (letters, letter) = Self.numbered(answers.map { $0.letter.map { SafeText.visible($0, limit: 20) } })
    (sides, side) = Self.numbered(answers.map { $0.userSide.map { SafeText.visible($0, limit: 40) } })
    label = answers.map { $0.label ?? -1 }
    item = answers.map { SafeText.visible($0.item, limit: 80) }
    text = answers.map { SafeText.visible($0.continuation, limit: limit) }
  }

  private static func numbered(_ values: [String?]) -> (names: [String], numbers: [Int]) {
    var names: [String] = []
    var places: [String: Int] = [:]
    let numbers = values.map { value -> Int in
      guard let value else { return -1 }
      if let known = places[value] { return known }
      places[value] = names.count
      names.append(value)
      return names.count - 1
    }
    return (names, numbers)
  }
}

/// The cosines of one vector with the answers to one target at one position.
struct ScoreSeries: Encodable {
  /// Where the label was least expected, and the ends of the scores: rows of the table of answers.
  struct Extremes: Encodable {
    var highest: [Int]
    var lowest: [Int]
    var surprising: [Int]
  }

  struct Curve: Encodable {
    var layer: Int
    var falsePositiveRates: [Double]
    var truePositiveRates: [Double]
    /// Of predictivity.csv.
    var auroc: Double?
    var low: Double?
    var high: Double?
    /// Bins of the probabilities, held out by question.
    var calibration: DataTable?
    var brier: Double?
    var calibrationError: Double?
    /// The share of the behaviour, what a guess would give.
    var baseRate: Double
  }

  var name: SeriesName
  /// Which table of answers, by number.
  var answers: Int
  var layers: [Int]
  /// Base64 of little-endian float32 [layers, rows of the table]; NaN where an answer has no score.
  var scores: String
  /// By layer: intercept and slope of the logistic regression of the label on the cosine; empty where none exists.
  var fits: [[Double]]
  var curve: Curve?
  var extremes: Extremes?
}

extension ScoreSeries {
  static let extremeRows = 3

  /// The layer at which ROC, calibration and extreme rows are shown.
  static func curve(
    _ answers: [StoredAnswer], _ cosines: StoredCosines, layer: Int, row: StoredTable.Row?, seed: UInt64
  ) -> (Curve, Extremes)? {
    let used = answers.indices.filter { answers[$0].label != nil && cosines[answers[$0].id] != nil }
    let labels = used.map { answers[$0].label ?? 0 }
    let scores = used.map { cosines[answers[$0].id] ?? .nan }
    guard let roc = OperatingCurve(scores: scores, labels: labels) else { return nil }
    let probabilities = HeldOutProbability.estimate(
      scores: scores, labels: labels, groups: used.map { answers[$0].group }, seed: seed)
    let curve = Curve(
      layer: layer, falsePositiveRates: roc.falsePositiveRates, truePositiveRates: roc.truePositiveRates,
      auroc: row?.number("auroc"), low: row?.number("auroc_low"), high: row?.number("auroc_high"),
      calibration: probabilities.flatMap { ReliabilityCurve(probabilities: $0, labels: labels) }.map(table),
      brier: probabilities.flatMap { Measures.brierScore(probabilities: $0, labels: labels) },
      calibrationError: probabilities.flatMap { Measures.expectedCalibrationError(probabilities: $0, labels: labels) },
      baseRate: Double(labels.reduce(0, +)) / Double(labels.count))
    return (curve, extremes(used, scores, labels, probabilities))
  }

  private static func table(_ curve: ReliabilityCurve) -> DataTable {
    DataTable(
      columns: ["rows", "mean_probability", "share", "share_low", "share_high"],
      rows: curve.bins.map { bin in
        [Double(bin.rows), bin.meanProbability, bin.share, bin.interval?.low, bin.interval?.high].map {
          .number($0)
        }
      })
  }

  /// The surprising rows are those whose label was given the lowest probability; without probabilities, positives that
  /// score lowest.
  private static func extremes(
    _ rows: [Int], _ scores: [Double], _ labels: [Int], _ probabilities: [Double]?
  ) -> Extremes {
    let byScore = scores.indices.sorted { scores[$0] < scores[$1] }
    let surprise = scores.indices.map { index in
      probabilities.map { labels[index] == 1 ? $0[index] : 1 - $0[index] }
        ?? (labels[index] == 1 ? scores[index] : .infinity)
    }
    let bySurprise = scores.indices.sorted { surprise[$0] < surprise[$1] }
    return Extremes(
      highest: byScore.suffix(extremeRows).reversed().map { rows[$0] },
      lowest: byScore.prefix(extremeRows).map { rows[$0] }, surprising: bySurprise.prefix(extremeRows).map { rows[$0] })
  }

  /// Intercept and slope of P(label = 1) against the cosine.
  static func fit(_ answers: [StoredAnswer], _ cosines: StoredCosines) -> [Double] {
    let used = answers.filter { $0.label != nil && cosines[$0.id] != nil }
    let scores = used.map { cosines[$0.id] ?? .nan }
    guard let low = scores.min(), let high = scores.max(), high > low else { return [] }
    // From 0 to 1, so that the ridge that keeps a separating fit finite is the same whatever the scores' range.
    let fit = try? LogisticRegression.fit(
      features: scores.map { [($0 - low) / (high - low)] }, labels: used.map { $0.label ?? 0 },
      inverseRegularization: HeldOutProbability.inverseRegularization)
    guard let fit else { return [] }
    let slope = fit.coefficients[0] / (high - low)
    return [fit.intercept - slope * low, slope]
  }
}
