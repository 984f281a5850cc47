import Foundations

/// The indices of `values` in ascending order of value.
func ascendingOrder(_ values: [Double]) -> [Int] {
  values.indices.sorted { values[$0] < values[$1] }
}

/// The ranges of positions in `order` that hold equal values.
func tieBlocks(_ values: [Double], _ order: [Int]) -> [Range<Int>] {
  var blocks: [Range<Int>] = []
  var start = 0
  for position in order.indices where position + 1 == order.count || values[order[position + 1]] != values[order[start]]
  {
    blocks.append(start..<position + 1)
    start = position + 1
  }
  return blocks
}

/// Ranks counted from 1, tied values sharing the mean of their ranks.
func midRanks(_ values: [Double]) -> [Double] {
  let order = ascendingOrder(values)
  var ranks = [Double](repeating: 0, count: values.count)
  for block in tieBlocks(values, order) {
    let rank = Double(block.lowerBound + block.upperBound + 1) / 2
    for position in block { ranks[order[position]] = rank }
  }
  return ranks
}

/// The sizes of the groups of equal values.
func tieSizes(_ values: [Double]) -> [Double] {
  tieBlocks(values, ascendingOrder(values)).map { Double($0.count) }
}

/// The quantile of ascending values by linear interpolation (Hyndman and Fan's type 7, as NumPy and R).
func quantile(_ sorted: [Double], _ share: Double) -> Double {
  let position = share * Double(sorted.count - 1)
  let below = min(max(Int(saturating: position), 0), sorted.count - 1)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}
