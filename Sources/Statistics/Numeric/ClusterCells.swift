/// The rows of one stratum that belong to one cluster.
struct ClusterCell {
  let cluster: Int
  let rows: [Int]
}

/// By stratum its rows, parted by cluster, in an order that does not depend on hashing. O(n log n).
func clusterCells(strata: Categories, clusters: Categories) -> [[ClusterCell]] {
  strata.rows().map { rows in
    let cluster = { (row: Int) -> Int in clusters.indexOfRow[row] }
    let sorted = rows.sorted { (cluster($0), $0) < (cluster($1), $1) }
    return sorted.chunked { cluster($0) == cluster($1) }.map { (run: [Int]) in
      ClusterCell(cluster: cluster(run[0]), rows: run)
    }
  }
}

/// Every pair of names as one name: the clusters in which rows agree by both factors.
func crossed(_ a: Categories, _ b: Categories) -> Categories {
  Categories(keys: zip(a.indexOfRow, b.indexOfRow).map { $0 * max(1, b.count) + $1 })
}

extension Categories {
  /// Categories of numbers, named by them.
  init(keys: [Int]) { self.init(keys.map { String($0) }) }

  /// One category for every row.
  static func single(_ rows: Int) -> Categories { Categories([String](repeating: "", count: rows)) }

  /// Every row its own category.
  static func rowByRow(_ rows: Int) -> Categories { Categories((0..<rows).map { String($0) }) }

  var sizes: [Int] {
    var sizes = [Int](repeating: 0, count: count)
    for index in indexOfRow { sizes[index] += 1 }
    return sizes
  }
}

extension Array {
  /// Runs of neighbours that belong together.
  fileprivate func chunked(by together: (Element, Element) -> Bool) -> [[Element]] {
    var runs: [[Element]] = []
    var start = startIndex
    for position in indices where position + 1 == endIndex || !together(self[position], self[position + 1]) {
      runs.append(Array(self[start...position]))
      start = position + 1
    }
    return runs
  }
}
