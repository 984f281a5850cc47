import Foundations
import Torch

/// Reads residual streams, or directions in them, through the output head (nostalgebraist 2020, "interpreting GPT: the
/// logit lens").
public struct LogitLens: Sendable {
  /// What stands between the stream and the head.
  public enum Norm: String, Sendable, CaseIterable, Codable {
    /// The model's final norm: the stream scaled to unit root mean square (without the norm's epsilon, so that the length
    /// of a vector does not matter), times its weight. A layer norm takes the mean away first; its bias, which no stream
    /// changes, is left out.
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

  /// float32 [n, vocabulary]: logits of `streams` [n, hidden], divided and capped where the model does so, minus their mean
  /// over the vocabulary, which no probability depends on. A stream of zeros gives zeros.
  public func logits(_ streams: Tensor) throws -> Tensor {
    let wide = try streams.converted(to: .float32, device: model.finalNorm.gain.device)  // [n, hidden]
    let products = try normed(wide).linear(model.head.numbers().converted(to: .float32))  // [n, vocabulary]
    let logits = try model.configuration.logits(products)
    return try logits - logits.mean(-1, keep: true)
  }

  /// Before logits are capped: the direction [hidden] of the stream (float64 arithmetic, any norm) along which the logit of token `first` grows
  /// fastest against that of `second`: the difference of their unembeddings, times the final norm's weight where that
  /// norm is read through.
  public func readout(_ first: Int, minus second: Int) throws -> [Double] {
    let rows = try model.head.numbers().selected(0, [first, second]).converted(to: .float64)
    let difference = try (rows[0] - rows[1]) / (model.configuration.logitDivisor ?? 1)
    guard norm == .final else { return try difference.doubles() }
    return try centred(difference * model.finalNorm.gain.converted(to: .float64)).doubles()
  }

  /// Without its mean over the last dimension, where the final norm takes that away.
  private func centred(_ t: Tensor) throws(TelltaleError) -> Tensor {
    try model.finalNorm.isCentred ? t - t.mean(-1, keep: true) : t
  }

  private func normed(_ wide: Tensor) throws(TelltaleError) -> Tensor {
    guard norm == .final else { return wide }
    let centred = try centred(wide)
    let scale = try centred.power(2).mean(-1, keep: true).squareRoot().clamped(atLeast: 1e-30)
    return try centred / scale * model.finalNorm.gain.converted(to: .float32)
  }
}
