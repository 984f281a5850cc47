import Torch

extension LanguageModel {
  /// What reads each token's logit from the last residual stream: its row of the output matrix times the last norm's gain,
  /// float32 [tokens, hidden] on the CPU. The logit is its dot product with the stream over the stream's root mean square.
  package func unembedding(of tokens: [Int]) throws -> Tensor {
    let rows = try head.numbers().selected(0, tokens).moved(to: .cpu).converted(to: .float32)
    return try rows * finalNorm.moved(to: .cpu).converted(to: .float32)
  }
}
