import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite struct AdapterFileTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      let data = try Data(contentsOf: AdapterSupport.fixture("qwen2-some-layers").appending(path: name))
      try data.write(to: folder.url.appending(path: name))
    }
  }

  private func configure(_ key: String, _ value: Any?) throws {
    let url = folder.url.appending(path: "adapter_config.json")
    var object = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    object[key] = value
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  private func rewrite(_ change: (inout [String: Tensor]) throws -> Void) throws {
    let url = folder.url.appending(path: "adapter_model.safetensors")
    let file = try SafetensorsFile(url)
    var tensors: [String: Tensor] = [:]
    for name in file.names { tensors[name] = try file.tensor(name).copy() }
    try change(&tensors)
    try SafetensorsFile.write(tensors, to: url)
  }

  private func sentence() throws -> String {
    try refusal { try LoRAAdapter(directory: folder.url) }.description
  }

  @Test("PEFT's configuration is read")
  func peftConfigurationRead() throws {
    let configuration = try LoRAAdapter(directory: folder.url).configuration
    #expect(configuration.rank == 3 && configuration.alpha == 9 && configuration.dropout == 0.1)
    #expect(configuration.targets == ["down_proj", "k_proj"] && configuration.layers == [1, 3])
    #expect(configuration.baseModel == "tiny-qwen2" && !configuration.isRankStabilised)
  }

  @Test("The scale is alpha over the rank, or over its root, with the ranks and alphas of patterns")
  func scaleAlphaOver() {
    var configuration = LoRAConfiguration(rank: 4, alpha: 8)
    let place = AdapterPlace(layer: 1, .up)
    #expect(configuration.scale(at: place) == 2)
    configuration.isRankStabilised = true
    #expect(configuration.scale(at: place) == 4)
    configuration.rankPattern = ["layers.1.mlp.up_proj": 1, "up_proj": 16]
    configuration.alphaPattern = ["mlp.up_proj": 3]
    #expect(configuration.scale(at: place) == 3)
    #expect(configuration.scale(at: AdapterPlace(layer: 11, .up)) == 3.0 / 4)
  }

  @Test("What is written is read back the same")
  func whatWrittenRead() throws {
    let model = try AdapterSupport.model("tiny-mistral")
    var configuration = LoRAConfiguration(
      rank: 4, alpha: 2.5, isRankStabilised: true, dropout: 0.25, targets: ["gate_proj", "self_attn.o_proj"],
      layers: [0, 2], baseModel: "some/model")
    configuration.rankPattern = ["o_proj": 2]
    let adapter = try AdapterSupport.random(configuration, for: model, seed: 5)
    try adapter.write(to: folder.url.appending(path: "new"))
    let read = try LoRAAdapter(directory: folder.url.appending(path: "new"))
    #expect(read.configuration == configuration)
    #expect(read.places == adapter.places && read.places.count == 4)
    for (name, tensor) in adapter.weights { #expect(try read.weights[name]?.floats() == tensor.floats()) }
  }

  @Test(
    "Features that would change the result are refused by name",
    arguments: [
      (key: "use_dora", value: "true"), (key: "lora_bias", value: "true"),
      (key: "modules_to_save", value: #"["lm_head"]"#),
      (key: "bias", value: #""all""#), (key: "peft_type", value: #""LOHA""#), (key: "fan_in_fan_out", value: "true"),
      (key: "init_lora_weights", value: #""pissa_niter_16""#), (key: "a_feature_of_tomorrow", value: "1"),
      (key: "layers_pattern", value: #""h""#), (key: "rank_pattern", value: #"{"(?=q).*": 3}"#),
      (key: "exclude_modules", value: #"["q_proj"]"#),
    ])
  func featuresWouldChange(key: String, value: String) throws {
    try configure(key, JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed))
    let sentence = try sentence()
    #expect(sentence.contains("not supported") && sentence.contains("adapter_config.json"))
    let names = ["bias": "biases", "peft_type": "LOHA"]
    #expect(sentence.contains(names[key] ?? key), "\(sentence)")
  }

  @Test(
    "Values that mean nothing are refused",
    arguments: [
      ("r", "0"), ("r", "100000000"), ("r", #""8""#), ("lora_alpha", "0"), ("lora_dropout", "1"),
      ("target_modules", #"["embed_tokens"]"#), ("target_modules", "7"), ("r", "null"), ("rank_pattern", "[1]"),
    ])
  func valuesMeanNothing(_ key: String, _ value: String) throws {
    try configure(key, JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed))
    #expect(try sentence().contains("adapter_config.json"))
  }

  @Test("A regular expression for targets leaves it to the weights what is adapted")
  func regularExpressionTargets() throws {
    try configure("target_modules", ".*(k|down)_proj")
    let model = try AdapterSupport.model("tiny-qwen2")
    let adapter = try LoRAAdapter(directory: folder.url)
    let golden = try SafetensorsFile(AdapterSupport.fixture("qwen2-some-layers").appending(path: "golden.safetensors"))
    let logits = try AdapterSupport.logits(model.adapted(by: adapter), golden.tensor("ids").integers())
    #expect(try GoldenModel.distance(logits, golden.tensor("logits")) < 5e-4)
  }

  @Test("Damaged weights are refused")
  func damagedWeightsRefused() throws {
    let name = AdapterPlace(layer: 1, .key).tensorName(.a)
    let weights = try LoRAAdapter(directory: folder.url).weights
    try rewrite { $0[name] = nil }
    #expect(try sentence().contains("only one of the two matrices"))
    try rewrite { $0[name] = try Tensor.full([3, 64], .nan) }
    #expect(try sentence().contains("NaN"))
    try rewrite { $0[name] = try Tensor.zeros([2, 64]) }
    #expect(try sentence().contains("do not fit its rank 3"))
    try rewrite { tensors in
      tensors = weights
      tensors["base_model.model.lm_head.weight"] = try Tensor.zeros([2, 2])
    }
    #expect(try sentence().contains("lm_head"))
    try rewrite { $0 = [:] }
    #expect(try sentence().contains("adapts nothing"))
  }

  @Test("An adapter without matrices of a target, or with more than its targets, is refused by the model")
  func adapterWithoutMatrices() throws {
    let model = try AdapterSupport.model("tiny-qwen2")
    try configure("target_modules", ["k_proj", "down_proj", "q_proj"])
    #expect(
      try refusal { try model.adapted(by: LoRAAdapter(directory: folder.url)) }.description.contains("incomplete"))
    try configure("target_modules", ["k_proj"])
    #expect(
      try refusal { try model.adapted(by: LoRAAdapter(directory: folder.url)) }.description.contains("does not list"))
  }

  @Test("Files that are missing are named")
  func filesMissingNamed() throws {
    try FileManager.default.removeItem(at: folder.url.appending(path: "adapter_model.safetensors"))
    #expect(try sentence().contains("adapter_model.safetensors: is missing"))
    try FileManager.default.removeItem(at: folder.url.appending(path: "adapter_config.json"))
    #expect(try sentence().contains("adapter_config.json: is missing"))
  }
}
