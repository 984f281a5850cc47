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
  /// The same, with the members in the order of the file.
  private let ordered: JSONValue

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
      let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let ordered = try? JSONParser.parse(Array(data))
    else { throw TelltaleError(.badInput, "is not a JSON object that can be read; \(Self.remedy)", at: place) }
    (self.object, self.ordered) = (object, ordered)
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
    result.rankPattern = try pattern("rank_pattern") { $0.integer }
    result.alphaPattern = try pattern("alpha_pattern") { $0.number }
    try result.check()
    return result
  }

  /// A value of the type asked for; nil where it is missing or null.
  private func value<Value>(_ key: String) throws(TelltaleError) -> Value? {
    guard let found = object[key], !(found is NSNull) else { return nil }
    guard let value = found as? Value else { throw wrongKind(key) }
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

  /// Patterns in the order of the file, which decides where several match.
  private func pattern<Value>(
    _ key: String, _ convert: (JSONValue) -> Value?
  ) throws(TelltaleError) -> ModulePatterns<Value> {
    var patterns = ModulePatterns<Value>()
    guard let stated = ordered.present(key) else { return patterns }
    guard let members = stated.object else { throw wrongKind(key) }
    for member in members {
      guard let value = convert(member.value) else { throw wrongKind(key) }
      patterns.set(member.key.string, value)
    }
    return patterns
  }

  private func wrongKind(_ key: String) -> TelltaleError {
    TelltaleError(.badInput, "has a value of the wrong kind at \"\(key)\"; \(Self.remedy)")
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
    let values: [String: Any] = [
      "peft_type": "LORA", "task_type": "CAUSAL_LM", "inference_mode": true, "bias": "none",
      "fan_in_fan_out": false, "init_lora_weights": true, "use_dora": false,
      "r": configuration.rank, "lora_alpha": number(configuration.alpha), "lora_dropout": configuration.dropout,
      "use_rslora": configuration.isRankStabilised, "target_modules": targets,
      "layers_to_transform": configuration.layers as Any? ?? NSNull(), "layers_pattern": NSNull(),
      "modules_to_save": NSNull(), "base_model_name_or_path": configuration.baseModel as Any? ?? NSNull(),
    ]
    var members = try values.mapValues(written)
    // The first pattern that matches counts, so that their order is kept.
    members["rank_pattern"] = try written(configuration.rankPattern) { $0 }
    members["alpha_pattern"] = try written(configuration.alphaPattern, number)
    let lines = try members.sorted { $0.key < $1.key }.map { "  \(try written($0.key)): \($0.value)" }
    return Data("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8)
  }

  private static func written<Value>(
    _ patterns: ModulePatterns<Value>, _ convert: (Value) -> Any
  ) throws -> String {
    let members = try patterns.entries.map { "\(try written($0.key)): \(try written(convert($0.value)))" }
    return "{\(members.joined(separator: ", "))}"
  }

  private static func written(_ value: Any) throws -> String {
    let data = try JSONSerialization.data(
      withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }

  /// Whole numbers without a point, as PEFT types alpha.
  private static func number(_ value: Double) -> Any { Int(exactly: value).map { $0 as Any } ?? value }
}
