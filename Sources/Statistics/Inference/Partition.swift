/// Rows sorted into numbered parts (questions, letters, strata): plain numbers, fast to cross and to sort by. Parts are numbered
/// in order of appearance, never by hashing, so that neither sums nor random draws depend on it.
struct Partition: Sendable, Equatable {
  /// The part of each row, 0..<count.
  let codes: [Int]
  let count: Int

  init(codes: [Int], count: Int) { (self.codes, self.count) = (codes, count) }

  init(_ names: [String]) { self.init(keys: names) }

  init<Key: Hashable>(keys: some Sequence<Key>) {
    var codeOfKey: [Key: Int] = [:]
    let codes = keys.map { key in
      if let code = codeOfKey[key] { return code }
      codeOfKey[key] = codeOfKey.count
      return codeOfKey.count - 1
    }
    self.init(codes: codes, count: codeOfKey.count)
  }

  /// All rows in one part.
  static func whole(_ rows: Int) -> Partition {
    Partition(codes: [Int](repeating: 0, count: rows), count: rows == 0 ? 0 : 1)
  }

  /// Every row a part.
  static func rows(_ rows: Int) -> Partition { Partition(codes: Array(0..<rows), count: rows) }

  /// The parts of both, numbered in order of appearance.
  func crossed(with other: Partition) -> Partition {
    precondition(codes.count == other.codes.count, "partitions must be of the same rows")
    let pairs = zip(codes, other.codes).lazy.map { $0 * other.count + $1 }
    return count * other.count <= 8 * codes.count + 1_024
      ? Partition(dense: pairs, bound: count * other.count) : Partition(keys: pairs)
  }

  private init(dense keys: some Sequence<Int>, bound: Int) {
    var codeOfKey = [Int](repeating: -1, count: bound)
    var next = 0
    let codes = keys.map { key in
      if codeOfKey[key] < 0 {
        codeOfKey[key] = next
        next += 1
      }
      return codeOfKey[key]
    }
    self.init(codes: codes, count: next)
  }

  /// How many rows each part has.
  func sizes() -> [Int] {
    var sizes = [Int](repeating: 0, count: count)
    for code in codes { sizes[code] += 1 }
    return sizes
  }

  /// The rows of each part.
  func rows() -> [[Int]] {
    var result = [[Int]](repeating: [], count: count)
    for (row, code) in codes.enumerated() { result[code].append(row) }
    return result
  }

  /// Rows and positives of each part.
  func counts(_ labels: [Int]) -> [(rows: Int, positives: Int)] {
    var result = [(rows: Int, positives: Int)](repeating: (0, 0), count: count)
    for (row, code) in codes.enumerated() {
      result[code].rows += 1
      result[code].positives += labels[row] == 1 ? 1 : 0
    }
    return result
  }

  /// By part the value of its first row.
  func firsts<Value>(_ values: [Value]) -> [Value] {
    var result: [Value] = []
    for (row, code) in codes.enumerated() where code == result.count { result.append(values[row]) }
    return result
  }

  /// Whether all rows of a part of `self` lie in one part of `other`, as questions lie in families.
  func isNested(in other: Partition) -> Bool {
    var parent = [Int](repeating: -1, count: count)
    for (code, outer) in zip(codes, other.codes) {
      if parent[code] < 0 { parent[code] = outer }
      if parent[code] != outer { return false }
    }
    return true
  }

  /// The rows part after part, each part's in the order of `rows` (a counting sort), and where each part begins.
  func sorted(_ rows: [Int]) -> (rows: [Int], starts: [Int]) {
    var starts = [Int](repeating: 0, count: count + 1)
    for row in rows { starts[codes[row] + 1] += 1 }
    for part in 0..<count { starts[part + 1] += starts[part] }
    var next = starts
    var sorted = [Int](repeating: 0, count: rows.count)
    for row in rows {
      sorted[next[codes[row]]] = row
      next[codes[row]] += 1
    }
    return (sorted, starts)
  }

  /// The effective number of parts, (sum n)^2 / sum n^2: the count where sizes are equal, less where one part is large.
  func effectiveCount(weights: [Double]) -> Double {
    let sum = weights.reduce(0, +)
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    return squares > 0 ? sum * sum / squares : 0
  }
}

/// Rows in ascending order of score, made once for all partitions of the same rows.
struct ScoreOrder: Sendable {
  let rows: [Int]
  /// By row, counted from 0; equal scores share a rank.
  let ranks: [Int]

  init(_ scores: [Double]) {
    rows = ascendingOrder(scores)
    var ranks = [Int](repeating: 0, count: scores.count)
    var rank = 0
    for (position, row) in rows.enumerated() {
      if position > 0, scores[row] != scores[rows[position - 1]] { rank += 1 }
      ranks[row] = rank
    }
    self.ranks = ranks
  }

  /// Rows of equal score, the lowest first.
  var ties: [ArraySlice<Int>] {
    var blocks: [ArraySlice<Int>] = []
    var start = 0
    for position in rows.indices where position + 1 == rows.count || ranks[rows[position + 1]] != ranks[rows[start]] {
      blocks.append(rows[start...position])
      start = position + 1
    }
    return blocks
  }
}
