import CommandSupport
import Foundation
import Foundations
import Statistics

/// What `telltale predict --scores FILE --numeric-labels` prints of one file.
struct NumericReport {
  let file: String
  let audit: NumericAudit
  let plan: FollowedPlan?

  func print(json: Bool) throws {
    if json { return try Output.json(NumericDocument(audit: audit, plan: plan)) }
    let rows = "\(audit.prediction.rows) rows, \(audit.prediction.distinctLabels) distinct labels"
    Output.line("\(SafeText.visible(file)): \(rows)")
    for (name, measures) in [("within", audit.prediction.within), ("across", audit.prediction.across)] {
      for one in measures { Output.line(line(name, one)) }
    }
    for finding in audit.findings where finding.severity != .note {
      Output.line("- \(SafeText.visible(finding.sentence))")
    }
    Output.line("Verdict: \(audit.verdict.rawValue). \(SafeText.visible(audit.reason))")
    Output.line("Direction: \(audit.direction.rawValue). Plan: \(audit.plan.rawValue)\(plan?.clause ?? "").")
  }

  private func line(_ question: String, _ one: ClusteredAssociation) -> String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "undefined" }
    let name = "\(question) questions, \(one.measure.rawValue)".padding(toLength: 32, withPad: " ", startingAt: 0)
    return "\(name) \(number(one.value))  [\(number(one.low)), \(number(one.high))]  p \(number(one.p))"
  }
}

/// The audit with the plan's SHA-256 and what differs from it.
private struct NumericDocument: Encodable {
  let audit: NumericAudit
  let plan: FollowedPlan?

  private enum Key: String, CodingKey { case planHash, planDeviations }

  func encode(to encoder: any Encoder) throws {
    try audit.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encodeIfPresent(plan?.hash, forKey: .planHash)
    try container.encodeIfPresent(plan?.deviations, forKey: .planDeviations)
  }
}
