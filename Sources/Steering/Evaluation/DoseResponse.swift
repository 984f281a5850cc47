import Foundations
import Statistics

/// How the matching answer's logit difference responds to the scale of a vector, per item (Tan et al. 2024, "Analyzing the
/// generalization and reliability of steering vectors").
public struct DoseResponse: Sendable {
  public var layer: Int
  public var positions: String
  /// Scales with the unsteered model's 0 among them, in the order of the grid.
  public var scales: [Double]
  /// Steerability: the least-squares slope of the margin (nats) against the scale, by item.
  public var slopes: [Double]
  public var slope: Estimate
  /// The share of items that move against the vector: a slope below 0.
  public var antiSteerable: Estimate
  /// Share (eta squared) of the slopes' variance that goes with the matching answer's letter, and with the group; nil where
  /// all slopes are equal. A group of one row explains itself.
  public var explainedByLetter: Double?
  public var explainedByGroup: Double?
}

extension ChoiceEvaluation.Result {
  /// One for every layer and rule of positions at which the grid adds the vector.
  public func doseResponses() -> [DoseResponse] {
    var seen: [(layer: Int, positions: String)] = []
    for cell in cells where cell.operation == .add {
      guard let layer = cell.layer, let positions = cell.positions?.rawValue else { continue }
      if !seen.contains(where: { $0 == (layer, positions) }) { seen.append((layer, positions)) }
    }
    return seen.compactMap { doseResponse(layer: $0.layer, positions: $0.positions) }
  }

  private func doseResponse(layer: Int, positions: String) -> DoseResponse? {
    let own = cells.indices.filter { index in
      let cell = cells[index]
      return cell.operation == .none
        || (cell.operation == .add && cell.layer == layer && cell.positions?.rawValue == positions)
    }
    let scales = own.compactMap { cells[$0].scale }
    let slopes = items.indices.compactMap { item in
      Measures.slope(own.map { scores[$0][item].margin }, on: scales)
    }
    guard slopes.count == items.count else { return nil }
    return DoseResponse(
      layer: layer, positions: positions, scales: scales, slopes: slopes, slope: Estimate(slopes, groups: groups),
      antiSteerable: Estimate(slopes.map { $0 < 0 ? 1 : 0 }, groups: groups, proportion: true),
      explainedByLetter: Measures.varianceExplained(slopes, by: items.map { $0.matchingLetter ?? "" }),
      explainedByGroup: Measures.varianceExplained(slopes, by: groups))
  }
}

/// The cell that does most on one half of the groups, judged on the other half, so that the choice does not flatter it.
public struct ChosenCell: Sendable {
  /// Index of the cell.
  public var cell: Int
  /// On the half it was chosen on: too good by construction.
  public var chosenOn: ChoiceSummary
  public var judgedOn: ChoiceSummary
}

extension ChoiceEvaluation.Result {
  /// Chooses the added cell of the greatest mean p(matching) by summed log-probabilities on each half and judges it on the
  /// other; empty for fewer than two groups or where nothing is added. Groups are dealt into halves by the seed.
  public func chosenCells(seed: UInt64 = 0) -> [ChosenCell] {
    var names = Array(Set(groups)).sorted()
    let added = cells.indices.filter { cells[$0].operation == .add }
    guard names.count > 1, !added.isEmpty else { return [] }
    var generator = SeededGenerator(seed: seed)
    generator.shuffle(&names)
    let first = Set(names.prefix(names.count / 2))
    let halves = [true, false].map { wanted in items.indices.filter { first.contains(items[$0].group.id) == wanted } }
    return [(halves[0], halves[1]), (halves[1], halves[0])].compactMap { own, other in
      func strength(_ cell: Int) -> Double { own.reduce(0) { $0 + scores[cell][$1].summedProbability } }
      guard let best = added.max(by: { strength($0) < strength($1) }) else { return nil }
      return ChosenCell(
        cell: best, chosenOn: summary(cell: best, rows: own), judgedOn: summary(cell: best, rows: other))
    }
  }

  /// For every ablated cell, the added cell of the same layer and positions whose mean margin is nearest to it: the two are
  /// then compared by what else they change.
  public func matchedCells() -> [(ablated: Int, added: Int)] {
    func margin(_ cell: Int) -> Double { scores[cell].reduce(0) { $0 + $1.margin } / Double(max(1, items.count)) }
    return cells.indices.filter { cells[$0].operation == .ablate }.compactMap { ablated in
      let rivals = cells.indices.filter {
        cells[$0].operation == .add && cells[$0].layer == cells[ablated].layer
          && cells[$0].positions == cells[ablated].positions
      }
      return rivals.min { abs(margin($0) - margin(ablated)) < abs(margin($1) - margin(ablated)) }.map { (ablated, $0) }
    }
  }
}
