import Foundations
import LanguageModels
import Statistics
import Torch

/// Cosines of mean vectors with intervals over resampled units (see ``ResampledCosine``).
struct CosineBootstrap {
  private let units: ResamplingUnits
  /// Float64 [1 + replicates, units]: ones, then standard exponential numbers; shared by all layers.
  private let weights: Tensor

  init(_ units: ResamplingUnits, replicates: Int = 1_000, seed: UInt64) throws(TelltaleError) {
    self.units = units
    // Half the sum of two squared standard normal numbers is a standard exponential one.
    let normal = try Tensor.randomNormal([2, replicates, units.count], dtype: .float64, seed: seed)
    let drawn = try (normal * normal).sum(0) / 2
    weights = try Tensor.concatenated([Tensor.ones([1, units.count], dtype: .float64), drawn])
  }

  /// - Parameters: float64 [pairs, hidden] of both vectors at a layer.
  func compare(_ a: Tensor, _ b: Tensor) throws -> ResampledCosine {
    let first = try UnitMeans(a, unitOfPair: units.units[0])
    let second = try UnitMeans(b, unitOfPair: units.units[1])
    let (aa, bb) = (try products(first, first), try products(second, second))
    let ab = try products(first, second)
    let estimate = CosineSums(
      ab: ab[0], aa: aa[0], bb: bb[0], noiseA: try first.squaredNorm() - aa[0],
      noiseB: try second.squaredNorm() - bb[0])
    return ResampledCosine(
      estimate, replicates: (1..<ab.count).map { (ab[$0], aa[$0], bb[$0]) },
      groups: min(first.units.count, second.units.count))
  }

  /// The unbiased product of the weighted means by row of weights: products within a unit are left out.
  private func products(_ a: UnitMeans, _ b: UnitMeans) throws -> [Double] {
    let weightsA = try weights.selected(1, a.units) * a.shares  // [replicates, units of a]
    let weightsB = try weights.selected(1, b.units) * b.shares  // [replicates, units of b]
    let gram = try a.means.matmul(b.means.transposed(0, 1))
    let all = try (weightsA.matmul(gram) * weightsB).sum(1)
    let total = try weightsA.sum(1) * weightsB.sum(1)
    let shared = Set(a.units).intersection(b.units).sorted()
    guard !shared.isEmpty else { return try (all / total).doubles() }
    let (inA, inB) = (Self.places(shared, in: a.units), Self.places(shared, in: b.units))
    let both = try weightsA.selected(1, inA) * weightsB.selected(1, inB)  // [replicates, shared]
    let own = try (a.means.selected(0, inA) * b.means.selected(0, inB)).sum(1)
    return try ((all - (both * own).sum(1)) / (total - both.sum(1))).doubles()
  }

  private static func places(_ shared: [Int], in units: [Int]) -> [Int] {
    let place = Dictionary(uniqueKeysWithValues: units.enumerated().map { ($1, $0) })
    return shared.compactMap { place[$0] }
  }
}
