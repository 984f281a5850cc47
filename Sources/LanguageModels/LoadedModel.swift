import Foundation
import Foundations
import Tokenizers
import Torch

/// A model with its tokenizer and what identifies it: what every measurement needs.
public struct LoadedModel: Sendable {
  /// As the user named it.
  public let name: String
  public let directory: URL
  public private(set) var model: LanguageModel
  public let tokenizer: Tokenizer
  /// Where the model was put.
  public let devices: Devices
  public let fingerprint: String
  /// The commit of the Hugging Face repository that it was read from; nil where it is no snapshot of the local cache.
  public var revision: String? { HubSnapshots.commit(of: directory) }
  /// The ids that end a continuation: of `generation_config.json`, else of `config.json`, else the tokenizer's.
  public let stopTokens: Set<Int>

  /// - Parameter adapter: the directory of a LoRA adapter to put on the model; the name and the fingerprint then tell it
  ///   from its base.
  public init(
    _ name: String, adapter: URL? = nil, dtype: DType? = nil, weights: WeightFormat = .dense, device: Devices = .cpu
  ) throws {
    self.name = adapter.map { "\(name) + \($0.lastPathComponent)" } ?? name
    devices = device
    directory = try ModelLocator.directory(for: name)
    tokenizer = try Tokenizer.load(directory: directory)
    let base = try LanguageModel.load(directory, dtype: dtype, weights: weights, device: device)
    let lora = try adapter.map { try LoRAAdapter(directory: $0) }
    model = try lora.map { try base.adapted(by: $0) } ?? base
    warnings = base.configuration.warnings + (lora?.warnings ?? []) + Self.beyond(tokenizer, model.configuration)
    ThreadPolicy.adapt(toParameters: model.parameterCount)
    let checkpoint = try Fingerprint.checkpoint(directory)
    fingerprint = try adapter.map { try Fingerprint.adapted(checkpoint, by: $0) } ?? checkpoint
    stopTokens = Self.stopTokens(directory, model.configuration, tokenizer)
    guard tokenizer.ownVocabularySize <= model.configuration.vocabularySize else {
      throw TelltaleError(
        .badInput,
        "its tokenizer has \(tokenizer.ownVocabularySize) tokens and its model only "
          + "\(model.configuration.vocabularySize) embeddings; the two are of different models",
        at: InputLocation(file: directory.path))
    }
  }

  /// What is to be said of tokens that only a configuration names and the model has no embedding of.
  private static func beyond(_ tokenizer: Tokenizer, _ model: ModelConfiguration) -> [String] {
    guard tokenizer.vocabularySize > model.vocabularySize, tokenizer.ownVocabularySize <= model.vocabularySize else {
      return []
    }
    let names = (model.vocabularySize..<tokenizer.vocabularySize).compactMap(tokenizer.token).prefix(3)
    return [
      "the tokenizer's configuration names tokens that the model has no embedding of "
        + "(\(names.map { "\"\(SafeText.quoted($0))\"" }.joined(separator: ", "))): texts with them cannot be computed"
    ]
  }

  /// Sentences about what the files of the model and its adapter state that has no effect, or contradicts itself.
  public let warnings: [String]

  /// The same with a model whose results do not depend on what is computed together.
  public func batchInvariant() -> LoadedModel {
    var loaded = self
    loaded.model = model.batchInvariant()
    return loaded
  }

  /// The same, with shared tokens multiplied with 8 bits.
  public func roundingSharedTokens() throws -> LoadedModel {
    var loaded = self
    loaded.model = try model.roundingSharedTokens()
    return loaded
  }

  private struct GenerationConfiguration: Decodable { var eosTokenId: OneOrMany? }

  /// A number, or a list of numbers.
  private struct OneOrMany: Decodable {
    var values: [Int]
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let one = try? container.decode(Int.self) { values = [one] } else { values = try container.decode([Int].self) }
    }
  }

  private static func stopTokens(
    _ directory: URL, _ configuration: ModelConfiguration, _ tokenizer: Tokenizer
  ) -> Set<Int> {
    let url = directory.appendingPathComponent("generation_config.json")
    let stated: GenerationConfiguration? = try? JSONFile.decode(url, remedy: "")
    let tokens = stated?.eosTokenId?.values ?? configuration.endTokens
    return tokens.isEmpty ? Set([tokenizer.eosTokenID].compactMap { $0 }) : Set(tokens)
  }
}

extension LoadedModel {
  /// Which model it is and how it is computed, for the line that work begins with:
  /// `smollm2: bfloat16, weights from GGUF Q4_1, 2 threads`.
  package var startLine: String {
    let place =
      devices.areCPU ? (Runtime.threadCount == 1 ? "1 thread" : "\(Runtime.threadCount) threads") : "\(devices)"
    return "\(name): \(model.arithmetic), \(place)"
  }

  /// What is known of the files and the shape of the model: for those who ask for details.
  package var details: String {
    let shape = model.configuration
    let millions = String(format: "%.1f", Double(model.parameterCount) / 1e6)
    return "\(name): \(directory.path), \(shape.layerCount) layers of width \(shape.hiddenSize), "
      + "\(millions) million parameters, \(model.weightBytes >> 20) MiB of weights"
  }
}
