import Foundation
import Foundations
import Statistics
import Steering

/// What a choice in the making of a vector does to its AUROC with the other choices held fixed: a row of the table
/// `study-regression`, a coefficient of least squares over the vectors of a model.
///
/// Vectors of one model share rows and are not independent, so that the intervals are too narrow; and the choices were not made
/// at random. What follows from other choices (a position at which only one contrast is read) has no coefficient.
package struct StudyRegression: Sendable {
  package var model: ModelName
  /// `auroc_in` or `auroc_out`.
  package var outcome: StudyMeasure
  /// `contrast`, `estimator`, `dataset`, `read`, or `pairs` (each doubling).
  package var factor: String
  package var level: String
  /// The level that it is compared with; empty of `pairs`.
  package var reference: String
  package var vectors: Int
  /// Nil where the other choices say all that it says.
  package var coefficient: LeastSquares.Coefficient?
  package var rSquared: Double

  static func all(_ rows: [StudyRow]) -> [StudyRegression] {
    var models: [ModelName] = []
    for row in rows where !models.contains(row.model) { models.append(row.model) }
    return models.flatMap { model in
      [StudyMeasure.aurocInside, .aurocOutside].flatMap { of(model, $0, rows.filter { $0.model == model }) }
    }
  }

  private static func of(_ model: ModelName, _ outcome: StudyMeasure, _ rows: [StudyRow]) -> [StudyRegression] {
    let used = rows.filter { outcome.value($0) != nil && ($0.pairs ?? 0) > 0 }
    let columns = indicators(used)
    let design = used.map { row in [1, log2(Double(row.pairs ?? 1))] + columns.map { $0.holds(row) ? 1 : 0 } }
    guard let fit = LeastSquares(design: design, used.compactMap(outcome.value)) else { return [] }
    func found(_ factor: String, _ level: String, _ reference: String, _ column: Int) -> StudyRegression {
      StudyRegression(
        model: model, outcome: outcome, factor: factor, level: level, reference: reference, vectors: used.count,
        coefficient: fit.coefficients[column], rSquared: fit.rSquared)
    }
    return [found("pairs", "doubled", "", 1)]
      + columns.enumerated().map { found($1.factor, $1.level, $1.reference, $0 + 2) }
  }

  /// A choice as 0 or 1.
  private struct Indicator {
    var factor: String
    var level: String
    var reference: String
    var value: @Sendable (StudyRow) -> String

    func holds(_ row: StudyRow) -> Bool { value(row) == level }
  }

  /// All levels but the first of every factor.
  private static func indicators(_ rows: [StudyRow]) -> [Indicator] {
    let factors: [(String, @Sendable (StudyRow) -> String)] = [
      ("contrast", { $0.vector.contrast.rawValue }), ("estimator", { $0.vector.estimator.rawValue }),
      ("dataset", { $0.vector.dataset }), ("read", { $0.vector.read.rawValue }),
    ]
    return factors.flatMap { factor, value in
      var levels: [String] = []
      for row in rows where !levels.contains(value(row)) { levels.append(value(row)) }
      return levels.dropFirst().map { Indicator(factor: factor, level: $0, reference: levels[0], value: value) }
    }
  }

  package static let table = Table<StudyRegression>(
    "study-regression",
    "What a choice does to the AUROC with the other choices held fixed: least squares over the vectors of a model, which share "
      + "data, so that the intervals are too narrow.",
    [
      .text("model", "The model.", \.model.text),
      .text("outcome", "`auroc_in` or `auroc_out`.", \.outcome.rawValue),
      .text("factor", "What was chosen; `pairs` counts doublings.", \.factor),
      .text("level", "What it is.", \.level),
      .text("reference", "What it is compared with.", \.reference),
      .integer("vectors", "Vectors of the regression.", \.vectors),
    ],
    .estimate(
      "coefficient", "Change of the AUROC; empty where the other choices say all that it says.",
      value: \.coefficient?.value,
      low: \.coefficient?.low, high: \.coefficient?.high),
    [
      .number("p", "Two-sided p of no change (HC3 errors, Student's t).", \.coefficient?.p),
      .number("r_squared", "Share of the variance that all choices explain.", \.rSquared),
    ])
}

extension ExperimentResults {
  package var regressions: [StudyRegression] { StudyRegression.all(study) }
}
