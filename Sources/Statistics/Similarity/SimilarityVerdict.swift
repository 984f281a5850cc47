/// What is known of the cosine of two vectors at one layer, and what it amounts to.
public struct SimilarityEvidence: Sendable, Equatable, Codable {
  /// Of the two vectors as they are, from -1 to 1.
  public var cosine: Double
  /// The same without the noise that vectors share which were made of the same questions (`CosineSums.cosine`); where
  /// questions nearly cancel it may leave -1...1. Nil where nothing is shared, or nothing is known of it.
  public var cosineWithoutSharedNoise: Double?
  /// Of the cosine without shared noise.
  public var cosineInterval: Interval?
  public var reliabilityA: Double?
  public var reliabilityB: Double?
  public var disattenuatedInterval: Interval?
  /// The width of the residual stream.
  public var dimension: Int
  /// Of the activations, where they are known.
  public var effectiveDimension: Double?

  public init(cosine: Double, dimension: Int) {
    (self.cosine, self.dimension) = (cosine, dimension)
  }

  public var ceiling: Double? {
    reliabilityA.flatMap { a in reliabilityB.flatMap { Attenuation.ceiling(a, $0) } }
  }

  public var disattenuated: Double? { ceiling.map { (cosineWithoutSharedNoise ?? cosine) / $0 } }

  /// P of a cosine as far from 0 between random directions.
  public var pDimension: Double { RandomCosine.twoSidedP(tested, dimension: Double(dimension)) }

  /// The same for directions that vary as the activations do.
  public var pEffective: Double? { effectiveDimension.map { RandomCosine.twoSidedP(tested, dimension: $0) } }

  private var tested: Double { max(-1, min(1, cosineWithoutSharedNoise ?? cosine)) }
}

/// Whether two vectors are the same but for noise.
///
/// The cosine is inside the null where p > 0.05 for the activations' effective dimension (for the width where that is not
/// known). With the 95 % interval of the disattenuated cosine:
///
/// | interval | outside the null | inside the null |
/// |---|---|---|
/// | low >= 0.5, includes 1 or lies above | agree | agree, with a caution |
/// | low < 0.5, includes 1 | cannot tell | cannot tell |
/// | 0.5 <= low, high < 1 | related, not the same | cannot tell |
/// | 0 < low < 0.5, high < 1 | related, not the same | do not agree beyond chance |
/// | includes 0, -1 < low, high < 1 | cannot tell | do not agree beyond chance |
/// | -1 < low, high < 0 | opposed | do not agree beyond chance |
/// | low <= -1 | opposed if high <= -0.5, else cannot tell | cannot tell |
///
/// Agreement stands inside the null, too, because noise cannot feign it; but where activations vary along few directions
/// unrelated vectors may agree as far, and the sentence says so. Without an interval the null alone speaks: inside, where
/// the ceiling shows that the vectors could have been seen to agree, they do not; else it cannot be told.
public enum SimilarityVerdict: String, Sendable, Equatable, Codable {
  case agree = "agree up to noise"
  case related = "related, not the same"
  case opposed = "opposed"
  case apart = "do not agree beyond chance"
  case unclear = "cannot tell"

  /// Less than this much of one vector in the other is no agreement, however wide the interval.
  static let leastAgreement = 0.5
  static let level = 0.05

  public init(_ evidence: SimilarityEvidence) {
    let insideNull = (evidence.pEffective ?? evidence.pDimension) > Self.level
    guard let ceiling = evidence.ceiling else {
      self = .unclear
      return
    }
    guard let interval = evidence.disattenuatedInterval else {
      let critical = RandomCosine.critical(
        Self.level, dimension: evidence.effectiveDimension ?? Double(evidence.dimension))
      self = insideNull && Self.leastAgreement * ceiling > critical ? .apart : .unclear
      return
    }
    self = Self.judge(interval, insideNull: insideNull)
  }

  private static func judge(_ interval: Interval, insideNull: Bool) -> SimilarityVerdict {
    if interval.high >= 1 { return interval.low >= leastAgreement ? .agree : .unclear }
    if interval.low <= -1 { return interval.high <= -leastAgreement && !insideNull ? .opposed : .unclear }
    if insideNull { return interval.low >= leastAgreement ? .unclear : .apart }
    if interval.low > 0 { return .related }
    return interval.high < 0 ? .opposed : .unclear
  }
}

extension SimilarityEvidence {
  public var verdict: SimilarityVerdict { SimilarityVerdict(self) }

  /// The verdict with its numbers, as a sentence or two.
  public var sentence: String { "\(verdict.rawValue): \(seen), \(possible). \(reason)" }

  private var seen: String {
    let interval = cosineInterval.map { " [\(fixed($0.low, 2)), \(fixed($0.high, 2))]" } ?? ""
    return "the cosine is \(fixed(cosine, 2))\(interval)"
  }

  private var possible: String {
    ceiling.map { "of a possible \(fixed($0, 2))" } ?? "and what would be possible is not known"
  }

  private var reason: String {
    guard ceiling != nil else { return noCeiling }
    guard let interval = disattenuatedInterval, let value = disattenuated else { return noInterval }
    let range = "\(fixed(value, 2)) [\(fixed(interval.low, 2)), \(fixed(interval.high, 2))]"
    switch verdict {
    case .agree:
      return "Without noise it would be \(range), which \(interval.low > 1 ? "passes" : "includes") 1.\(caution)"
    case .related: return "Without noise it would be \(range), which does not reach 1. \(null)"
    case .opposed: return "Without noise it would be \(range), below 0. \(null)"
    case .apart: return "Without noise it would be \(range). \(null)"
    case .unclear where interval.low >= SimilarityVerdict.leastAgreement && interval.high < 1:
      return "Without noise it would be \(range), but unrelated vectors may be as near. \(null)"
    case .unclear: return "Without noise it would be \(range), too wide to say; give more questions. \(null)"
    }
  }

  private var null: String {
    let (p, dimension) = pEffective.map { ($0, effectiveDimension ?? 0) } ?? (pDimension, Double(dimension))
    let kind = effectiveDimension == nil ? "" : " effective"
    return
      "Random directions of \(fixed(dimension, effectiveDimension == nil ? 0 : 1))\(kind) dimensions reach it with "
      + "\(writtenP(p))."
  }

  private var caution: String {
    (pEffective ?? pDimension) > SimilarityVerdict.level ? " But \(null.prefix(1).lowercased() + null.dropFirst())" : ""
  }

  private var noCeiling: String {
    let unreliable = [reliabilityA, reliabilityB].contains { $0.map { $0 <= 0 } ?? false }
    return unreliable
      ? "A vector's reliability is not above 0: other questions would have given another vector."
      : "A vector's reliability is not known; keep the differences of its pairs when it is extracted."
  }

  private var noInterval: String {
    "Without the differences of at least \(ResampledCosine.fewestGroups) pairs or questions a side there is no interval. "
      + null
  }
}
