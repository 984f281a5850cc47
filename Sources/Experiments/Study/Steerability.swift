import Foundation
import Foundations
import Statistics
import Steering

/// How the answers of one target respond to one vector at one layer: a row of the table `steerability`.
package struct Steerability: Sendable {
  package var model: ModelName
  package var vector: VectorName
  package var target: TargetName
  package var layer: Int
  package var groups: [String]
  /// By item: the least-squares slope of the margin (nats) against the scale (Tan et al. 2024).
  package var slopes: [Double]
  /// By item: 1 where the largest scale made the model give the matching answer, minus the same without steering.
  package var gains: [Double]
  /// What the largest scale shifted the stream by, along the vector.
  package var shift: Double
  package var largestScale: Double

  package var slope: Estimate { Estimate(slopes, groups: groups) }
  /// The share of items that move against the vector.
  package var antiSteerable: Estimate { Estimate(slopes.map { $0 < 0 ? 1 : 0 }, groups: groups, proportion: true) }
  package var gain: Estimate { Estimate(gains, groups: groups) }

  /// One for every target and layer.
  static func rows(model: ModelName, vector: VectorName, _ stored: StoredSteering) -> [Steerability] {
    stored.targets.flatMap { target in
      Set(target.cells.compactMap(\.layer)).sorted().compactMap { layer in
        Steerability(model: model, vector: vector, target, layer: layer)
      }
    }
  }

  private init?(model: ModelName, vector: VectorName, _ stored: StoredSteering.Target, layer: Int) {
    let own = stored.cells.filter { $0.layer == nil || $0.layer == layer }
    guard let plain = own.first, let strongest = own.max(by: { $0.scale < $1.scale }) else { return nil }
    slopes = stored.groups.indices.compactMap { item in
      Measures.slope(own.map { $0.margins[item] }, on: own.map(\.scale))
    }
    guard slopes.count == stored.groups.count else { return nil }
    func follows(_ margin: Double) -> Double { margin > 0 ? 1 : 0 }
    gains = zip(strongest.margins, plain.margins).map { follows($0) - follows($1) }
    (self.model, self.vector, target, self.layer) = (model, vector, TargetName(stored.dataset), layer)
    (groups, shift, largestScale) = (stored.groups, strongest.shift, strongest.scale)
  }

  package static let table = Table<Steerability>(
    "steerability", "How the answers of one target respond to one vector at one layer.",
    [
      .text("model", "The model that was steered.", \.model.text),
      .text("vector", "The vector that was added.", \.vector.text),
      .text("target", "The data set that was answered.", \.target.text),
      .integer("layer", "The block to whose output it was added, counted from 0.", \.layer),
      .integer("n", "Items.", \.slopes.count),
      .integer("groups", "Distinct questions among them.", unit: "questions") { Set($0.groups).count },
    ],
    .estimate(
      "slope", "Mean over items of the least-squares slope of the margin against the scale.", unit: "nats per scale",
      \.slope),
    .estimate("anti_steerable", "Share of items that move against the vector.", unit: "0 to 1", \.antiSteerable),
    .estimate(
      "gain", "Share of matching answers at the largest scale minus that without steering.", unit: "-1 to 1", \.gain),
    [
      .number("scale", "The largest scale.", \.largestScale),
      .number(
        "shift", "What it moved the stream by, along the vector.", unit: "units of the residual stream", \.shift),
    ])
}

/// Steering at the layer that does most, chosen on other questions than it is judged on.
package struct ChosenSteering: Sendable {
  /// Those chosen by either half; one where the halves agree.
  package var layers: [Int]
  package var slope: Estimate
  package var antiSteerable: Estimate
  package var gain: Estimate

  /// Each half of the groups is judged at the layer whose mean slope is greatest on the other half.
  ///
  /// - Parameter rows: of one vector and target, by layer. Nil for fewer than two groups.
  init?(_ rows: [Steerability], seed: UInt64) {
    guard let first = rows.first else { return nil }
    var names = Array(Set(first.groups)).sorted()
    guard names.count > 1 else { return nil }
    var generator = SeededGenerator(seed: seed)
    generator.shuffle(&names)
    let half = Set(names.prefix(names.count / 2))
    let sides = [true, false].map { side in first.groups.indices.filter { half.contains(first.groups[$0]) == side } }
    let choices = [(sides[0], sides[1]), (sides[1], sides[0])].compactMap { own, other in
      Self.best(rows, on: own).map { ($0, other) }
    }
    self.init(choices.map { ($0.0, $0.1) })
  }

  /// At the layer that does most on all of another target's rows.
  init?(_ rows: [Steerability], chosenOn others: [Steerability]) {
    guard let best = Self.best(others, on: Array(others.first?.groups.indices ?? 0..<0)),
      let own = rows.first(where: { $0.layer == best.layer })
    else { return nil }
    self.init([(own, Array(own.groups.indices))])
  }

  private init(_ parts: [(row: Steerability, items: [Int])]) {
    let groups = parts.flatMap { part in part.items.map { part.row.groups[$0] } }
    let slopes = parts.flatMap { part in part.items.map { part.row.slopes[$0] } }
    let gains = parts.flatMap { part in part.items.map { part.row.gains[$0] } }
    layers = Set(parts.map(\.row.layer)).sorted()
    slope = Estimate(slopes, groups: groups)
    antiSteerable = Estimate(slopes.map { $0 < 0 ? 1 : 0 }, groups: groups, proportion: true)
    gain = Estimate(gains, groups: groups)
  }

  private static func best(_ rows: [Steerability], on items: [Int]) -> Steerability? {
    func strength(_ row: Steerability) -> Double { items.reduce(0) { $0 + row.slopes[$1] } }
    return items.isEmpty ? nil : rows.max { (strength($0), -$0.layer) < (strength($1), -$1.layer) }
  }
}
