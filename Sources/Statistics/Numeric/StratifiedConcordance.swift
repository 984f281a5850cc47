import RealModule

/// Pairs of rows of one stratum, ordered by score and label, as the sums from which Somers' D and Kendall's tau-b follow.
struct ConcordanceSums: Equatable {
  /// Concordant minus discordant pairs.
  var net = 0.0
  /// Pairs untied in the score, and in the label.
  var untiedScore = 0.0
  var untiedLabel = 0.0

  /// (C - D) / pairs whose labels differ: Somers 1962's D of the score given the label, 2 AUROC - 1 for labels 0 and 1.
  var somersD: Double? { untiedLabel > 0 ? net / untiedLabel : nil }

  /// (C - D) / sqrt(pairs untied in the score * pairs untied in the label): Kendall 1945.
  var tauB: Double? {
    untiedLabel > 0 && untiedScore > 0 ? net / untiedScore.squareRoot() / untiedLabel.squareRoot() : nil
  }

  static func - (a: ConcordanceSums, b: ConcordanceSums) -> ConcordanceSums {
    ConcordanceSums(
      net: a.net - b.net, untiedScore: a.untiedScore - b.untiedScore, untiedLabel: a.untiedLabel - b.untiedLabel)
  }
}

/// Somers' D or Kendall's tau-b over the pairs inside strata. Leaving a cluster out is exact: its rows' pairs vanish,
/// those inside the cluster once.
struct StratifiedConcordance: LeaveOneOutMeasure {
  let value: Double
  private let scores: [Double]
  private let labels: [Double]
  private let strata: Partition
  private let total: ConcordanceSums
  private let ofRow: [ConcordanceSums]
  private let measure: @Sendable (ConcordanceSums) -> Double?

  /// `nil` if no pair differs in label (and, for tau-b, none in score).
  init?(
    _ scores: [Double], _ labels: [Double], strata: Partition,
    measure: @escaping @Sendable (ConcordanceSums) -> Double?
  ) {
    var ofRow = [ConcordanceSums](repeating: ConcordanceSums(), count: scores.count)
    var total = ConcordanceSums()
    for rows in strata.rows() {
      let order = PairOrder(rows.map { scores[$0] }, rows.map { labels[$0] })
      for (position, row) in rows.enumerated() {
        ofRow[row] = ConcordanceSums(
          net: order.net[position], untiedScore: order.untiedX[position], untiedLabel: order.untiedY[position])
        // Every pair is seen from both of its rows.
        total.net += order.net[position] / 2
        total.untiedScore += order.untiedX[position] / 2
        total.untiedLabel += order.untiedY[position] / 2
      }
    }
    guard let value = measure(total) else { return nil }
    (self.value, self.scores, self.labels, self.strata) = (value, scores, labels, strata)
    (self.total, self.ofRow, self.measure) = (total, ofRow, measure)
  }

  func values(without clusters: Partition) -> [Double?] {
    var removed = [ConcordanceSums](repeating: ConcordanceSums(), count: clusters.count)
    for (row, cluster) in clusters.codes.enumerated() { removed[cluster] = removed[cluster] + ofRow[row] }
    for cells in clusterCells(strata: strata, clusters: clusters) {
      for cell in cells {
        removed[cell.cluster] = removed[cell.cluster] - inside(cell.rows, isStratum: cells.count == 1)
      }
    }
    return removed.map { $0.untiedLabel > 0 ? measure(total - $0) : nil }
  }

  func weights(of clusters: Partition) -> [Double] {
    var weights = [Double](repeating: 0, count: clusters.count)
    for (row, cluster) in clusters.codes.enumerated() {
      weights[cluster] += ofRow[row].untiedLabel * ofRow[row].untiedLabel
    }
    return weights
  }

  /// The pairs inside a cell, once each.
  private func inside(_ rows: [Int], isStratum: Bool) -> ConcordanceSums {
    if rows.count == 1 { return ConcordanceSums() }
    if isStratum { return rows.reduce(ConcordanceSums()) { $0 + ofRow[$1] }.half }
    let order = PairOrder(rows.map { scores[$0] }, rows.map { labels[$0] })
    return ConcordanceSums(
      net: order.net.reduce(0, +), untiedScore: order.untiedX.reduce(0, +), untiedLabel: order.untiedY.reduce(0, +)
    ).half
  }
}

extension ConcordanceSums {
  fileprivate static func + (a: ConcordanceSums, b: ConcordanceSums) -> ConcordanceSums {
    ConcordanceSums(
      net: a.net + b.net, untiedScore: a.untiedScore + b.untiedScore, untiedLabel: a.untiedLabel + b.untiedLabel)
  }

  fileprivate var half: ConcordanceSums {
    ConcordanceSums(net: net / 2, untiedScore: untiedScore / 2, untiedLabel: untiedLabel / 2)
  }
}
