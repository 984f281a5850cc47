import Foundation
import Foundations
import Torch

/// Directional ablation baked into weights (Arditi et al. 2024, section 2.4 "weight orthogonalization"): a checkpoint
/// that cannot write a direction to its residual stream.
///
/// Every matrix W that writes to the stream becomes (I - r r^T) W for the unit vector r: the embeddings of tokens (and of
/// positions), the output projection of attention and the down projection of the feed-forward network, of every expert where
/// there are several, in every block, with their biases. In exact arithmetic the logits are those of the unchanged model with `equivalentEdits`: the component along r removed
/// from the embeddings, after attention, and after the feed-forward network of every block, at every token (of a family in
/// which both read the same stream: from the embeddings and after every block). Families that normalise what is written are
/// refused: no weights equal the edit there. (Removing it
/// at the blocks' outputs alone is another edit: there, attention still hands the component to the feed-forward network of
/// the same block.)
public struct AblatedCheckpoint: Sendable {
  private let checkpoint: Checkpoint
  private let direction: Tensor  // float64 [hidden], of unit norm

  /// - Parameter direction: [hidden], any norm but zero; it is normalised.
  public init(_ directory: URL, direction: [Float]) throws {
    if ModelLocator.isGGUF(directory) {
      throw TelltaleError(
        .badInput,
        "is a GGUF file, and ablated weights are written in Hugging Face layout; give the published checkpoint",
        at: InputLocation(file: directory.path))
    }
    checkpoint = try Checkpoint(directory: directory)
    if let quantisation = checkpoint.quantisation {
      throw TelltaleError(
        .badInput,
        "is quantised (\(quantisation)), and ablated weights are written as floats; give the unquantised checkpoint",
        at: InputLocation(file: directory.path))
    }
    guard direction.count == checkpoint.configuration.hiddenSize else {
      throw TelltaleError(
        .badInput,
        "the direction has width \(direction.count) where the model's residual stream has "
          + "\(checkpoint.configuration.hiddenSize); use a vector made from this model")
    }
    guard [.before, .parallel].contains(checkpoint.configuration.placement) else {
      throw TelltaleError(
        .badInput,
        "a \(checkpoint.configuration.family) model normalises what its blocks write to the residual stream, so that no weights "
          + "equal the edit; ablate the direction while generating instead", at: InputLocation(file: directory.path))
    }
    let wide = try Tensor(direction.map(Double.init))
    let norm = try wide.norm().scalar()
    guard norm.isFinite, norm > 0 else {
      throw TelltaleError(.badInput, "the direction is zero or not finite; there is nothing to remove")
    }
    self.direction = try wide / norm
  }

  /// The edits of the unchanged model that the ablated checkpoint equals.
  public static func equivalentEdits(_ model: ModelConfiguration, unit: Tensor) -> [SteeringEdit] {
    let sites: [Edit.Site] = model.placement == .parallel ? [.blockOutput] : [.afterAttention, .blockOutput]
    return [SteeringEdit(layer: 0, .ablate(unit), site: .blockInput)]
      + model.layers.indices.flatMap { layer in sites.map { SteeringEdit(layer: layer, .ablate(unit), site: $0) } }
  }

  /// Writes the checkpoint as a new directory in Hugging Face layout, with its tokenizer: whole, or not at all.
  ///
  /// A model whose output head is tied to its embeddings gets a separate head, the old embeddings: the head reads the
  /// stream and is not ablated.
  ///
  /// - Parameters:
  ///   - dtype: of the weights (default: the checkpoint's; rounding leaves a small component along the direction).
  ///   - metadata: what the weights' file says of its making.
  public func write(to directory: URL, dtype: DType? = nil, metadata: [String: String] = [:]) throws {
    try AtomicFolder.write(to: directory) { aside in
      var stated = metadata
      stated["format"] = "pt"
      let weights = try weights(dtype)
      try SafetensorsFile.write(weights, metadata: stated, to: aside.appendingPathComponent("model.safetensors"))
      try writeConfiguration(to: aside, dtype: dtype ?? checkpoint.storedDtype())
      try copyTokenizer(to: aside)
    }
  }

  // MARK: Weights

  /// The file's own tensors, those that write to the stream ablated.
  private func weights(_ dtype: DType?) throws -> [String: Tensor] {
    let loader = try checkpoint.loader()
    let target = try dtype ?? loader.storedDtype()
    var weights: [String: Tensor] = [:]
    for (name, place) in try loader.places() where weights[place.name] == nil {
      let weight = try checkpoint.tensor(place.name)
      weights[place.name] = try ablated(name, place, weight).converted(to: target).contiguous()
    }
    if checkpoint.configuration.tiedEmbeddings {
      let embedding = try loader.place(.embedding).name
      weights[loader.standardPlace(.head).name] = try checkpoint.tensor(embedding).converted(to: target)
    }
    return weights
  }

  /// A tensor with what it writes along the direction removed, in float64; one that does not write as it is.
  private func ablated(_ name: WeightName, _ place: WeightPlace, _ weight: Tensor) throws -> Tensor {
    let isWriter = name.module == "self_attn.o_proj" || name.module.hasSuffix("down_proj")
    let isEmbedding = name == .embedding || name == .positions
    guard isWriter || isEmbedding else { return weight }
    let wide = try weight.converted(to: .float64)
    // The numbers of one written vector lie side by side in an embedding, a bias and a transposed matrix, and below each
    // other in a matrix [hidden, in].
    guard isEmbedding || name.part == .bias || place.steps.contains(.transposed) else {
      let along = try direction.unsqueezed(0).matmul(wide)  // [..., 1, in]
      return try wide - direction.unsqueezed(1) * along
    }
    return try wide - wide.matmul(direction).unsqueezed(-1) * direction
  }

  // MARK: Files beside the weights

  private func writeConfiguration(to folder: URL, dtype: DType?) throws {
    let source = checkpoint.directory.appendingPathComponent("config.json")
    let target = folder.appendingPathComponent("config.json")
    let unreadable = TelltaleError(
      .badInput, "cannot be read; check the checkpoint", at: InputLocation(file: source.path))
    guard let data = try? Data(contentsOf: source),
      var object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { throw unreadable }
    object["tie_word_embeddings"] = false
    if let dtype { object[object["dtype"] == nil ? "torch_dtype" : "dtype"] = dtype.rawValue }
    let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try JSONSerialization.data(withJSONObject: object, options: options), to: target)
  }

  private static let copied = [
    "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja", "vocab.json", "merges.txt",
  ]

  private func copyTokenizer(to folder: URL) throws {
    for name in Self.copied {
      let source = checkpoint.directory.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: source.path) else { continue }
      guard let data = try? Data(contentsOf: source) else {
        throw TelltaleError(.badInput, "cannot be read; check its permissions", at: InputLocation(file: source.path))
      }
      try AtomicFile.write(data, to: folder.appendingPathComponent(name))
    }
  }
}
