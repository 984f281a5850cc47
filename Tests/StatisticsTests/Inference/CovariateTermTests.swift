import Foundations
import RealModule
import Testing

@testable import Statistics

@Suite("Covariates as columns of the joint fit")
struct CovariateTermTests {
  private func categorical(_ name: String, _ codes: [Int]) -> Covariate {
    Covariate(name: name, values: .categorical(codes.map { "\(name) \($0)" }))
  }

  @Test("Columns are shared out: nobody is left without because another came first")
  func shares() {
    #expect(sharedOut(10, among: [3, 100, 4]) == [3, 4, 3])
    #expect(sharedOut(30, among: [3, 100, 4]) == [3, 23, 4])
    #expect(sharedOut(4, among: [50, 50]) == [2, 2])
    #expect(sharedOut(0, among: [5]) == [0])
  }

  @Test("A covariate of very many levels leaves the next its columns, and its own cut is named")
  func manyLevels() throws {
    let many = categorical("source", (0..<200).map { $0 / 3 })
    let letter = categorical("letter", (0..<200).map { $0 % 2 })
    let terms = CovariateTerms([many, letter], rows: 200)
    #expect(terms.columns.count <= CovariateTerms.mostColumns(rows: 200))
    #expect(terms.columns.contains(letter.levels(bins: 2).codes.map { Double($0 == 0 ? 0 : 1) }))
    let cut = try #require(terms.cut.first)
    #expect(terms.cut.count == 1 && cut.name == "source" && cut.levels == 67 && cut.kept < 50)
    #expect(CovariateTerms([letter], rows: 200).cut.isEmpty)
  }

  @Test("What is cut is said in the audit, and nothing is supported then")
  func theCutIsSaid() throws {
    var generator = SeededGenerator(seed: 5)
    let labels = (0..<240).map { _ in generator.index(below: 2) }
    let rows = try ScoredRows(
      scores: labels.map { Double($0) + generator.normal() }, labels: labels, groups: (0..<240).map { "q\($0 / 8)" },
      covariates: [categorical("source", (0..<240).map { $0 % 80 })])
    let audit = try Audit(candidates: [AuditCandidate(name: "score", rows: rows)], permutations: 100)
    let finding = try #require(audit.finding("levels left out: source"))
    #expect(finding.severity == .against && finding.sentence.hasPrefix("Of the 80 levels of source only the "))
    #expect(audit.verdict == .cannotTell && audit.reason.contains("--ignore source"))
    let coarse = try ScoredRows(
      scores: rows.scores, labels: labels, groups: rows.groups,
      covariates: [categorical("source", (0..<240).map { $0 % 8 })])
    #expect(
      try Audit(candidates: [AuditCandidate(name: "score", rows: coarse)], permutations: 100).verdict == .supported)
  }

  @Test("Pairs of columns enter together: a label that only their combination decides is followed")
  func pairs() throws {
    var generator = SeededGenerator(seed: 6)
    let count = 800
    let one = (0..<count).map { _ in generator.index(below: 2) }
    let other = (0..<count).map { _ in generator.index(below: 2) }
    let length = (0..<count).map { _ in generator.normal() }
    let age = (0..<count).map { _ in generator.normal() }
    let worlds: [(String, [Covariate], [Double])] = [
      (
        "letter x side", [categorical("letter", one), categorical("side", other)],
        zip(one, other).map { $0 == $1 ? 1.0 : -1 }
      ),
      (
        "letter x length", [categorical("letter", one), Covariate(name: "length", values: .numeric(length))],
        zip(one, length).map { $0 == 0 ? $1 : -$1 }
      ),
      (
        "length x age",
        [
          Covariate(name: "length", values: .numeric(length)), Covariate(name: "age", values: .numeric(age)),
        ], zip(length, age).map { $0 * $1 }
      ),
    ]
    for (name, covariates, truth) in worlds {
      let terms = CovariateTerms(covariates, rows: count)
      let design = try #require(
        RegressionDesign(
          columns: terms.columns + [truth.map { _ in generator.normal() }], outcome: truth, rows: Array(0..<count),
          absorbed: nil))
      #expect(design.shares.label > 0.9, "\(name): \(design.shares.label)")
      #expect(terms.pairsLeftOut == 0)
    }
  }

  @Test("A step anywhere in a number is followed to one part in sqrt(rows)")
  func steps() throws {
    var generator = SeededGenerator(seed: 7)
    for count in [200, 1_000, 3_000] {
      let length = (0..<count).map { _ in generator.normal() }
      for place in [-1.0, 0.13, 0.5, 1.7] {
        let step = length.map { $0 > place ? 1.0 : 0 }
        let terms = CovariateTerms([Covariate(name: "length", values: .numeric(length))], rows: count)
        let design = try #require(
          RegressionDesign(
            columns: terms.columns + [length.map { _ in generator.normal() }], outcome: step, rows: Array(0..<count),
            absorbed: nil))
        // What is left lies inside one bin: at most a quarter of its share of the rows.
        let bins = Double(terms.partitions[0].count)
        #expect((1 - design.shares.label) * design.outcomeVariance < 0.3 / bins)
        #expect(bins >= min(1.9 * Double(count).squareRoot(), Double(CovariateTerms.mostColumns(rows: count) - 4)))
      }
    }
  }
}
