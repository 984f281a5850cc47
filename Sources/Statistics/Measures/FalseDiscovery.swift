/// Adjusted p-values that control the false discovery rate over several comparisons.
public enum FalseDiscovery {
  /// Benjamini and Hochberg 1995: for p sorted ascending, min over j >= i of p_j n / j, at most 1. In input order.
  /// `nil` if a p-value is not in 0...1.
  public static func benjaminiHochberg(_ pValues: [Double]) -> [Double]? {
    adjusted(pValues, factor: 1)
  }

  /// Benjamini and Yekutieli 2001: the same times 1 + 1/2 + ... + 1/n, valid under any dependence.
  public static func benjaminiYekutieli(_ pValues: [Double]) -> [Double]? {
    let harmonic = pValues.indices.reduce(0.0) { $0 + 1 / Double($1 + 1) }
    return adjusted(pValues, factor: harmonic)
  }

  private static func adjusted(_ pValues: [Double], factor: Double) -> [Double]? {
    guard pValues.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
    let n = Double(pValues.count)
    var result = pValues
    var smallest = 1.0
    for (rank, row) in ascendingOrder(pValues).enumerated().reversed() {
      smallest = min(smallest, pValues[row] * n * factor / Double(rank + 1))
      result[row] = smallest
    }
    return result
  }
}
