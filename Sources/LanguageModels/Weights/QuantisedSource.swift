import Foundations
import Torch

/// How a quantised checkpoint packs its matrices: which tensors stand for which published one, and what numbers they mean.
package protocol PackedFormat: Sendable {
  /// How `quantization_config` calls it, under `quant_method`.
  static var method: String { get }

  /// - Parameter settings: `quantization_config`; refuses what would be unpacked wrongly.
  init(_ settings: QuantisationSettings) throws(TelltaleError)

  /// For provenance: "FP8 128x128".
  var description: String { get }

  /// The published names that are packed here, each with the stored names that it is made of.
  func packed(_ stored: Set<String>) -> [String: [String]]

  /// The published shape.
  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int]

  /// The numbers, float32, of the whole tensor or of one slice of its first dimension.
  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor
}

/// A quantised checkpoint in safetensors, whose matrices are unpacked as they are read. Others are given as they are.
package struct QuantisedSource: WeightSource {
  private let stored: any StoredTensors
  private let format: any PackedFormat
  private let packed: [String: [String]]
  package let names: [String]
  private let known: Set<String>

  package init(_ stored: any StoredTensors, _ format: any PackedFormat) {
    (self.stored, self.format) = (stored, format)
    let all = Set(stored.names)
    packed = format.packed(all)
    known = all.subtracting(packed.values.joined()).union(packed.keys)
    names = known.sorted()
  }

  package func contains(_ name: String) -> Bool { known.contains(name) }

  package func shape(of name: String) throws -> [Int] {
    packed[name] == nil ? try stored.shape(of: name) : try format.shape(of: name, stored)
  }

  package func dtype(of name: String) throws -> DType { packed[name] == nil ? try stored.dtype(of: name) : .float32 }

  package func tensor(_ name: String) throws -> Tensor {
    packed[name] == nil ? try stored.tensor(name) : try format.unpacked(name, at: nil, stored)
  }

  package func tensor(_ name: String, at index: Int) throws -> Tensor {
    packed[name] == nil ? try stored.tensor(name, at: index) : try format.unpacked(name, at: index, stored)
  }

  package func forget(_ name: String) {
    for part in packed[name] ?? [name] { stored.forget(part) }
  }

  package func file(of name: String) -> String { stored.file(of: packed[name]?.first ?? name) }
}

/// The formats that there are.
package enum PackedFormats {
  static let all: [any PackedFormat.Type] = [
    FP8Blocks.self, MXFP4Experts.self, BitsAndBytes.self, AWQInt4.self, GPTQInt4.self, CompressedInt4.self,
  ]

  /// The format that `quantization_config` names.
  static func format(_ settings: QuantisationSettings) throws(TelltaleError) -> any PackedFormat {
    guard let method = settings.text("quant_method") else {
      throw settings.failure(
        "names no method, so that its matrices cannot be unpacked; fetch config.json again", "quant_method")
    }
    guard let known = all.first(where: { $0.method == method }) else {
      throw settings.failure(
        "\"\(SafeText.quoted(method))\" is not supported; supported are \(all.map { $0.method }.joined(separator: ", "))",
        "quant_method")
    }
    return try known.init(settings)
  }
}

/// `quantization_config` of config.json.
package struct QuantisationSettings: Sendable {
  private let object: JSONValue
  private let file: String

  package init(_ object: JSONValue, file: String) {
    (self.object, self.file) = (object, file)
  }

  func text(_ key: String) -> String? { object.present(key)?.string }
  func integer(_ key: String) -> Int? { object.present(key)?.integer }
  func flag(_ key: String) -> Bool? { object.present(key)?.bool }
  func integers(_ key: String) -> [Int]? { object.present(key)?.array?.compactMap(\.integer) }
  func value(_ key: String) -> JSONValue? { object.present(key) }

  /// Refuses another number than the one that is read.
  func require(_ key: String, _ wanted: Int) throws(TelltaleError) {
    guard let found = integer(key), found != wanted else { return }
    throw failure("is \(found), of which \(wanted) is supported; use another quantisation of the model", key)
  }

  func failure(_ message: String, _ key: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file, item: "quantization_config.\(key)"))
  }
}

/// The tensors that one packed matrix is made of, each with the shape that the others ask for.
struct PackedLayer {
  /// What their names begin with, dot included.
  let prefix: String
  let stored: any StoredTensors

  func has(_ part: String) -> Bool { stored.contains(prefix + part) }

  func shape(_ part: String, rank: Int) throws -> [Int] {
    try require(part)
    let shape = try stored.shape(of: prefix + part)
    guard shape.count == rank else { throw failure(part, "has shape \(shape), not \(rank) dimensions") }
    return shape
  }

  /// Numbers as they are.
  func tensor(_ part: String, _ shape: [Int]) throws -> Tensor {
    try check(part, shape)
    return try stored.tensor(prefix + part)
  }

  /// Numbers in float32.
  func floats(_ part: String, _ shape: [Int]) throws -> Tensor { try tensor(part, shape).converted(to: .float32) }

  /// Bytes of a tensor whose stored shape is `shape`.
  func bytes(_ part: String, _ shape: [Int]) throws -> Tensor {
    try check(part, shape)
    return try stored.bytes(of: prefix + part)
  }

  private func check(_ part: String, _ shape: [Int]) throws {
    try require(part)
    let found = try stored.shape(of: prefix + part)
    guard found == shape else { throw failure(part, "has shape \(found) where \(shape) is meant") }
  }

  private func require(_ part: String) throws(TelltaleError) {
    guard stored.contains(prefix + part) else { throw failure(part, "is missing") }
  }

  func requireType(_ part: String, _ wanted: String) throws {
    try require(part)
    let found = try stored.typeName(of: prefix + part)
    guard found == wanted else { throw failure(part, "is of type \(SafeText.quoted(found)) where \(wanted) is meant") }
  }

  func failure(_ part: String, _ reason: String) -> TelltaleError {
    TelltaleError(
      .badInput, "\(reason); the checkpoint is cut off or packed otherwise than config.json says, fetch it again",
      at: InputLocation(file: stored.file(of: prefix + part), item: SafeText.quoted(prefix + part)))
  }
}

extension Set<String> {
  /// The names that end so, without the ending.
  func stems(_ ending: String) -> [String] { filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) } }
}
