import Torch

extension LanguageModel {
  /// What reads each token's logit from the last residual stream: its row of the output matrix times the last norm's gain,
  /// float32 [tokens, hidden] on the CPU. The logit is its dot product with the stream over the stream's root mean square (of a
  /// layer norm, over its standard deviation, and plus a constant of the token), up to a divisor and a cap of all logits.
  package func unembedding(of tokens: [Int]) throws -> Tensor {
    let rows = try head.numbers().selected(0, tokens).moved(to: .cpu).converted(to: .float32)
    let read = try rows * finalNorm.gain.moved(to: .cpu).converted(to: .float32)
    return try finalNorm.isCentred ? read - read.mean(-1, keep: true) : read
  }
}
