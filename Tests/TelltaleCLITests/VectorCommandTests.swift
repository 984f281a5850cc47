import Foundation
import TestSupport
import Testing
import Torch

/// `telltale vector` and `telltale steer` run as a user runs them.
@Suite(.serialized, .tags(.process)) struct VectorCommandTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let model = Binary.model("tiny-llama")
  private static func foreign(_ name: String) -> String { Fixtures.file("exchange/\(name)").path }

  /// A vector file of the tiny model's width, with given layers; returns its path.
  private func vector(_ layers: [Int], _ name: String = "v.safetensors", zero: Bool = false) throws -> String {
    var tensors: [String: Tensor] = [:]
    for layer in layers {
      tensors["layer.\(layer)"] =
        zero ? try Tensor.zeros([64]) : try Tensor.randomNormal([64], seed: UInt64(layer + 1))
    }
    let url = folder.url.appending(path: name)
    try SafetensorsFile.write(tensors, to: url)
    return url.path
  }

  private func refuse(
    _ arguments: [String], _ expected: String, input: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Binary.run(arguments, input: input, in: folder)
    #expect(outcome.code == 2, "\(outcome)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n").filter {
      $0.hasPrefix("telltale: ") && !$0.hasPrefix("telltale: warning: ")
    }
    #expect(lines.count == 1 && lines[0].contains(expected), "\(outcome.errors)", sourceLocation: sourceLocation)
  }

  // MARK: Exchange

  private struct Summary: Decodable {
    struct Layer: Decodable {
      var layer: Int
      var source: Int
      var norm: Double
    }
    var convention: String
    var hidden: Int
    var layers: [Layer]
  }

  @Test("Inspecting states the convention and the layers on both counts")
  func inspect() throws {
    let outcome = try Binary.succeed(["vector", "inspect", Self.foreign("refusal/mean_diffs.pt"), "--json"])
    let summary = try #require(try outcome.rows(Summary.self).first)
    #expect(summary.convention == "refusal-direction" && summary.hidden == 8)
    #expect(summary.layers.map(\.layer) == [0, 1, 2] && summary.layers.map(\.source) == [1, 2, 3])
    let text = try Binary.succeed(["vector", "inspect", Self.foreign("control.gguf")]).output
    #expect(text.contains("direction.L applies after decoder block L, which is layer L here"))
  }

  @Test("A GGUF file that goes through ours and out again is the same file")
  func roundTrip() throws {
    _ = try Binary.succeed(["vector", "import", Self.foreign("control.gguf"), "--output", "v.safetensors"], in: folder)
    _ = try Binary.succeed(["vector", "export", "v.safetensors", "--output", "v.gguf"], in: folder)
    let made = try Data(contentsOf: folder.url.appending(path: "v.gguf"))
    #expect(made == (try Data(contentsOf: Fixtures.file("exchange/control.gguf"))))
  }

  @Test("Importing for a model states it in the file, and refuses a model of another width")
  func importsForAModel() throws {
    let arguments = ["vector", "import", Self.foreign("control.gguf"), "--output", "w.safetensors"]
    try refuse(arguments + ["--model", Self.model], "it is of another model")
    let values = try Tensor.randomNormal([4, 64], seed: 3)
    try SafetensorsFile.write(["layer.2": values[2]], to: folder.url.appending(path: "own.safetensors"))
    _ = try Binary.succeed(
      ["vector", "import", "own.safetensors", "--model", Self.model, "--output", "stated.safetensors"], in: folder)
    let file = try SafetensorsFile(folder.url.appending(path: "stated.safetensors"))
    #expect(file.metadata["model"] == Self.model && file.metadata["model_fingerprint"]?.count == 64)
  }

  @Test("A malicious pickle ends in one sentence, without effect")
  func maliciousPickles() throws {
    for name in ["system", "system-4", "eval", "in-dictionary", "getattr", "bare"] {
      try refuse(["vector", "inspect", Self.foreign("hostile/\(name).pt")], "hostile/\(name).pt: ")
      try refuse(
        ["vector", "import", Self.foreign("hostile/\(name).pt"), "--convention", "caa", "--output", "out.safetensors"],
        "hostile/\(name).pt: ")
    }
    #expect(try folder.names().isEmpty)
  }

  @Test("A damaged GGUF file ends in one sentence")
  func damagedControlVector() throws {
    let data = try Data(contentsOf: Fixtures.file("exchange/control.gguf"))
    try data.prefix(200).write(to: folder.url.appending(path: "cut.gguf"))
    try refuse(["vector", "inspect", "cut.gguf"], "cut.gguf")
    try refuse(["generate", "--model", Self.model, "--prompt", "Hi", "--add", "cut.gguf"], "telltale vector import")
  }

  @Test("A GGUF file that claims more than it holds ends in one sentence for every subcommand")
  func maliciousControlVectors() throws {
    let start = Array("GGUF".utf8) + [3, 0, 0, 0]
    let huge = [UInt8](repeating: 0xFF, count: 7) + [0x7F]
    let none = [UInt8](repeating: 0, count: 8)
    for (name, claim) in [
      ("tensors", huge + none), ("values", none + huge), ("key", none + [1] + none.dropLast() + huge),
    ] {
      let padding = [UInt8](repeating: 0, count: 64)
      try Data(start + claim + padding).write(to: folder.url.appending(path: "\(name).gguf"))
      for command in [["inspect"], ["import", "--output", "out.safetensors"]] {
        try refuse(
          ["vector", command[0], "\(name).gguf"] + command.dropFirst(),
          "more than the file can hold; the file is damaged")
      }
    }
    #expect(try folder.names() == ["key.gguf", "tensors.gguf", "values.gguf"])
  }

  // MARK: Edits

  private func generate(_ arguments: String...) -> [String] {
    ["generate", "--model", Self.model, "--dtype", "float32", "--prompt", "The answer", "--max-tokens", "4"] + arguments
  }

  private struct Proof: Decodable {
    var layer: Int
    var operation: String
    var positions: Int
    var meanShift: Double

    enum CodingKeys: String, CodingKey {
      case layer, operation, positions
      case meanShift = "mean_shift"
    }
  }

  @Test("Generating with edits says what they did, on stderr and as JSON")
  func proof() throws {
    let file = try vector([1, 2])
    let outcome = try Binary.succeed(
      generate(
        "--add", file, "--layer", "2", "--scale", "3", "--scale-unit", "unit", "--edit-positions", "generated",
        "--edit", "set:\(file),to=5,layers=1", "--report", "proof.json"), in: folder)
    #expect(outcome.errors.contains("add at layer 2: 3 positions of 1 sequences edited (generated), mean shift +3"))
    let rows = try JSONDecoder().decode(
      [Proof].self, from: Data(contentsOf: folder.url.appending(path: "proof.json")))
    #expect(rows.map(\.operation) == ["add", "set"] && rows.map(\.layer) == [2, 1] && rows[0].positions == 3)
    #expect(abs(rows[0].meanShift - 3) < 1e-3)
  }

  @Test("An edit that touched nothing is an error with the reason")
  func touchedNothing() throws {
    let file = try vector([1])
    try refuse(
      [
        "generate", "--model", Self.model, "--prompt", "Hi", "--max-tokens", "1", "--add", file, "--edit-positions",
        "generated",
      ], "touched nothing: its positions are \"generated\"")
    try refuse(generate("--edit", "ablate:\(file),above=100000"), "no prompt had a projection at layer 1 above")
  }

  @Test("Unknown layers, zero vectors, vectors of another model and scales that are no numbers are refused")
  func badEdits() throws {
    let file = try vector([1])
    let both = try vector([1, 2], "both.safetensors")
    try refuse(generate("--add", file, "--layer", "3"), "has no vector for layer 3")
    try refuse(generate("--add", try vector([9], "far.safetensors")), "the model has layers 0 to 3")
    try refuse(generate("--add", file, "--scale", "nan"), "no number to multiply with")
    try refuse(generate("--ablate", try vector([1], "zero.safetensors", zero: true)), "is zero at layer 1")
    try refuse(generate("--edit", "set:\(file),to=much"), "to must be positive, negative, mean or a number")
    try refuse(generate("--edit", "turn:\(file)"), "is not like add:v.safetensors,layer=12,scale=4")
    try refuse(generate("--edit", "add:\(file),to=3"), "add takes above, below, layer, positions, scale")
    try refuse(generate("--edit", "add:\(file),above=1,below=0"), "above must be given without below")
    try refuse(
      generate("--edit", "ablate:\(both),layer=1,when-layer=2,above=0"), "comes too late for an edit at layer 1")
    try SafetensorsFile.write(
      ["layer.1": Tensor.ones([64])], metadata: ["model": "other", "model_fingerprint": "00"],
      to: folder.url.appending(path: "other.safetensors"))
    try refuse(generate("--add", "other.safetensors"), "was made from another model (other)")
    try refuse(
      ["steer", "--model", Self.model, "--vector", "other.safetensors"], "was made from another model", input: "Hi\n")
  }

  // MARK: Steering

  private struct Answers: Decodable {
    var prompt: String
    var unsteered: String
    var plus: String
    var minus: String
    var edits: [Proof]
  }

  private struct Continuation: Decodable { var text: String }

  private func steer(_ arguments: String...) -> [String] {
    ["steer", "--model", Self.model, "--dtype", "float32", "--max-tokens", "6"] + arguments
  }

  @Test("Each line of stdin is answered three times, as generating with and without the vector answers it")
  func steersPrompts() throws {
    let file = try vector([2])
    let rows: [Answers] = try Binary.succeed(
      steer("--vector", file, "--scale", "3", "--json"), input: "The answer\n\nA second prompt\n", in: folder
    ).rows()
    #expect(rows.map(\.prompt) == ["The answer", "A second prompt"])
    for row in rows {
      let texts = try [[], ["--add", file, "--scale", "3"], ["--add", file, "--scale", "-3"]].map { edit in
        let continuation: [Continuation] = try Binary.succeed(
          [
            "generate", "--model", Self.model, "--dtype", "float32", "--max-tokens", "6", "--json", "--prompt",
            row.prompt,
          ] + edit
        ).rows()
        return try #require(continuation.first).text
      }
      #expect([row.unsteered, row.plus, row.minus] == texts)
      #expect(try #require(row.edits.first).meanShift > 1 && #require(row.edits.last).meanShift < -1)
      #expect(row.edits.count == 2 && row.edits.allSatisfy { $0.positions > 0 })
    }
  }

  @Test("Piped, the answers stand one under the other, without control characters")
  func piped() throws {
    let outcome = try Binary.succeed(steer("--vector", try vector([2]), "--chat"), input: "Hello", in: folder)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    let starts = ["unsteered: ", "plus 1.0: ", "minus 1.0: "].map { start in lines.firstIndex { $0.hasPrefix(start) } }
    #expect(starts.compactMap { $0 }.count == 3 && starts.compactMap { $0 } == starts.compactMap { $0 }.sorted())
    #expect(!outcome.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
    #expect(outcome.errors.contains("add at layer 2"))
  }

  @Test("A prompt that is not UTF-8 is refused with its line")
  func badInput() throws {
    let file = try vector([2])
    try refuse(steer("--vector", try vector([0, 2], "two.safetensors")), "--vector needs --layer", input: "Hi\n")
    let process = Process()
    process.executableURL = Binary.url
    process.arguments = steer("--vector", file)
    let (input, errors) = (Pipe(), Pipe())
    (process.standardInput, process.standardError, process.standardOutput) = (input, errors, FileHandle.nullDevice)
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data([0x48, 0x69, 0x0A, 0xFF, 0xFE, 0x0A]))
    try input.fileHandleForWriting.close()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 2 && text.contains("stdin:2: is not UTF-8"))
  }

  @Test("Ablating writes a checkpoint that generates, and refuses to overwrite one")
  func ablates() throws {
    let arguments = ["steer", "ablate", "--model", Self.model, "--vector", try vector([1]), "--output", "ablated"]
    _ = try Binary.succeed(arguments, in: folder)
    _ = try Binary.succeed(["generate", "--model", "ablated", "--prompt", "Hi", "--max-tokens", "2"], in: folder)
    try refuse(arguments, "is there already")
  }

  // MARK: The lens

  private struct Reading: Decodable {
    struct Token: Decodable { var text: String }
    var layer: Int
    var promoted: [Token]
    var letterCosine: Double?

    enum CodingKeys: String, CodingKey {
      case layer, promoted
      case letterCosine = "letter_cosine"
    }
  }

  @Test("The lens shows tokens of vectors and of prompts")
  func lens() throws {
    let rows: [Reading] = try Binary.succeed(
      [
        "vector", "lens", "--model", Self.model, "--vector", try vector([1, 3]), "--prompt", "Hello", "--layers", "1,3",
        "--top", "4", "--json",
      ], in: folder
    ).rows()
    #expect(rows.map(\.layer) == [1, 3, 1, 3] && rows.allSatisfy { $0.promoted.count == 4 })
    #expect(rows.map { $0.letterCosine == nil } == [false, false, true, true])
    let incomplete = try Binary.run(["vector", "lens", "--model", Self.model])
    #expect(incomplete.code == 2 && incomplete.errors.contains("give --vector, --prompt, or both"))
    try refuse(
      ["vector", "lens", "--model", Self.model, "--vector", try vector([1]), "--layers", "8"], "layer 8 does not exist")
  }
}
