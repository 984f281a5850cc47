import Foundations
import Torch

/// Reads residual streams, or directions in them, through the output head (nostalgebraist 2020, "interpreting GPT: the
/// logit lens").
public struct LogitLens: Sendable {
  /// What stands between the stream and the head.
  public enum Norm: String, Sendable, CaseIterable, Codable {
    /// The model's final norm: the stream scaled to unit root mean square (without the norm's epsilon, so that the length
    /// of a vector does not matter), times its weight.
    case final
    /// Nothing: the head times the stream as it is.
    case none
  }

  private let model: LanguageModel
  public let norm: Norm

  public init(_ model: LanguageModel, norm: Norm = .final) {
    self.model = model
    self.norm = norm
  }

  /// float32 [n, vocabulary]: logits of `streams` [n, hidden] minus their mean over the vocabulary, which no probability
  /// depends on. A stream of zeros gives zeros.
  public func logits(_ streams: Tensor) throws -> Tensor {
    let wide = try streams.converted(to: .float32, device: model.device)  // [n, hidden]
    let logits = try normed(wide).linear(model.head.numbers().converted(to: .float32))  // [n, vocabulary]
    return try logits - logits.mean(-1, keep: true)
  }

  /// The direction [hidden] of the stream (float64 arithmetic, any norm) along which the logit of token `first` grows
  /// fastest against that of `second`: the difference of their unembeddings, times the final norm's weight where that
  /// norm is read through.
  public func readout(_ first: Int, minus second: Int) throws -> [Double] {
    let rows = try model.head.numbers().selected(0, [first, second]).converted(to: .float64)
    let difference = try rows[0] - rows[1]
    return try (norm == .final ? difference * model.finalNorm.converted(to: .float64) : difference).doubles()
  }

  private func normed(_ wide: Tensor) throws(TelltaleError) -> Tensor {
    guard norm == .final else { return wide }
    let scale = try wide.power(2).mean(-1, keep: true).squareRoot().clamped(atLeast: 1e-30)
    return try wide / scale * model.finalNorm.converted(to: .float32)
  }
}
