import Foundations
import Statistics
import Steering

/// What is averaged or correlated over the vectors of a study.
package enum StudyMeasure: String, Sendable, CaseIterable {
  case reliability
  case aurocInside = "auroc_in"
  case aurocOutside = "auroc_out"
  case slopeInside = "slope_in"
  case slopeOutside = "slope_out"
  case plantedCosine = "cosine_planted"

  package func value(_ row: StudyRow) -> Double? {
    switch self {
    case .reliability: row.reliability
    case .aurocInside: row.inside?.auroc
    case .aurocOutside: row.outside?.auroc
    case .slopeInside: row.steeringInside?.slope.value
    case .slopeOutside: row.steeringOutside?.slope.value
    case .plantedCosine: row.plantedCosine
    }
  }

  /// What it is, after "mean".
  var words: String {
    switch self {
    case .reliability: "split-half reliability"
    case .aurocInside: "AUROC in distribution"
    case .aurocOutside: "AUROC out of distribution"
    case .slopeInside: "steering slope in distribution"
    case .slopeOutside: "steering slope out of distribution"
    case .plantedCosine: "cosine with the planted direction"
    }
  }
}

/// The mean over the vectors that share one choice: a row of the table `study-choices`.
package struct StudyChoice: Sendable {
  package var model: ModelName
  /// `contrast`, `estimator`, `dataset`, `pairs` or `read`.
  package var factor: String
  package var level: String
  package var vectors: Int
  /// Over the vectors that have it.
  package var means: [StudyMeasure: Double]

  static func all(_ rows: [StudyRow]) -> [StudyChoice] {
    let factors: [(String, (StudyRow) -> String)] = [
      ("contrast", { $0.vector.contrast.rawValue }), ("estimator", { $0.vector.estimator.rawValue }),
      ("dataset", { $0.vector.dataset }), ("pairs", { $0.vector.pairs.map(String.init) ?? "all" }),
      ("read", { $0.vector.read.rawValue }),
    ]
    return unique(rows.map(\.model)).flatMap { model in
      factors.flatMap { factor, level in
        let own = rows.filter { $0.model == model }
        return unique(own.map(level)).map { name in
          StudyChoice(model: model, factor: factor, level: name, own.filter { level($0) == name })
        }
      }
    }
  }

  private init(model: ModelName, factor: String, level: String, _ rows: [StudyRow]) {
    (self.model, self.factor, self.level, vectors) = (model, factor, level, rows.count)
    means = [:]
    for measure in StudyMeasure.allCases {
      let values = rows.compactMap(measure.value)
      if !values.isEmpty { means[measure] = values.reduce(0, +) / Double(values.count) }
    }
  }

  package static let table = Table<StudyChoice>(
    "study-choices", "The mean over the vectors of one model that share one choice.",
    [
      .text("model", "The model.", \.model.text),
      .text("factor", "What was chosen: `contrast`, `estimator`, `dataset`, `pairs` or `read`.", \.factor),
      .text("level", "What it is in these vectors.", \.level),
      .integer("vectors", "How many vectors share it.", \.vectors),
    ],
    StudyMeasure.allCases.map { measure in .number(measure.rawValue, "Mean \(measure.words).") { $0.means[measure] } })
}

/// How two measures go together over the vectors of a model: a row of the table `study-correlations`. Vectors of one
/// model share data and are not independent, so that the intervals are too narrow rather than too wide.
package struct StudyCorrelation: Sendable {
  package var model: ModelName
  package var first: StudyMeasure
  package var second: StudyMeasure
  package var correlation: RankCorrelation
  /// Corrected for all correlations of the study (Benjamini-Hochberg).
  package var q: Double?

  static func all(_ rows: [StudyRow]) -> [StudyCorrelation] {
    let measures = StudyMeasure.allCases
    var found = unique(rows.map(\.model)).flatMap { model in
      measures.indices.flatMap { i in
        measures[(i + 1)...].compactMap { second in
          StudyCorrelation(model, measures[i], second, rows.filter { $0.model == model })
        }
      }
    }
    let tested = found.indices.filter { found[$0].correlation.p != nil }
    guard let q = FalseDiscovery.benjaminiHochberg(tested.compactMap { found[$0].correlation.p }) else { return found }
    for (index, value) in zip(tested, q) { found[index].q = value }
    return found
  }

  private init?(_ model: ModelName, _ first: StudyMeasure, _ second: StudyMeasure, _ rows: [StudyRow]) {
    let pairs: [(Double, Double)] = rows.compactMap { row in
      first.value(row).flatMap { x in second.value(row).map { (x, $0) } }
    }
    guard pairs.count > 3, let correlation = RankCorrelation(pairs.map(\.0), pairs.map(\.1)) else { return nil }
    (self.model, self.first, self.second, self.correlation) = (model, first, second, correlation)
  }

  package static let table = Table<StudyCorrelation>(
    "study-correlations",
    "How two measures go together over the vectors of a model, which share data: the intervals are too narrow.",
    [
      .text("model", "The model.", \.model.text),
      .text("first", "A measure, named as in `study-choices`.", \.first.rawValue),
      .text("second", "Another.", \.second.rawValue),
      .integer("vectors", "Vectors that have both.", \.correlation.count),
    ],
    .estimate(
      "spearman", "Rank correlation.", unit: "-1 to 1", { $0.correlation.coefficient }, interval: \.correlation.interval
    ),
    [
      .number("p", "Two-sided p of no correlation.", \.correlation.p),
      .number("q_fdr", "Corrected for all correlations of the study (Benjamini-Hochberg).", \.q),
    ])
}

extension ExperimentResults {
  package var choices: [StudyChoice] { StudyChoice.all(study) }
  package var correlations: [StudyCorrelation] { StudyCorrelation.all(study) }
  /// How many permutation tests the q values are corrected for.
  package var comparisons: Int { predictions.count { $0.row.predictivity.pPermutation != nil } }
}

/// Each name once, in order of first appearance.
private func unique<Name: Hashable>(_ names: [Name]) -> [Name] {
  var seen: Set<Name> = []
  return names.filter { seen.insert($0).inserted }
}
