import Foundations
import Torch

/// bitsandbytes: 4 bits that are the place in a table of 16 numbers (NF4, Dettmers et al. 2023, or FP4), times the largest
/// magnitude of each 64 numbers; or int8 with a scale for each output.
struct BitsAndBytes: PackedFormat {
  static let method = "bitsandbytes"

  private let isInt8: Bool

  init(_ settings: QuantisationSettings) throws(TelltaleError) { isInt8 = settings.flag("load_in_8bit") ?? false }

  var description: String { isInt8 ? "bitsandbytes int8" : "bitsandbytes 4-bit" }

  private static let states = ["nf4", "fp4"].map { ".quant_state.bitsandbytes__\($0)" }

  func packed(_ stored: Set<String>) -> [String: [String]] {
    var packed: [String: [String]] = [:]
    for state in Self.states {
      for name in stored.stems(state) where stored.contains(name) {
        let parts = ["", ".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", state]
        packed[name] = parts.map { name + $0 }.filter(stored.contains)
      }
    }
    for layer in stored.stems(".SCB") where stored.contains("\(layer).weight") {
      packed["\(layer).weight"] = ["weight", "SCB", "weight_format"].map { "\(layer).\($0)" }.filter(stored.contains)
    }
    return packed
  }

  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int] {
    try state(of: name, stored)?.shape ?? stored.shape(of: name)
  }

  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor {
    let whole =
      if let state = try state(of: name, stored) {
        try fourBits(PackedLayer(prefix: name, stored: stored), state)
      } else { try int8(PackedLayer(prefix: String(name.dropLast("weight".count)), stored: stored)) }
    return try index.map { try whole[$0] } ?? whole
  }

  // MARK: 4 bits

  /// What the packed bytes do not say of themselves: JSON in a tensor of bytes.
  private struct State {
    var shape: [Int]
    var block: Int
    var nestedBlock: Int
    var nestedOffset: Double
  }

  private func state(of name: String, _ stored: any StoredTensors) throws -> State? {
    guard let part = Self.states.first(where: { stored.contains(name + $0) }) else { return nil }
    let layer = PackedLayer(prefix: name, stored: stored)
    let size = try layer.shape(part, rank: 1)
    guard size[0] <= 65536 else { throw layer.failure(part, "has \(size[0]) bytes, more than a state takes") }
    let text = try layer.bytes(part, size).integers().map { UInt8(truncatingIfNeeded: $0) }
    guard String(validating: text, as: UTF8.self) != nil, let json = try? JSONParser.parse(text) else {
      throw layer.failure(part, "is not the JSON of a state")
    }
    let shape = json["shape"]?.array?.compactMap(\.integer) ?? []
    guard !shape.isEmpty, shape.allSatisfy({ (1...1 << 24).contains($0) }), let block = json["blocksize"]?.integer,
      (1...65536).contains(block)
    else { throw layer.failure(part, "states no shape and block size") }
    let offset = json["nested_offset"]?.number ?? 0
    return State(
      shape: shape, block: block, nestedBlock: json["nested_blocksize"]?.integer ?? 256, nestedOffset: offset)
  }

  private func fourBits(_ layer: PackedLayer, _ state: State) throws -> Tensor {
    let count = state.shape.reduce(1, *)
    guard count % state.block == 0, state.block % 2 == 0 else {
      throw layer.failure("", "has \(count) numbers, no whole blocks of \(state.block)")
    }
    let table = try layer.floats(".quant_map", [16]).floats()
    let numbers = try layer.bytes("", [count / 2, 1]).reshaped([count / state.block, state.block / 2])
      .lookedUp(in: table, lowFirst: false)
    let scales = try largest(layer, count / state.block, state)
    return try (numbers * scales.unsqueezed(1)).reshaped(state.shape)
  }

  /// The largest magnitude of each block; doubly quantised, codes of 8 bits themselves.
  private func largest(_ layer: PackedLayer, _ count: Int, _ state: State) throws -> Tensor {
    guard layer.has(".nested_absmax") else { return try layer.floats(".absmax", [count]) }
    let block = state.nestedBlock
    guard (1...65536).contains(block) else { throw layer.failure(".nested_absmax", "has blocks of \(block)") }
    let table = try layer.floats(".nested_quant_map", [256]).floats()
    let scales = try layer.floats(".nested_absmax", [(count + block - 1) / block])
      .selected(0, (0..<count).map { $0 / block })
    return try layer.bytes(".absmax", [count]).lookedUp(in: table) * scales + state.nestedOffset
  }

  // MARK: 8 bits

  private func int8(_ layer: PackedLayer) throws -> Tensor {
    let shape = try layer.shape("weight", rank: 2)
    try layer.requireType("weight", "I8")
    if layer.has("weight_format"), try layer.stored.tensor(layer.prefix + "weight_format").integers() != [0] {
      throw layer.failure("weight_format", "is not the row format, which alone is read")
    }
    // In the order of bitsandbytes, which multiplies by the reciprocal.
    return try layer.floats("weight", shape) * layer.floats("SCB", [shape[0]]).unsqueezed(1) * 7.874_015_748_031_496e-3
  }
}
