import Foundations

/// Unbiased inner products of two mean vectors, from products of different groups only.
///
/// a = sum over groups g of w_g a_g. The square of a holds the noise of every group, a_g . a_g, and so overstates the square
/// of the true vector; sums over g != h do not: aa = (sum over g != h of w_g w_h a_g . a_h) / (1 - sum of w_g^2), a
/// U-statistic (Hoeffding 1948). The same for a . b where both vectors have a group in common. From these follow the
/// reliability, the ceiling and the disattenuated cosine without halving anything.
public struct CosineSums: Sendable, Equatable {
  /// Unbiased a . b, a . a and b . b, in squared units of the residual stream.
  public let ab: Double
  public let aa: Double
  public let bb: Double
  /// What noise adds: |mean a|^2 - aa, and the same of b.
  public let noiseA: Double
  public let noiseB: Double

  public init(ab: Double, aa: Double, bb: Double, noiseA: Double, noiseB: Double) {
    (self.ab, self.aa, self.bb, self.noiseA, self.noiseB) = (ab, aa, bb, noiseA, noiseB)
  }

  /// The cosine of the two means; where they share groups, without the noise that they share. `nil` for a zero vector.
  public var cosine: Double? {
    let (a, b) = (aa + noiseA, bb + noiseB)
    return a > 0 && b > 0 ? ab / (a.squareRoot() * b.squareRoot()) : nil
  }

  /// aa / |mean a|^2: what the Spearman-Brown stepped cosine of halves comes to over all halvings. Zero or less where the
  /// groups agree no more than chance.
  public var reliabilityA: Double? { aa + noiseA > 0 ? aa / (aa + noiseA) : nil }
  public var reliabilityB: Double? { bb + noiseB > 0 ? bb / (bb + noiseB) : nil }

  /// ab / sqrt(aa bb): the cosine of the true vectors, estimated; it may exceed 1. `nil` where aa or bb is not above 0.
  public var disattenuated: Double? {
    aa > 0 && bb > 0 ? ab / (aa.squareRoot() * bb.squareRoot()) : nil
  }
}

/// A cosine of vectors with intervals from resampled groups.
///
/// Percentile intervals, widened for few groups, of a Bayesian bootstrap (Rubin 1981): every group's weight is multiplied by
/// an independent standard exponential number, the same in both vectors where they share the group, and the unbiased sums
/// are computed again. The mean of a plain bootstrap's cosines is too low, because drawing groups twice adds noise to both
/// vectors; here the noise part stays the observed one.
public struct ResampledCosine: Sendable, Equatable {
  /// Fewer groups than this have no interval.
  public static let fewestGroups = 6

  public let estimate: CosineSums
  /// Of the cosine that two vectors of as many groups have on average. `nil` for too few groups or a zero vector.
  public let cosineInterval: Interval?
  /// Of the disattenuated cosine; infinite ends where noise is too large to bound it. `nil` for too few groups.
  public let disattenuatedInterval: Interval?

  /// - Parameters:
  ///   - replicates: unbiased (ab, aa, bb) of every resampling.
  ///   - groups: the number of the vector that has fewer.
  public init(
    _ estimate: CosineSums, replicates: [(ab: Double, aa: Double, bb: Double)], groups: Int,
    confidence: Double = 0.95
  ) {
    self.estimate = estimate
    guard groups >= Self.fewestGroups, !replicates.isEmpty, confidence > 0, confidence < 1 else {
      (cosineInterval, disattenuatedInterval) = (nil, nil)
      return
    }
    let sums = replicates.map {
      CosineSums(ab: $0.ab, aa: $0.aa, bb: $0.bb, noiseA: estimate.noiseA, noiseB: estimate.noiseB)
    }
    let tail = Self.tail(confidence, groups: groups)
    cosineInterval =
      estimate.cosine == nil
      ? nil
      : Self.interval(sums.map { $0.cosine ?? Self.endless($0.ab) }, tail)?
        .clamped(to: -1...1)
    disattenuatedInterval = Self.interval(sums.map { $0.disattenuated ?? Self.endless($0.ab) }, tail)
  }

  /// A replicate whose noise is as large as the vector could be anything in the direction of its product.
  private static func endless(_ product: Double) -> Double { product < 0 ? -.infinity : .infinity }

  /// The share of replicates beyond each end: that of the normal distribution beyond sqrt((G + 1) / (G - 1)) times Student's
  /// t of G - 1 degrees of freedom. Percentiles of few groups are too narrow: resampling sees a variance of (G - 1) / G, and
  /// with exponential weights 1 / (G + 1) instead of 1 / G (Hesterberg 2015, "What teachers should know about the
  /// bootstrap", the expanded percentile interval; Rubin 1981).
  private static func tail(_ confidence: Double, groups: Int) -> Double {
    let count = Double(groups)
    let critical = StudentT.quantile((1 + confidence) / 2, degreesOfFreedom: count - 1)
    return NormalDistribution.cumulative(-critical * ((count + 1) / (count - 1)).squareRoot())
  }

  /// Order statistics without interpolation, which infinite replicates would not bear.
  private static func interval(_ values: [Double], _ tail: Double) -> Interval? {
    guard values.allSatisfy({ !$0.isNaN }) else { return nil }
    let sorted = values.sorted()
    let below = Int(saturating: Double(sorted.count) * tail)
    return Interval(low: sorted[below], high: sorted[sorted.count - 1 - below])
  }
}
