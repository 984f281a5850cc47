import Foundations
import LanguageModels
import Statistics
import Torch

/// How the vector settles as pairs are added: the cosine of the mean of some units with the mean of all others.
public struct LearningCurve: Sendable {
  public struct Point: Sendable, Equatable {
    /// Groups (or pairs, where there is one group) in the subset.
    public var units: Int
    /// Pairs in the subset, on average.
    public var pairs: Double
    /// Mean over random subsets; nil where the mean of a side is zero.
    public var cosine: Double?
    /// Standard deviation over the subsets, which are not independent of each other.
    public var deviation: Double?
    /// sqrt(R(n) R(N - n)), R by Spearman-Brown: what the cosine should be.
    public var expected: Double?
    /// R(n): the squared cosine of the subset's vector with the true one, in expectation.
    public var reliability: Double?
  }

  public let points: [Point]
  /// aa / |mean|^2 of all units; see ``CosineSums``.
  public let reliability: Double?
  public let units: Int
  /// Units that a reliability of 0.9 would take.
  public let unitsForNinety: Int?

  /// - Parameter layer: must be held by `pairs`.
  public init(_ pairs: PairDifferences, layer: Int, draws: Int = 50, seed: UInt64) throws {
    guard let rows = try pairs.rows(layer: layer) else {
      throw TelltaleError(.badInput, "the differences have no layer \(layer); extract them with that layer")
    }
    let resampling = ResamplingUnits([pairs], seed: seed)
    let own = try UnitMeans(rows, unitOfPair: resampling.units[0])
    let bootstrap = try CosineBootstrap(
      ResamplingUnits(doubling: resampling), replicates: 1, seed: seed)
    let whole = try bootstrap.compare(rows, rows).estimate.reliabilityA
    let count = own.units.count
    var generator = SeededGenerator(seed: seed)
    points = try Self.sizes(count).map { size in
      try Self.point(own, size: size, of: rows.size(0), reliability: whole, draws: draws, &generator)
    }
    (reliability, units) = (whole, count)
    unitsForNinety = whole.flatMap { SpearmanBrown.factor(from: $0, to: 0.9) }.map {
      Int(saturating: min(1e9, (Double(count) * $0).rounded(.up)))
    }
  }

  /// 1, 2, 4, ... below half of the units, and half.
  static func sizes(_ count: Int) -> [Int] {
    guard count > 1 else { return [] }
    var sizes = [1]
    while sizes[sizes.count - 1] * 2 < count / 2 { sizes.append(sizes[sizes.count - 1] * 2) }
    return count / 2 > 1 ? sizes + [count / 2] : sizes
  }

  private static func point(
    _ own: UnitMeans, size: Int, of pairs: Int, reliability: Double?, draws: Int, _ generator: inout SeededGenerator
  ) throws -> Point {
    let count = own.units.count
    var inside: [Double] = []
    for _ in 0..<draws {
      let chosen = Set(generator.sample(size, from: Array(0..<count)))
      inside += (0..<count).map { chosen.contains($0) ? 1 : 0 }
    }
    let member = try Tensor(inside, shape: [draws, count])
    let first = try (member * own.shares).matmul(own.means)  // [draws, hidden]
    let rest = try ((-(member) + 1) * own.shares).matmul(own.means)
    let cosines = try ((first * rest).sum(1) / (first.norm(1) * rest.norm(1))).doubles().filter(\.isFinite)
    func stepped(_ units: Int) -> Double? {
      reliability.flatMap { SpearmanBrown.stepped(min(1, $0), factor: Double(units) / Double(count)) }
    }
    let (small, large) = (stepped(size), stepped(count - size))
    return Point(
      units: size, pairs: Double(pairs) * Double(size) / Double(count), cosine: mean(cosines),
      deviation: deviation(cosines), expected: small.flatMap { a in large.map { (a * $0).squareRoot() } },
      reliability: small)
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private static func deviation(_ values: [Double]) -> Double? {
    guard values.count > 1, let centre = mean(values) else { return nil }
    return (values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count - 1)).squareRoot()
  }
}
