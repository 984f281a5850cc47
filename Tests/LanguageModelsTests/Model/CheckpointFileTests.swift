import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Files of a checkpoint that contradict each other")
struct CheckpointFileTests {
  private static let ids = [1, 557, 377, 365, 403, 392, 400, 360, 712, 369, 361, 286]

  /// The largest difference of the logits from what transformers computes for the same files.
  private func distance(_ checkpoint: ScratchCheckpoint, _ name: String) throws -> Double {
    let golden = try SafetensorsFile(Fixtures.file("checkpoint-files/logits.safetensors"))
    let model = try LanguageModel.load(checkpoint.directory, dtype: .float32)
    return try GoldenModel.distance(AdapterSupport.logits(model, Self.ids), golden.tensor(name))
  }

  private func warnings(_ checkpoint: ScratchCheckpoint) throws -> [String] {
    try Checkpoint(directory: checkpoint.directory).configuration.warnings
  }

  @Test("Mistral's window applies with any use_sliding_window, and a note says so")
  func mistralWindow() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-mistral")
    try checkpoint.configure(["sliding_window": 4, "use_sliding_window": false])
    #expect(try distance(checkpoint, "mistral-window-4") < 5e-4)
    #expect(try warnings(checkpoint).contains { $0.contains("use_sliding_window") })
  }

  @Test("Mistral's layer_types alternate windows, as transformers reads such a file")
  func mistralLayerTypes() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-mistral")
    let types = ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]
    try checkpoint.configure(["sliding_window": 4, "layer_types": types])
    #expect(try distance(checkpoint, "mistral-layer-types") < 5e-4)
  }

  @Test("Without its sizes, windows and architectures, a file means what transformers takes for them")
  func defaults() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-mistral")
    try checkpoint.configure(["sliding_window": Any?.none, "num_key_value_heads": Any?.none, "num_attention_heads": 16])
    let model = try ModelConfiguration(directory: checkpoint.directory)
    #expect(model.keyValueHeadCount == 8 && model.windows == Array(repeating: 4096, count: model.layerCount))
    let llama = try ScratchCheckpoint("models/tiny-llama")
    try llama.configure(["architectures": Any?.none])
    #expect(try distance(llama, "llama-by-type") < 5e-4)
  }

  private struct Sizes: Decodable {
    var modelType: String
    var vocabSize, hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads, numKeyValueHeads, headDim: Int
    var ropeTheta: Double
    var tied: Bool
    var windows: [Int]
  }

  @Test("A configuration that names its type alone has the sizes of that class")
  func sizesOfEachClass() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let all = try decoder.decode([Sizes].self, from: Data(contentsOf: Fixtures.file("checkpoint-files/defaults.json")))
    #expect(all.count == 15)
    for sizes in all {
      let text = Array("{\"model_type\": \"\(sizes.modelType)\"}".utf8)
      let model = try ModelConfiguration(ConfigurationFile(text: text, file: "config.json"))
      let found = [
        model.vocabularySize, model.hiddenSize, model.intermediateSize, model.layerCount, model.headCount,
        model.keyValueHeadCount, model.headDimension,
      ]
      let expected = [
        sizes.vocabSize, sizes.hiddenSize, sizes.intermediateSize, sizes.numHiddenLayers, sizes.numAttentionHeads,
        sizes.numKeyValueHeads, sizes.headDim,
      ]
      #expect(found == expected, "\(sizes.modelType)")
      #expect(model.windows.map { $0 ?? 0 } == sizes.windows, "\(sizes.modelType)")
      #expect(model.tiedEmbeddings == sizes.tied, "\(sizes.modelType)")
      let full = model.layers.last { $0.rope != nil && $0.window == nil } ?? model.layers[0]
      #expect(full.rope?.theta == sizes.ropeTheta, "\(sizes.modelType)")
    }
  }

  @Test("model.safetensors is read although there is an index, and a note says so")
  func singleBesideIndex() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-mistral")
    #expect(try distance(checkpoint, "mistral-plain") < 5e-4)
    #expect(try warnings(checkpoint) == [])
    var tensors = try checkpoint.tensors()
    tensors["model.norm.weight"] = try Tensor.full([64], 2).converted(to: .bfloat16)
    try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: checkpoint.file("model.safetensors"))
    #expect(try distance(checkpoint, "mistral-single") < 5e-4)
    #expect(try warnings(checkpoint).contains { $0.contains("index.json") && $0.contains("remove") })
  }

  @Test(
    "A tensor that two shards hold is read from the one that the index names, and what the index says wrongly is told")
  func indexes() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-mistral")
    let second = checkpoint.file("model-00002-of-00002.safetensors")
    var tensors: [String: Tensor] = [:]
    let file = try SafetensorsFile(second)
    for name in file.names { tensors[name] = try file.tensor(name).copy() }
    tensors["model.embed_tokens.weight"] = try Tensor.ones([1024, 64]).converted(to: .bfloat16)
    try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: second)
    #expect(try distance(checkpoint, "mistral-plain") < 5e-4)
    #expect(try warnings(checkpoint).contains { $0.contains("several shards hold") && $0.contains("embed_tokens") })
    let index =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: checkpoint.file("model.safetensors.index.json"))) as? [String: Any]
    var map = try #require(index?["weight_map"] as? [String: String])
    map["model.embed_tokens.weight"] = "model-00001-of-00002.safetensors"
    map["model.norm.weight"] = "model-00001-of-00002.safetensors"
    map["lost.weight"] = "model-00001-of-00002.safetensors"
    map["lm_head.weight"] = nil
    try checkpoint.writeIndex(map)
    #expect(try distance(checkpoint, "mistral-plain") < 5e-4)
    let sentences = try warnings(checkpoint)
    for part in [
      "no shard holds \"lost.weight\"", "\"model.norm.weight\" in another shard", "does not list \"lm_head.weight\"",
    ] {
      #expect(sentences.contains { $0.contains(part) }, "\(sentences)")
    }
  }

  @Test("A head that differs from the embedding it is tied to is not used, which is told")
  func tiedHead() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-llama")
    try checkpoint.configure(["tie_word_embeddings": true])
    #expect(try distance(checkpoint, "llama-tied") < 5e-4)
    #expect(try warnings(checkpoint).contains { $0.contains("lm_head.weight") && $0.contains("tie_word_embeddings") })
    try checkpoint.rewrite { $0["lm_head.weight"] = $0["model.embed_tokens.weight"] }
    #expect(try warnings(checkpoint) == [])
  }

  @Test("longrope is read in any family, and needs a factor or the trained length")
  func longrope() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-qwen2")
    let factors = (0..<8).map { 1 + Double($0) / 4 }
    var scaling: [String: Any] = [
      "type": "longrope", "factor": 2, "short_factor": factors, "long_factor": (0..<8).map { 2 + Double($0) },
    ]
    try checkpoint.configure(["rope_scaling": scaling])
    #expect(try distance(checkpoint, "qwen2-longrope") < 5e-4)
    scaling["factor"] = nil
    try checkpoint.configure(["rope_scaling": scaling])
    let error = try refusal { try ModelConfiguration(directory: checkpoint.directory) }
    #expect(error.description.contains("longrope") && error.description.contains("original_max_position_embeddings"))
  }

  @Test(
    "Rotations that two keys state otherwise are refused by the key",
    arguments: [
      #"{"rope_theta": 10000.0, "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}}"#,
      #"{"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": {"rope_type": "linear", "factor": 4.0}}"#,
      #"{"rope_scaling": {"factor": 2.0}}"#, #"{"rope_parameters": {"full_attention": {}, "sliding_attention": null}}"#,
      #"{"layer_types": ["full_attention", "linear_attention", "full_attention", "full_attention"]}"#,
    ])
  func conflicts(_ json: String) throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-qwen2")
    try checkpoint.configure(json: json)
    if json.contains("sliding_attention\": null") {
      // A null is as good as a key that is not there: the full layers' rotation is that of the whole model.
      #expect(throws: Never.self) { try ModelConfiguration(directory: checkpoint.directory) }
      return
    }
    let error = try refusal { try ModelConfiguration(directory: checkpoint.directory) }
    #expect(error.description.contains("rope") || error.description.contains("layer_types"), "\(error)")
  }

  @Test("Keys that no family knows are told, harmless ones are not")
  func unknownKeys() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-llama")
    try checkpoint.configure(["logit_bias_of_tomorrow": 3, "_name_or_path": "x", "attn_logit_softcapping": 30])
    let sentences = try warnings(checkpoint)
    #expect(sentences.count == 2 && sentences.allSatisfy { $0.contains("config.json") }, "\(sentences)")
  }
}
