import Foundations
import LanguageModels
import Torch

/// What is resampled as one: the groups of one or two vectors' pairs, numbered together so that a group that both vectors
/// have is the same unit.
///
/// Where a vector has a single group (or none is known) its pairs are the units, as they are for its reliability.
struct ResamplingUnits {
  /// More units than this are put together at random, alike in both vectors: the products of all units with all are kept.
  static let most = 2_000

  /// By vector, by pair: the unit.
  let units: [[Int]]
  let count: Int

  init(_ groups: [[String]], seed: UInt64) {
    let singly = groups.contains { Set($0).count < 2 }
    let names = singly ? groups.map { own in own.enumerated().map { "\($1)#\($0)" } } : groups
    var generator = SeededGenerator(seed: seed)
    let distinct = generator.shuffled(Array(Set(names.joined())).sorted())
    let number = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0 % Self.most) })
    units = names.map { own in own.map { number[$0] ?? 0 } }
    count = min(distinct.count, Self.most)
  }

  init(_ vectors: [PairDifferences], seed: UInt64) {
    self.init(vectors.map { $0.groups ?? $0.differences.indicesAsGroups }, seed: seed)
  }
}

extension Tensor {
  fileprivate var indicesAsGroups: [String] { Array(repeating: "", count: size(0)) }
}

/// The means of one vector's pairs over each of its units, at a layer.
struct UnitMeans {
  /// The units that the vector has, ascending.
  let units: [Int]
  /// Float64 [units, hidden].
  let means: Tensor
  /// Float64 [units]: pairs of each unit, as shares of all.
  let shares: Tensor

  /// - Parameters:
  ///   - rows: float64 [pairs, hidden].
  ///   - unitOfPair: by pair.
  init(_ rows: Tensor, unitOfPair: [Int]) throws(TelltaleError) {
    units = Set(unitOfPair).sorted()
    let place = Dictionary(uniqueKeysWithValues: units.enumerated().map { ($1, $0) })
    let slots = unitOfPair.map { place[$0] ?? 0 }
    var counts = [Double](repeating: 0, count: units.count)
    for slot in slots { counts[slot] += 1 }
    let sums = try Tensor.zeros([units.count, rows.size(1)], dtype: .float64).adding(0, Tensor(slots), rows)
    means = try sums / Tensor(counts, shape: [units.count, 1])
    shares = try Tensor(counts.map { $0 / Double(unitOfPair.count) })
  }

  /// |mean over pairs|^2.
  func squaredNorm() throws(TelltaleError) -> Double {
    let mean = try shares.unsqueezed(0).matmul(means)
    return try (mean * mean).sum().scalar()
  }
}

extension ResamplingUnits {
  /// One vector's units twice, to compare it with itself.
  init(doubling own: ResamplingUnits) {
    units = [own.units[0], own.units[0]]
    count = own.count
  }
}
