import Foundations

extension Covariate {
  /// Numbers of up to this many distinct values are taken as categories: turns, counts, Likert answers.
  static let mostDiscreteValues = 12

  var isDiscrete: Bool {
    guard case .numeric(let numbers) = values else { return false }
    var seen: Set<Double?> = []
    for number in numbers where seen.insert(number).inserted && seen.count > Self.mostDiscreteValues { return false }
    return true
  }

  /// Its levels, or bins of as many rows each; rows where it is not known are a level.
  func levels(bins: Int) -> Partition {
    switch values {
    case .categorical(let names): Partition(names)
    case .numeric(let numbers) where isDiscrete: Partition(numbers.map { $0.map { "\($0)" } ?? "" })
    case .numeric(let numbers): Self.binned(numbers, bins)
    }
  }

  private static func binned(_ numbers: [Double?], _ bins: Int) -> Partition {
    let ranks = midRanks(numbers.compactMap { $0 })
    var next = 0
    return Partition(
      keys: numbers.map { number in
        guard number != nil else { return bins }
        next += 1
        return min(bins - 1, Int(saturating: (ranks[next - 1] - 0.5) / Double(ranks.count) * Double(bins)))
      })
  }

  var distinctValues: Int {
    switch values {
    case .categorical(let names): Set(names).count
    case .numeric(let numbers): Set(numbers).count
    }
  }
}
