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

  @Test func aRealEffectIsSupportedWithTheColumnHeldFixed() throws {
    let (rows, length) = try rows(effect: 0.7, confound: 0)
    let audit = try NumericAudit(rows, covariates: [length], permutations: 100)
    #expect(audit.verdict == .supported && audit.direction == .positive, "\(audit.reason)")
    #expect(try #require(audit.jointWithin).low > 0)
    #expect(audit.within?.value == audit.prediction.within(.concordance)?.value)
  }

  @Test func aScoreThatFollowsTheColumnIsExplained() throws {
    let (rows, length) = try rows(effect: 0, confound: 1)
    #expect(try NumericAudit(rows, permutations: 100).verdict == .supported)
    let audit = try NumericAudit(rows, covariates: [length], permutations: 100)
    #expect(audit.verdict == .explained, "\(audit.reason)")
  }

  @Test func anInvertedScoreIsCalledInvertedAndFewQuestionsCannotTell() throws {
    let (inverted, _) = try rows(effect: -0.7, confound: 0)
    #expect(try NumericAudit(inverted, permutations: 100).direction == .inverted)
    let (few, _) = try rows(effect: 0.7, confound: 0, questions: 8)
    #expect(try NumericAudit(few, permutations: 100).verdict == .cannotTell)
  }

  @Test func onZeroAndOneTheCoefficientIsThatOfTheBinaryFit() throws {
    let labels = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1]
    let scores = labels.enumerated().map { Double($0.offset * 7 % 5) + Double($0.element) }
    let clusters = Clusters(Partition(labels.indices.map { "\($0 / 3)" }))
    let one = ClusteredRegression(scores: scores, labels: labels, terms: [], absorbed: nil, clusters: clusters)
    let other = ClusteredRegression(
      scores: scores, outcome: labels.map(Double.init), terms: [], absorbed: nil, clusters: clusters)
    #expect(one?.coefficient == other?.coefficient && one?.variance?.value == other?.variance?.value)
  }
}
