extension Measures {
  /// The share of a number's variance that a categorical variable explains: eta squared of a one-way analysis of variance,
  /// 1 - sum over categories of within-category squares / total squares. In 0...1; `nil` if all values are equal or one is not
  /// finite. Not corrected for the number of categories: with one row per category it is 1 by construction.
  public static func varianceExplained(_ values: [Double], by categories: [String]) -> Double? {
    precondition(categories.count == values.count, "arrays must have the same length")
    return varianceExplained(values, Partition(categories))
  }

  static func varianceExplained(_ values: [Double], _ partition: Partition) -> Double? {
    guard allFinite(values), !isConstant(values) else { return nil }
    let within = partition.rows().reduce(0.0) { $0 + sumOfSquares($1.map { values[$0] }) }
    return min(1, max(0, 1 - within / sumOfSquares(values)))
  }

  /// The least-squares slope of y on x: sum (x - mean x)(y - mean y) / sum (x - mean x)^2. `nil` if x is constant or a value is
  /// not finite.
  public static func slope(_ y: [Double], on x: [Double]) -> Double? {
    precondition(x.count == y.count, "both variables must have the same length")
    guard allFinite(x), allFinite(y), !isConstant(x) else { return nil }
    let (centreX, centreY) = (mean(x), mean(y))
    return zip(x, y).reduce(0) { $0 + ($1.0 - centreX) * ($1.1 - centreY) } / sumOfSquares(x)
  }
}
