/// A projection of a decoder block, by its name in checkpoints.
public enum AdaptedModule: String, Sendable, CaseIterable, Codable {
  case query = "q_proj"
  case key = "k_proj"
  case value = "v_proj"
  case output = "o_proj"
  case gate = "gate_proj"
  case up = "up_proj"
  case down = "down_proj"

  /// The part of the block that the projection belongs to.
  private var part: String {
    switch self {
    case .query, .key, .value, .output: "self_attn"
    case .gate, .up, .down: "mlp"
    }
  }

  /// The name inside a block: `self_attn.q_proj`.
  var path: String { "\(part).\(rawValue)" }

  /// Whether a block of a model has the projection.
  func exists(in model: ModelConfiguration, layer: Int) -> Bool {
    switch self {
    case .query, .key, .value, .output: true
    case .gate: model.isGated && !model.layers[layer].hasExperts
    case .up, .down: !model.layers[layer].hasExperts
    }
  }

  /// Rows and columns of the projection's weight [out, in].
  func shape(in model: ModelConfiguration) -> (output: Int, input: Int) {
    let (hidden, inner) = (model.hiddenSize, model.intermediateSize)
    let wide = model.headCount * model.headDimension
    let narrow = model.keyValueHeadCount * model.headDimension
    switch self {
    case .query: return (wide, hidden)
    case .key, .value: return (narrow, hidden)
    case .output: return (hidden, wide)
    case .gate, .up: return (inner, hidden)
    case .down: return (hidden, inner)
    }
  }
}

/// One projection of a model: which of them, in which decoder block (from 0).
public struct AdapterPlace: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var layer: Int
  public var module: AdaptedModule

  public init(layer: Int, _ module: AdaptedModule) {
    self.layer = layer
    self.module = module
  }

  /// The module's name in a checkpoint: `model.layers.3.self_attn.q_proj`.
  public var description: String { "model.layers.\(layer).\(module.path)" }

  /// By layer, then in the order of `AdaptedModule`.
  public static func < (a: AdapterPlace, b: AdapterPlace) -> Bool {
    (a.layer, a.rank) < (b.layer, b.rank)
  }

  private var rank: Int { AdaptedModule.allCases.firstIndex(of: module) ?? 0 }

  /// Whether `name` (a target of PEFT: the module's whole name or its end from a dot on) means this place.
  func isNamed(by name: String) -> Bool { description == name || description.hasSuffix("." + name) }

  // MARK: PEFT's tensor names

  enum Factor: String, CaseIterable {
    case a = "lora_A"
    case b = "lora_B"
  }

  private static let prefix = "base_model.model."

  /// `base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight`
  func tensorName(_ factor: Factor) -> String { "\(Self.prefix)\(self).\(factor.rawValue).weight" }

  /// The place and factor that a tensor of PEFT's belongs to; nil for any other name.
  static func parse(tensorName name: String) -> (place: AdapterPlace, factor: Factor)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 9, let layer = Int(parts[4]), let module = AdaptedModule(rawValue: parts[6]),
      let factor = Factor(rawValue: parts[7])
    else { return nil }
    let place = AdapterPlace(layer: layer, module)
    return place.tensorName(factor) == name ? (place, factor) : nil
  }
}
