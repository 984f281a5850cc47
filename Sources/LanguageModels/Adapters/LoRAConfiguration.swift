import Foundations

/// What a LoRA adapter (Hu et al. 2021) is, apart from its numbers: PEFT's `adapter_config.json`.
///
/// An adapted projection gives y = W x + scale B A x with A [rank, in] and B [out, rank], where scale is alpha / rank, or
/// alpha / sqrt(rank) when rank-stabilised (Kalajdzievski 2023).
public struct LoRAConfiguration: Sendable, Equatable {
  public var rank: Int
  public var alpha: Double
  public var isRankStabilised: Bool
  /// The probability with which each element of the adapter's input is left out in training; 0 leaves nothing out.
  public var dropout: Double
  /// Module names, or ends of them from a dot on (`q_proj`, `self_attn.q_proj`); nil where a file states a regular
  /// expression instead, and its weights say what is adapted.
  public var targets: [String]?
  /// The decoder blocks that are adapted, counted from 0; nil adapts all.
  public var layers: [Int]?
  /// Other ranks and alphas for modules whose names match.
  public var rankPattern = ModulePatterns<Int>()
  public var alphaPattern = ModulePatterns<Double>()
  /// The model that the adapter was made for, as its maker named it.
  public var baseModel: String?

  /// No adapter is wider: a rank beyond the hidden size of any supported model is a damaged file.
  static let largestRank = 65_536

  public init(
    rank: Int = 8, alpha: Double = 16, isRankStabilised: Bool = false, dropout: Double = 0,
    targets: [String]? = ["q_proj", "v_proj"], layers: [Int]? = nil, baseModel: String? = nil
  ) {
    (self.rank, self.alpha, self.isRankStabilised, self.dropout) = (rank, alpha, isRankStabilised, dropout)
    (self.targets, self.layers, self.baseModel) = (targets, layers, baseModel)
  }

  /// The rank at a place: the pattern's where one names it.
  public func rank(at place: AdapterPlace) -> Int { rankPattern.value(for: "\(place)") ?? rank }

  /// What B A x is multiplied by at a place.
  public func scale(at place: AdapterPlace) -> Double {
    let (alpha, rank) = (alphaPattern.value(for: "\(place)") ?? alpha, Double(rank(at: place)))
    return alpha / (isRankStabilised ? rank.squareRoot() : rank)
  }

  /// The places of a model that the targets mean, in order; nil where the targets are not listed.
  func places(in model: ModelConfiguration) -> [AdapterPlace]? {
    guard let targets else { return nil }
    let all = (0..<model.layerCount).flatMap { layer in AdaptedModule.allCases.map { AdapterPlace(layer: layer, $0) } }
    return all.filter { place in
      place.module.exists(in: model, layer: place.layer) && (layers?.contains(place.layer) ?? true)
        && targets.contains { place.isNamed(by: $0) }
    }
  }

  /// Refuses numbers that mean nothing.
  func check() throws(TelltaleError) {
    for rank in [rank] + rankPattern.values where !(1...Self.largestRank).contains(rank) {
      throw TelltaleError(.badInput, "the rank of an adapter is 1 to \(Self.largestRank), not \(rank)")
    }
    for alpha in [alpha] + alphaPattern.values where !alpha.isFinite || alpha == 0 {
      throw TelltaleError(.badInput, "the alpha of an adapter is a number other than 0, not \(alpha)")
    }
    try rankPattern.check("rank_pattern")
    try alphaPattern.check("alpha_pattern")
    guard dropout >= 0, dropout < 1 else {
      throw TelltaleError(.badInput, "the dropout of an adapter is from 0 up to, not including, 1, not \(dropout)")
    }
    for target in targets ?? [] { try Self.check(target: target) }
  }

  private static func check(target: String) throws(TelltaleError) {
    let last = target.split(separator: ".").last.map(String.init) ?? ""
    guard AdaptedModule(rawValue: last) != nil else {
      let names = AdaptedModule.allCases.map(\.rawValue).joined(separator: ", ")
      throw TelltaleError(.badInput, "the target module \"\(target.prefix(80))\" cannot be adapted; use \(names)")
    }
  }
}
