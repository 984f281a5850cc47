/// The rows of one stratum that belong to one cluster.
struct ClusterCell {
  let cluster: Int
  let rows: [Int]
}

/// By stratum its rows, parted by cluster, in an order that does not depend on hashing. O(n log n).
func clusterCells(strata: Partition, clusters: Partition) -> [[ClusterCell]] {
  strata.rows().map { rows in
    let cluster = { (row: Int) -> Int in clusters.codes[row] }
    let sorted = rows.sorted { (cluster($0), $0) < (cluster($1), $1) }
    return sorted.chunked { cluster($0) == cluster($1) }.map { (run: [Int]) in
      ClusterCell(cluster: cluster(run[0]), rows: run)
    }
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
