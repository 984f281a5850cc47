import Foundations
import Testing

@testable import Statistics

@Suite("Leaving a cluster out of a regression equals fitting without it")
struct RegressionDesignTests {
  private struct World {
    var columns: [[Double]] = []
    var outcome: [Double] = []
    var clusters: Partition

    /// The last column is the score. Column 1 is of cluster 0 alone.
    init(seed: UInt64, sizes: [Int]) {
      var generator = SeededGenerator(seed: seed)
      let codes = sizes.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
      clusters = Partition(codes: codes, count: sizes.count)
      let one = codes.map { _ in generator.normal() }
      let own = codes.map { $0 == 0 ? 1.0 : 0 }
      let effects = sizes.map { _ in generator.normal() }
      let score = codes.indices.map { one[$0] + effects[codes[$0]] + generator.normal() }
      columns = [one, own, score]
      outcome = codes.indices.map { 0.3 * score[$0] - one[$0] + effects[codes[$0]] + generator.normal() }
    }
  }

  private func fitted(_ world: World, _ rows: [Int], absorbed: Partition? = nil) -> Double? {
    RegressionDesign(columns: world.columns, outcome: world.outcome, rows: rows, absorbed: absorbed)?.coefficient
  }

  /// Clusters of 2 rows are smaller than the design is wide, those of 30 larger: both ways of solving.
  @Test("Deviations are those of refitting", arguments: [[2, 3, 2, 2, 3, 2], [30, 25, 28, 40], [2, 30, 3, 25]])
  func deviationsAreThoseOfRefitting(sizes: [Int]) throws {
    let world = World(seed: 11, sizes: sizes)
    let rows = Array(world.outcome.indices)
    let design = try #require(
      RegressionDesign(columns: world.columns, outcome: world.outcome, rows: rows, absorbed: nil))
    let deviations = try #require(design.deviations(world.clusters))
    for cluster in 0..<world.clusters.count {
      let without = rows.filter { world.clusters.codes[$0] != cluster }
      expectClose(deviations[cluster], try #require(fitted(world, without)) - design.coefficient, relative: 1e-8)
    }
  }

  @Test("With an intercept for every part the same")
  func withAnInterceptForEveryPartTheSame() throws {
    let world = World(seed: 12, sizes: [6, 8, 5, 9, 7])
    let rows = Array(world.outcome.indices)
    let design = try #require(
      RegressionDesign(columns: world.columns, outcome: world.outcome, rows: rows, absorbed: world.clusters))
    let deviations = try #require(design.deviations(world.clusters))
    for cluster in 0..<world.clusters.count {
      let without = rows.filter { world.clusters.codes[$0] != cluster }
      let refitted = try #require(fitted(world, without, absorbed: world.clusters))
      expectClose(deviations[cluster], refitted - design.coefficient, relative: 1e-8)
    }
  }

  @Test("A score that one cluster alone has cannot be left out")
  func aScoreThatOneClusterAloneHasCannotBeLeftOut() throws {
    let world = World(seed: 13, sizes: [5, 5, 5])
    let rows = Array(world.outcome.indices)
    let design = try #require(
      RegressionDesign(
        columns: [world.columns[0], world.columns[1]], outcome: world.outcome, rows: rows, absorbed: nil))
    #expect(design.deviations(world.clusters) == nil)
  }

  @Test("The classical variance is that of a simple regression")
  func theClassicalVarianceIsThatOfASimpleRegression() throws {
    // y on x = 1, 2, 3, 4: slope 0.9, residuals -0.2, 0.9 - 0.9 + ... by hand: fitted 1.1, 2.0, 2.9, 3.8.
    let design = try #require(
      RegressionDesign(columns: [[1, 2, 3, 4]], outcome: [1, 2.4, 2.4, 4], rows: [0, 1, 2, 3], absorbed: nil))
    expectClose(design.coefficient, 0.9)
    // Residuals -0.1, 0.4, -0.5, 0.2: 0.46 / 2 over the sum of squares 5.
    expectClose(design.classical.variance, 0.46 / 2 / 5, relative: 1e-9)
    #expect(design.classical.df == 2)
  }
}

@Suite("Semidefinite matrices")
struct SemidefiniteFactorTests {
  @Test("A singular system is solved where it can be")
  func aSingularSystemIsSolvedWhereItCanBe() throws {
    // The third row is the sum of the first two.
    let matrix: [Double] = [2, 1, 3, 1, 2, 3, 3, 3, 6]
    let factor = SemidefiniteFactor(matrix, size: 3)
    #expect(factor.isKept(0) && factor.isKept(1) && !factor.isKept(2))
    let x = try #require(factor.solve([3, 3, 6]))
    for row in 0..<3 {
      expectClose((0..<3).reduce(0) { $0 + matrix[row * 3 + $1] * x[$1] }, [3, 3, 6][row], relative: 1e-9)
    }
    #expect(factor.solve([1, 0, 0]) == nil)
  }

  @Test("Draws have the covariance")
  func drawsHaveTheCovariance() {
    let factor = SemidefiniteFactor([4, 1, 1, 2], size: 2)
    var generator = SeededGenerator(seed: 3)
    let draws = (0..<20_000).map { _ in factor.draw(&generator) }
    let products = [(0, 0), (0, 1), (1, 1)].map { a, b in mean(draws.map { $0[a] * $0[b] } as [Double]) }
    for (found, expected) in zip(products, [4.0, 1, 2]) { #expect(abs(found - expected) < 0.15) }
  }
}
