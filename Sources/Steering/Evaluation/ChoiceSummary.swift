import Statistics

/// What a cell of a grid does to the answers of a data set, and how that differs from the unsteered model.
public struct ChoiceSummary: Sendable {
  public var cell: GridCell
  public var rows: Int
  public var groups: Int
  /// p(matching) over the answers, by their first differing token and by summed log-probabilities.
  public var probability: Estimate
  public var mass: Estimate
  public var summedProbability: Estimate
  public var summedMass: Estimate
  /// How often the matching answer is the likeliest: the rate of the behaviour, or accuracy.
  public var rate: Estimate
  /// Nats.
  public var margin: Estimate
  /// Rate minus that of the unsteered model on the same rows.
  public var gain: Estimate
  public var effect: CellEffect
}

extension ChoiceEvaluation.Result {
  /// One a cell; `rows` narrows to some of the items. The first cell is what gains are measured against.
  public func summaries(rows: [Int]? = nil) -> [ChoiceSummary] { cells.indices.map { summary(cell: $0, rows: rows) } }

  func summary(cell: Int, rows: [Int]? = nil) -> ChoiceSummary {
    let rows = rows ?? Array(items.indices)
    let names = rows.map { items[$0].group.id }
    let own = rows.map { scores[cell][$0] }
    func estimate(_ value: (ChoiceScore) -> Double) -> Estimate {
      Estimate(own.map(value), groups: names, proportion: true)
    }
    func followed(_ score: ChoiceScore) -> Double { score.follows ? 1 : 0 }
    let gains = zip(rows, own).map { followed($1) - followed(scores[0][$0]) }
    return ChoiceSummary(
      cell: cells[cell], rows: rows.count, groups: Set(names).count, probability: estimate(\.probability),
      mass: estimate(\.mass), summedProbability: estimate(\.summedProbability), summedMass: estimate(\.summedMass),
      rate: estimate(followed), margin: Estimate(own.map(\.margin), groups: names),
      gain: Estimate(gains, groups: names),
      effect: effects[cell])
  }
}
