import Foundations
import Torch

/// Whole numbers of 4 bits, eight in an int32, the lowest first.
enum PackedInt4 {
  private static let numbers = (0..<16).map { Float($0) }

  /// The eight numbers of each int32: bytes [rows, 4 columns] become float32 [rows, columns, 8].
  static func eights(_ bytes: Tensor) throws(TelltaleError) -> Tensor {
    let shape = bytes.shape
    return try bytes.lookedUp(in: numbers).reshaped([shape[0], shape[1] / 4, 8])
  }

  /// Packed along columns: float32 [rows, 8 columns].
  static func alongRows(_ bytes: Tensor) throws(TelltaleError) -> Tensor {
    let eights = try eights(bytes)
    return try eights.reshaped([eights.size(0), -1])
  }

  /// Packed along rows: float32 [8 rows, columns].
  static func alongColumns(_ bytes: Tensor) throws(TelltaleError) -> Tensor {
    let eights = try eights(bytes)
    return try eights.permuted([0, 2, 1]).reshaped([-1, eights.size(1)])
  }
}

/// AWQ (Lin et al. 2023) as AutoAWQ writes it for its GEMM kernel: `qweight` int32 [inputs, outputs / 8], `qzeros` int32 [groups,
/// outputs / 8] and `scales` [groups, outputs]; the eight outputs of an int32 lie in the order 0 2 4 6 1 3 5 7.
struct AWQInt4: PackedFormat {
  static let method = "awq"

  init(_ settings: QuantisationSettings) throws(TelltaleError) {
    try settings.require("bits", 4)
    if let version = settings.text("version"), version.lowercased() != "gemm" {
      throw settings.failure("\"\(SafeText.quoted(version))\" is not supported; supported is gemm", "version")
    }
  }

  var description: String { "AWQ int4" }

  func packed(_ stored: Set<String>) -> [String: [String]] { IntegerLayer.packed(stored) }

  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int] {
    let shape = try IntegerLayer.layer(name, stored).shape("qweight", rank: 2)
    return [shape[1] * 8, shape[0]]
  }

  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor {
    let layer = IntegerLayer.layer(name, stored)
    let shape = try layer.shape("qweight", rank: 2)
    let (inputs, outputs) = (shape[0], shape[1] * 8)
    let groups = try IntegerLayer.groups(layer, of: inputs)
    try layer.requireType("qweight", "I32")
    try layer.requireType("qzeros", "I32")
    let numbers = try inOrder(layer.bytes("qweight", shape)).reshaped([groups, inputs / groups, outputs])
    let zeros = try inOrder(layer.bytes("qzeros", [groups, shape[1]])).unsqueezed(1)
    let scales = try layer.floats("scales", [groups, outputs]).unsqueezed(1)
    let whole = try ((numbers - zeros) * scales).reshaped([inputs, outputs]).transposed(0, 1)
    return try index.map { try whole[$0] } ?? whole
  }

  private func inOrder(_ bytes: Tensor) throws(TelltaleError) -> Tensor {
    let eights = try PackedInt4.eights(bytes)
    return try eights.selected(2, [0, 4, 1, 5, 2, 6, 3, 7]).reshaped([eights.size(0), -1])
  }
}

/// GPTQ (Frantar et al. 2022) as AutoGPTQ writes it: `qweight` int32 [inputs / 8, outputs], `qzeros` int32 [groups, outputs / 8]
/// (less 1, but in format v2), `scales` [groups, outputs], and `g_idx`, the group of each input.
struct GPTQInt4: PackedFormat {
  static let method = "gptq"
  private let zeroOffset: Double

  init(_ settings: QuantisationSettings) throws(TelltaleError) {
    try settings.require("bits", 4)
    let format = settings.text("checkpoint_format") ?? "gptq"
    guard ["gptq", "gptq_v2"].contains(format) else {
      throw settings.failure(
        "\"\(SafeText.quoted(format))\" is not supported; supported are gptq and gptq_v2", "checkpoint_format")
    }
    zeroOffset = format == "gptq" ? 1 : 0
  }

  var description: String { "GPTQ int4" }

  func packed(_ stored: Set<String>) -> [String: [String]] { IntegerLayer.packed(stored) }

  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int] {
    let shape = try IntegerLayer.layer(name, stored).shape("qweight", rank: 2)
    return [shape[1], shape[0] * 8]
  }

  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor {
    let layer = IntegerLayer.layer(name, stored)
    let shape = try layer.shape("qweight", rank: 2)
    let (inputs, outputs) = (shape[0] * 8, shape[1])
    let groups = try IntegerLayer.groups(layer, of: inputs)
    guard outputs % 8 == 0 else { throw layer.failure("qweight", "has \(outputs) outputs, no multiple of 8") }
    try layer.requireType("qweight", "I32")
    try layer.requireType("qzeros", "I32")
    let group = try IntegerLayer.indices(layer, "g_idx", inputs, groups)
    let numbers = try PackedInt4.alongColumns(layer.bytes("qweight", shape))
    let zeros = try PackedInt4.alongRows(layer.bytes("qzeros", [groups, outputs / 8])) + zeroOffset
    let scales = try layer.floats("scales", [groups, outputs])
    let whole = try (scales.selected(0, group) * (numbers - zeros.selected(0, group))).transposed(0, 1)
    return try index.map { try whole[$0] } ?? whole
  }
}

/// compressed-tensors' `pack-quantized` with 4 bits: `weight_packed` int32 [outputs, inputs / 8] of numbers from -8 to 7 with 8
/// added, `weight_scale` [outputs, groups], and `weight_zero_point` int32 [outputs / 8, groups] where there are any.
struct CompressedInt4: PackedFormat {
  static let method = "compressed-tensors"

  init(_ settings: QuantisationSettings) throws(TelltaleError) {
    let format = settings.text("format") ?? "missing"
    guard format == "pack-quantized" else {
      throw settings.failure("\"\(SafeText.quoted(format))\" is not supported; supported is pack-quantized", "format")
    }
    for group in settings.value("config_groups")?.object ?? [] {
      guard let weights = group.value.present("weights") else { continue }
      guard weights["num_bits"]?.integer ?? 4 == 4, weights["type"]?.string ?? "int" == "int" else {
        throw settings.failure(
          "has weights that are not int4, which alone is read", "config_groups.\(group.key.string)")
      }
    }
  }

  var description: String { "compressed-tensors int4" }

  private static let parts = ["packed", "scale", "shape", "zero_point", "g_idx"]

  func packed(_ stored: Set<String>) -> [String: [String]] {
    let names = stored.stems("_packed").filter { $0.hasSuffix(".weight") }
    return Dictionary(
      uniqueKeysWithValues: names.map { name in (name, Self.parts.map { "\(name)_\($0)" }.filter(stored.contains)) })
  }

  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int] {
    let layer = PackedLayer(prefix: name, stored: stored)
    let packed = try layer.shape("_packed", rank: 2)
    let shape = try layer.tensor("_shape", [2]).integers()
    guard shape[0] == packed[0], shape[1] > 0, (shape[1] + 7) / 8 == packed[1] else {
      throw layer.failure("_shape", "states \(shape) where \(packed) are packed")
    }
    return shape
  }

  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor {
    let layer = PackedLayer(prefix: name, stored: stored)
    let shape = try shape(of: name, stored)
    let groups = try layer.shape("_scale", rank: 2)[1]
    guard groups > 0, shape[1] % groups == 0 else {
      throw layer.failure("_scale", "has \(groups) groups for \(shape[1]) inputs")
    }
    try layer.requireType("_packed", "I32")
    let group = try IntegerLayer.indices(layer, "_g_idx", shape[1], groups)
    let numbers = try PackedInt4.alongRows(layer.bytes("_packed", [shape[0], (shape[1] + 7) / 8])).narrowed(
      1, 0..<shape[1])
    let scales = try layer.floats("_scale", [shape[0], groups]).selected(1, group)
    let zeros = try zeros(layer, shape[0], groups)?.selected(1, group)
    let whole = try (zeros.map { try numbers - $0 } ?? numbers - 8) * scales
    return try index.map { try whole[$0] } ?? whole
  }

  /// The numbers that stand for 0, with the same 8 added; nil where all are 0.
  private func zeros(_ layer: PackedLayer, _ outputs: Int, _ groups: Int) throws -> Tensor? {
    guard layer.has("_zero_point") else { return nil }
    try layer.requireType("_zero_point", "I32")
    let bytes = try layer.bytes("_zero_point", [(outputs + 7) / 8, groups])
    return try PackedInt4.alongColumns(bytes).narrowed(0, 0..<outputs)
  }
}

/// What AWQ's and GPTQ's layers have in common.
private enum IntegerLayer {
  static func packed(_ stored: Set<String>) -> [String: [String]] {
    let layers = stored.stems(".qweight")
    return Dictionary(
      uniqueKeysWithValues: layers.map { layer in
        ("\(layer).weight", ["qweight", "qzeros", "scales", "g_idx"].map { "\(layer).\($0)" }.filter(stored.contains))
      })
  }

  static func layer(_ name: String, _ stored: any StoredTensors) -> PackedLayer {
    PackedLayer(prefix: String(name.dropLast("weight".count)), stored: stored)
  }

  /// Groups of inputs, as many as there are rows of scales.
  static func groups(_ layer: PackedLayer, of inputs: Int) throws -> Int {
    let groups = try layer.shape("scales", rank: 2)[0]
    guard groups > 0, inputs % groups == 0 else {
      throw layer.failure("scales", "has \(groups) groups for \(inputs) inputs")
    }
    return groups
  }

  /// The group of each input: as stated, else one after the other.
  static func indices(_ layer: PackedLayer, _ part: String, _ inputs: Int, _ groups: Int) throws -> [Int] {
    guard layer.has(part) else { return (0..<inputs).map { $0 / (inputs / groups) } }
    let stated = try layer.tensor(part, [inputs]).integers()
    guard stated.allSatisfy({ (0..<groups).contains($0) }) else {
      throw layer.failure(part, "names a group outside of the \(groups)")
    }
    return stated
  }
}
