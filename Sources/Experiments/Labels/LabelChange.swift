import Foundations
import Statistics
import Steering

/// What other labels do to the AUROC of one score: a row of the table `changes`.
///
/// Both areas are of the rows that have a label of both sources, and the interval of their difference is clustered by question
/// (`PairedClusteredAUROC`).
public struct LabelChange: Sendable {
  public var labels: LabelChoice
  /// What they are compared with: the recorded labels, or for a judge those of people.
  public var reference: LabelChoice
  public var model: ModelName
  public var vector: VectorName
  public var target: TargetName
  public var position: String
  public var layer: Int
  public var score: String
  /// Rows that have a label of both sources.
  public var n: Int
  /// Those on which the two differ.
  public var changed: Int
  public var auroc: Double?
  public var aurocReference: Double?
  /// AUROC by `labels` minus that by `reference`; nil where no test is defined.
  public var test: PairedClusteredAUROC?

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

  static func csv(_ changes: [LabelChange]) -> String {
    func field(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }
    return CSVWriter.text(
      header: [
        "label_source", "reference", "model", "vector", "target", "position", "layer", "score", "n", "changed", "auroc",
        "auroc_reference",
        "difference", "difference_low", "difference_high", "p_difference",
      ],
      rows: changes.map { change in
        let interval = change.test?.interval()
        return [
          change.labels.description, change.reference.description, change.model.text, change.vector.text,
          change.target.text, change.position,
          "\(change.layer)", change.score,
          "\(change.n)", "\(change.changed)", field(change.auroc), field(change.aurocReference),
          field(change.test?.difference), field(interval?.low), field(interval?.high), field(change.test?.p),
        ]
      })
  }
}
