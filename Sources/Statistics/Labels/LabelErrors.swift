/// What the errors of labels (a judge's, the letter parser's) do to a rate and an AUROC, from rows that were labelled twice.
///
/// Both corrections are reported because their assumptions differ. Rogan and Gladen's assumes that the error rates depend on
/// the true label only, not on the score. Prediction-powered inference assumes nothing about the errors, but requires that
/// the doubly labelled rows are a random sample of all rows.
public struct LabelErrors: Sendable, Equatable, Codable {
  /// How many rows have both labels.
  public let doublyLabelled: Int
  public let sensitivity: ClusteredProportion
  public let specificity: ClusteredProportion
  /// `nil` if the labels are no better than chance.
  public let rate: CorrectedRate?
  /// `nil` where the area is undefined, and as for `rate`.
  public let auroc: CorrectedAUROC?
  /// `nil` where every row has both labels, or fewer than two.
  public let poweredRate: PredictionPoweredMean?
  public let poweredAUROC: PredictionPoweredAUROC?

  /// - Parameter reference: the label taken as true, 0 or 1, of the rows that have one.
  /// - Throws: `StatisticsError` for another number of rows, and unless the reference has both labels.
  public init(_ rows: ScoredRows, reference: [Int?]) throws(StatisticsError) {
    guard reference.count == rows.count else {
      throw StatisticsError(
        .lengthMismatch,
        "There are \(rows.count) labels but \(reference.count) reference labels; give one per row or none.")
    }
    let known = reference.indices.filter { reference[$0] != nil }
    let groups = rows.families ?? rows.groups
    let accuracy = LabelAccuracy(
      reference: known.map { reference[$0] ?? 0 }, observed: known.map { rows.labels[$0] },
      groups: groups.map { names in known.map { names[$0] } })
    guard let accuracy else {
      throw StatisticsError(
        .empty,
        "The \(known.count) rows with a reference label do not have both labels, so sensitivity and specificity are unknown; "
          + "label more rows twice.")
    }
    doublyLabelled = known.count
    (sensitivity, specificity) = (accuracy.sensitivity, accuracy.specificity)
    rate = CorrectedRate(labels: rows.labels, groups: groups, accuracy: accuracy)
    auroc = CorrectedAUROC(scores: rows.scores, labels: rows.labels, groups: groups, accuracy: accuracy)
    let others = reference.indices.filter { reference[$0] == nil }
    let powered = try? PredictionPoweredRows(
      reference: known.map { Double(reference[$0] ?? 0) }, judged: known.map { Double(rows.labels[$0]) },
      unlabelled: others.map { Double(rows.labels[$0]) }, groups: groups.map { names in known.map { names[$0] } },
      unlabelledGroups: groups.map { names in others.map { names[$0] } })
    poweredRate = powered.map(PredictionPoweredMean.init)
    poweredAUROC = powered.flatMap {
      PredictionPoweredAUROC(
        $0, scores: known.map { rows.scores[$0] }, unlabelledScores: others.map { rows.scores[$0] })
    }
  }

  /// For a report, one a line.
  public var sentences: [String] {
    let accuracy =
      "Of \(doublyLabelled) rows labelled twice, the labels find \(sensitivity.stated) of the behaviour and leave \(specificity.stated) "
      + "of its absence alone."
    let rates = [
      rate.map { "\(percent($0.value)) (95 % interval \(percent($0.low)) to \(percent($0.high)))" },
      poweredRate.map {
        "\(fixed(100 * $0.value, 1)) %\(range($0.low, $0.high) { fixed(100 * $0, 1) + " %" }) by prediction-powered inference"
      },
    ].compactMap { $0 }
    let areas = [
      auroc.map { "\(fixed($0.value))\(range($0.low, $0.high) { fixed($0) }) if errors do not depend on the score" },
      poweredAUROC.map { "\(fixed($0.value))\(range($0.low, $0.high) { fixed($0) }) by prediction-powered inference" },
    ].compactMap { $0 }
    guard !rates.isEmpty else { return [accuracy + " They are no better than chance, so nothing can be corrected."] }
    return [
      accuracy,
      "Corrected for these errors, the behaviour is shown in \(rates.joined(separator: ", or "))"
        + (areas.isEmpty ? "." : ", and the AUROC is \(areas.joined(separator: ", or "))."),
    ]
  }
}

private func range(_ low: Double?, _ high: Double?, _ format: (Double) -> String) -> String {
  guard let low, let high else { return "" }
  return " (95 % interval \(format(low)) to \(format(high)))"
}
