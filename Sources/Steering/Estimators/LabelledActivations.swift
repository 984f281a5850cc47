import Foundations
import Torch

/// The activations of one layer that a direction is estimated from: those with the behaviour and those without.
struct LabelledActivations: Sendable {
  /// Float64 [positives, hidden] and [negatives, hidden].
  let positive: Tensor
  let negative: Tensor
  /// Whether row i of both sides is one pair: two answers to one prompt, two models on one text.
  let arePairs: Bool

  var positives: Int { positive.size(0) }
  var negatives: Int { negative.size(0) }

  /// Float64 [pairs, hidden]: positive minus negative, for pairs only.
  func differences() throws(TelltaleError) -> Tensor { try positive - negative }

  /// Float64 [hidden]: the mean of the positives minus that of the negatives.
  func meanDifference() throws(TelltaleError) -> Tensor { try positive.mean(0) - negative.mean(0) }

  /// All rows, float64 [positives + negatives, hidden].
  func rows() throws(TelltaleError) -> Tensor { try Tensor.concatenated([positive, negative]) }

  /// Some units: pairs, or rows counted through the positives and then the negatives. Nil where a side stays empty.
  func selecting(_ units: [Int]) throws(TelltaleError) -> LabelledActivations? {
    let upper = arePairs ? units : units.filter { $0 < positives }
    let lower = arePairs ? units : units.filter { $0 >= positives }.map { $0 - positives }
    guard !upper.isEmpty, !lower.isEmpty else { return nil }
    return LabelledActivations(
      positive: try positive.selected(0, upper), negative: try negative.selected(0, lower), arePairs: arePairs)
  }

  /// The same activations in terms of an orthonormal basis of what they span, where that has fewer dimensions, and the
  /// basis, float64 [hidden, dimensions]; nil where it has not.
  func inTheirSpan() throws(TelltaleError) -> (activations: LabelledActivations, basis: Tensor?) {
    guard positives + negatives < positive.size(1) else { return (self, nil) }
    let basis = try rows().transposed(0, 1).orthonormalised()
    let reduced = LabelledActivations(
      positive: try positive.matmul(basis), negative: try negative.matmul(basis), arePairs: arePairs)
    return (reduced, basis)
  }
}

extension Tensor {
  /// A vector scaled to length 1; a zero vector as it is.
  func unitOrZero() throws(TelltaleError) -> Tensor {
    let length = try norm().scalar()
    return length > 0 ? try self / length : self
  }
}
