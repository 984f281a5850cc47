import Foundations
import Statistics
import Steering

/// What is averaged or correlated over the vectors of a study.
public enum StudyMeasure: String, Sendable, CaseIterable {
  case reliability
  case aurocInside = "auroc_in"
  case aurocOutside = "auroc_out"
  case slopeInside = "slope_in"
  case slopeOutside = "slope_out"
  case plantedCosine = "cosine_planted"

  public func value(_ row: StudyRow) -> Double? {
    switch self {
    case .reliability: row.reliability
    case .aurocInside: row.inside?.auroc
    case .aurocOutside: row.outside?.auroc
    case .slopeInside: row.steeringInside?.slope.value
    case .slopeOutside: row.steeringOutside?.slope.value
    case .plantedCosine: row.plantedCosine
    }
  }
}

/// The mean over the vectors that share one choice: a row of the table `study-choices`.
public struct StudyChoice: Sendable {
  public var model: ModelName
  /// `contrast`, `estimator`, `dataset`, `pairs` or `read`.
  public var factor: String
  public var level: String
  public var vectors: Int
  /// Over the vectors that have it.
  public var means: [StudyMeasure: Double]

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

  static func csv(_ rows: [StudyChoice]) -> String {
    CSVWriter.text(
      header: ["model", "factor", "level", "vectors"] + StudyMeasure.allCases.map(\.rawValue),
      rows: rows.map { row in
        [row.model.text, row.factor, row.level, "\(row.vectors)"]
          + StudyMeasure.allCases.map { row.means[$0].map { "\($0)" } ?? "" }
      })
  }
}

/// How two measures go together over the vectors of a model: a row of the table `study-correlations`. Vectors of one
/// model share data and are not independent, so that the intervals are too narrow rather than too wide.
public struct StudyCorrelation: Sendable {
  public var model: ModelName
  public var first: StudyMeasure
  public var second: StudyMeasure
  public var correlation: RankCorrelation
  /// Corrected for all correlations of the study (Benjamini-Hochberg).
  public var q: Double?

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

  static func csv(_ rows: [StudyCorrelation]) -> String {
    func field(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }
    return CSVWriter.text(
      header: ["model", "first", "second", "vectors", "spearman", "spearman_low", "spearman_high", "p", "q_fdr"],
      rows: rows.map { row in
        let interval = row.correlation.interval
        return [row.model.text, row.first.rawValue, row.second.rawValue, "\(row.correlation.count)"]
          + [row.correlation.coefficient, interval?.low, interval?.high, row.correlation.p, row.q].map(field)
      })
  }
}

extension ExperimentResults {
  public var choices: [StudyChoice] { StudyChoice.all(study) }
  public var correlations: [StudyCorrelation] { StudyCorrelation.all(study) }
  /// How many permutation tests the q values are corrected for.
  public var comparisons: Int { predictions.count { $0.row.predictivity.pPermutation != nil } }
}

/// Each name once, in order of first appearance.
private func unique<Name: Hashable>(_ names: [Name]) -> [Name] {
  var seen: Set<Name> = []
  return names.filter { seen.insert($0).inserted }
}
