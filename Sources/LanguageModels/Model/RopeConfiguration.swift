import Foundation
import Foundations
import Torch

/// What a family's rotation is where its configuration is silent.
struct RopeDefaults {
  var theta = 10_000.0
  var positions = 2048
  /// Other keys that state theta, or the share of dimensions that is rotated.
  var thetaKey = "rope_theta"
  var shareKey = "partial_rotary_factor"
  var share = 1.0
  /// Whether the family rotates a share of the dimensions at all.
  var takesShare = false
  /// The length that longrope counts as trained where no key states it.
  var trained: Int?
  /// Old names of scalings, under `type` alone.
  var renamed: [String: String] = [:]
}

/// What configurations may state of the two kinds of layers apart.
enum LayerKind: String {
  case full = "full_attention"
  case sliding = "sliding_attention"
}

extension ConfigurationFile {
  /// The rotation of one kind of layers: `rope_parameters` (transformers 5: for all layers, or nested by kind of layer), else
  /// `rope_scaling` and `rope_theta`.
  ///
  /// - Parameter scaled: whether `rope_scaling` concerns these layers.
  func rope(
    headDimension: Int, _ defaults: RopeDefaults = RopeDefaults(), for kind: LayerKind = .full, scaled: Bool = true
  ) throws(TelltaleError) -> RotaryEmbedding.Configuration {
    let parameters = try object("rope_parameters")?.rope(of: kind)
    let (ownTheta, otherTheta) = (try parameters?.positive("rope_theta"), try positive(defaults.thetaKey))
    try refuseConflict(defaults.thetaKey, otherTheta, ownTheta)
    let theta = otherTheta ?? defaults.theta
    let (ownShare, otherShare) = (try parameters?.number("partial_rotary_factor"), try number(defaults.shareKey))
    try refuseConflict(defaults.shareKey, otherShare, ownShare)
    let share = ownShare ?? otherShare ?? defaults.share
    guard defaults.takesShare ? share > 0 && share <= 1 : share == 1 else {
      throw refuse(
        defaults.shareKey,
        "is \(share); \(defaults.takesShare ? "it is more than 0 and at most 1" : "only 1 is supported")")
    }
    let dimension = Int(saturating: Double(headDimension) * share)
    guard dimension % 2 == 0, dimension > 0 else {
      throw refuse("head_dim", "is odd, or a share of it is, which rotary embeddings cannot have")
    }
    var rope = RotaryEmbedding.Configuration(theta: ownTheta ?? theta, dimension: dimension, scaling: .none)
    if let parameters {
      rope.scaling = try scaling(parameters, dimension, defaults, isNew: true)
      if scaled, let old = try object("rope_scaling") {
        guard try scaling(old, dimension, defaults, isNew: false) == rope.scaling else {
          throw refuse("rope_scaling", "says otherwise than rope_parameters; remove the one that is not meant")
        }
      }
    } else if scaled, let old = try object("rope_scaling") {
      rope.scaling = try scaling(old, dimension, defaults, isNew: false)
    }
    return rope
  }

  /// Refuses a number that the old key and `rope_parameters` state otherwise.
  private func refuseConflict(_ key: String, _ old: Double?, _ new: Double?) throws(TelltaleError) {
    guard let old, let new, old != new else { return }
    throw refuse(key, "is \(old) here and \(new) in rope_parameters; remove the one that is not meant")
  }

  /// What `rope_parameters` say of one kind of layers: the object itself, or its part of that name.
  private func rope(of kind: LayerKind) throws(TelltaleError) -> ConfigurationFile? {
    let parts = (try object(LayerKind.full.rawValue), try object(LayerKind.sliding.rawValue))
    guard parts.0 != nil || parts.1 != nil else { return self }
    guard let part = kind == .full ? parts.0 : parts.1 else {
      throw refuse(kind.rawValue, "is missing, though the other kind of layers is there; fetch the file again")
    }
    return part
  }

  private func scaling(
    _ own: ConfigurationFile, _ dimension: Int, _ defaults: RopeDefaults, isNew: Bool
  ) throws(TelltaleError) -> RotaryEmbedding.Scaling {
    let (name, oldName) = (try own.text("rope_type"), try own.text("type").map { defaults.renamed[$0] ?? $0 })
    // Of the two, transformers takes the old one in some families and the new one in others.
    if let name, let oldName, name != oldName {
      throw refuse(
        "rope_scaling",
        "is \"\(SafeText.quoted(name))\" by rope_type and \"\(SafeText.quoted(oldName))\" by type; remove the one that is not meant"
      )
    }
    guard let kind = name ?? oldName ?? (isNew ? "default" : nil) else {
      throw refuse("rope_scaling", "states no rope_type; set it, or remove rope_scaling where nothing is scaled")
    }
    switch kind {
    case "default": return .none
    case "linear": return .linear(factor: try own.needed("factor"))
    // As transformers, which does not look at original_max_position_embeddings here.
    case "dynamic":
      guard dimension > 2 else { throw refuse("head_dim", "is too small for a dynamic rope_scaling") }
      return .dynamic(factor: try own.needed("factor"), trained: try positions(defaults))
    case "llama3":
      return .llama3(
        factor: try own.needed("factor"), low: try own.needed("low_freq_factor"),
        high: try own.needed("high_freq_factor"), trained: try trained(own, defaults))
    case "yarn": return .yarn(try yarn(own, defaults))
    case "longrope": return .longrope(try longrope(own, dimension, defaults))
    default:
      throw refuse(
        "rope_scaling",
        "\"\(SafeText.quoted(kind))\" is not supported; Telltale knows default, linear, dynamic, llama3, yarn and longrope"
      )
    }
  }

  private func positions(_ defaults: RopeDefaults) throws(TelltaleError) -> Int {
    try size("max_position_embeddings", standard: defaults.positions, largest: 1 << 40)
  }

  /// The length that a scaling counts as trained: its own, else the model's.
  private func trained(_ own: ConfigurationFile, _ defaults: RopeDefaults) throws(TelltaleError) -> Int {
    let whole = try positions(defaults)
    return try own.size("original_max_position_embeddings", standard: whole, largest: 1 << 40)
  }

  fileprivate func needed(_ key: String) throws(TelltaleError) -> Double {
    guard let value = try positive(key) else {
      throw refuse(key, "must be a positive number; fetch the file again")
    }
    return value
  }

  private func yarn(_ own: ConfigurationFile, _ defaults: RopeDefaults) throws(TelltaleError) -> RotaryEmbedding.Yarn {
    let factor = try own.needed("factor")
    func growth(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
    let (weight, weightOfAll) = (try own.number("mscale") ?? 0, try own.number("mscale_all_dim") ?? 0)
    let inferred = weight != 0 && weightOfAll != 0 ? growth(weight) / growth(weightOfAll) : growth(1)
    return RotaryEmbedding.Yarn(
      factor: factor, fast: try own.positive("beta_fast") ?? 32, slow: try own.positive("beta_slow") ?? 1,
      trained: try trained(own, defaults), truncates: try own.flag("truncate") ?? true,
      attention: try own.positive("attention_factor") ?? inferred)
  }

  private func longrope(
    _ own: ConfigurationFile, _ dimension: Int, _ defaults: RopeDefaults
  ) throws(TelltaleError) -> RotaryEmbedding.LongRope {
    func factors(_ key: String) throws(TelltaleError) -> [Double] {
      guard let all = try own.numbers(key), all.count == dimension / 2, all.allSatisfy({ $0 > 0 }) else {
        throw own.refuse(key, "must be \(dimension / 2) positive numbers, one for each pair of dimensions")
      }
      return all
    }
    let (short, long) = (try factors("short_factor"), try factors("long_factor"))
    let whole = try positions(defaults)
    let key = "original_max_position_embeddings"
    let (outer, inner) = (try integer(key), try own.integer(key))
    let stated = outer ?? inner ?? defaults.trained
    let trained = try size(key, standard: stated ?? whole, largest: 1 << 40)
    let (ownFactor, attention) = (try own.positive("factor"), try own.positive("attention_factor"))
    guard stated != nil || ownFactor != nil || attention != nil else {
      throw own.refuse("factor", "is missing, which longrope needs where no \(key) is stated; state one of the two")
    }
    let factor = stated == nil ? ownFactor ?? 1 : Double(whole) / Double(trained)
    let inferred = factor <= 1 ? 1 : (1 + log(factor) / log(Double(trained))).squareRoot()
    return RotaryEmbedding.LongRope(
      short: short, long: long, trained: trained,
      attention: attention ?? inferred)
  }
}
