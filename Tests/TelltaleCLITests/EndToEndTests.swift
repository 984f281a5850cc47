import Foundation
import TestSupport
import Testing
import Torch

/// Whole commands against reference outputs.
@Suite(.serialized, .tags(.process)) struct EndToEndTests {
  static let models = ["tiny-llama", "tiny-mistral", "tiny-llama3", "tiny-qwen2"]

  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private struct Golden {
    var file: SafetensorsFile
    var prompts: [[Int]]

    init(_ name: String) throws {
      file = try SafetensorsFile(Fixtures.file("models/\(name)/golden.safetensors"))
      prompts = try (0..<4).map { [file] in try file.tensor("prompt.\($0).ids").integers() }
    }
  }

  private struct TokenIDs: Codable {
    var ids: [Int]
    var tokens: [String]?
  }

  private func lines(_ rows: [some Encodable]) throws -> String {
    try rows.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }.joined()
  }

  private func distance(_ a: Tensor, _ b: Tensor) throws -> Double { try (a - b).absolute().max().scalar() }

  @Test("activations writes transformers' hidden states and logits", arguments: models)
  func activationsEqualTheReference(_ name: String) throws {
    let golden = try Golden(name)
    let rows = golden.prompts.map { TokenIDs(ids: $0) }
    try folder.write(lines(rows), to: "tokens.jsonl")
    _ = try Binary.succeed(
      [
        "activations", "--model", Binary.model(name), "--tokens", "tokens.jsonl", "--output", "out.safetensors",
        "--dtype", "float32", "--logits", "--token-budget", "50",
      ], in: folder)
    let written = try SafetensorsFile(folder.url.appending(path: "out.safetensors"))
    #expect(written.metadata["layers"] == "0,1,2,3" && written.names.count == 8)
    for prompt in 0..<4 {
      let logits = try golden.file.tensor("prompt.\(prompt).logits")
      #expect(try distance(written.tensor("logits.\(prompt)"), logits) < 5e-4)
      let hidden = try golden.file.tensor("prompt.\(prompt).hidden_states").narrowed(0, 1..<4)
      let last = try golden.file.tensor("prompt.\(prompt).last_block_output").unsqueezed(0)
      let expected = try Tensor.concatenated([hidden, last])
      #expect(try distance(written.tensor("residual.\(prompt)"), expected) < 1e-3)
    }
    #expect(try folder.names() == ["out.safetensors", "tokens.jsonl"])
  }

  @Test("activations from stdin, of chosen layers at the last position, prints what it wrote as JSON")
  func activationsOfTheLastPosition() throws {
    let golden = try Golden("tiny-llama")
    let outcome = try Binary.succeed(
      [
        "activations", "--model", Binary.model("tiny-llama"), "--tokens", "-", "--output", "out.safetensors",
        "--dtype", "float32", "--layers", "2,0", "--positions", "last", "--json",
      ], input: "\n" + lines([TokenIDs(ids: golden.prompts[2])]) + "\r\n", in: folder)
    #expect(outcome.output == #"{"layers":2,"rows":1,"tensors":1}"# + "\n" && outcome.errors.isEmpty)
    let written = try SafetensorsFile(folder.url.appending(path: "out.safetensors")).tensor("residual.0")
    let hidden = try golden.file.tensor("prompt.2.hidden_states")
    let last = golden.prompts[2].count - 1
    let expected = try Tensor.stacked([hidden[1][last], hidden[3][last]]).unsqueezed(1)
    #expect(try distance(written, expected) < 1e-3)
  }

  private struct LibraryPair: Decodable {
    var positive: String
    var negative: String
    var tokens: [Int]
    enum CodingKeys: String, CodingKey {
      case positive, negative
      case tokens = "positive_ids"
    }

    static func all() throws -> [LibraryPair] {
      try String(contentsOf: Fixtures.file("steering-vectors/pairs.jsonl"), encoding: .utf8).split(separator: "\n").map
      {
        try JSONDecoder().decode(LibraryPair.self, from: Data($0.utf8))
      }
    }
  }

  @Test("tokenize gives the ids that the steering-vectors library was given, and the tokens' texts")
  func tokenizeEqualsTheReference() throws {
    let pairs = try LibraryPair.all()
    let outcome = try Binary.succeed(
      ["tokenize", "--model", Binary.model("tiny-llama"), "--file", "-", "--bos", "--tokens"],
      input: lines(pairs.map { ["text": $0.positive] }))
    let rows = try outcome.rows(TokenIDs.self)
    #expect(rows.map(\.ids) == pairs.map(\.tokens))
    #expect(rows.allSatisfy { $0.tokens?.first == "<s>" })
    for (row, pair) in zip(rows, pairs) {
      let text = try #require(row.tokens).dropFirst().joined().replacing("▁", with: " ").replacing("<0x0A>", with: "\n")
      #expect(text == " " + pair.positive)
    }
  }

  static let published = ["llama-2", "mistral-v1", "qwen2.5"].filter {
    Fixtures.hasShared("tokenizers/\($0)/chat.jsonl")
  }

  @Test("tokenize equals Hugging Face on published tokenizers, texts and chats", arguments: published)
  func tokenizesAsPublished(_ name: String) throws {
    let directory = Fixtures.shared("tokenizers/\(name)")
    for (file, arguments) in [("encodings", []), ("chat", ["--chat"])] {
      let golden = directory.appending(path: "\(file).jsonl")
      let outcome = try Binary.succeed(
        ["tokenize", "--model", directory.path, "--file", golden.path] + arguments)
      let found = try outcome.rows(TokenIDs.self).map(\.ids)
      let expected = try String(contentsOf: golden, encoding: .utf8).split(separator: "\n").map {
        try JSONDecoder().decode(TokenIDs.self, from: Data($0.utf8)).ids
      }
      #expect(found == expected, "\(file)")
    }
  }

  @Test(
    "extract writes the library's vectors", arguments: [("answer", -2), ("continuation", -1)], ["texts", "contrast"])
  func extractEqualsTheLibrary(_ position: (read: String, index: Int), _ format: String) throws {
    let pairs = try LibraryPair.all()
    let rows = pairs.map { pair in
      format == "texts"
        ? ["positive": pair.positive, "negative": pair.negative]
        : [
          "question": String(pair.positive.dropLast(4)), "answer": String(pair.positive.suffix(4)),
          "contrastive_answer": String(pair.negative.suffix(4)),
        ]
    }
    try folder.write(lines(rows), to: "pairs")
    let outcome = try Binary.succeed(
      [
        "extract", "--model", Binary.model("tiny-llama"), "--pairs", "pairs", "--format", format, "--read",
        position.read, "--dtype", "float32", "--output", "v.safetensors", "--json",
      ], in: folder)
    let summary = try #require(try outcome.rows(Summary.self).first)
    let vectors = try SafetensorsFile(folder.url.appending(path: "v.safetensors"))
    let golden = try SafetensorsFile(Fixtures.file("steering-vectors/golden.safetensors"))
    let expected = try golden.tensor("mean.read\(position.index)")
    for layer in 0..<4 {
      #expect(try distance(vectors.tensor("layer.\(layer)"), expected[layer]) < 5e-4)
      #expect(try abs(summary.layers[layer].norm - expected[layer].norm().scalar()) < 1e-3)
    }
    #expect(summary.pairs == 32 && vectors.metadata["read"] == position.read && vectors.metadata["pairs"] == "32")
    #expect(vectors.metadata["data_hash"]?.count == 64)
  }

  private struct Summary: Decodable {
    struct Layer: Decodable { var norm: Double }
    var pairs: Int
    var layers: [Layer]
  }

  @Test("A vector extracted twice is the same file, and taking fewer rows says what is not balanced")
  func extractIsRepeatable() throws {
    func extract(_ name: String, _ more: [String] = []) throws -> (Data, String) {
      let outcome = try Binary.succeed(
        [
          "extract", "--model", Binary.model("tiny-qwen2"), "--pairs",
          Fixtures.file("datasets/political-tail.jsonl").path, "--output", name, "--layers", "1-2", "--take", "8",
        ] + more, in: folder)
      return (try Data(contentsOf: folder.url.appending(path: name)), outcome.errors)
    }
    let first = try extract("a.safetensors")
    #expect(try extract("b.safetensors").0 == first.0)
    #expect(try extract("c.safetensors", ["--seed", "9"]).0 != first.0)
    #expect(first.1.contains("warning"))
  }

  @Test("Help and version go to stdout with exit code 0")
  func helpIsNoError() throws {
    for arguments in [["--help"], ["--version"], ["extract", "--help"], ["help", "activations"]] {
      let outcome = try Binary.succeed(arguments)
      #expect(!outcome.output.isEmpty && outcome.errors.isEmpty)
    }
  }
}
