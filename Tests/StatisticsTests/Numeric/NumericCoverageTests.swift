import RealModule
import Testing

@testable import Statistics

/// Two normal variables of correlation 0.4 in every part (group, template, row), so that the truth is known: Pearson 0.4,
/// Spearman 6/pi asin(0.2), tau and D 2/pi asin(0.4).
@Suite("Intervals of numeric labels hold what they promise")
struct NumericCoverageTests {
  static let truths: [NumericMeasure: Double] = [
    .pearson: 0.4, .spearman: 6 / Double.pi * Double.asin(0.2), .kendallTauB: 2 / Double.pi * Double.asin(0.4),
    .somersD: 2 / Double.pi * Double.asin(0.4),
  ]
  static let zipf = (1...30).map { max(2, 120 / $0) }

  @Test(
    "Across and within groups, equal and unequal",
    arguments: [NumericMeasure.pearson, .spearman, .kendallTauB, .somersD])
  func acrossWithinGroups(_ measure: NumericMeasure) throws {
    let designs =
      [("12 x 10", [Int](repeating: 10, count: 12)), ("30 x 10", [Int](repeating: 10, count: 30))]
      + [("Zipf", Self.zipf)]
    for (name, sizes) in designs {
      for isWithin in [false, true] where !(isWithin && measure == .spearman) {
        let share = Simulated.coverage(
          "\(measure) \(isWithin ? "within" : "across") \(name)", truth: Self.truths[measure]!
        ) {
          let data = CorrelatedClusters(seed: $0, sizes: sizes, correlation: 0.4)
          let rows = try? NumericRows(scores: data.x, labels: data.y, groups: data.groups)
          let found = rows.flatMap {
            isWithin ? ClusteredAssociation.within($0, measure) : ClusteredAssociation.across($0, measure)
          }
          return found?.interval.map { ($0.low, $0.high) }
        }
        #expect(Simulated.allowed.contains(share), "\(measure) \(name) within \(isWithin)")
      }
    }
  }

  @Test(
    "Two ways, with eight templates crossing forty questions", arguments: [NumericMeasure.pearson, .spearman, .somersD])
  func twoWaysEight(_ measure: NumericMeasure) throws {
    let share = Simulated.coverage("\(measure) two ways", truth: Self.truths[measure]!) {
      let data = CorrelatedClusters(
        seed: $0, sizes: .init(repeating: 10, count: 40), correlation: 0.4, templates: 8, template: 0.5)
      let template = Covariate(name: "template", values: .categorical(data.templates), isSampled: true)
      let rows = try? NumericRows(scores: data.x, labels: data.y, groups: data.groups)
      return rows.flatMap { rows in
        ClusteredAssociation.across(rows, measure, rows.clusters([template]))?.interval
      }.map { ($0.low, $0.high) }
    }
    #expect(Simulated.allowed.contains(share))
  }
}
