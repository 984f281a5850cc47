/// What two covariates say together: the products of their levels or quarters, of a number's normal scores with the other's
/// levels, and of both numbers' normal scores; as far as a product has 10 rows on average, since emptier ones would fit noise.
struct PairTerms {
  private let one: CovariateWish
  private let other: CovariateWish
  /// Both agree; `nil` where such cells are too many.
  private let cells: Partition?
  private let rows: Int
  /// How many columns there are.
  private(set) var count = 0

  init(_ one: CovariateWish, _ other: CovariateWish, rows: Int, most: Int) {
    (self.one, self.other, self.rows) = (one, other, rows)
    let cells = one.coarse.crossed(with: other.coarse)
    self.cells = cells.count * 10 <= rows && cells.count <= most ? cells : nil
    count = max(0, (self.cells?.count ?? 0) - 1) + slopesByLevel.reduce(0) { $0 + $1.levels.count - 1 }
    if bothNormal != nil { count += 1 }
  }

  private var bothNormal: (a: [Double], b: [Double])? {
    guard rows >= 60, let a = one.normal, let b = other.normal else { return nil }
    return (a, b)
  }

  private var slopesByLevel: [(number: [Double], levels: Partition)] {
    [(one.normal, other), (other.normal, one)].compactMap { number, wish in
      guard let number, wish.normal == nil, wish.coarse.count * 10 <= rows else { return nil }
      return (number, wish.coarse)
    }
  }

  var columns: [[Double]] {
    let products = bothNormal.map { pair in [zip(pair.a, pair.b).map { $0 * $1 }] } ?? []
    let slopes = slopesByLevel.flatMap { number, levels in
      indicators(levels, most: levels.count).map { zip($0, number).map { $0 * $1 } }
    }
    return products + slopes + (cells.map { indicators($0, most: $0.count) } ?? [])
  }
}

func pairsOf(_ wishes: [CovariateWish], rows: Int, most: Int) -> [PairTerms] {
  // Of many covariates not even one column a pair would fit.
  guard wishes.count <= 16, rows <= 200_000 else { return [] }
  let pairs = wishes.indices.flatMap { index in
    wishes[(index + 1)...].map { PairTerms(wishes[index], $0, rows: rows, most: most) }
  }
  return pairs.filter { $0.count > 0 }
}
