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

  /// The columns in order, as the table and `telltale predict --json` name them.
  public static let columns = [
    "model", "vector", "target", "position", "layer", "score", "n", "groups", "positives", "auroc", "auroc_low",
    "auroc_high", "auroc_within_group", "point_biserial", "spearman", "p_permutation", "q_fdr", "null_percentile",
    "letter_auroc", "logit_baseline_auroc", "probe_auroc", "warnings",
  ]

  /// The fields of a CSV row, in the order of `columns`.
  public var fields: [String] {
    let numbers: [Double?] = [
      predictivity.auroc, predictivity.aurocLow, predictivity.aurocHigh, predictivity.aurocWithinGroup,
      predictivity.pointBiserial?.coefficient, predictivity.spearman?.coefficient, predictivity.pPermutation, qFDR,
      nullPercentile,
      predictivity.letterAUROC, logitBaselineAUROC, probeAUROC,
    ]
    return [
      model ?? "", vector ?? "", target ?? "", position ?? "", layer.map(String.init) ?? "", score ?? "",
      String(predictivity.n), predictivity.groups.map(String.init) ?? "", String(predictivity.positives),
    ] + numbers.map { $0.map { "\($0)" } ?? "" } + [predictivity.warnings.joined(separator: " ")]
  }

  /// The table as CSV.
  public static func csv(_ rows: [PredictivityRow]) -> String {
    CSVWriter.text(header: columns, rows: rows.map(\.fields))
  }
}

extension PredictivityRow: Encodable {
  private struct Column: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Every column is there, null where undefined.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Column.self)
    for (name, value) in zip(Self.columns.prefix(6), [model, vector, target, position, nil, score])
    where name != "layer" {
      try container.encode(value, forKey: Column(name))
    }
    try container.encode(layer, forKey: Column("layer"))
    try container.encode(predictivity.n, forKey: Column("n"))
    try container.encode(predictivity.groups, forKey: Column("groups"))
    try container.encode(predictivity.positives, forKey: Column("positives"))
    for (name, field) in zip(Self.columns, fields).dropFirst(9).dropLast() {
      try container.encode(Double(field), forKey: Column(name))
    }
    try container.encode(predictivity.warnings, forKey: Column("warnings"))
  }
}
