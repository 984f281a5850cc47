import Foundations
import Testing

@testable import Statistics

@Suite("Numeric labels")
struct NumericTests {
  @Test("The four pairs of a small example are counted as by hand")
  func fourPairsSmall() throws {
    // Labels 1 2 2 3, scores 1 3 2 2. Pairs with different labels: (1,2a) C, (1,2b) C, (1,3) C, (2a,3) D, (2b,3) tied score.
    // D = (3 - 1) / 5; pairs untied in the score: all but (2b,3): 5 of 6. tau-b = 2 / sqrt(5 * 5).
    let rows = try NumericRows(scores: [1, 3, 2, 2], labels: [1, 2, 2, 3])
    expectClose(ClusteredAssociation.across(rows, .somersD)?.value, 0.4)
    expectClose(ClusteredAssociation.across(rows, .kendallTauB)?.value, 0.4)
    expectClose(ClusteredAssociation.across(rows, .concordance)?.value, 0.7)
  }

  @Test("An offset per question hides the effect across but not within")
  func offsetPerQuestion() throws {
    let data = CorrelatedClusters(seed: 1, sizes: .init(repeating: 12, count: 20), correlation: 0.7, shared: 0)
    var generator = SeededGenerator(seed: 2)
    let offsets = (0..<20).map { _ in 30 * generator.normal() }
    let scores = data.x.indices.map { data.x[$0] + offsets[$0 / 12] }
    let prediction = NumericPrediction(try NumericRows(scores: scores, labels: data.y, groups: data.groups))
    for measure in NumericMeasure.allCases {
      let within = try #require(prediction.within(measure))
      let across = try #require(prediction.across(measure))
      let (low, inside, overall) = (try #require(within.low), try #require(within.p), try #require(across.p))
      #expect(low > measure.null && inside < 1e-6)
      #expect(overall > 0.05 && across.interval?.contains(measure.null) == true)
    }
    #expect(try #require(prediction.permutation).adjustedP[0] < 0.01)
    #expect(prediction.permutation?.scheme == .withinGroups)
  }

  @Test("P is below 0.05 exactly where the interval leaves out no effect")
  func pBelow0() throws {
    for seed in 0..<40 {
      let data = CorrelatedClusters(seed: seed, sizes: .init(repeating: 5, count: 9), correlation: 0.25)
      let rows = try NumericRows(scores: data.x, labels: data.y, groups: data.groups)
      for measure in NumericMeasure.allCases {
        let found = try #require(ClusteredAssociation.across(rows, measure))
        let interval = try #require(found.interval)
        #expect((try #require(found.p) < 0.05) == !interval.contains(measure.null))
      }
    }
  }

  @Test("Perfect order has an interval that few questions do not make certain")
  func perfectOrderHas() throws {
    let labels = (0..<24).map { Double($0 % 6) }
    let groups = (0..<24).map { "q\($0 / 6)" }
    let rows = try NumericRows(scores: labels.map { 2 * $0 }, labels: labels, groups: groups)
    let found = try #require(ClusteredAssociation.within(rows, .concordance))
    #expect(found.value == 1 && found.high == 1 && found.p == nil)
    #expect(try #require(found.low) < 0.9)
    #expect(ClusteredAssociation.within(rows, .pearson)?.interval == nil)
  }

  @Test("Nothing varies, one group, one row: undefined, not a crash")
  func nothingVariesOne() throws {
    let constant = try NumericRows(scores: [1, 1, 1], labels: [1, 2, 3], groups: ["a", "a", "b"])
    #expect(ClusteredAssociation.across(constant, .pearson) == nil)
    #expect(ClusteredAssociation.across(constant, .kendallTauB) == nil)
    expectClose(ClusteredAssociation.across(constant, .concordance)?.value, 0.5)
    let oneGroup = try NumericRows(scores: [1, 2, 3], labels: [1, 3, 2], groups: ["a", "a", "a"])
    #expect(ClusteredAssociation.across(oneGroup, .spearman)?.interval == nil)
    let single = NumericPrediction(try NumericRows(scores: [1], labels: [1], groups: ["a"]))
    #expect(single.across.isEmpty && single.within.isEmpty && single.permutation == nil)
    let rowEach = try NumericRows(scores: [1, 2, 3], labels: [1, 3, 2], groups: ["a", "b", "c"])
    #expect(ClusteredAssociation.within(rowEach, .concordance) == nil)
    let notFinite = try NumericRows(scores: [1, .nan, 3], labels: [1, 3, 2])
    #expect(NumericPrediction(notFinite).across.isEmpty)
  }

  @Test("Rows that cannot be judged are refused with row and remedy")
  func rowsCannotJudged() {
    #expect(throws: StatisticsError.self) { try NumericRows(scores: [], labels: []) }
    #expect(throws: StatisticsError.self) { try NumericRows(scores: [1], labels: [1, 2]) }
    #expect(throws: StatisticsError.self) { try NumericRows(scores: [1], labels: [1], groups: ["a", "b"]) }
    let error = #expect(throws: StatisticsError.self) { try NumericRows(scores: [1, 2], labels: [1, .infinity]) }
    #expect(error?.row == 1)
    #expect(error?.message == "The label of row 1 is inf; write a number, or leave the row out.")
  }

  @Test("Huge and tiny scores give the same correlation as ordinary ones")
  func hugeTinyScores() throws {
    let data = CorrelatedClusters(seed: 3, sizes: .init(repeating: 4, count: 10), correlation: 0.5)
    let plain = try #require(Measures.pearson(data.x, data.y)?.coefficient)
    for factor in [1e300, 1e-300, 1e307] {
      let scores = data.x.map { $0 * factor }
      expectClose(Measures.pearson(scores, data.y)?.coefficient, plain)
      let rows = try NumericRows(scores: scores, labels: data.y, groups: data.groups)
      expectClose(ClusteredAssociation.across(rows, .pearson)?.value, plain)
    }
  }

  @Test("The point-biserial correlation of huge and of denormal scores is defined", .enabled(if: FailingFile.isThere))
  func pointBiserialCorrelation() throws {
    let huge = try FailingFile("huge.csv")
    let tiny = try FailingFile("denorm.csv")
    expectClose(Measures.pointBiserial(scores: huge.scores, labels: huge.labels)?.coefficient, 0.39, absolute: 0.005)
    expectClose(Measures.pointBiserial(scores: tiny.scores, labels: tiny.labels)?.coefficient, 0.45, absolute: 0.005)
    for file in [huge, tiny] {
      #expect(Measures.cohensD(scores: file.scores, labels: file.labels) != nil)
      #expect(Measures.welchT(scores: file.scores, labels: file.labels) != nil)
    }
  }
}

@Suite("Permutations of numeric labels")
struct NumericPermutationTests {
  private func nulls(_ seed: Int) -> (scores: [[Double]], labels: [Double], groups: [String]) {
    let data = CorrelatedClusters(seed: seed, sizes: .init(repeating: 6, count: 12), correlation: 0)
    var generator = SeededGenerator(seed: UInt64(seed) + 900)
    let near = data.x.map { $0 + 0.1 * generator.normal() }
    let other = data.x.map { _ in generator.normal() }
    return ([data.x, near, other], data.y, data.groups)
  }

  @Test("The maximum over several scores keeps its level, by exchanging and by the normal distribution")
  func maximumOverSeveral() throws {
    var rejected = [0, 0]
    let runs = 300
    for seed in 0..<runs {
      let (scores, labels, groups) = nulls(seed)
      for (index, visits) in [400_000_000, 1].enumerated() {
        let test = try #require(
          NumericPermutationTest(
            scores: scores, labels: labels, groups: groups, permutations: 99, seed: UInt64(seed), mostVisits: visits))
        if (test.adjustedP.min() ?? 1) <= 0.05 { rejected[index] += 1 }
      }
    }
    // 5 % of 300 with three standard errors.
    #expect(rejected.allSatisfy { $0 <= 26 && $0 >= 4 })
  }

  @Test("A score that is constant in every group cannot tell, and the rest is judged without it")
  func scoreConstantEvery() throws {
    let (scores, labels, groups) = nulls(5)
    let flat = groups.map { Double($0.count) }
    let test = try #require(
      NumericPermutationTest(scores: [flat, labels], labels: labels, groups: groups, permutations: 199, mostVisits: 1))
    #expect(test.adjustedP == [1, 1.0 / 200] && test.z[0] == 0)
    let alone = NumericPermutationTest(
      scores: [scores[0]], labels: labels, groups: groups, permutations: 199, mostVisits: 1)
    let besideFlat = NumericPermutationTest(
      scores: [flat, scores[0]], labels: labels, groups: groups, permutations: 199, mostVisits: 1)
    expectClose(besideFlat?.adjustedP[1], alone?.adjustedP[0], absolute: 0.1)
    expectClose(besideFlat?.z[1], alone?.z[0])
  }

  @Test("Where the group fixes the label whole groups are exchanged, and two of them show nothing")
  func whereGroupFixes() throws {
    let groups = (0..<20).map { "q\($0 / 10)" }
    let labels = (0..<20).map { Double($0 / 10) }
    let test = try #require(NumericPermutationTest(scores: [labels], labels: labels, groups: groups))
    #expect(test.scheme == .betweenGroups && test.adjustedP == [1])
  }

  @Test("Several equal scores cost nothing")
  func severalEqualScores() throws {
    let (scores, labels, groups) = nulls(7)
    let one = NumericPermutationTest(scores: [scores[0]], labels: labels, groups: groups, permutations: 500)
    let three = NumericPermutationTest(
      scores: [scores[0], scores[0], scores[0]], labels: labels, groups: groups, permutations: 500)
    #expect(one?.adjustedP[0] == three?.adjustedP[2])
  }
}
