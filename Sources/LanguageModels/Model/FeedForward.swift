import Foundations
import Torch

/// The feed-forward network of a block: two or three linear maps, or a choice of experts.
struct FeedForward: Sendable {
  /// nil in a network without a gate.
  var gate: Projection?
  /// nil, as `down`, where experts do the work.
  var up, down: Projection?
  var experts: Experts?
  let activation: Activation

  init(_ configuration: ModelConfiguration, _ layer: Int, _ table: WeightTable) throws(TelltaleError) {
    gate = try table.projection(layer, "mlp.gate_proj")
    up = try table.projection(layer, "mlp.up_proj")
    down = try table.projection(layer, "mlp.down_proj")
    experts = try configuration.layers[layer].hasExperts ? Experts(configuration, layer, table) : nil
    activation = configuration.activation
  }

  /// What the network gives for x [tokens, hidden], which is normalised already: [tokens, hidden].
  func callAsFunction(_ x: Tensor, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    guard let down else { return try experts?(x, coarse: coarse) ?? x }
    return try down(inner(x, coarse: coarse), coarse: coarse)
  }

  /// What the last map of a network without experts is given: [tokens, intermediate].
  func inner(_ x: Tensor, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    guard let up else { return x }
    return try activation.inner(gate, up, x, coarse: coarse)
  }

  mutating func setRowBlock(_ block: Int?) {
    gate?.rowBlock = block
    up?.rowBlock = block
    down?.rowBlock = block
    experts?.setRowBlock(block)
  }
}

extension Activation {
  /// What the last map of a gated (or, without a gate, plain) network is given.
  func inner(_ gate: Projection?, _ up: Projection, _ x: Tensor, coarse: [Bool]?) throws(TelltaleError) -> Tensor {
    guard let gate else { return try self(up(x, coarse: coarse)) }
    let projected = try Projection.together([gate, up], x, coarse: coarse)
    return try gating(projected[0], projected[1])
  }
}
