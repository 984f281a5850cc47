/// Whether vectors that ought not to predict do as well: one finding a kind of null vector.
func nullFindings(_ subject: AuditSubject, _ nulls: [AuditNull]) -> [Finding] {
  nulls.map { null in
    guard let comparison = NullComparison(subject, null) else {
      return Finding(
        severity: .warning, name: "null: \(null.name)", number: nil,
        sentence:
          "Of \(null.name) there are only \(null.aurocs.count { $0.isFinite }) null values; at least 19 are needed to "
          + "judge by.")
    }
    return Finding(
      severity: comparison.specificity == .specific ? .inFavour : .warning, name: "null: \(null.name)",
      number: 1 - comparison.p, sentence: comparison.sentence(null.name))
  }
}

extension Specificity {
  /// The least favourable of all kinds of null vectors.
  init(_ subject: AuditSubject, _ nulls: [AuditNull]) {
    let all = nulls.compactMap { NullComparison(subject, $0)?.specificity }
    self = all.contains(.unspecific) ? .unspecific : all.contains(.atCeiling) ? .atCeiling : all.first ?? .untested
  }
}

/// The distance of the judged AUROC from 0.5 among those of null vectors.
private struct NullComparison {
  /// (1 + null vectors at least as far from 0.5) / (1 + null vectors).
  let p: Double
  let specificity: Specificity
  private let reached: Double
  private let area: Double

  /// An AUROC from here on is at the ceiling: more rows, not better vectors, would be needed to tell two such apart.
  private static let ceiling = 0.99

  /// `nil` with fewer than 19 values.
  init?(_ subject: AuditSubject, _ null: AuditNull) {
    let distances = null.aurocs.filter(\.isFinite).map { abs($0 - 0.5) }
    guard distances.count >= 19 else { return nil }
    let area = subject.auroc
    let count = distances.count { $0 >= abs(area - 0.5) }
    self.area = area
    reached = Double(count) / Double(distances.count)
    p = Double(count + 1) / Double(distances.count + 1)
    let bothAtCeiling =
      abs(area - 0.5) >= Self.ceiling - 0.5 && quantile(distances.sorted(), 0.95) >= Self.ceiling - 0.5
    specificity = bothAtCeiling ? .atCeiling : p <= 0.05 ? .specific : .unspecific
  }

  func sentence(_ name: String) -> String {
    let share = percent(reached)
    switch specificity {
    case .atCeiling:
      return
        "\(share) of \(name) predict equally well (AUROC \(fixed(area))): vector and null vectors are at the ceiling, so "
        + "this says nothing about the vector; a harder target would."
    case .unspecific:
      return
        "\(share) of \(name) predict equally well (AUROC \(fixed(area)) or farther from 0.5): the prediction is not "
        + "specific to this vector."
    default: return "\(share) of \(name) predict equally well (AUROC \(fixed(area)) or farther from 0.5)."
    }
  }
}
