import Foundations
import Statistics
import Steering

/// What the errors of one source of labels, known from the answers that people labelled too, do to the rate of the behaviour
/// in a target and to the AUROC of a vector there.
package struct LabelCorrection: Sendable {
  /// The source that errs: a judge, or the recorded labels (those of the letter parser).
  package let labels: LabelChoice
  package let model: ModelName
  package let vector: VectorName
  package let target: TargetName
  package let position: ReadPosition
  package let layer: Int
  /// Rows that the source labelled, as it labelled them.
  let rows: ScoredRows
  package let errors: LabelErrors

  package static let table = Table<Self>(
    "label-corrections",
    "Rate and AUROC by labels that err, corrected by their errors on the answers that people labelled too. docs/audit.md, "
      + "*Labels that err*, says what either correction assumes.",
    [
      .text("label_source", "The source that errs: a judge, or `recorded` (the letter parser).", \.labels.description),
      .text("model", "The model.", \.model.text),
      .text("vector", "The vector.", \.vector.text),
      .text("target", "The data set.", \.target.text),
      .text("position", "Where the residual stream was read.", \.position.rawValue),
      .integer("layer", "The layer: the one at which transfer is judged.", \.layer),
      .integer("n", "Answers that the source labelled 1 or 0.", unit: "answers", \.rows.count),
      .integer("n_hand", "Those of them that people labelled too.", unit: "answers", \.errors.doublyLabelled),
      .number("rate", "Share of 1 by the source.", unit: "0 to 1") {
        Double($0.rows.labels.reduce(0, +)) / Double($0.rows.count)
      },
    ],
    .estimate(
      "rate_corrected", "Rogan and Gladen's; interval by Lang and Reiczigel.", unit: "0 to 1", \.errors.rate?.value,
      interval: { $0.errors.rate.map { Interval(low: $0.low, high: $0.high) } }),
    .estimate(
      "rate_powered", "By prediction-powered inference; empty where every answer has both labels.", unit: "0 to 1",
      \.errors.poweredRate?.value, interval: { interval($0.errors.poweredRate?.low, $0.errors.poweredRate?.high) }),
    [
      .number("auroc", "AUROC of the cosine by the source.", unit: "0 to 1") {
        Measures.auroc(scores: $0.rows.scores, labels: $0.rows.labels)
      }
    ],
    .estimate(
      "auroc_corrected", "If errors do not depend on the score (Menon's).", unit: "0 to 1", \.errors.auroc?.value,
      interval: \.errors.auroc?.interval),
    .estimate(
      "auroc_powered", "By prediction-powered inference.", unit: "0 to 1", \.errors.poweredAUROC?.value,
      interval: { interval($0.errors.poweredAUROC?.low, $0.errors.poweredAUROC?.high) }))
}

private func interval(_ low: Double?, _ high: Double?) -> Interval? {
  if let low, let high { Interval(low: low, high: high) } else { nil }
}
