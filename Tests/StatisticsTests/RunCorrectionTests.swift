import Foundations
import Testing

@testable import Statistics

@Suite("The verdicts of a run are corrected together")
struct RunCorrectionTests {
  @Test("The verdicts of a run are corrected for all of them")
  func theVerdictsOfARunAreCorrectedForAllOfThem() throws {
    var generator = SeededGenerator(seed: 45)
    let weak = ClusteredExperiment(groups: 60, separation: 0.56)
    func audit() throws -> Audit {
      let drawn = weak.draw(using: &generator)
      let rows = try ScoredRows(scores: drawn.scoresOfLayer[0], labels: drawn.labels, groups: drawn.groups)
      return try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)], permutations: 200)
    }
    let audits = try (0..<12).map { _ in try audit() }
    let corrected = Audit.correctedForRun(audits)
    let before = audits.compactMap { $0.evidence?.p }
    let after = corrected.compactMap { $0.finding("all verdicts of the run")?.number }
    #expect(zip(before, after).allSatisfy { $0 <= $1 && $1 <= 12 * $0 + 0.03 })
    #expect(corrected.count { $0.verdict == .supported } < audits.count { $0.verdict == .supported })
    // Twelve times the same audit is one.
    let alike = Audit.correctedForRun([Audit](repeating: audits[0], count: 12))
    let p = try #require(alike[0].finding("all verdicts of the run")?.number)
    #expect(abs(p - before[0]) < 0.03)
  }

  @Test("Rows without groups are other rows in another target")
  func rowsWithoutGroupsAreOtherRowsInAnotherTarget() throws {
    var generator = SeededGenerator(seed: 46)
    func evidence(_ labels: [Int], _ groups: [String]?, families: [String]? = nil, fromTexts: Bool = false) throws
      -> Set<String>
    {
      let rows = try ScoredRows(
        scores: labels.map { Double($0) + generator.normal() }, labels: labels, groups: groups, families: families,
        familiesAreFromTexts: fromTexts)
      let audit = try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)], permutations: 50)
      return Set(try #require(audit.evidence).deviations.keys)
    }
    let labels = (0..<120).map { _ in generator.index(below: 2) }
    let others = (0..<120).map { _ in generator.index(below: 2) }
    let questions = (0..<120).map { "q\($0 / 4)" }
    let families = (0..<120).map { "family \($0 / 8)" }
    // The same rows are the same clusters, and rows of another target others, unless questions have names.
    #expect(try evidence(labels, nil) == evidence(labels, nil))
    #expect(try evidence(labels, nil).isDisjoint(with: evidence(others, nil)))
    #expect(try evidence(labels, questions) == Set(questions) && evidence(others, questions) == Set(questions))
    #expect(try evidence(labels, questions, families: families) == Set(families))
    #expect(
      try evidence(labels, questions, families: families, fromTexts: true)
        .isDisjoint(with: evidence(others, questions, families: families, fromTexts: true)))
  }
}
