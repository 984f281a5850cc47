import Foundations
import Tokenizers
import Torch

/// The values of a GGUF file that are under its architecture's name, checked.
struct GGUFKeys {
  let file: GGUFModelFile
  let architecture: String

  private func key(_ name: String) -> String { "\(architecture).\(name)" }

  func failure(_ message: String, _ name: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file.url.path, item: key(name)))
  }

  /// A number, or the one number that a list by layer repeats.
  func integer(_ name: String) throws(TelltaleError) -> Int? {
    if let one = file.metadata.integer(key(name)) { return one }
    guard let list = file.metadata.integers(key(name)), let first = list.first else { return nil }
    guard list.allSatisfy({ $0 == first }) else {
      throw failure("differs between layers, which is not supported", name)
    }
    return first
  }

  func size(_ name: String) throws(TelltaleError) -> Int {
    guard let value = try integer(name) else {
      throw failure("is missing; give the GGUF file of a language model", name)
    }
    guard (1...1 << 24).contains(value) else {
      throw failure("is \(value), which no model has; fetch the file again", name)
    }
    return value
  }

  func real(_ name: String) -> JSONValue? { file.metadata.real(key(name)).map { .number($0) } }

  func rows(of name: String) throws(TelltaleError) -> Int {
    guard let shape = file.entry(name)?.shape, shape.count == 2 else {
      throw TelltaleError(
        .badInput, "holds no matrix \(name); give the GGUF file of a language model",
        at: InputLocation(file: file.url.path))
    }
    return shape[0]
  }

  func truth(_ name: String) -> Bool? { file.metadata.truth(key(name)) }

  // MARK: Rotation

  /// `rope_scaling`; nil where nothing is scaled.
  func ropeScaling() throws(TelltaleError) -> JSONValue? {
    var keys = JSONObject()
    var trained = try integer("rope.scaling.original_context_length")
    if trained == nil { trained = try integer("context_length") }
    keys["original_max_position_embeddings"] = trained.map { .number(Double($0)) }
    if let long = try factors("rope_factors_long.weight"), let short = try factors("rope_factors_short.weight") {
      (keys["rope_type"], keys["long_factor"], keys["short_factor"]) = (.string(UTF8Text("longrope")), long, short)
      keys["attention_factor"] = real("rope.scaling.attn_factor")
      return keys.value
    }
    // The file stores Llama 3.1's scaling as one divisor per rotary frequency; it does not depend on the sequence length.
    if let factors = try factors("rope_freqs.weight") {
      (keys["rope_type"], keys["long_factor"], keys["short_factor"]) = (.string(UTF8Text("longrope")), factors, factors)
      keys["attention_factor"] = .number(1)
      return keys.value
    }
    switch file.metadata.text(key("rope.scaling.type")) {
    case nil, "none"?: return real("rope.scale_linear").map { Self.linear($0) }
    case "linear"?: return Self.linear(real("rope.scaling.factor") ?? .number(1))
    case "yarn"?:
      keys["rope_type"] = .string(UTF8Text("yarn"))
      keys["factor"] = real("rope.scaling.factor")
      return keys.value
    case let other?:
      throw failure(
        "\"\(SafeText.quoted(other))\" is not supported; supported are none, linear and yarn", "rope.scaling.type")
    }
  }

  private static func linear(_ factor: JSONValue) -> JSONValue {
    var keys = JSONObject()
    (keys["rope_type"], keys["factor"]) = (.string(UTF8Text("linear")), factor)
    return keys.value
  }

  /// The numbers of a small tensor.
  private func factors(_ name: String) throws(TelltaleError) -> JSONValue? {
    guard let entry = file.entry(name), let part = file.file(of: name) else { return nil }
    guard entry.shape.count == 1, entry.shape[0] <= 1 << 16 else {
      throw TelltaleError(
        .badInput, "has shape \(entry.shape), not one factor for each frequency", at: part.place(entry))
    }
    return .array(try part.numbers(entry).map { .number($0) })
  }
}

/// Members of an object, in the order in which they are set.
struct JSONObject {
  private var members: [JSONMember] = []

  subscript(key: String) -> JSONValue? {
    get { value[key] }
    set {
      members.removeAll { $0.key == UTF8Text(key) }
      if let newValue { members.append(JSONMember(key: UTF8Text(key), value: newValue)) }
    }
  }

  var value: JSONValue { .object(members) }
}

/// Values that no file has a place for.
extension JSONValue {
  static func number(_ value: Double) -> JSONValue { JSONValue(position: 0, content: .number(value)) }
  static func bool(_ value: Bool) -> JSONValue { JSONValue(position: 0, content: .bool(value)) }
  static func string(_ value: UTF8Text) -> JSONValue { JSONValue(position: 0, content: .string(value)) }
  static func array(_ values: [JSONValue]) -> JSONValue { JSONValue(position: 0, content: .array(values)) }
  static func object(_ members: [JSONMember]) -> JSONValue {
    JSONValue(position: 0, content: .object(members))
  }
}
