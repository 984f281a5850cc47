import Foundation
import Torch

/// A model with its tokenizer and what identifies it: what every measurement needs.
public struct LoadedModel: Sendable {
  /// As the user named it.
  public let name: String
  public let directory: URL
  public private(set) var model: LanguageModel
  public let tokenizer: Tokenizer
  public let fingerprint: String
  /// The ids that end a continuation: of `generation_config.json`, else of `config.json`, else the tokenizer's.
  public let stopTokens: Set<Int>

  public init(_ name: String, dtype: DType? = nil, device: Device = .cpu) throws {
    self.name = name
    directory = try ModelLocator.directory(for: name)
    tokenizer = try Tokenizer.load(directory: directory)
    model = try LanguageModel.load(directory, dtype: dtype, device: device)
    ThreadPolicy.adapt(toParameters: model.parameterCount)
    fingerprint = try Fingerprint.checkpoint(directory)
    stopTokens = Self.stopTokens(directory, model.configuration, tokenizer)
    guard tokenizer.vocabularySize <= model.configuration.vocabularySize else {
      throw ModelError(
        .badInput,
        "its tokenizer has \(tokenizer.vocabularySize) tokens and its model only "
          + "\(model.configuration.vocabularySize) embeddings; the two are of different models",
        at: InputLocation(file: directory.path))
    }
  }

  /// The same with a model whose results do not depend on what is computed together.
  public func batchInvariant() -> LoadedModel {
    var loaded = self
    loaded.model = model.batchInvariant()
    return loaded
  }

  private struct GenerationConfiguration: Decodable { var eosTokenId: RawConfiguration.OneOrMany? }

  private static func stopTokens(
    _ directory: URL, _ configuration: ModelConfiguration, _ tokenizer: Tokenizer
  ) -> Set<Int> {
    let url = directory.appendingPathComponent("generation_config.json")
    let stated: GenerationConfiguration? = try? JSONFile.decode(url, remedy: "")
    let tokens = stated?.eosTokenId?.values ?? configuration.endTokens
    return tokens.isEmpty ? Set([tokenizer.eosTokenID].compactMap { $0 }) : Set(tokens)
  }
}
