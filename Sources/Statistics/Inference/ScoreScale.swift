/// Scores as a regression takes them: mean 0 and standard deviation 1, over all rows or inside questions.
///
/// Where a value lies more than 8 robust standard deviations (of the median absolute deviation) from the median, scores enter
/// as the normal scores of their ranks, so that one outlier does not decide. Labels play no part in this.
func regressionScores(_ scores: [Double], within: Partition? = nil) -> [Double]? {
  let largest = scores.reduce(0) { max($0, abs($1)) }
  guard largest > 0, !isConstant(scores) else { return nil }
  // In units of the largest, so that squares of 1e308 and of 1e-321 are numbers.
  let scaled = scores.map { $0 / largest }
  let values = hasOutliers(scaled) ? normalScores(scaled) : standardized(scaled)
  guard let within else { return values }
  let deviation = deviationInside(values, within)
  return deviation > 1e-12 ? values.map { $0 / deviation } : nil
}

private func hasOutliers(_ values: [Double]) -> Bool {
  let sorted = values.sorted()
  let centre = quantile(sorted, 0.5)
  let deviation = 1.4826 * quantile(values.map { abs($0 - centre) }.sorted(), 0.5)
  guard deviation > 0, let first = sorted.first, let last = sorted.last else { return false }
  return max(last - centre, centre - first) > 8 * deviation
}

/// The standard deviation of what the parts' means leave.
private func deviationInside(_ values: [Double], _ partition: Partition) -> Double {
  var sums = [Double](repeating: 0, count: partition.count)
  var sizes = sums
  for (value, code) in zip(values, partition.codes) {
    sums[code] += value
    sizes[code] += 1
  }
  let squares = zip(values, partition.codes).reduce(0) { sum, row in
    let rest = row.0 - sums[row.1] / sizes[row.1]
    return sum + rest * rest
  }
  let free = values.count - partition.count
  return free > 0 ? (squares / Double(free)).squareRoot() : 0
}
