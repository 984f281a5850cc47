import LanguageModels
import Torch

extension ChunkedRecording {
  /// No more than this is held of them.
  private static let mostDifferences = 1 << 30

  /// What each row adds to the difference of the class means, as differences whose mean is that vector, so that it can be
  /// resampled like a vector of pairs.
  ///
  /// d_i = v + (n / n_1)(x_i - m_1) for a row with the behaviour and v - (n / n_0)(x_i - m_0) for one without, with v =
  /// m_1 - m_0: v plus the influence of the row on v (Hampel 1974), of which means over resampled rows are linear. The rows'
  /// common part, which a resampling of unequal classes would multiply, is left out.
  ///
  /// - Parameter rows: which rows; those without a label, or without an answer at `continuation`, are passed over.
  /// - Returns: float32 differences [labelled rows, layers, hidden]; nil where a class is empty or they would take over
  ///   1 GiB.
  package func classMeanDifferences(at read: ReadPosition, of rows: [Int]) throws -> PairDifferences? {
    guard let width = widths[read] else { return nil }
    let used = rows.filter { self.rows[$0].label != nil && self.rows[$0].isRead(at: read) }
    let labels = used.map { self.rows[$0].label ?? 0 }
    let count = (ones: labels.count { $0 == 1 }, all: labels.count)
    guard count.ones > 0, count.ones < count.all,
      4 * used.count * layers.count * width <= Self.mostDifferences
    else { return nil }
    let influences = try layers.map { layer in
      try Self.influences(stream(read, layer: layer, rows: used).converted(to: .float64), labels)
    }
    return PairDifferences(
      differences: try Tensor.stacked(influences, 1), layers: layers, groups: used.map { self.rows[$0].group })
  }

  /// - Parameter stream: float64 [rows, hidden].
  /// - Returns: float32 [rows, hidden].
  private static func influences(_ stream: Tensor, _ labels: [Int]) throws -> Tensor {
    let sides = [1, 0].map { side in labels.indices.filter { labels[$0] == side } }
    let means = try sides.map { try stream.selected(0, $0).mean(0) }  // [hidden]
    let factors = try Tensor(
      labels.map { Double(labels.count) / Double(sides[$0 == 1 ? 0 : 1].count) * ($0 == 1 ? 1 : -1) },
      shape: [labels.count, 1])
    let own = try Tensor.stacked([means[1], means[0]]).selected(0, labels)  // [rows, hidden]
    return try ((stream - own) * factors + (means[0] - means[1])).converted(to: .float32)
  }
}
