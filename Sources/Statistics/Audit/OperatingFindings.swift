extension AuditSubject {
  /// Thresholds for 1 % and 5 % false positives, chosen on half of the questions; of the score turned over where it predicts
  /// inverted. `nil` where a half lacks a label.
  func operatingPoints(seed: UInt64) -> OperatingPoints? {
    let turned = (leading?.sign ?? 1) < 0 ? best.scores.map { -$0 } : best.scores
    return try? OperatingPoints(context.rows.scored(by: turned), seed: seed)
  }
}

/// What a threshold would do, for a score that predicts.
func operatingFindings(_ subject: AuditSubject, _ operating: OperatingPoints?) -> [Finding] {
  guard subject.claims.contains(where: \.predicts), let point = operating?.points.first else { return [] }
  let turned = (subject.leading?.sign ?? 1) < 0 ? " (of the score turned over)" : ""
  let precision = point.precision.map { ", precision \(percent($0)) at the base rate of these rows" } ?? ""
  let note = point.note.map { " \($0)" } ?? ""
  return [
    Finding(
      severity: .note, name: "operating point", number: point.recall.value,
      sentence: "With the threshold set for \(percent(point.targetFalsePositiveRate)) false positives on half of the "
        + "questions\(turned), the other half has a recall of \(stated(point.recall)) and \(stated(point.falsePositiveRate)) false "
        + "positives\(precision).\(note)")
  ]
}

private func stated(_ share: ClusteredProportion) -> String {
  guard let interval = share.interval else { return percent(share.value) }
  return "\(percent(share.value)) (95 % interval \(percent(interval.low)) to \(percent(interval.high)))"
}

/// How strong what nobody recorded would have to be, for a supported prediction.
func sensitivityFindings(_ subject: AuditSubject) -> [Finding] {
  guard let claim = subject.leading, claim.predicts, claim.survives, let estimate = subject.estimate(claim.question),
    let odds = estimate.oddsRatio
  else { return [] }
  let interval = estimate.oddsRatioLow.flatMap { low in estimate.oddsRatioHigh.map { Interval(low: low, high: $0) } }
  let rate = Double(subject.context.labels.reduce(0, +)) / Double(subject.context.labels.count)
  guard let value = EValue(oddsRatio: odds, interval: interval, baseRate: rate) else { return [] }
  return [Finding(severity: .note, name: "sensitivity", number: value.value, sentence: value.sentence)]
}
