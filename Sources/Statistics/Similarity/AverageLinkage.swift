/// Agglomerative clustering by average linkage (UPGMA, Sokal and Michener 1958): the two clusters with the least mean distance
/// between their members are joined until one is left.
public struct AverageLinkage: Sendable, Equatable {
  /// A join of two clusters: items are 0 ..< n, the k-th join makes cluster n + k. As SciPy's `linkage` counts.
  public struct Join: Sendable, Equatable {
    public let left: Int
    public let right: Int
    public let distance: Double
  }

  public let joins: [Join]
  /// The items in the order of the tree's leaves, so that what is alike stands together.
  public let order: [Int]

  /// - Parameter distances: symmetric, by item and item; the diagonal does not count. O(n^3).
  /// `nil` unless the matrix is square, not empty, and finite.
  public init?(distances: [[Double]]) {
    let count = distances.count
    guard count > 0, distances.allSatisfy({ $0.count == count && $0.allSatisfy(\.isFinite) }) else { return nil }
    var members: [Int: [Int]] = Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, [$0]) })
    var joins: [Join] = []
    while members.count > 1 {
      let join = Self.closest(members, distances)
      members[count + joins.count] = (members[join.left] ?? []) + (members[join.right] ?? [])
      (members[join.left], members[join.right]) = (nil, nil)
      joins.append(join)
    }
    self.joins = joins
    order = members.values.first ?? []
  }

  /// The closest two clusters, the earliest made of equal ones.
  private static func closest(_ members: [Int: [Int]], _ distances: [[Double]]) -> Join {
    let names = members.keys.sorted()
    var best = Join(left: names[0], right: names[1], distance: .infinity)
    for (position, left) in names.enumerated() {
      for right in names[(position + 1)...] {
        let distance = mean(members[left] ?? [], members[right] ?? [], distances)
        if distance < best.distance { best = Join(left: left, right: right, distance: distance) }
      }
    }
    return best
  }

  private static func mean(_ a: [Int], _ b: [Int], _ distances: [[Double]]) -> Double {
    var sum = 0.0
    for i in a { for j in b { sum += (distances[i][j] + distances[j][i]) / 2 } }
    return sum / Double(a.count * b.count)
  }
}
