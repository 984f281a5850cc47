import Foundations

/// Choosing the best layer and judging it on other groups, so that the choice does not flatter the number.
///
/// Groups are dealt into two halves at random. On each half the layer whose AUROC is farthest from 1/2 is chosen and
/// judged on the other half. No area is turned over: an inverted layer has areas under 1/2 on both halves.
public struct LayerSelection: Sendable, Equatable {
  public struct Fold: Sendable, Equatable {
    /// Index of the layer chosen.
    public let layer: Int
    /// Its AUROC on the half it was chosen on: too good by construction.
    public let selectionAUROC: Double
    /// The AUROC on the other half, on the same side of 1/2 if it holds up.
    public let heldOutAUROC: Double
  }

  public let folds: [Fold]
  /// How many layers were compared.
  public let comparisons: Int
  /// The mean of the two held-out areas.
  public var heldOutAUROC: Double { mean(folds.map(\.heldOutAUROC)) }
  /// Whether both halves choose the same layer.
  public var agrees: Bool { Set(folds.map(\.layer)).count == 1 }

  /// `nil` for no layers, a score that is not finite, or if a half lacks a class.
  public init?(scoresOfLayer: [[Double]], labels: [Int], groups: [String]? = nil, seed: UInt64 = 0) {
    precondition(scoresOfLayer.allSatisfy { $0.count == labels.count }, "every layer needs one score per row")
    let categories = Partition(groups ?? labels.indices.map { String($0) })
    var generator = SeededGenerator(seed: seed)
    var order = Array(0..<categories.count)
    generator.shuffle(&order)
    let firstHalf = Set(order.prefix(categories.count / 2))
    let halves = [true, false].map { wanted in
      labels.indices.filter { firstHalf.contains(categories.codes[$0]) == wanted }
    }
    let areas = halves.map { rows in areasOfLayers(scoresOfLayer, labels, rows) }
    guard let first = fold(choosingOn: areas[0], judgedOn: areas[1]),
      let second = fold(choosingOn: areas[1], judgedOn: areas[0])
    else { return nil }
    folds = [first, second]
    comparisons = scoresOfLayer.count
  }
}

private func areasOfLayers(_ scores: [[Double]], _ labels: [Int], _ rows: [Int]) -> [Double?] {
  let labels = rows.map { labels[$0] }
  return scores.map { layer in Measures.auroc(scores: rows.map { layer[$0] }, labels: labels) }
}

private func fold(choosingOn own: [Double?], judgedOn other: [Double?]) -> LayerSelection.Fold? {
  let known = own.indices.filter { own[$0] != nil && other[$0] != nil }
  func distance(_ layer: Int) -> Double { abs((own[layer] ?? 0.5) - 0.5) }
  guard known.count == own.count, let best = known.max(by: { distance($0) < distance($1) }),
    let chosen = own[best], let judged = other[best]
  else { return nil }
  return LayerSelection.Fold(layer: best, selectionAUROC: chosen, heldOutAUROC: judged)
}
