import CommandSupport
import Experiments
import Foundations
import Statistics

/// The vectors that a run compared, for a person at a terminal: two names, and what their cosine amounts to, layers of one
/// verdict together.
struct ComparisonLines {
  let pairs: [VectorPair]

  /// More pairs than this are left to the file.
  private static let most = 24

  func print() {
    guard !pairs.isEmpty else { return }
    Output.line("")
    Output.line("== vectors compared; every layer: results/comparisons.csv")
    let grouped = Dictionary(grouping: pairs.enumerated(), by: { Self.names($0.element) })
    let ordered = grouped.sorted { ($0.value.first?.offset ?? 0) < ($1.value.first?.offset ?? 0) }
    for (names, rows) in ordered.prefix(Self.most) { printPair(names, rows.map(\.element)) }
    if ordered.count > Self.most { Output.line("and \(ordered.count - Self.most) pairs more") }
  }

  private static func names(_ pair: VectorPair) -> [String] {
    let other = (pair.modelB.map { "\($0)/" } ?? "") + pair.vectorB
    return ["\(pair.modelA)/\(pair.vectorA)", other]
  }

  private func printPair(_ names: [String], _ rows: [VectorPair]) {
    Output.line(SafeText.visible("\(names[0]) and \(names[1])"))
    let layers = rows.map {
      ComparedLayer(nameA: names[0], nameB: names[1], layer: $0.layer, evidence: $0.evidence)
    }
    for range in VerdictRange.all(layers) { Output.line("  - \(SafeText.visible(range.line))") }
  }
}
