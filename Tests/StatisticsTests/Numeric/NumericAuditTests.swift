import Foundations
import Testing

@testable import Statistics

@Suite("The audit of numeric labels follows the rule of 0/1 labels")
struct NumericAuditTests {
  /// 40 questions of 8 rows; a column drives the label, and the score follows either the label or the column alone.
  private func rows(effect: Double, confound: Double, questions: Int = 40) throws -> (NumericRows, Covariate) {
    var generator = SeededGenerator(seed: 71)
    var scores: [Double] = []
    var labels: [Double] = []
    var groups: [String] = []
    var column: [Double?] = []
    for question in 0..<questions {
      for _ in 0..<8 {
        let length = generator.normal()
        let label = length + generator.normal()
        column.append(length)
        labels.append((10 * label).rounded())
        scores.append(effect * label + confound * length + generator.normal())
        groups.append("q\(question)")
      }
    }
    return (
      try NumericRows(scores: scores, labels: labels, groups: groups),
      Covariate(name: "length", values: .numeric(column))
    )
  }

  @Test("A real effect is supported with the column held fixed")
  func aRealEffectIsSupportedWithTheColumnHeldFixed() throws {
    let (rows, length) = try rows(effect: 0.7, confound: 0)
    let audit = try NumericAudit(rows, covariates: [length], permutations: 100)
    #expect(audit.verdict == .supported && audit.direction == .positive, "\(audit.reason)")
    #expect(try #require(audit.jointWithin).low > 0)
    #expect(audit.within?.value == audit.prediction.within(.concordance)?.value)
  }

  @Test("A score that follows the column is explained")
  func aScoreThatFollowsTheColumnIsExplained() throws {
    let (rows, length) = try rows(effect: 0, confound: 1)
    #expect(try NumericAudit(rows, permutations: 100).verdict == .supported)
    let audit = try NumericAudit(rows, covariates: [length], permutations: 100)
    #expect(audit.verdict == .explained, "\(audit.reason)")
  }

  @Test("An inverted score is called inverted and few questions cannot tell")
  func anInvertedScoreIsCalledInvertedAndFewQuestionsCannotTell() throws {
    let (inverted, _) = try rows(effect: -0.7, confound: 0)
    #expect(try NumericAudit(inverted, permutations: 100).direction == .inverted)
    let (few, _) = try rows(effect: 0.7, confound: 0, questions: 8)
    #expect(try NumericAudit(few, permutations: 100).verdict == .cannotTell)
  }

  @Test("On zero and one it is the audit of a binary label")
  func onZeroAndOneItIsTheAuditOfABinaryLabel() throws {
    let (rows, length) = try rows(effect: 0.4, confound: 0.3)
    let labels = rows.labels.map { $0 > 0 ? 1 : 0 }
    let numeric = try NumericAudit(
      NumericRows(scores: rows.scores, labels: labels.map(Double.init), groups: rows.groups), covariates: [length],
      permutations: 100)
    let binary = try Audit(
      candidates: [
        AuditCandidate(
          name: "score",
          rows: try ScoredRows(scores: rows.scores, labels: labels, groups: rows.groups, covariates: [length]))
      ], permutations: 100)
    expectClose(numeric.across?.value, binary.across?.auroc, relative: 1e-9)
    // The numeric label is in standard deviations of the label.
    let share = mean(labels.map(Double.init))
    let count = Double(labels.count)
    let deviation = (share * (1 - share) * count / (count - 1)).squareRoot()
    for (one, other) in [(numeric.jointWithin, binary.jointWithin), (numeric.jointAcross, binary.jointAcross)] {
      let (a, b) = (try #require(one), try #require(other))
      let ratio = a.coefficient / b.coefficient
      #expect(abs(ratio * deviation - 1) < 0.002)
      expectClose(a.low, ratio * b.low, relative: 1e-9)
      expectClose(a.p, b.p, relative: 1e-9)
    }
    #expect(numeric.verdict == binary.verdict && numeric.direction == binary.direction)
  }

  @Test("Exchanged labels must not do as well")
  func exchangedLabelsMustNotDoAsWell() throws {
    let (rows, _) = try rows(effect: 0.7, confound: 0)
    let audit = try NumericAudit(rows, permutations: 10)
    // Of 10 exchanges the smallest p is 1/11, over 5 %: the claim within questions cannot be held.
    #expect(audit.findings.first { $0.name == "permutation" }?.severity == .against)
    #expect(!audit.reason.contains("concordance within questions"))
    #expect(
      try NumericAudit(rows, permutations: 100).findings.first { $0.name == "permutation" }?.severity == .inFavour)
  }

  @Test("Families are the unit and templates a second cluster")
  func familiesAreTheUnitAndTemplatesASecondCluster() throws {
    let (rows, _) = try rows(effect: 0.7, confound: 0)
    let groups = try #require(rows.groups)
    // 40 questions in 8 families: too few to speak of questions in general.
    let numbers = groups.map { Int($0.dropFirst()) ?? 0 }
    let related = try NumericRows(
      scores: rows.scores, labels: rows.labels, groups: groups, families: numbers.map { "f\($0 / 5)" })
    let audit = try NumericAudit(related, permutations: 100)
    #expect(audit.verdict == .cannotTell && audit.reason.contains("only 8 questions or families"))
    #expect(audit.across?.clusters == 8)
    let template = Covariate(name: "template", values: .categorical(groups.indices.map { "t\($0 % 5)" }))
    let steered = try NumericRows(
      scores: rows.scores.enumerated().map { $1 + 2 * Double($0 % 5) },
      labels: rows.labels.enumerated().map { $1 + 20 * Double($0 % 5) }, groups: groups)
    let plain = try NumericAudit(steered, permutations: 100)
    let crossed = try NumericAudit(steered, covariates: [template], permutations: 100)
    #expect(crossed.across?.value == plain.across?.value)
    #expect(try #require(crossed.across?.degreesOfFreedom) < #require(plain.across?.degreesOfFreedom))
  }

  @Test("The plan and what was ignored are said")
  func thePlanAndWhatWasIgnoredAreSaid() throws {
    let (rows, _) = try rows(effect: 0.7, confound: 0)
    var options = AuditOptions()
    (options.plan, options.ignored) = (.asPlanned, ["length"])
    let audit = try NumericAudit(rows, permutations: 100, options: options)
    #expect(audit.plan == .asPlanned && audit.ignored == ["length"])
    #expect(audit.findings.contains { $0.name == "ignored columns" })
  }

  @Test("A score that is the column is explained by it")
  func aScoreThatIsTheColumnIsExplainedByIt() throws {
    let (rows, length) = try rows(effect: 0, confound: 1)
    guard case .numeric(let values) = length.values else { return }
    let audit = try NumericAudit(
      try rows.scored(by: values.map { $0 ?? 0 }), covariates: [length], permutations: 100)
    #expect(audit.verdict == .explained && audit.jointWithin == nil, "\(audit.reason)")
  }
}
