import Foundations
import Torch

/// What an adapter adds to a projection's output: scale B A x, computed in float32.
struct LowRankUpdate: Sendable {
  /// Elements of the input left out in training, drawn from a seed.
  struct Dropout: Sendable {
    var probability: Double
    var seed: UInt64
  }

  let a: Tensor  // [rank, in]
  let b: Tensor  // [out, rank]
  let scale: Double
  var dropout: Dropout?

  /// `output` [tokens, out] with what is added for the input x [tokens, in]; summed in float32 and rounded once.
  /// - Parameter rowBlock: rows computed together; nil computes all at once.
  func added(to output: Tensor, _ x: Tensor, rowBlock: Int? = nil) throws(TelltaleError) -> Tensor {
    if rowBlock == nil, dropout == nil { return try output.addingLowRank(x, a: a, b: b, scale: scale) }
    var input = try x.converted(to: .float32)  // [tokens, in]
    if let dropout { input = try input.dropout(dropout.probability, seed: dropout.seed) }
    let change = try (input.linear(a, rowBlock: rowBlock) * scale).linear(b, rowBlock: rowBlock)  // [tokens, out]
    return try (output.converted(to: .float32) + change).converted(to: output.dtype)
  }
}

extension LanguageModel {
  /// The model with an adapter on it: another value over the same base weights, which are neither copied nor changed.
  ///
  /// Throws `badInput` where the adapter does not fit the model, or where the model already carries one (merge that first).
  public func adapted(by adapter: LoRAAdapter) throws -> LanguageModel {
    try adapted(by: adapter) { _ in nil }
  }

  /// - Parameter dropout: what is left out of the input at a place; nil leaves nothing out.
  func adapted(by adapter: LoRAAdapter, dropout: (AdapterPlace) -> LowRankUpdate.Dropout?) throws -> LanguageModel {
    try check(adapter)
    var model = self
    for (place, pair) in adapter.factors {
      let device = layers[place.layer].device
      model.layers[place.layer][place.module]?.update = LowRankUpdate(
        a: try pair.a.moved(to: device), b: try pair.b.moved(to: device),
        scale: adapter.configuration.scale(at: place), dropout: dropout(place))
    }
    return model
  }

  /// The model with an adapter added to its weights: W + scale B A, added in float32 and rounded once to the model's dtype. Faster than
  /// the adapted model, with logits that differ by rounding; the adapted matrices are copies, the others are shared.
  public func merged(with adapter: LoRAAdapter) throws -> LanguageModel {
    try check(adapter)
    guard hasDenseWeights else {
      throw TelltaleError(
        .badInput, "\(weightFormat.rawValue) weights cannot take up an adapter; load the model with dense weights",
        remedy: .useDenseWeights)
    }
    var weights = weights
    for (place, pair) in adapter.factors {
      let name = "\(place).weight"
      guard let weight = weights[name] else { continue }
      let change = try pair.b.matmul(pair.a) * adapter.configuration.scale(at: place)  // [out, in]
      weights[name] = try (weight.converted(to: .float32) + change.moved(to: weight.device)).converted(to: weight.dtype)
    }
    return try LanguageModel(configuration, weights: weights)
  }

  private func check(_ adapter: LoRAAdapter) throws(TelltaleError) {
    do { try checkFit(adapter) } catch {
      throw TelltaleError(
        error.code, error.message, at: error.location ?? adapter.directory.map { InputLocation(file: $0) })
    }
  }

  private func checkFit(_ adapter: LoRAAdapter) throws(TelltaleError) {
    guard !isAdapted else {
      throw TelltaleError(.badInput, "the model carries an adapter already; merge that one first")
    }
    try configuration.requireAdapters()
    for (place, pair) in adapter.factors.sorted(by: { $0.key < $1.key }) {
      guard place.layer >= 0, place.layer < layers.count else {
        throw TelltaleError(
          .badInput, "the adapter adapts \(place) and the model has \(layers.count) layers; it is of another model")
      }
      guard layers[place.layer][place.module] != nil else {
        throw TelltaleError(
          .badInput, "the adapter adapts \(place), which the model does not have; LoRA on experts is not supported")
      }
      let (output, input) = place.module.shape(in: configuration)
      guard pair.a.size(1) == input, pair.b.size(0) == output else {
        throw TelltaleError(
          .badInput,
          "the adapter's matrices of \(place) are for a projection of \(pair.a.size(1)) to \(pair.b.size(0)) and the "
            + "model's is of \(input) to \(output); it is of another model")
      }
    }
    try checkComplete(adapter)
  }

  /// A module that is listed as a target and has no matrices speaks of a file that was cut.
  private func checkComplete(_ adapter: LoRAAdapter) throws(TelltaleError) {
    guard let listed = adapter.configuration.places(in: configuration) else { return }
    if let missing = listed.first(where: { adapter.factors[$0] == nil }) {
      throw TelltaleError(.badInput, "the adapter has no matrices of its target \(missing); it is incomplete")
    }
    if let extra = adapter.places.first(where: { !listed.contains($0) }) {
      throw TelltaleError(
        .badInput, "the adapter has matrices of \(extra), which its configuration does not list; its two files differ")
    }
  }

  /// Whether an adapter is on the model.
  public var isAdapted: Bool {
    layers.contains { layer in AdaptedModule.allCases.contains { layer[$0]?.update != nil } }
  }
}

extension ModelConfiguration {
  /// Refuses a family whose projections adapters call otherwise.
  func requireAdapters() throws(TelltaleError) {
    guard ModelFamilies.named(family)?.takesAdapters ?? true else {
      let others = ModelFamilies.all.filter { $0.takesAdapters }.map { $0.name }.joined(separator: ", ")
      throw TelltaleError(
        .badInput,
        "LoRA on a \(family) model is not supported: its projections are fused or have other names; Telltale adapts \(others)"
      )
    }
  }
}

extension DecoderLayer {
  /// A projection of the block; nil where the block has none of that name.
  subscript(module: AdaptedModule) -> Projection? {
    get {
      switch module {
      case .query: query
      case .key: key
      case .value: value
      case .output: output
      case .gate: network.gate
      case .up: network.up
      case .down: network.down
      }
    }
    set {
      switch module {
      case .query: newValue.map { query = $0 }
      case .key: newValue.map { key = $0 }
      case .value: newValue.map { value = $0 }
      case .output: newValue.map { output = $0 }
      case .gate: network.gate = newValue
      case .up: network.up = newValue
      case .down: network.down = newValue
      }
    }
  }

  /// Whether an adapter is on one of the attention's projections, so that the stream after it depends on the adapter.
  var adaptsAttention: Bool { [query, key, value, output].contains { $0.update != nil } }
}
