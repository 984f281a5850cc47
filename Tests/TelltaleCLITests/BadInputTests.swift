import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

/// Bad input: exit code 2, one sentence that names the place and the remedy, nothing on stdout and no file left behind.
@Suite(.serialized, .tags(.process)) struct BadInputTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  /// Runs a command that must be refused, with `--output out` where `writes`, and checks how.
  private func refuse(
    _ arguments: [String], _ expected: [String], writes: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.names()
    let outcome = try Binary.run(
      arguments + (writes ? ["--output", "out"] : []), in: folder, environment: ["HF_HOME": "/nowhere"])
    #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n").filter {
      $0.hasPrefix("telltale: ") && !$0.hasPrefix("telltale: warning: ")
    }
    #expect(
      lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    for part in expected {
      #expect(outcome.errors.contains(part), "\(outcome.errors)", sourceLocation: sourceLocation)
    }
    #expect(try folder.names() == before, sourceLocation: sourceLocation)
  }

  private static let political = Fixtures.file("datasets/political.jsonl").path
  private static let tinyLlama = Binary.model("tiny-llama")

  private func extract(_ arguments: String..., model: String = tinyLlama, pairs: String = political) -> [String] {
    ["extract", "--model", model, "--pairs", pairs] + arguments
  }

  @Test("An instruction set that there is not is refused with those that there are")
  func unknownInstructionSet() throws {
    let outcome = try Binary.run(["doctor"], in: folder, environment: ["TELLTALE_ISA": "sse9"])
    #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.split(separator: "\n").count == 1)
    for part in ["TELLTALE_ISA", "\"sse9\"", "avx2, avx512 or avx512bf16"] { #expect(outcome.errors.contains(part)) }
  }

  @Test("doctor prints what computes each job, within the instruction set that is allowed")
  func doctorPrintsKernels() throws {
    let outcome = try Binary.run(
      ["doctor"], in: folder, environment: ["TELLTALE_ISA": "plain", "TELLTALE_BFLOAT16": "libtorch"])
    #expect(outcome.code == 0 && outcome.output.contains("instruction set   plain of "))
    let line = #/\n +16 bits, products of few rows +libtorch's: TELLTALE_BFLOAT16=libtorch\n/#
    #expect(outcome.output.contains(line))
  }

  // MARK: Checkpoints

  @Test("A checkpoint that is not there is refused with what to do")
  func missingCheckpoints() throws {
    try refuse(extract(model: "/nowhere/model"), ["\"/nowhere/model\"", "--model"])
    try refuse(extract(model: "someone/model"), ["hf download someone/model"])
    try refuse(extract(model: folder.url.path), [folder.url.lastPathComponent, "tokenizer.json"])
  }

  @Test("A damaged checkpoint is refused by file and item, before anything is written")
  func damagedCheckpoints() throws {
    func refuse(_ expected: [String], _ damage: (ScratchCheckpoint) throws -> Void) throws {
      let checkpoint = try ScratchCheckpoint("models/tiny-llama")
      try damage(checkpoint)
      try self.refuse(extract(model: checkpoint.path), expected)
      try folder.write(#"{"ids": [1]}"#, to: "tokens")
      try self.refuse(["activations", "--model", checkpoint.path, "--tokens", "tokens"], expected)
    }
    try refuse(["model.safetensors", "fetch"]) { try $0.truncate("model.safetensors", to: 300_000) }
    try refuse(["model.safetensors", "fetch"]) { try $0.truncate("model.safetensors", to: 100) }
    try refuse(["neither model.safetensors"]) { try $0.remove("model.safetensors") }
    try refuse(["config.json", "missing"]) { try $0.remove("config.json") }
    try refuse(["config.json (architectures)", "BertForMaskedLM", "LlamaForCausalLM"]) {
      try $0.configure(["architectures": ["BertForMaskedLM"]])
    }
    try refuse(["model.safetensors (model.layers.2.mlp.up_proj.weight)", "NaN"]) {
      try $0.rewrite { tensors in
        let weight = try #require(tensors["model.layers.2.mlp.up_proj.weight"])
        tensors["model.layers.2.mlp.up_proj.weight"] = try Tensor.full(weight.shape, .nan, dtype: weight.dtype)
      }
    }
    try refuse(["\"model.norm.weight\"", "[32]", "[64]"]) {
      try $0.rewrite { $0["model.norm.weight"] = try Tensor.ones([32]) }
    }
  }

  @Test("Another model's tokenizer is refused with both sizes")
  func wrongTokenizer() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    for name in ["tokenizer.json", "tokenizer_config.json"] {
      try Data(contentsOf: Fixtures.file("models/tiny-llama/\(name)")).write(to: checkpoint.file(name))
    }
    try refuse(extract(model: checkpoint.path), ["1024 tokens", "48 embeddings", "different models"])
    try checkpoint.write("{", to: "tokenizer.json")
    try refuse(extract(model: checkpoint.path), ["tokenizer.json"])
  }

  // MARK: Data

  @Test("A data file that cannot be used is refused by file and line")
  func damagedData() throws {
    let row = #"{"question": "Q?\n (A) a\n (B) b", "answer_matching_behavior": " (A)"}"#
    let whole =
      #"{"question": "Q?\n (A) a\n (B) b", "answer_matching_behavior": " (A)", "answer_not_matching_behavior": " (B)"}"#
    try folder.write(whole + "\n\n" + row + "\n", to: "field")
    try refuse(extract(pairs: "field"), ["field:3", "answer_not_matching_behavior"])
    try folder.write("", to: "empty")
    try refuse(extract(pairs: "empty"), ["empty: the file is empty"])
    try folder.write("[]", to: "list")
    try refuse(extract(pairs: "list"), ["list", "empty"])
    try folder.write(whole + "\n{\"question\": \n", to: "broken")
    try refuse(extract(pairs: "broken"), ["broken:2"])
    try folder.write(#"{"question": "Q?"}"#, to: "open")
    try refuse(extract(pairs: "open"), ["open:1", "answer_matching_behavior"])
    try refuse(extract(pairs: "nowhere.jsonl"), ["nowhere.jsonl", "check the path"])
    try refuse(extract("--format", "texts", pairs: "field"), ["field:1", "positive"])
    try refuse(extract("--format", "csv"), ["--format csv", "anthropic", "texts"])
  }

  @Test("Pairs of texts that do not differ are refused by line")
  func equalTexts() throws {
    let pairs = #"{"positive": "a b", "negative": "a c"}"# + "\n\n" + #"{"positive": "a", "negative": "a"}"#
    try folder.write(pairs, to: "pairs")
    try refuse(extract("--format", "texts", pairs: "pairs"), ["pairs:3", "equal"])
    try refuse(extract("--format", "texts", "--take", "0", pairs: "pairs"), ["--take 0"])
    try refuse(extract("--format", "texts", "--take=-5", pairs: "pairs"), ["--take -5"])
    try folder.write("\n", to: "blank")
    try refuse(extract("--format", "texts", pairs: "blank"), ["blank", "no rows"])
  }

  @Test("Options that ask for what is not there are refused")
  func wrongOptions() throws {
    try refuse(extract("--layers", "0-4"), ["layer 4 does not exist", "layers 0 to 3"])
    try refuse(extract("--take", "100000"), ["100000", "34"])
    try refuse(extract("--read", "prompt"), ["one prompt", "read at answer"])
    try refuse(extract("--style", "few-shot", "--examples", "100"), ["100 examples"])
    try refuse(extract("--style", "chat", "--template", "alpaca"), ["alpaca", "zephyr"])
    try refuse(extract("--device", "cuda:7"), ["cuda:7"])
    try refuse(extract("--device", "tpu"), ["tpu", "cpu"])
    try refuse(extract("--threads", "0"), ["--threads"])
    try refuse(extract("--dtype", "int64"), ["int64", "bfloat16"])
  }

  @Test("An output that cannot be written is refused by path", arguments: ["nowhere/v.safetensors", "."])
  func unwritableOutput(_ output: String) throws {
    try refuse(extract("--output", output), ["folder"], writes: false)
  }

  @Test("An old output stays as it was when the new one fails")
  func keepsTheOldOutput() throws {
    try folder.write("old", to: "out")
    try refuse(extract("--layers", "9", "--force"), ["layer 9"])
    try refuse(extract(), ["out", "is there already", "--force"])
    #expect(try String(contentsOf: folder.url.appending(path: "out"), encoding: .utf8) == "old")
  }

  // MARK: Tokens and texts

  @Test("Token ids that no model can take are refused by line")
  func wrongTokens() throws {
    func refuse(_ text: String, _ expected: String..., more: [String] = []) throws {
      try folder.write(text, to: "tokens")
      try self.refuse(["activations", "--model", Self.tinyLlama, "--tokens", "tokens"] + more, ["tokens"] + expected)
    }
    try refuse(#"{"ids": [1]}"# + "\n\n" + #"{"ids": [1, 1024]}"#, "tokens:3", "1024", "1023")
    try refuse(#"{"ids": [-1]}"#, "tokens:1", "-1")
    try refuse(#"{"ids": [9223372036854775807]}"#, "tokens:1")
    try refuse(#"{"ids": [92233720368547758070]}"#, "tokens:1", "is not an object like")
    try refuse(#"{"ids": []}"#, "tokens:1", "no token ids")
    try refuse(#"{"ids": "1"}"#, "tokens:1", "is not an object like")
    try refuse("", "holds no rows")
    try folder.write(#"{"ids": [1]}"#, to: "tokens")
    try self.refuse(
      ["activations", "--model", Self.tinyLlama, "--tokens", "tokens", "--layers", "4"], ["layers 0 to 3"])
  }

  @Test("Texts and chats that cannot be tokenized are refused by line")
  func wrongTexts() throws {
    func refuse(_ text: String, _ expected: String..., more: [String] = []) throws {
      try folder.write(text, to: "texts")
      try self.refuse(
        ["tokenize", "--model", Self.tinyLlama, "--file", "texts"] + more, expected, writes: false)
    }
    try refuse(#"{"txt": "a"}"#, "texts:1", "is not an object like")
    let twice = #"{"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}"#
    try refuse(twice, "texts:1", "alternate", more: ["--chat"])
    try refuse(#"{"messages": []}"#, "texts:1", "at least one message", more: ["--chat"])
    try refuse(#"{"messages": [{"role": "wizard", "content": "a"}]}"#, "texts:1", more: ["--chat"])
    try refuse(twice, "alpaca", "zephyr", more: ["--chat", "--template", "alpaca"])
  }

  // MARK: Vectors

  @Test("A vector of another model, width or layer, and what is no vector, are refused when it is used")
  func wrongVectors() throws {
    let steered = ["generate", "--model", Self.tinyLlama, "--prompt", "Hi", "--max-tokens", "2", "--layer", "0"]
    func refuse(_ vector: [Float], layer: Int = 0, _ metadata: [String: String] = [:], _ expected: String...) throws {
      try SafetensorsFile.write(
        ["layer.\(layer)": Tensor(vector)], metadata: metadata, to: folder.url.appending(path: "v.safetensors"))
      try self.refuse(steered + ["--add", "v.safetensors"], ["v.safetensors"] + expected, writes: false)
    }
    let wide = [Float](repeating: 1, count: 64)
    try refuse([1, 2, 3], [:], "width 3", "64")
    try refuse(wide, layer: 7, [:], "layer 7", "layers 0 to 3")
    try refuse(wide, ["model_fingerprint": "ab", "model": "someone/else"], "someone/else", "--any-model")
    try refuse(wide.dropLast() + [.nan], [:], "(layer.0)", "NaN")
    try refuse(wide, layer: 2, [:], "no vector for layer 0")
    try self.refuse(steered + ["--add", "nowhere"], ["nowhere", "cannot be opened"], writes: false)
    let other = try ScratchCheckpoint("models/tiny-llama")
    try self.refuse(
      steered + ["--add", other.file("model.safetensors").path], ["layer.<number>"], writes: false)
  }
}
