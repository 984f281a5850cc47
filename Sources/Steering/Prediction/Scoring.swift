import Foundations
import Torch

/// What is computed of an activation h and a vector v.
public enum ScoreKind: String, Sendable, CaseIterable, Codable {
  /// h . v / (|h| |v|)
  case cosine
  /// The same of h minus the training mean.
  case centredCosine = "centred-cosine"
  /// h . v / |v|, in units of the residual stream.
  case projection
}

extension ScoreKind {
  /// The score of every row, in float64.
  ///
  /// - Parameters:
  ///   - stream: float [rows, hidden]; a row of NaN (an empty continuation) scores NaN.
  ///   - vector: [hidden], not zero.
  ///   - mean: [hidden], needed by `centredCosine` only.
  public func scores(_ stream: Tensor, vector: [Float], mean: [Float]? = nil) throws -> [Double] {
    var rows = try stream.converted(to: .float64)  // [rows, hidden]
    let direction = try Tensor(vector).converted(to: .float64)  // [hidden]
    let norm = try direction.norm().scalar()
    guard norm > 0 else {
      throw TelltaleError(.badInput, "a zero vector has no direction to score against; extract it at another position")
    }
    if self == .centredCosine {
      guard let mean else {
        throw TelltaleError(
          .badInput, "centred cosines need the training mean, which the vector file does not hold; use cosine")
      }
      rows = try rows - Tensor(mean).converted(to: .float64)
    }
    let projections = try rows.matmul(direction) / norm  // [rows]
    if self == .projection { return try projections.doubles() }
    return try (projections / rows.norm(-1)).doubles()
  }
}
