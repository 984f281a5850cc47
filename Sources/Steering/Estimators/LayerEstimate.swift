import Foundations
import LanguageModels
import Statistics
import Torch

/// A direction of one layer with its own uncertainty.
struct LayerEstimate: Sendable {
  /// [hidden]; zero where the activations have no direction.
  let direction: [Double]
  /// Cosine of the directions of two random halves, stepped up to the whole (Spearman-Brown), averaged over splits.
  let reliability: Double?
  /// How well the direction of one half separates the other half, averaged over both halves and all splits: of pairs the
  /// share whose difference projects positively (zero counts half), of rows the AUROC. Chance is 0.5.
  let heldOut: Double?

  /// - Parameter sides: by unit (pair, or row counted through the positives and then the negatives), by split: +1 or -1.
  init(_ activations: LabelledActivations, _ estimator: any DirectionEstimator, splits: Int, sides: [[Double]]) throws {
    let (reduced, basis) = estimator.usesSpan ? try activations.inTheirSpan() : (activations, nil)
    let whole = try estimator.direction(of: reduced)
    direction = try (basis.map { try $0.matmul(whole.unsqueezed(1)).reshaped([-1]) } ?? whole).doubles()
    var cosines: [Double] = []
    var separations: [Double] = []
    for split in 0..<splits {
      guard let first = try reduced.selecting(sides.indices.filter { sides[$0][split] > 0 }),
        let second = try reduced.selecting(sides.indices.filter { sides[$0][split] < 0 })
      else { continue }
      let (a, b) = (try estimator.direction(of: first), try estimator.direction(of: second))
      cosines.append(try ((a * b).sum() / (a.norm() * b.norm())).scalar())
      separations += try [Self.separation(second, along: a), Self.separation(first, along: b)].compactMap { $0 }
    }
    reliability = Halves.reliability(cosines)
    heldOut = separations.isEmpty ? nil : separations.reduce(0, +) / Double(separations.count)
  }

  private static func separation(_ rows: LabelledActivations, along direction: Tensor) throws -> Double? {
    if rows.arePairs {
      let projections = try rows.differences().matmul(direction).doubles()
      let right = projections.reduce(0) { $0 + ($1 > 0 ? 1 : $1 == 0 ? 0.5 : 0) }
      return right / Double(projections.count)
    }
    let labels = Array(repeating: 1, count: rows.positives) + Array(repeating: 0, count: rows.negatives)
    return Measures.auroc(scores: try rows.rows().matmul(direction).doubles(), labels: labels)
  }

  /// The estimates of all layers; refuses a layer without a direction.
  ///
  /// - Parameter activations: those of the layer at an index of `layers`.
  static func all(
    _ layers: [Int], _ estimator: Estimator, splits: Int, sides: [[Double]], bytes: Int,
    _ activations: @escaping @Sendable (Int) throws -> LabelledActivations
  ) throws -> [LayerEstimate] {
    let implementation = estimator.implementation
    let estimates = try LayerPool.map(layers.count, bytes: bytes) { index in
      try LayerEstimate(activations(index), implementation, splits: splits, sides: sides)
    }
    guard let empty = estimates.firstIndex(where: { $0.direction.allSatisfy { $0 == 0 } }) else { return estimates }
    throw TelltaleError(
      .badInput,
      "the estimator \(estimator.rawValue) finds no direction at layer \(layers[empty]), as what it is made from does not "
        + "vary there; give more or other data, or use the estimator mean")
  }
}
