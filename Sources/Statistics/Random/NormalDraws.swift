import Foundations

extension SeededGenerator {
  /// A standard normal number, by inversion of its distribution.
  package mutating func normal() -> Double { NormalDistribution.quantile((Double(next() >> 11) + 0.5) * 0x1p-53) }
}
