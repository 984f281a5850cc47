import Foundations
import Testing

@testable import Statistics

@Suite("Rank correlation of rows in groups")
struct ClusteredSpearmanTests {
  @Test("The coefficient is spearmans of all rows")
  func theCoefficientIsSpearmansOfAllRows() throws {
    // Ranks 1 2 3 4 against 1 3 2 4: squared differences 0 1 1 0, rho = 1 - 6 * 2 / (4 * 15) = 0.8.
    let correlation = try #require(ClusteredSpearman([1, 2, 3, 4], [10, 30, 20, 40], groups: ["a", "b", "c", "d"]))
    expectClose(correlation.coefficient, 0.8)
    #expect(correlation.rows == 4 && correlation.groups == 4)
    #expect(correlation.interval() == nil, "four groups are too few")
  }

  @Test("Without variation there is none")
  func withoutVariationThereIsNone() {
    #expect(ClusteredSpearman([1, 1, 1], [1, 2, 3], groups: ["a", "b", "c"]) == nil)
    #expect(ClusteredSpearman([1, .nan, 2], [1, 2, 3], groups: ["a", "b", "c"]) == nil)
  }

  @Test("Copied rows do not narrow the interval")
  func copiedRowsDoNotNarrowTheInterval() throws {
    var generator = SeededGenerator(seed: 4)
    let x = (0..<30).map { _ in generator.normal() }
    let y = x.map { $0 + generator.normal() }
    let names = x.indices.map { "g\($0)" }
    let once = try #require(ClusteredSpearman(x, y, groups: names)?.interval())
    let copies = { (values: [Double]) in values.flatMap { [$0, $0, $0, $0] } }
    let again = try #require(
      ClusteredSpearman(copies(x), copies(y), groups: names.flatMap { [$0, $0, $0, $0] })?.interval())
    #expect(abs((again.high - again.low) / (once.high - once.low) - 1) < 0.1)
  }

  @Test("The interval holds the truth nineteen times of twenty")
  func theIntervalHoldsTheTruthNineteenTimesOfTwenty() throws {
    // Normal pairs of Pearson correlation 0.6 have Spearman's 6 / pi asin(0.3) = 0.582 (Pearson 1907).
    var generator = SeededGenerator(seed: 9)
    var held = 0
    for _ in 0..<200 {
      let x = (0..<60).map { _ in generator.normal() }
      let y = x.map { 0.6 * $0 + 0.8 * generator.normal() }
      let groups = x.indices.map { "\($0)" }
      let interval = try #require(ClusteredSpearman(x, y, groups: groups, count: 200)?.interval())
      if interval.contains(0.5819) { held += 1 }
    }
    #expect((180...198).contains(held), "held \(held) of 200")
  }
}
