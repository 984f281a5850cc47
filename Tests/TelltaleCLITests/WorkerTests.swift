import Foundation
import TestSupport
import Testing
import Torch

/// `telltale worker` run as another program runs it: requests on stdin, answers on stdout.
@Suite(.serialized) struct WorkerTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let model = Binary.model("tiny-llama")

  private struct Answer: Decodable {
    struct Refusal: Decodable {
      struct Details: Decodable {
        var code: String
        var file: String?
        var remedy: String?
      }
      var code: Int
      var message: String
      var data: Details
    }

    struct Result: Decodable {
      struct Row: Decodable {
        var ids: [Int]
        var text: String
      }
      struct Edit: Decodable {
        var positions: Int
        var meanShift: Double

        enum CodingKeys: String, CodingKey {
          case positions
          case meanShift = "mean_shift"
        }
      }
      var file: String?
      var ids: [[Int]]?
      var layers: Layers?
      var rows: [Row]?
      var edits: [Edit]?
      var methods: [String]?
      var verdict: String?
    }

    /// The number of a model's layers, or a list of them.
    enum Layers: Decodable, Equatable {
      case count(Int)
      case list([Int])
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let count = try? container.decode(Int.self) {
          self = .count(count)
        } else {
          self = .list(try container.decode([Int].self))
        }
      }
    }

    var id: Int?
    var method: String?
    var result: Result?
    var error: Refusal?
  }

  /// The answers to requests, without the notes of progress.
  private func ask(_ requests: [String]) throws -> [Answer] {
    let outcome = try Binary.run(
      ["worker", "--folder", folder.url.path], input: requests.joined(separator: "\n") + "\n", in: folder)
    #expect(outcome.code == 0, "\(outcome.errors)")
    return try outcome.rows(Answer.self).filter { $0.method == nil }
  }

  private static func call(_ id: Int, _ method: String, _ parameters: String = "{}") -> String {
    #"{"jsonrpc": "2.0", "id": \#(id), "method": "\#(method)", "params": \#(parameters)}"#
  }

  private static var load: String { call(1, "load", #"{"model": "\#(model)", "dtype": "float32"}"#) }

  @Test("A worker greets, loads a model and tells its size")
  func greets() throws {
    let answers = try ask([Self.call(7, "hello"), Self.load])
    #expect(answers.map(\.id) == [7, 1] && answers[0].result?.methods?.contains("generate") == true)
    #expect(answers[1].result?.layers == .count(4))
  }

  @Test("Continuations and tokens are those of the commands")
  func generates() throws {
    let plain = try Binary.succeed([
      "generate", "--model", Self.model, "--dtype", "float32", "--prompt", "I think", "--max-tokens", "8", "--json",
    ])
    let expected = try #require(try plain.rows(Answer.Result.Row.self).first)
    let answers = try ask([
      Self.load, Self.call(2, "generate", #"{"inputs": ["I think"], "max_tokens": 8}"#),
      Self.call(3, "tokenize", #"{"inputs": ["I think", [{"role": "user", "content": "Hello"}], [1, 2]]}"#),
    ])
    #expect(answers[1].result?.rows?.first?.ids == expected.ids)
    #expect(answers[2].result?.ids?.count == 3 && answers[2].result?.ids?.last == [1, 2])
  }

  @Test("Activations are those of the command, bit by bit")
  func activations() throws {
    let answers = try ask([
      Self.load,
      Self.call(
        2, "activations", #"{"inputs": [[1, 5, 9], [1, 7]], "layers": [0, 3], "tokens": "last", "logits": true}"#),
    ])
    let file = try SafetensorsFile(URL(fileURLWithPath: try #require(answers[1].result?.file)))
    try #"{"ids": [1, 5, 9]}\#n{"ids": [1, 7]}"#.write(
      to: folder.url.appending(path: "t.jsonl"), atomically: true, encoding: .utf8)
    _ = try Binary.succeed(
      [
        "activations", "--model", Self.model, "--dtype", "float32", "--tokens", "t.jsonl", "--layers", "0,3",
        "--positions", "last", "--logits", "--output", "a.safetensors",
      ], in: folder)
    let expected = try SafetensorsFile(folder.url.appending(path: "a.safetensors"))
    #expect(try file.shape(of: "residual") == [2, 2, 64])
    for row in 0..<2 {
      #expect(
        try file.tensor("residual")[row].floats() == expected.tensor("residual.\(row)").reshaped([2, 64]).floats())
      #expect(try file.tensor("logits")[row].floats() == expected.tensor("logits.\(row)").floats())
    }
  }

  @Test("A vector is extracted, steers, and its proof comes with the continuations")
  func steers() throws {
    let pairs = Fixtures.file("datasets/political.jsonl").path
    let made = try ask([Self.load, Self.call(2, "extract", #"{"pairs": "\#(pairs)", "take": 8, "layers": [2]}"#)])
    let vector = try #require(made[1].result?.file)
    let steered = try ask([
      Self.load,
      Self.call(
        2, "generate",
        #"{"inputs": ["I think"], "max_tokens": 4, "add": "\#(vector)", "scale": -3, "scale_unit": "unit"}"#),
    ])
    let edit = try #require(steered[1].result?.edits?.first)
    #expect(edit.positions > 0 && abs(edit.meanShift + 3) < 1e-3)
    let lost = try ask([
      Self.load,
      Self.call(
        2, "generate", #"{"inputs": ["I think"], "max_tokens": 1, "add": "\#(vector)", "edit_positions": "generated"}"#),
    ])
    #expect(lost[1].error?.message.contains("touched nothing") == true && lost[1].error?.code == -32001)
  }

  @Test("Recordings are made and audited")
  func audits() throws {
    let pairs = Fixtures.file("datasets/political.jsonl").path
    let made = try ask([
      Self.load, Self.call(2, "extract", #"{"pairs": "\#(pairs)", "layers": [2]}"#),
      Self.call(3, "record", #"{"data": "\#(pairs)", "label": "forced-choice", "max_tokens": 2}"#),
    ])
    let (vector, recording) = (try #require(made[1].result?.file), try #require(made[2].result?.file))
    let audited = try ask([
      Self.call(
        1, "audit", #"{"recording": "\#(recording)", "vector": "\#(vector)", "draws": 50, "permutations": 50}"#)
    ])
    #expect(audited[0].result?.verdict != nil, "\(audited)")
  }

  @Test("Errors have code, place and remedy, and the worker goes on")
  func refuses() throws {
    let answers = try ask([
      "not json", #"{"id": 4}"#, Self.call(5, "fly"), Self.call(6, "generate", #"{"inputs": ["x"]}"#),
      Self.load, Self.call(7, "generate", #"{"inputs": ["x"], "max_tokens": 2, "misspelt": 1}"#),
      Self.call(8, "generate", #"{"inputs": [[1, 99999999]]}"#),
      Self.call(9, "generate", #"{"inputs": ["x"], "add": "nowhere.safetensors", "layer": 1}"#),
      Self.call(10, "load", #"{"model": "nobody-knows-it"}"#), #"{"jsonrpc": "2.0", "method": "hello"}"#,
      Self.call(11, "hello"),
    ])
    #expect(answers.map(\.id) == [nil, 4, 5, 6, 1, 7, 8, 9, 10, 11], "a notification is not answered")
    #expect(
      answers.map { $0.error?.code } == [-32700, -32600, -32601, -32001, nil, -32602, -32001, -32001, -32001, nil])
    #expect(answers[5].error?.message.contains("--misspelt") == true)
    #expect(answers[7].error?.data.file?.hasSuffix("nowhere.safetensors") == true)
    #expect(answers[8].error?.data.remedy == "chooseModel" && answers[8].error?.data.code == "badInput")
  }

  @Test("After shutdown nothing is answered any more")
  func ends() throws {
    #expect(try ask([Self.call(1, "shutdown"), Self.call(2, "hello")]).map(\.id) == [1])
  }

  @Test("Figures are drawn as SVG and as PDF")
  func draws() throws {
    let numbers =
      #"{\"title\": \"A & B\", \"axis\": \"AUROC\", \"nothing\": 0.5, \"rows\": [{\"label\": \"w\", \"value\": 0.7, \"low\": 0.6, \"high\": 0.8}]}"#
    let files = ["f.svg", "f.pdf", "f.gif"].map { folder.url.appending(path: $0).path }
    let answers = try ask(
      files.enumerated().map { index, file in
        Self.call(index, "figure", #"{"kind": "forest", "figure": "\#(numbers)", "file": "\#(file)"}"#)
      })
    #expect(answers[0].result?.file == files[0] && answers[2].error?.message.contains(".svg or .pdf") == true)
    let svg = try String(contentsOfFile: files[0], encoding: .utf8)
    #expect(svg.hasPrefix("<svg") && svg.contains("<title>A &amp; B</title>") && svg.contains(">0.700</text>"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: files[1])).starts(with: Data("%PDF-1.4".utf8)))
  }
}
