import Testing

@testable import Statistics

@Suite("Rank correlation with an interval for small samples")
struct RankCorrelationTests {
  @Test("The interval is Bonett and Wright's")
  func interval() throws {
    // Ranks 1...5 against 2, 1, 4, 3, 5: the squared differences sum to 4, so rho = 1 - 6 * 4 / (5 * 24) = 0.8.
    // atanh 0.8 = 1.0986, spread sqrt((1 + 0.32) / 2) = 0.8124, reach 1.5923: tanh(-0.4937) and tanh(2.6909).
    let result = try #require(RankCorrelation([10, 20, 30, 40, 50], [0.2, 0.1, 0.4, 0.3, 0.5]))
    #expect(abs(result.coefficient - 0.8) < 1e-12 && result.count == 5)
    let interval = try #require(result.interval)
    #expect(abs(interval.low - -0.4571) < 2e-4 && abs(interval.high - 0.9908) < 2e-4, "\(interval)")
  }

  @Test("A perfect correlation and fewer than four observations have no interval; a constant has no correlation")
  func degenerate() {
    #expect(RankCorrelation([1, 2, 3, 4], [2, 4, 6, 8])?.interval == nil)
    #expect(RankCorrelation([1, 2, 3], [2, 1, 3])?.interval == nil)
    #expect(RankCorrelation([1, 1, 1, 1], [1, 2, 3, 4]) == nil)
    #expect(RankCorrelation([1, 2, 3, .nan], [1, 2, 3, 4]) == nil)
  }
}
