/// For every row how the pairs it forms with all others are ordered by two variables. O(n log n).
struct PairOrder {
  /// Pairs ordered alike by both minus pairs ordered in reverse.
  private(set) var net: [Double]
  /// Pairs whose values differ in x, and in y.
  let untiedX: [Double]
  let untiedY: [Double]

  init(_ x: [Double], _ y: [Double]) {
    net = [Double](repeating: 0, count: x.count)
    untiedX = Self.untied(x)
    untiedY = Self.untied(y)
    let order = ascendingOrder(x)
    let blocks = tieBlocks(x, order)
    let ranks = ScoreOrder(y).ranks
    add(order, blocks, ranks, sign: 1)
    add(order, blocks.reversed(), ranks, sign: -1)
  }

  /// Adds what the rows of the blocks seen before (of smaller x if `sign` is 1, of larger x if -1) contribute.
  private mutating func add(_ order: [Int], _ blocks: some Sequence<Range<Int>>, _ ranks: [Int], sign: Double) {
    var seen = CountTree((ranks.max() ?? 0) + 1)
    for block in blocks {
      for position in block {
        let rank = ranks[order[position]]
        let above = seen.total - seen.count(below: rank + 1)
        net[order[position]] += sign * Double(seen.count(below: rank) - above)
      }
      for position in block { seen.insert(ranks[order[position]]) }
    }
  }

  private static func untied(_ values: [Double]) -> [Double] {
    let order = ascendingOrder(values)
    var result = [Double](repeating: 0, count: values.count)
    for block in tieBlocks(values, order) {
      for position in block { result[order[position]] = Double(values.count - block.count) }
    }
    return result
  }
}

/// How many of the numbers inserted so far are below a bound (Fenwick 1994), each in O(log n).
private struct CountTree {
  private var nodes: [Int]
  private(set) var total = 0

  init(_ size: Int) { nodes = [Int](repeating: 0, count: size + 1) }

  mutating func insert(_ number: Int) {
    total += 1
    var node = number + 1
    while node < nodes.count {
      nodes[node] += 1
      node += node & -node
    }
  }

  func count(below bound: Int) -> Int {
    var sum = 0
    var node = bound
    while node > 0 {
      sum += nodes[node]
      node -= node & -node
    }
    return sum
  }
}
