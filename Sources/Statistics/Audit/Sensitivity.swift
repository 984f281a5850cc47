/// How strong what nobody recorded would have to be to explain a supported prediction.
public struct Sensitivity: Sendable, Equatable, Codable {
  /// Of the odds ratio per standard deviation of the score; `nil` where no odds ratio exists.
  public let eValue: EValue?
  /// Of the coefficient with all covariates held fixed.
  public let robustness: RobustnessValue?

  /// `nil` unless the leading claim predicts and survives.
  init?(_ subject: AuditSubject) {
    guard let claim = subject.leading, claim.predicts, claim.survives else { return nil }
    let estimate = subject.estimate(claim.question)
    let interval = estimate?.oddsRatioLow.flatMap { low in
      estimate?.oddsRatioHigh.map { Interval(low: low, high: $0) }
    }
    let rate = Double(subject.context.labels.reduce(0, +)) / Double(subject.context.labels.count)
    eValue = estimate?.oddsRatio.flatMap { EValue(oddsRatio: $0, interval: interval, baseRate: rate) }
    robustness = subject.joint(claim.question)?.robustness
  }

  var finding: Finding? {
    guard let value = eValue?.value ?? robustness?.value else { return nil }
    let sentences = [eValue?.sentence, robustness?.sentence].compactMap { $0 }
    return Finding(severity: .note, name: "sensitivity", number: value, sentence: sentences.joined(separator: " "))
  }
}
