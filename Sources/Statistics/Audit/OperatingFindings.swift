extension AuditSubject {
  /// Thresholds for 1 % and 5 % false positives, chosen on half of the questions; of the score turned over where it predicts
  /// inverted. `nil` where a half lacks a label.
  func operatingPoints(seed: UInt64) -> OperatingPoints? {
    let turned = (leading?.sign ?? 1) < 0 ? best.scores.map { -$0 } : best.scores
    return try? OperatingPoints(
      context.rows.scored(by: turned), seed: seed, isInverted: (leading?.sign ?? 1) < 0, probabilities: !context.isHuge)
  }
}

/// What a threshold would do, for a score that predicts.
func operatingFindings(_ subject: AuditSubject, _ operating: OperatingPoints?) -> [Finding] {
  guard subject.claims.contains(where: \.predicts), let point = operating?.points.first else { return [] }
  let turned = operating?.isInverted == true ? " (of the score turned over)" : ""
  let precision = point.precision.map { ", precision \(percent($0)) at the base rate of these rows" } ?? ""
  let note = point.note.map { " \($0)" } ?? ""
  let calibration = operating?.calibration.map(calibrationFinding)
  return [
    Finding(
      severity: .note, name: "operating point", number: point.recall.value,
      sentence: "With the threshold set for \(percent(point.targetFalsePositiveRate)) false positives on half of the "
        + "questions\(turned), the other half has a recall of \(point.recall.stated) and \(point.falsePositiveRate.stated) false "
        + "positives\(precision).\(note)")
  ] + [calibration].compactMap { $0 }
}

private func calibrationFinding(_ calibration: OperatingPoints.Calibration) -> Finding {
  let slope = statedInterval(calibration.slope, low: calibration.slopeLow, high: calibration.slopeHigh)
  return Finding(
    severity: .note, name: "calibration", number: calibration.slope,
    sentence:
      "As a probability, fitted to other questions, the score has a calibration slope of \(slope), where 1 is right, and a "
      + "Brier score of \(fixed(calibration.brier)).")
}
