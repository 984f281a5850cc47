import Foundations
import Torch

/// A feed-forward network of which each token goes through a few of many experts (Shazeer et al. 2017).
///
/// Tokens are sorted by expert, so that an expert multiplies all that are its own in one product.
struct Experts: Sendable {
  private struct Expert: Sendable {
    var gate: Projection?
    var up, down: Projection
  }

  private(set) var router: Projection
  private var experts: [Expert]
  /// The experts of each token, [tokens, per token], to use in place of the router's own choice. Tests compare passes of
  /// different precision with it: where two experts score nearly the same, rounding decides which one the router takes.
  var held: Tensor?
  private let design: ExpertDesign
  private let activation: Activation

  init(_ configuration: ModelConfiguration, _ layer: Int, _ table: WeightTable) throws(TelltaleError) {
    guard let design = configuration.experts else {
      throw TelltaleError(.badInput, "layer \(layer) has experts of which the configuration says nothing")
    }
    func needed(_ module: String, _ expert: Int? = nil) throws(TelltaleError) -> Projection {
      guard let map = try table.projection(layer, module, expert: expert) else {
        throw WeightTable.missing("\(WeightName(layer: layer, module: module, expert: expert))")
      }
      return map
    }
    router = try needed("mlp.router")
    var experts: [Expert] = []
    for index in 0..<design.count {
      experts.append(
        Expert(
          gate: try table.projection(layer, "gate_proj", expert: index), up: try needed("up_proj", index),
          down: try needed("down_proj", index)))
    }
    self.experts = experts
    self.design = design
    activation = configuration.activation
  }

  /// x [tokens, hidden] to [tokens, hidden]: the weighted sum of what its experts make of each token.
  func callAsFunction(_ x: Tensor, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    let (weights, chosen) = try route(x)  // [tokens, per token]
    let order = ExpertOrder(try chosen.integers(), perToken: design.perToken, experts: design.count)
    let sorted = try x.selected(0, order.tokens)  // [tokens * per token, hidden]
    var parts: [Tensor] = []
    for (expert, range) in order.ranges where !range.isEmpty {
      let own = coarse.map { all in order.tokens[range].map { all[$0] } }
      parts.append(try run(experts[expert], sorted.narrowed(0, range), coarse: own))
    }
    let outputs = try Tensor.concatenated(parts).selected(0, order.places)  // [tokens * per token, hidden]
    let shares = try outputs.reshaped([x.size(0), design.perToken, -1]) * weights.unsqueezed(2)
    return try shares.sum(1)  // [tokens, hidden]
  }

  private func run(_ expert: Expert, _ x: Tensor, coarse: [Bool]?) throws(TelltaleError) -> Tensor {
    try expert.down(activation.inner(expert.gate, expert.up, x, coarse: coarse), coarse: coarse)
  }

  /// The weights of each token's experts, in the dtype of x, and which they are: [tokens, per token].
  private func route(_ x: Tensor) throws(TelltaleError) -> (weights: Tensor, chosen: Tensor) {
    let logits = try router(x)  // [tokens, experts]
    switch design.routing {
    case .topThenSoftmax:
      let (values, chosen) = try best(logits)
      return (try values.softmax(-1).converted(to: x.dtype), chosen)
    case .softmaxThenTop, .renormalised:
      let (values, chosen) = try best(logits.softmax(-1))
      let weights = try design.routing == .renormalised ? values / values.sum(-1, keep: true) : values
      return (try weights.converted(to: x.dtype), chosen)
    }
  }

  /// The scores of each token's experts, and which they are.
  private func best(_ scores: Tensor) throws(TelltaleError) -> (values: Tensor, chosen: Tensor) {
    guard let held else {
      let (values, chosen) = try scores.top(design.perToken, -1)
      return (values, chosen)
    }
    return (try scores.gathered(-1, held), held)
  }

  mutating func setRowBlock(_ block: Int?) {
    router.rowBlock = block
    for index in experts.indices {
      experts[index].gate?.rowBlock = block
      experts[index].up.rowBlock = block
      experts[index].down.rowBlock = block
    }
  }
}

/// The tokens of a pack sorted by the experts that they go through.
struct ExpertOrder {
  /// The token of each row, sorted by expert: [tokens * per token].
  let tokens: [Int]
  /// The row of each token's first, second ... expert: [tokens * per token].
  let places: [Int]
  /// The rows of each expert.
  let ranges: [(expert: Int, range: Range<Int>)]

  /// - Parameter chosen: the experts of each token, `perToken` of them side by side.
  init(_ chosen: [Int], perToken: Int, experts: Int) {
    var starts = [Int](repeating: 0, count: experts + 1)
    for expert in chosen { starts[expert + 1] += 1 }
    for expert in 0..<experts { starts[expert + 1] += starts[expert] }
    var next = starts
    var tokens = [Int](repeating: 0, count: chosen.count)
    var places = tokens
    for (index, expert) in chosen.enumerated() {
      tokens[next[expert]] = index / perToken
      places[index] = next[expert]
      next[expert] += 1
    }
    self.tokens = tokens
    self.places = places
    ranges = (0..<experts).map { ($0, starts[$0]..<starts[$0 + 1]) }
  }
}
