import Foundations
import LanguageModels
import Statistics
import Torch

/// Directions that ought not to predict, as sums of given rows: direction d = sum over i of weights[i, d] * basis[i].
///
/// In this form no direction is ever written out: the scores of 1,000 of them on n rows are two matrix products,
/// (activations basis^T) weights, and a hidden size of 4,096 costs hardly more than one of 128.
public struct NullDirections: Sendable {
  /// As it should read in a sentence.
  public let name: String
  /// Float32 [m, draws]. Shared by all layers, so that draw d is one vector with a direction at every layer.
  public let weights: Tensor
  public var draws: Int { weights.size(1) }

  /// Directions with the activations' own covariance: X^T g / sqrt(n), X the n centred activations and g standard normal,
  /// is a draw from N(0, X^T X / n). The basis is the centred activations.
  ///
  /// A direction uniform on the sphere would be too easy to beat: residual streams vary along few directions, and what
  /// varies tends to separate any rows.
  public static func covariance(rows: Int, draws: Int, seed: UInt64) throws -> NullDirections {
    NullDirections(
      name: "directions drawn from the activations' covariance",
      weights: try Tensor.randomNormal([rows, draws], seed: seed) / Double(rows).squareRoot())
  }

  /// Mean differences of contrast pairs in which each pair's sides were exchanged with probability one half. The basis is
  /// the differences.
  public static func flippedPairs(pairs: Int, draws: Int, seed: UInt64) throws -> NullDirections {
    var generator = SeededGenerator(seed: seed)
    let unit = 1 / Float(pairs)
    let signs = (0..<pairs * draws).map { _ in generator.next() & 1 == 0 ? unit : -unit }
    return NullDirections(
      name: "vectors of pairs with signs flipped at random", weights: try Tensor(signs, shape: [pairs, draws]))
  }

  /// Differences of class means under exchanged labels. The basis is the training activations.
  ///
  /// Labels are exchanged within groups, or, where the group explains 90 % or more of the label, between whole groups.
  public static func permutedLabels(
    _ labels: [Int], groups: [String], draws: Int, seed: UInt64
  ) throws -> NullDirections {
    var shuffle = GroupedShuffle(labels, groups: groups, seed: seed)
    var columns: [Float] = []
    for _ in 0..<draws {
      let drawn = shuffle.next()
      let ones = Float(drawn.reduce(0, +))
      let zeros = Float(labels.count) - ones
      // A class left empty by whole groups of other sizes has no mean: a zero direction, whose area is 1/2.
      columns += drawn.map { ones == 0 || zeros == 0 ? 0 : $0 == 1 ? 1 / ones : -1 / zeros }
    }
    return NullDirections(
      name: "class means of labels exchanged at random",
      weights: try Tensor(columns, shape: [draws, labels.count]).transposed(0, 1))
  }

  /// The AUROC of every direction's score.
  ///
  /// - Parameters:
  ///   - products: float32 [rows, m]: activations (centred for `centredCosine`) times the basis, transposed.
  ///   - norms: float32 [rows], the norms of the same activations; `nil` for projections.
  func aurocs(products: Tensor, norms: Tensor?, labels: [Int]) throws -> [Double] {
    var scores = try products.matmul(weights)  // [rows, draws]
    if let norms { scores = try scores / norms.unsqueezed(1) }
    return try ColumnAreas.aurocs(scores.transposed(0, 1), labels: labels)
  }
}

/// Labels exchanged at random, groups respected.
struct GroupedShuffle {
  private let labels: [Int]
  private let rowsOfGroup: [[Int]]
  private let withinGroups: Bool
  private var generator: SeededGenerator

  init(_ labels: [Int], groups: [String], seed: UInt64) {
    self.labels = labels
    let byGroup = Dictionary(grouping: labels.indices, by: { groups[$0] })
    rowsOfGroup = byGroup.values.sorted { $0[0] < $1[0] }
    withinGroups = (Measures.labelVarianceExplained(labels: labels, by: groups) ?? 1) < 0.9
    generator = SeededGenerator(seed: seed)
  }

  mutating func next() -> [Int] { withinGroups ? exchangedWithin() : exchangedBetween() }

  private mutating func exchangedWithin() -> [Int] {
    var result = labels
    for rows in rowsOfGroup {
      var own = rows.map { labels[$0] }
      generator.shuffle(&own)
      for (row, label) in zip(rows, own) { result[row] = label }
    }
    return result
  }

  /// Whole groups take each other's commoner label.
  private mutating func exchangedBetween() -> [Int] {
    var commoner = rowsOfGroup.map { rows in 2 * rows.reduce(0) { $0 + labels[$1] } > rows.count ? 1 : 0 }
    generator.shuffle(&commoner)
    var result = labels
    for (rows, label) in zip(rowsOfGroup, commoner) { for row in rows { result[row] = label } }
    return result
  }
}
