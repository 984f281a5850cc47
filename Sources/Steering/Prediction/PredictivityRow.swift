import Foundations
import Statistics

/// One row of the table `predictivity` of a run: how well one score of one vector predicts the label on one target set.
///
/// A number that is undefined is nil (an empty field, JSON null), and a warning says why.
public struct PredictivityRow: Sendable, Equatable {
  public var model: String?
  public var vector: String?
  public var target: String?
  public var position: String?
  public var layer: Int?
  public var score: String?
  public var predictivity: Predictivity
  /// False-discovery rate over the comparisons made together (Benjamini-Hochberg).
  public var qFDR: Double?
  /// The percentile of the AUROC among those of null directions.
  public var nullPercentile: Double?
  /// AUROC of the model's own logit difference between the choices.
  public var logitBaselineAUROC: Double?
  /// AUROC of a logistic probe cross-validated by group: a ceiling.
  public var probeAUROC: Double?

  public init(
    model: String? = nil, vector: String? = nil, target: String? = nil, position: String? = nil, layer: Int? = nil,
    score: String? = nil, predictivity: Predictivity
  ) {
    (self.model, self.vector, self.target, self.position) = (model, vector, target, position)
    (self.layer, self.score, self.predictivity) = (layer, score, predictivity)
  }

  /// The table `predictivity`, as files and `telltale predict --json` have it.
  package static let table = Table<PredictivityRow>(
    "predictivity",
    "How well one score of one vector predicts the label on one target, at one read position and layer.",
    [
      .text("model", "The model whose activations and labels these are.", \.model),
      .text("vector", "The vector; empty for scores that were given in a file.", \.vector),
      .text("target", "The data set whose labels are predicted.", \.target),
      .text("position", "Where the residual stream was read.", \.position),
      .integer("layer", "The block after which it was read, counted from 0.", \.layer),
      .text("score", "`cosine`, `centred-cosine` or `projection`.", \.score),
      .integer("n", "Rows that have a score and a label.", unit: "rows", \.predictivity.n),
      .integer("groups", "Distinct questions among them.", unit: "questions", \.predictivity.groups),
      .integer("positives", "Rows whose label is 1.", unit: "rows", \.predictivity.positives),
    ],
    .estimate(
      "auroc", "Chance that a row with the behaviour scores above one without; the interval is clustered by question.",
      unit: "0 to 1", value: \.predictivity.auroc, low: \.predictivity.aurocLow, high: \.predictivity.aurocHigh),
    [
      .number(
        "auroc_within_group", "The same with rows compared only inside a question.", unit: "0 to 1",
        \.predictivity.aurocWithinGroup),
      .number(
        "point_biserial", "Correlation of score and label.", unit: "-1 to 1", \.predictivity.pointBiserial?.coefficient),
      .number(
        "spearman", "Rank correlation of score and label.", unit: "-1 to 1", \.predictivity.spearman?.coefficient),
      .number(
        "p_permutation", "Two-sided permutation p of the AUROC, labels shuffled as docs/audit.md says.",
        \.predictivity.pPermutation),
      .number("q_fdr", "`p_permutation` corrected for all rows of the run (Benjamini-Hochberg).", \.qFDR),
      .number(
        "null_percentile", "Share of null directions of this layer whose AUROC is below this one.", unit: "0 to 1",
        \.nullPercentile),
      .number(
        "letter_auroc", "AUROC of the answer letter alone: what a tally of letters gives.", unit: "0 to 1",
        \.predictivity.letterAUROC),
      .number(
        "logit_baseline_auroc", "AUROC of the model's own logit difference between the choices.", unit: "0 to 1",
        \.logitBaselineAUROC),
      .number(
        "probe_auroc", "AUROC of a logistic probe of this layer, cross-validated by question: a ceiling.",
        unit: "0 to 1",
        \.probeAUROC),
      .list("warnings", "What is suspicious, in sentences.", \.predictivity.warnings),
    ])
}

extension PredictivityRow: Encodable {
  /// Every column is there, null where undefined.
  public func encode(to encoder: any Encoder) throws { try Self.table.object(self).encode(to: encoder) }
}
