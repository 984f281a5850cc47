import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// A model with its tokenizer: that they fit, and which tokens end a continuation.
@Suite struct LoadedModelTests {
  @Test("A tokenizer larger than the vocabulary is refused with both sizes")
  func refusesTheWrongTokenizer() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    for name in ["tokenizer.json", "tokenizer_config.json"] {
      try Data(contentsOf: Fixtures.file("models/tiny-llama/\(name)")).write(to: checkpoint.file(name))
    }
    let error = try refusal { try LoadedModel(checkpoint.path) }
    #expect(error.description.contains("1024 tokens") && error.description.contains("48 embeddings"))
    #expect(error.description.contains(checkpoint.path))
  }

  @Test("A checkpoint without a tokenizer is refused by its directory")
  func refusesNoTokenizer() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    let error = try refusal { try LoadedModel(checkpoint.path) }
    #expect(error.description.contains("tokenizer.json") && error.description.contains(checkpoint.path))
  }

  @Test("A tokenizer smaller than the vocabulary is accepted: published models are padded")
  func acceptsPaddedVocabularies() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-llama")
    try checkpoint.configure(["vocab_size": 1088])
    try checkpoint.rewrite {
      for name in ["model.embed_tokens.weight", "lm_head.weight"] {
        let weight = try #require($0[name])
        $0[name] = try Tensor.concatenated([weight, Tensor.zeros([64, 64], dtype: weight.dtype)])
      }
    }
    #expect(try LoadedModel(checkpoint.path).tokenizer.vocabularySize == 1024)
  }

  @Test("Stop tokens are generation_config.json's, else config.json's, else the tokenizer's")
  func findsStopTokens() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-llama3")
    try checkpoint.write(#"{"eos_token_id": [3, 4]}"#, to: "generation_config.json")
    #expect(try LoadedModel(checkpoint.path).stopTokens == [3, 4])
    try checkpoint.write(#"{"eos_token_id": 7}"#, to: "generation_config.json")
    #expect(try LoadedModel(checkpoint.path).stopTokens == [7])
    try checkpoint.remove("generation_config.json")
    #expect(try LoadedModel(checkpoint.path).stopTokens == [1019, 1022])
    try checkpoint.configure(["eos_token_id": nil])
    let loaded = try LoadedModel(checkpoint.path)
    #expect(loaded.stopTokens == [try #require(loaded.tokenizer.eosTokenID)])
  }

  @Test("A token id outside of the vocabulary is refused, not read", arguments: [-1, 1024, Int.max])
  func refusesTokensOutside(_ id: Int) throws {
    let loaded = try LoadedModel(Fixtures.file("models/tiny-llama").path)
    let error = try refusal { try loaded.model.forward(PackedBatch([[1, id]]), logits: .all) }
    #expect(error.description.contains("\(id)") && error.description.contains("1024"))
  }

  @Test("A layer that does not exist is refused, not read", arguments: [-1, 4, Int.max])
  func refusesLayersOutside(_ layer: Int) throws {
    let loaded = try LoadedModel(Fixtures.file("models/tiny-llama").path)
    let error = try refusal { try loaded.model.forward(PackedBatch([[1]]), taps: Taps(layers: [layer])) }
    #expect(error.description.contains("layers 0 to 3"))
  }
}
