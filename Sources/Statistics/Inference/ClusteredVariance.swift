/// What rows may have in common: the question (or its family), and what crosses questions and is a sample as well
/// (templates, personas).
struct Clusters: Sendable {
  let primary: Partition
  let crossed: [Partition]

  init(_ primary: Partition, crossed: [Partition] = []) { (self.primary, self.crossed) = (primary, crossed) }
}

extension Clusters {
  /// All partitions whose variances are wanted: the primary one, then every crossed one and its intersection with it.
  var partitions: [Partition] { [primary] + crossed.flatMap { [$0, $0.crossed(with: primary)] } }
}

/// How an estimate changes as each cluster is left out, for every partition of `Clusters.partitions`.
struct ClusterSpread: Sendable {
  struct Part: Sendable {
    /// By cluster.
    var deviations: [Double]
    /// Clusters that take part, and the degrees of freedom of their variance.
    var count: Double
    var df: Double

    /// (G - 1)/G times the sum of squares.
    var variance: Double { (count - 1) / count * deviations.reduce(0) { $0 + $1 * $1 } }
  }

  let parts: [Part]
  /// Whether the levels of what crosses the primary clusters are held fixed, so that they share nothing but what is left.
  private let crossedAreFixed: Bool

  /// `nil` unless the primary clusters give a variance.
  init?(_ clusters: Clusters, crossedAreFixed: Bool = false, _ part: (Partition) -> Part?) {
    self.crossedAreFixed = crossedAreFixed
    let parts = clusters.partitions.map { part($0) }
    guard let own = parts[0], own.count > 1 else { return nil }
    // A crossed cluster without a variance, such as a template of one level, says nothing.
    self.parts = parts.map { $0.map { $0.count > 1 ? $0 : own } ?? own }
  }

  private init(parts: [Part], crossedAreFixed: Bool) { (self.parts, self.crossedAreFixed) = (parts, crossedAreFixed) }

  /// Of the estimate a x + b y, x and y being estimates of the same clusters.
  func combined(_ a: Double, with other: ClusterSpread, _ b: Double) -> ClusterSpread {
    ClusterSpread(
      parts: zip(parts, other.parts).map { x, y in
        let (u, v) = (a * a * x.variance, b * b * y.variance)
        let df = u + v > 0 ? (u + v) * (u + v) / (u * u / x.df + v * v / y.df) : min(x.df, y.df)
        return Part(
          deviations: zip(x.deviations, y.deviations).map { a * $0 + b * $1 }, count: max(x.count, y.count), df: df)
      }, crossedAreFixed: crossedAreFixed)
  }

  var variance: ClusteredVariance { ClusteredVariance(parts, crossedAreFixed: crossedAreFixed) }
}

/// A variance clustered one way or several.
///
/// With V_q by question, V_t by what crosses it and V_qt by their intersection, V = max(V_q, V_q + V_t - V_qt) (Cameron,
/// Gelbach and Miller 2011; the maximum because the sum may fall below its parts). Degrees of freedom follow Welch and
/// Satterthwaite, V^2 / (V_q^2 / df_q + V_t^2 / (T - 1)): four templates are no more than four where they matter. Where V_t is under
/// 0.7 V_qt, what crosses adds nothing, and all is the questions' own. V_q is the jackknife's; V_t and V_qt are linear, because leaving out one of four
/// templates overstates what it does. Several crossed clusters are taken one by one, and the widest counts.
struct ClusteredVariance: Sendable {
  let value: Double
  let degreesOfFreedom: Double

  fileprivate init(_ parts: [ClusterSpread.Part], crossedAreFixed: Bool) {
    let own = (value: parts[0].variance, df: parts[0].df)
    var widest = own
    for first in stride(from: 1, to: parts.count, by: 2) {
      let (other, both) = (parts[first], parts[first + 1])
      guard other.variance > Self.leastShare * both.variance else { continue }
      let total = max(own.value, own.value + other.variance - both.variance)
      let added = crossedAreFixed ? max(0, other.variance - both.variance) : other.variance
      let spread = own.value * own.value / own.df + added * added / other.df
      guard spread > 0 else { continue }
      let df = min(own.df, total * total / spread)
      if Self.reach(total, df) > Self.reach(widest.value, widest.df) { widest = (total, df) }
    }
    (value, degreesOfFreedom) = (widest.value, max(1, widest.df))
  }

  /// Between this and 1 times V_qt, chance may have hidden what templates add (docs/audit.md).
  private static let leastShare = 0.7

  private static func reach(_ variance: Double, _ df: Double) -> Double {
    criticalValue(0.95, df: max(1, df)) * variance.squareRoot()
  }
}

/// The two-sided p of one test that neither of two estimates differs from 0: of their mean weighted by precision, whose
/// variance knows what they share. Each claim then needs its own p and this one (closed testing), which costs less than
/// Holm's correction where both point the same way.
func intersectionP(
  _ a: (estimate: Double, spread: ClusterSpread), _ b: (estimate: Double, spread: ClusterSpread)
) -> (p: Double, spread: ClusterSpread)? {
  let (u, v) = (a.spread.variance.value, b.spread.variance.value)
  guard u > 0, v > 0 else { return nil }
  let (x, y) = (v / (u + v), u / (u + v))
  let spread = a.spread.combined(x, with: b.spread, y)
  let variance = spread.variance
  guard variance.value > 0 else { return nil }
  let t = (x * a.estimate + y * b.estimate) / variance.value.squareRoot()
  return (StudentT.twoSidedP(t, degreesOfFreedom: variance.degreesOfFreedom), spread)
}
