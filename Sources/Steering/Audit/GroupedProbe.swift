import Foundations
import LanguageModels
import Statistics
import Torch

/// A logistic probe on activations, cross-validated by group: how well the label can be read at all from this layer by
/// a linear function trained for it. A ceiling for vectors, not a prediction.
///
/// The activations are reduced to their first `components` principal components (found without labels; for a width up to
/// that nothing is lost) and scaled by one number so that rows have a mean square norm of 1. In each of five folds, whose
/// groups are never trained on, the probe minimises sum log(1 + exp(-s (w.x + b))) + 1/(2C) |w|^2 (b not penalised)
/// by Newton's method in float64; C of 1, 10, 100, 1,000 is the one with the lowest log loss on a further fold of groups,
/// left out of a first fit.
struct GroupedProbe {
  static let components = 128
  static let folds = 5
  static let inverseRegularizations = [1.0, 10, 100, 1_000]

  /// Held-out log-odds per row; `nil` where a fold's training part lacks a class or there are fewer than two groups.
  static func heldOutScores(_ features: Tensor, labels: [Int], groups: [String], seed: UInt64) throws -> [Double]? {
    try heldOutScores(
      features, labels: labels, foldOfRow: folds(groups, seed: seed), penalties: inverseRegularizations)
  }

  /// The same with folds given, and the values of C to choose from.
  static func heldOutScores(
    _ features: Tensor, labels: [Int], foldOfRow: [Int], penalties: [Double]
  ) throws -> [Double]? {
    let count = (foldOfRow.max() ?? 0) + 1
    guard count > 1 else { return nil }
    let design = try Self.design(features)
    var scores = [Double](repeating: 0, count: labels.count)
    for fold in 0..<count {
      let held = labels.indices.filter { foldOfRow[$0] == fold }
      let training = labels.indices.filter { foldOfRow[$0] != fold }
      guard Set(training.map { labels[$0] }).count == 2 else { return nil }
      let inner = count > 2 ? training.filter { foldOfRow[$0] == (fold + 1) % count } : []
      let c = try chosenPenalty(design, labels, training, validation: inner, penalties)
      let weights = try LogisticProbe(design.selected(0, training), training.map { labels[$0] }, c).weights
      for (row, score) in zip(held, try design.selected(0, held).matmul(weights).doubles()) { scores[row] = score }
    }
    return scores
  }

  /// Groups dealt into folds at random, as evenly as their number allows.
  static func folds(_ groups: [String], seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed)
    var seen: Set<String> = []
    let names = generator.shuffled(groups.filter { seen.insert($0).inserted })
    let count = min(folds, names.count)
    let fold = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset % max(count, 1)) })
    return groups.map { fold[$0] ?? 0 }
  }

  /// Float64 [rows, k + 1]: scaled, with a last column of ones.
  static func design(_ features: Tensor) throws -> Tensor {
    let wide = try features.converted(to: .float64)
    let square = try (wide * wide).sum().scalar() / Double(max(wide.size(0), 1))
    let scaled = square > 0 ? try wide / square.squareRoot() : wide
    return try Tensor.concatenated([scaled, Tensor.ones([wide.size(0), 1], dtype: .float64)], 1)
  }

  private static func chosenPenalty(
    _ design: Tensor, _ labels: [Int], _ training: [Int], validation: [Int], _ penalties: [Double]
  ) throws -> Double {
    let held = Set(validation)
    let fitted = training.filter { !held.contains($0) }
    let middle = penalties[penalties.count / 2]
    guard penalties.count > 1, !validation.isEmpty, Set(fitted.map { labels[$0] }).count == 2 else { return middle }
    let inputs = try design.selected(0, fitted)
    let checked = try design.selected(0, validation)
    let checkedLabels = validation.map { labels[$0] }
    var best = (loss: Double.infinity, c: middle)
    var start: Tensor?
    for c in penalties {
      let probe = try LogisticProbe(inputs, fitted.map { labels[$0] }, c, from: start)
      start = probe.weights
      let loss = try LogisticProbe.loss(checked.matmul(probe.weights), checkedLabels)
      if loss < best.loss { best = (loss, c) }
    }
    return best.c
  }
}
