/// How well one score predicts the label on one target set: a row of the predictivity table.
///
/// Every measure is `nil` where it is undefined, and a warning says why.
public struct Predictivity: Sendable, Equatable, Codable {
  public let n: Int
  /// Number of distinct groups; `nil` if the rows have none.
  public let groups: Int?
  public let positives: Int
  public let auroc: Double?
  /// The 95 % interval of `auroc` that the audit states across questions (`ClusteredArea.interval`).
  public let aurocLow: Double?
  public let aurocHigh: Double?
  /// AUROC with pairs compared only inside a group; `nil` without groups or if no group has both classes.
  public let aurocWithinGroup: Double?
  public let pointBiserial: Correlation?
  public let spearman: Correlation?
  /// See `PermutationTest`.
  public let pPermutation: Double?
  /// AUROC of the answer letter alone (each letter scored by its share of positives); `nil` without letters.
  public let letterAUROC: Double?
  /// Plain sentences with their numbers, the gravest first; empty if nothing is suspicious.
  public let warnings: [String]

  /// - Parameters:
  ///   - permutations: how many permutations `pPermutation` draws (1...1,000,000).
  ///   - seed: of the permutations.
  public init(_ rows: ScoredRows, permutations: Int = 2_000, seed: UInt64 = 0) {
    let (scores, labels) = (rows.scores, rows.labels)
    let interval = rows.tableInterval
    n = rows.count
    groups = rows.questionIndex?.count
    positives = rows.positives
    auroc = Measures.auroc(scores: scores, labels: labels)
    aurocLow = interval?.low
    aurocHigh = interval?.high
    aurocWithinGroup = rows.questionIndex.flatMap { Measures.withinGroupAUROC(scores, labels, $0)?.auroc }
    pointBiserial = Measures.pointBiserial(scores: scores, labels: labels)
    spearman = Measures.spearman(scores: scores, labels: labels)
    pPermutation = PermutationTest(rows, permutations: permutations, seed: seed)?.p
    letterAUROC = rows.letters.flatMap { Measures.categoryAUROC(labels: labels, categories: $0) }
    warnings = predictivityWarnings(rows)
  }
}

extension ScoredRows {
  public var auroc: Double? { Measures.auroc(scores: scores, labels: labels) }

  /// The 95 % interval that tables and verdicts give: clustered by question or family, and by what crosses them; `nil` where it is
  /// undefined.
  public var tableInterval: Interval? {
    guard allFinite(scores) else { return nil }
    return ClusteredArea.pooled(ScoreOrder(scores), labels: labels, clusters: clusters)?.interval()
  }

  /// Whether groups hold several rows, so that rows are not independent.
  var hasClusters: Bool { questionIndex.map { $0.count < count } ?? false }
}
