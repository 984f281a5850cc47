import Torch

extension LanguageModel {
  /// A residual stream [tokens, hidden] that was tapped after `layer`, as the edits of that block's output leave it, and
  /// what each did: what `resume` continues from. Conditional edits are not for here.
  package func edited(
    _ stream: Tensor, after layer: Int, _ edits: [Edit]
  ) throws -> (stream: Tensor, effects: [EditEffect]) {
    precondition(edits.allSatisfy { $0.gate == nil && $0.layer == layer && $0.site == .blockOutput })
    var pass = EditPass(edits)
    let edited = try pass.apply(at: layer, .blockOutput, to: stream.converted(to: dtype))
    return (edited, pass.effects)
  }
}
