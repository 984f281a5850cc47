import Foundation
import Foundations
import Torch

/// PEFT's `adapter_config.json`, read and written.
///
/// Everything that would change what the adapter computes is understood or refused by name: a key that is not known
/// here is let pass only where it is switched off (null, false, empty).
struct AdapterConfigurationFile {
  static let name = "adapter_config.json"
  private static let remedy = "give the directory of a LoRA adapter as PEFT saves it"

  /// Keys that are understood, and those that change nothing about a finished adapter.
  private static let known: Set<String> = [
    "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "use_rslora", "target_modules", "rank_pattern",
    "alpha_pattern", "layers_to_transform", "layers_pattern", "bias", "base_model_name_or_path", "revision",
    "inference_mode", "init_lora_weights", "auto_mapping", "peft_version", "megatron_core", "qalora_group_size",
    "eva_config", "runtime_config", "ensure_weight_tying",
  ]

  /// Ways of making the first weights that also change the base model's, which are then not those of its checkpoint.
  private static let changesBase = ["pissa", "olora", "corda", "loftq", "lora_ga"]

  private let place: InputLocation
  private let object: [String: Any]

  static func read(_ directory: URL) throws(TelltaleError) -> LoRAConfiguration {
    let file = try AdapterConfigurationFile(directory.appendingPathComponent(name))
    do { return try file.configuration() } catch {
      throw TelltaleError(error.code, error.message, at: error.location ?? file.place)
    }
  }

  private init(_ url: URL) throws(TelltaleError) {
    place = InputLocation(file: url.path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TelltaleError(.badInput, "is missing; \(Self.remedy)", at: place)
    }
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    guard size <= JSONFile.largest, let data = try? Data(contentsOf: url),
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { throw TelltaleError(.badInput, "is not a JSON object that can be read; \(Self.remedy)", at: place) }
    self.object = object
  }

  private func configuration() throws(TelltaleError) -> LoRAConfiguration {
    try refuseUnsupported()
    guard let rank: Int = try value("r"), let alpha: Double = try value("lora_alpha") else {
      throw TelltaleError(.badInput, "has no \"r\" or no \"lora_alpha\"; \(Self.remedy)")
    }
    var result = LoRAConfiguration(
      rank: rank, alpha: alpha, isRankStabilised: try value("use_rslora") ?? false,
      dropout: try value("lora_dropout") ?? 0, targets: try targets(), layers: try layers(),
      baseModel: try value("base_model_name_or_path"))
    result.rankPattern = try pattern("rank_pattern")
    result.alphaPattern = try pattern("alpha_pattern")
    try result.check()
    return result
  }

  /// A value of the type asked for; nil where it is missing or null.
  private func value<Value>(_ key: String) throws(TelltaleError) -> Value? {
    guard let found = object[key], !(found is NSNull) else { return nil }
    guard let value = found as? Value else {
      throw TelltaleError(.badInput, "has a value of the wrong kind at \"\(key)\"; \(Self.remedy)")
    }
    return value
  }

  /// The list of targets; nil where a regular expression stands instead.
  private func targets() throws(TelltaleError) -> [String]? {
    if object["target_modules"] is String { return nil }
    guard let targets: [String] = try value("target_modules") else {
      throw TelltaleError(.badInput, "has no \"target_modules\"; \(Self.remedy)")
    }
    return targets.sorted()
  }

  private func layers() throws(TelltaleError) -> [Int]? {
    if let single = object["layers_to_transform"] as? Int { return [single] }
    let layers: [Int]? = try value("layers_to_transform")
    return layers.map { Set($0).sorted() }
  }

  /// Patterns whose keys are names; PEFT would read other keys as regular expressions.
  private func pattern<Value>(_ key: String) throws(TelltaleError) -> [String: Value] {
    let pattern: [String: Value] = try value(key) ?? [:]
    for name in pattern.keys {
      let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
      guard isName else {
        throw unsupported("a regular expression in \"\(key)\"", "name the modules")
      }
    }
    return pattern
  }

  // MARK: What is refused

  private func refuseUnsupported() throws(TelltaleError) {
    let kind: String? = try value("peft_type")
    if let kind, kind != "LORA" { throw unsupported("the adapter type \(SafeText.quoted(kind))", "use LoRA") }
    let bias: String = try value("bias") ?? "none"
    if bias != "none" { throw unsupported("trained biases (bias: \(SafeText.quoted(bias)))", "train with bias: none") }
    if let made = object["init_lora_weights"] as? String, Self.changesBase.contains(where: made.lowercased().hasPrefix)
    {
      throw unsupported(
        "init_lora_weights: \(SafeText.quoted(made)), which changes the base weights",
        "convert it with PEFT to plain LoRA")
    }
    let pattern = object["layers_pattern"]
    guard Self.isOff(pattern) || pattern as? String == "layers" || pattern as? [String] == ["layers"] else {
      throw unsupported("another layers_pattern than \"layers\"", "name the target modules in full")
    }
    for key in object.keys.sorted() where !Self.known.contains(key) && !Self.isOff(object[key]) {
      throw unsupported("the adapter's \"\(SafeText.quoted(key))\"", "train without it")
    }
  }

  private func unsupported(_ what: String, _ remedy: String) -> TelltaleError {
    TelltaleError(.badInput, "\(what) is not supported; \(remedy)")
  }

  private static func isOff(_ value: Any?) -> Bool {
    switch value {
    case nil, is NSNull: true
    case let list as [Any]: list.isEmpty
    case let object as [String: Any]: object.isEmpty
    case let text as String: text.isEmpty
    case let number as NSNumber: number == 0
    default: false
    }
  }

  // MARK: Writing

  /// The file's bytes, with the defaults that older versions of PEFT want to see.
  static func data(_ configuration: LoRAConfiguration, targets: [String]) throws -> Data {
    let object: [String: Any] = [
      "peft_type": "LORA", "task_type": "CAUSAL_LM", "inference_mode": true, "bias": "none",
      "fan_in_fan_out": false, "init_lora_weights": true, "use_dora": false,
      "r": configuration.rank, "lora_alpha": number(configuration.alpha), "lora_dropout": configuration.dropout,
      "use_rslora": configuration.isRankStabilised, "target_modules": targets,
      "rank_pattern": configuration.rankPattern, "alpha_pattern": configuration.alphaPattern.mapValues(number),
      "layers_to_transform": configuration.layers as Any? ?? NSNull(), "layers_pattern": NSNull(),
      "modules_to_save": NSNull(), "base_model_name_or_path": configuration.baseModel as Any? ?? NSNull(),
    ]
    return try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// Whole numbers without a point, as PEFT types alpha.
  private static func number(_ value: Double) -> Any { Int(exactly: value).map { $0 as Any } ?? value }
}
