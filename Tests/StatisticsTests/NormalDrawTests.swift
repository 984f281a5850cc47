import Foundations
import Testing

@testable import Statistics

@Suite struct NormalDrawTests {
  @Test("Normals have mean zero and variance one")
  func normalsHaveMeanZeroAndVarianceOne() {
    var generator = SeededGenerator(seed: 2)
    let values = (0..<20_000).map { _ in generator.normal() }
    #expect(abs(mean(values)) < 0.03)
    #expect(abs(sampleVariance(values) - 1) < 0.04)
  }
}
