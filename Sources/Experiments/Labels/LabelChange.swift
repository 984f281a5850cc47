import Foundations
import Statistics
import Steering

/// What other labels do to the AUROC of one score: a row of the table `changes`.
///
/// Both areas are of the rows that have a label of both sources, and the interval of their difference is clustered by question
/// (`PairedClusteredAUROC`).
package struct LabelChange: Sendable {
  package var labels: LabelChoice
  /// What they are compared with: the recorded labels, or for a judge those of people.
  package var reference: LabelChoice
  package var model: ModelName
  package var vector: VectorName
  package var target: TargetName
  package var position: String
  package var layer: Int
  package var score: String
  /// Rows that have a label of both sources.
  package var n: Int
  /// Those on which the two differ.
  package var changed: Int
  package var auroc: Double?
  package var aurocReference: Double?
  /// AUROC by `labels` minus that by `reference`; nil where no test is defined.
  package var test: PairedClusteredAUROC?

  /// - Parameters:
  ///   - scored: the rows by the chosen labels.
  ///   - reference: the other label of each of them.
  init(
    model: ModelName, vector: VectorName, target: TargetName, position: ReadPosition, layer: Int, score: ScoreKind,
    _ scored: ScoredRows, _ chosen: TargetLabels, reference given: [Int?]
  ) {
    (labels, reference) = (chosen.choice, chosen.reference)
    (self.model, self.vector, self.target, self.position) = (model, vector, target, position.rawValue)
    (self.layer, self.score) = (layer, score.rawValue)
    let both = given.indices.filter { given[$0] != nil }
    let scores = both.map { scored.scores[$0] }
    let (new, old) = (both.map { scored.labels[$0] }, both.map { given[$0] ?? 0 })
    n = both.count
    changed = zip(new, old).count { $0 != $1 }
    auroc = Measures.auroc(scores: scores, labels: new)
    aurocReference = Measures.auroc(scores: scores, labels: old)
    let groups = both.map { row in scored.groups?[row] ?? "\(row)" }
    test = PairedClusteredAUROC(scores: scores, labelsA: new, labelsB: old, groups: groups)
  }

  package static let table = Table<LabelChange>(
    "changes", "What other labels do to the AUROC of one score, on the answers that have both labels.",
    [
      .text("label_source", "Whose labels: `hand`, `hand:<rater>` or `judge:<name>`.", \.labels.description),
      .text("reference", "Whose they are compared with.", \.reference.description),
      .text("model", "The model.", \.model.text),
      .text("vector", "The vector.", \.vector.text),
      .text("target", "The data set.", \.target.text),
      .text("position", "Where the residual stream was read.", \.position),
      .integer("layer", "The layer.", \.layer),
      .text("score", "`cosine`, `centred-cosine` or `projection`.", \.score),
      .integer("n", "Answers that have both labels.", unit: "answers", \.n),
      .integer("changed", "Those on which the two differ.", unit: "answers", \.changed),
      .number("auroc", "AUROC by these labels.", unit: "0 to 1", \.auroc),
      .number("auroc_reference", "AUROC by the reference.", unit: "0 to 1", \.aurocReference),
    ],
    .estimate(
      "difference", "AUROC minus that by the reference.", { $0.test?.difference }, interval: { $0.test?.interval() }),
    [.number("p_difference", "Two-sided p of that difference, clustered by question.", \.test?.p)])
}
