import Testing

@testable import Statistics

@Suite struct LeastSquaresTests {
  private struct Golden: Decodable {
    let design: [[Double]]
    let y, value, error, p, low, high: [Double]
    let r2, df: Double
  }

  @Test("Coefficients, HC3 errors, p and intervals are statsmodels'")
  func golden() throws {
    let golden = try Fixtures.decode(Golden.self, from: "least-squares.json")
    let fit = try #require(LeastSquares(design: golden.design, golden.y))
    #expect(fit.degreesOfFreedom == Int(golden.df) && abs(fit.rSquared - golden.r2) < 1e-10)
    for (column, found) in fit.coefficients.enumerated() {
      let found = try #require(found)
      #expect(abs(found.value - golden.value[column]) < 1e-10)
      #expect(abs(found.standardError - golden.error[column]) < 1e-10)
      #expect(abs(found.p - golden.p[column]) < 1e-9)
      #expect(abs(found.low - golden.low[column]) < 1e-8 && abs(found.high - golden.high[column]) < 1e-8)
    }
    // A column that the ones before it make up has no coefficient, and changes nothing in the others.
    let twice = golden.design.map { $0 + [$0[2] + 2 * $0[0]] }
    let more = try #require(LeastSquares(design: twice, golden.y))
    #expect(more.coefficients.count == 6 && more.coefficients[5] == nil)
    #expect(Array(more.coefficients.prefix(5)) == fit.coefficients)
  }

  @Test("There is no fit without rows to spare, with a row that decides a coefficient alone, or of equal values")
  func degenerate() {
    #expect(LeastSquares(design: [[1, 0], [1, 1]], [1, 2]) == nil)
    #expect(LeastSquares(design: [[1, 0], [1, 0], [1, 1]], [1, 2, 3]) == nil)
    #expect(LeastSquares(design: [[1, 0], [1, 1], [1, 2]], [2, 2, 2]) == nil)
  }
}
