import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

/// Configurations, weights and adapters of models.
enum WeightReaders {
  static func all() throws -> [Reader] { try [configuration(), safetensors(), index(), adapter(), gguf()] }

  private static func configuration() throws -> Reader {
    let folders = ["models/tiny-llama", "models/tiny-qwen2", "models/tiny-mistral", "model-variants/rope-llama3"]
    return Reader(
      name: "config",
      words: [
        #""sliding_window":4"#, #""rope_scaling":{"type":"yarn","factor":2}"#, #""rope_parameters":{"rope_theta":1}"#,
        #""layer_types":["sliding_attention"]"#, #""num_key_value_heads":1"#, #""head_dim":3"#,
        #""tie_word_embeddings":true"#,
        #""architectures":["Gemma3ForCausalLM"]"#, #""model_type":"gpt2""#,
      ],
      seeds: try folders.map { try Reader.seed("Tests/Fixtures/\($0)/config.json") },
      read: { url in
        let model = try ModelConfiguration(directory: url.deletingLastPathComponent())
        guard model.layerCount < 5000 else { return "" }
        _ = model.weights.count
        return ""
      })
  }

  private static func safetensors() throws -> Reader {
    Reader(
      name: "safetensors",
      words: [#""dtype":"F32""#, #""shape":[1,2]"#, #""data_offsets":[0,8]"#, "__metadata__", "BF16", "I64"],
      seeds: try Reader.seeds(
        "Tests/Fixtures/torch/every-type.safetensors", "Tests/Fixtures/torch/shapes.safetensors",
        "Tests/Fixtures/torch/nothing.safetensors", "Tests/Fixtures/estimators/../torch/written.safetensors"),
      read: { url in
        let file = try SafetensorsFile(url)
        return try file.names.map { name in
          "\(name.debugDescription) \(try file.shape(of: name)) \(hash(try file.bytes(of: name).integers().map { UInt8(truncatingIfNeeded: $0) }))"
        }.joined(separator: "\n")
      },
      reference: { try SimpleSafetensors($0)?.described })
  }

  /// FNV-1a, so that digests stay short.
  static func hash(_ bytes: some Sequence<UInt8>) -> String {
    String(bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 16)
  }

  /// A checkpoint in two shards, of which the index is changed: the numbers stay those of the shards, or it is refused.
  private static func index() throws -> Reader {
    let source = Reader.fixture("models/tiny-mistral")
    let whole = try digest(Checkpoint(directory: source))
    return Reader(
      name: "index",
      words: [
        #""model.norm.weight":"model-00001-of-00002.safetensors""#, "model-00002-of-00002.safetensors", "../",
      ],
      seeds: try Reader.seeds("Tests/Fixtures/models/tiny-mistral/model.safetensors.index.json"),
      read: { url in
        for name in ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
          let link = url.deletingLastPathComponent().appendingPathComponent(name)
          guard !FileManager.default.fileExists(atPath: link.path) else { continue }
          try FileManager.default.createSymbolicLink(at: link, withDestinationURL: source.appendingPathComponent(name))
        }
        let checkpoint = try Checkpoint(directory: url.deletingLastPathComponent())
        _ = try checkpoint.model()
        return try digest(checkpoint)
      },
      reference: { _ in whole })
  }

  private static func digest(_ checkpoint: Checkpoint) throws -> String {
    try checkpoint.names.map { name in
      let numbers = try checkpoint.tensor(name).converted(to: .float32).floats()
      let bytes = numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
      return "\(name) \(hash(bytes))"
    }.joined(separator: "\n")
  }

  private static func adapter() throws -> Reader {
    let source = Reader.fixture("adapters/qwen2-some-layers")
    return Reader(
      name: "adapter",
      words: [
        #""rank_pattern":{"k_proj":3}"#, #""alpha_pattern":{".*(k|v)_proj":9}"#, #""use_rslora":true"#, "(a+)+$", "(?:",
        "[a-z", #""r":3"#,
      ],
      seeds: try Reader.seeds(
        "Tests/Fixtures/adapters/qwen2-some-layers/adapter_config.json",
        "Tests/Fixtures/adapters/qwen2-some-layers/adapter_model.safetensors"),
      read: { url in
        let folder = url.deletingLastPathComponent()
        for name in ["adapter_config.json", "adapter_model.safetensors"] where name != url.lastPathComponent {
          try Data(contentsOf: source.appendingPathComponent(name)).write(to: folder.appendingPathComponent(name))
        }
        _ = try LoRAAdapter(directory: folder)
        return ""
      })
  }

  private static func gguf() throws -> Reader {
    Reader(
      name: "gguf",
      words: [
        "general.architecture", "llama.block_count", "tokenizer.ggml.tokens", "token_embd.weight", "GGUF", "qwen2",
      ],
      seeds: try Reader.seeds("Tests/Fixtures/gguf/tiny.gguf"),
      read: { url in
        _ = try LanguageModel.load(url)
        let tokenizer = try Tokenizer.load(directory: url)
        _ = tokenizer.decode(tokenizer.encode("ab a 01 <s>", addSpecialTokens: true).ids, skipSpecialTokens: true)
        return ""
      })
  }
}

/// Safetensors by its description in a few lines: what an accepted file must read equal to.
struct SimpleSafetensors {
  let described: String

  init?(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    guard bytes.count >= 8 else { return nil }
    let length = (0..<8).reduce(0 as UInt64) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    guard length <= UInt64(bytes.count - 8) else { return nil }
    let start = 8 + Int(length)
    guard let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<start])) as? [String: Any] else {
      return nil
    }
    var lines: [String: String] = [:]
    for (name, entry) in header where name != "__metadata__" {
      guard let entry = entry as? [String: Any], let shape = entry["shape"] as? [Int],
        let offsets = entry["data_offsets"] as? [Int], offsets.count == 2, offsets[0] <= offsets[1],
        start + offsets[1] <= bytes.count
      else { return nil }
      lines[name] =
        "\(name.debugDescription) \(shape) \(WeightReaders.hash(bytes[(start + offsets[0])..<(start + offsets[1])]))"
    }
    described = lines.sorted { $0.key < $1.key }.map(\.value).joined(separator: "\n")
  }
}
