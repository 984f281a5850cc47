import Foundations
import Torch

/// A model's weights by their own names, handed out with their shape checked.
struct WeightTable {
  private let configuration: ModelConfiguration
  private let weights: [String: Tensor]
  private let packed: [String: PackedMatrix]
  private let shapes: [String: [Int]]

  init(_ configuration: ModelConfiguration, _ weights: [String: Tensor], _ packed: [String: PackedMatrix]) {
    self.configuration = configuration
    self.weights = weights
    self.packed = packed
    shapes = Dictionary(configuration.weights.map { ("\($0.name)", $0.shape) }) { first, _ in first }
  }

  func has(_ name: WeightName) -> Bool { shapes["\(name)"] != nil }

  func callAsFunction(_ name: WeightName) throws(TelltaleError) -> Tensor {
    guard let weight = weights["\(name)"] else { throw Self.missing("\(name)") }
    try Self.check("\(name)", weight.shape, shapes["\(name)"] ?? weight.shape)
    return weight
  }

  func matrix(_ name: WeightName) throws(TelltaleError) -> WeightMatrix {
    guard let packed = packed["\(name)"] else { return .dense(try self(name)) }
    try Self.check("\(name)", packed.shape, shapes["\(name)"] ?? packed.shape)
    return .packed(packed)
  }

  /// The linear map of a module, with its bias where the design has one; nil where the design has no such module.
  func projection(_ layer: Int, _ module: String, expert: Int? = nil) throws(TelltaleError) -> Projection? {
    let name = WeightName(layer: layer, module: module, expert: expert)
    guard has(name) else { return nil }
    let bias = name.with(.bias)
    return Projection(weight: try matrix(name), bias: try has(bias) ? self(bias) : nil)
  }

  /// The normalisation of a module; nil where the design has no such module.
  func norm(_ layer: Int?, _ module: String) throws(TelltaleError) -> Normalisation? {
    let name = WeightName(layer: layer, module: module)
    guard has(name) else { return nil }
    let bias = name.with(.bias)
    let (weight, own) = (try self(name), try has(bias) ? self(bias) : nil)
    return try Normalisation(configuration.norm, weight: weight, bias: own, epsilon: configuration.normEpsilon)
  }

  static func missing(_ name: String) -> TelltaleError {
    TelltaleError(.badInput, "the checkpoint holds no tensor \"\(name)\"; it is incomplete or of another model")
  }

  static func check(_ name: String, _ shape: [Int], _ wanted: [Int]) throws(TelltaleError) {
    guard shape == wanted else {
      throw TelltaleError(
        .badInput,
        "the checkpoint's tensor \"\(name)\" has shape \(shape) where config.json asks for \(wanted); "
          + "the two files are of different models")
    }
  }
}
