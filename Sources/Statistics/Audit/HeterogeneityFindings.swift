/// Whether the effect is the same for every letter and source and in both halves of the questions.
func heterogeneityFindings(_ subject: AuditSubject) -> [Finding] {
  let context = subject.context
  guard subject.claims.contains(where: \.predicts) else { return [] }
  let named = zip(context.covariates, context.terms.partitions).compactMap { covariate, levels in
    covariate.kind == .categorical && (2...20).contains(levels.count) ? (covariate.name, levels) : nil
  }
  let halves = context.rows.groups == nil ? [] : [("half of the questions", halfOfQuestions(context))]
  return (named + halves).compactMap { finding(subject, $0.0, $0.1) }
}

/// Questions in order of appearance, the first half and the second.
private func halfOfQuestions(_ context: AuditRows) -> Partition {
  let half = (context.questions.count + 1) / 2
  return Partition(codes: context.questions.codes.map { $0 < half ? 0 : 1 }, count: 2)
}

/// The area of every level against that of the rows of all others, clustered and corrected for the number of levels; the
/// most different is reported if it differs by more than chance.
private func finding(_ subject: AuditSubject, _ name: String, _ levels: Partition) -> Finding? {
  let tests = (0..<levels.count).compactMap { LevelDifference(subject, levels, level: $0) }
  guard let widest = tests.min(by: { $0.p < $1.p }) else { return nil }
  let p = min(1, widest.p * Double(max(1, levels.count == 2 ? 1 : tests.count)))
  guard p < 0.05, let row = levels.codes.firstIndex(of: widest.level) else { return nil }
  let label = levelName(subject, name, row: row, widest.level)
  return Finding(
    severity: .warning, name: "heterogeneity: \(name)", number: p,
    sentence: "The effect is not the same everywhere: \(label) the AUROC is \(fixed(widest.own)), elsewhere "
      + "\(fixed(widest.others)) (p = \(scientific(p))).")
}

private func levelName(_ subject: AuditSubject, _ name: String, row: Int, _ level: Int) -> String {
  guard let covariate = subject.context.covariates.first(where: { $0.name == name }),
    case .categorical(let names) = covariate.values
  else { return "in the \(level == 0 ? "first" : "second") half of the questions" }
  return "where \(name) is \(names[row].isEmpty ? "blank" : names[row])"
}

/// The area among rows of one level minus that among all others, by the jackknife over clusters.
private struct LevelDifference {
  let level: Int
  let own: Double
  let others: Double
  let p: Double

  init?(_ subject: AuditSubject, _ levels: Partition, level: Int) {
    guard let inside = Self.totals(subject, levels, level: level, isInside: true),
      let outside = Self.totals(subject, levels, level: level, isInside: false),
      let own = inside.area, let others = outside.area,
      min(inside.contributingClusters, outside.contributingClusters) >= fewestMixedGroups
    else { return nil }
    let differences = zip(inside.deviations(), outside.deviations()).map { $0 - $1 }
    let count = Double(differences.count { $0 != 0 })
    guard count > 1 else { return nil }
    let variance = (count - 1) / count * differences.reduce(0) { $0 + $1 * $1 }
    guard variance > 0 else { return nil }
    (self.level, self.own, self.others) = (level, own, others)
    let df = Double(min(inside.contributingClusters, outside.contributingClusters) - 1)
    p = StudentT.twoSidedP((own - others) / variance.squareRoot(), degreesOfFreedom: df)
  }

  /// Pairs inside questions where they repeat within the level, else all pairs.
  private static func totals(
    _ subject: AuditSubject, _ levels: Partition, level: Int, isInside: Bool
  ) -> PairTotals? {
    let context = subject.context
    let rows = context.labels.indices.filter { (levels.codes[$0] == level) == isInside }
    guard rows.count >= 10 else { return nil }
    let order = ScoreOrder(rows.map { subject.best.scores[$0] })
    let labels = rows.map { context.labels[$0] }
    let primary = context.clusters.primary
    let clusters = Partition(codes: rows.map { primary.codes[$0] }, count: primary.count)
    let isWithin = subject.leading?.question == .within
    let questions = Partition(codes: rows.map { context.questions.codes[$0] }, count: context.questions.count)
    return PairTotals(
      order, labels: labels, strata: isWithin ? questions : .whole(rows.count), clusters: clusters,
      weighting: isWithin ? .vanElteren : .pairs)
  }
}
