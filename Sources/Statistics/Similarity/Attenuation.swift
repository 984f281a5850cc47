/// How the reliability of an average grows with what it averages (Spearman 1910, Brown 1910).
public enum SpearmanBrown {
  /// k r / (1 + (k - 1) r): the reliability of an average over `factor` = k times as many pairs as one of reliability r.
  ///
  /// `nil` unless k > 0 and r is at most 1; a reliability of zero or less says nothing of other sizes and gives `nil`, too.
  public static func stepped(_ reliability: Double, factor: Double) -> Double? {
    guard reliability > 0, reliability <= 1, factor > 0, factor.isFinite else { return nil }
    return factor * reliability / (1 + (factor - 1) * reliability)
  }

  /// How many times as many pairs give the reliability `wanted`: w (1 - r) / (r (1 - w)). `nil` unless both are in 0...1 and
  /// neither r is 0 nor w is 1.
  public static func factor(from reliability: Double, to wanted: Double) -> Double? {
    guard reliability > 0, reliability <= 1, wanted >= 0, wanted < 1 else { return nil }
    return wanted * (1 - reliability) / (reliability * (1 - wanted))
  }
}

/// What noise in two vectors does to their cosine (Spearman 1904, "The proof and measurement of association").
public enum Attenuation {
  /// sqrt(rel_a rel_b): the cosine to expect of two vectors that are the same but for noise. `nil` where a reliability is
  /// not above 0.
  public static func ceiling(_ reliabilityA: Double, _ reliabilityB: Double) -> Double? {
    guard reliabilityA > 0, reliabilityB > 0, reliabilityA.isFinite, reliabilityB.isFinite else { return nil }
    return (min(1, reliabilityA) * min(1, reliabilityB)).squareRoot()
  }

  /// cosine / ceiling: what the cosine would be without noise. An estimate, which may exceed 1. `nil` without a ceiling.
  public static func disattenuated(_ cosine: Double, _ reliabilityA: Double, _ reliabilityB: Double) -> Double? {
    ceiling(reliabilityA, reliabilityB).map { cosine / $0 }
  }
}
