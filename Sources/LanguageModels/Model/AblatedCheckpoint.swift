import Foundation
import Foundations
import Torch

/// Directional ablation baked into weights (Arditi et al. 2024, section 2.4 "weight orthogonalization"): a checkpoint
/// that cannot write a direction to its residual stream.
///
/// Every matrix W that writes to the stream becomes (I - r r^T) W for the unit vector r: the token embeddings, the output
/// projection of attention and the down projection of the feed-forward network, in every block, with their biases. In
/// exact arithmetic the logits are those of the unchanged model with `equivalentEdits`: the component along r removed
/// from the embeddings, after attention, and after the feed-forward network of every block, at every token. (Removing it
/// at the blocks' outputs alone is another edit: there, attention still hands the component to the feed-forward network of
/// its own block.)
public struct AblatedCheckpoint: Sendable {
  private let checkpoint: Checkpoint
  private let direction: Tensor  // float64 [hidden], of unit norm

  /// - Parameter direction: [hidden], any norm but zero; it is normalised.
  public init(_ directory: URL, direction: [Float]) throws {
    checkpoint = try Checkpoint(directory: directory)
    guard direction.count == checkpoint.configuration.hiddenSize else {
      throw TelltaleError(
        .badInput,
        "the direction has width \(direction.count) where the model's residual stream has "
          + "\(checkpoint.configuration.hiddenSize); use a vector made from this model")
    }
    let wide = try Tensor(direction.map(Double.init))
    let norm = try wide.norm().scalar()
    guard norm.isFinite, norm > 0 else {
      throw TelltaleError(.badInput, "the direction is zero or not finite; there is nothing to remove")
    }
    self.direction = try wide / norm
  }

  /// The edits of the unchanged model that the ablated checkpoint equals.
  public static func equivalentEdits(layers: Int, unit: Tensor) -> [SteeringEdit] {
    [SteeringEdit(layer: 0, .ablate(unit), site: .blockInput)]
      + (0..<layers).flatMap { layer in
        [Edit.Site.afterAttention, .blockOutput].map { SteeringEdit(layer: layer, .ablate(unit), site: $0) }
      }
  }

  /// Writes the checkpoint as a new directory in Hugging Face layout, beside its tokenizer: whole, or not at all.
  ///
  /// A model whose output head is tied to its embeddings gets a head of its own, the old embeddings: the head reads the
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
      try writeConfiguration(to: aside, dtype: weights["model.embed_tokens.weight"]?.dtype)
      try copyTokenizer(to: aside)
    }
  }

  // MARK: Weights

  private func weights(_ dtype: DType?) throws -> [String: Tensor] {
    let target = try dtype ?? checkpoint.storedDtype()
    var weights: [String: Tensor] = [:]
    for name in try checkpoint.neededNames() {
      let weight = try checkpoint.tensor(name)
      weights[name] = try ablated(name, weight).converted(to: target)
    }
    if checkpoint.configuration.tiedEmbeddings {
      weights["lm_head.weight"] = try checkpoint.tensor("model.embed_tokens.weight").converted(to: target)
    }
    return weights
  }

  /// The weight with what it writes along the direction removed, in float64; other weights as they are.
  private func ablated(_ name: String, _ weight: Tensor) throws -> Tensor {
    if name == "model.embed_tokens.weight" {  // [vocabulary, hidden]: rows are written
      let wide = try weight.converted(to: .float64)
      return try wide - wide.matmul(direction).unsqueezed(1) * direction
    }
    let isWriter = [".self_attn.o_proj.", ".mlp.down_proj."].contains { name.contains($0) }
    guard isWriter else { return weight }
    let wide = try weight.converted(to: .float64)
    if name.hasSuffix(".bias") { return try wide - direction * (wide * direction).sum() }
    return try wide - direction.unsqueezed(1) * direction.unsqueezed(0).matmul(wide)  // [hidden, in]
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
