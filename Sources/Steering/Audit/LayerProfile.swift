import LanguageModels
import Statistics
import Torch

/// What a layer's activations say by themselves, regardless of the vector: computed once per target, position and layer.
public struct LayerProfile: Sendable {
  public let layer: Int
  /// AUROCs of the scores by directions drawn from the activations' own covariance. Empty where activations are not
  /// finite numbers.
  public let nullAUROCs: [ScoreKind: [Double]]
  /// Held-out log-odds of the logistic probe; `nil` where it cannot be trained.
  public let probeScores: [Double]?
  /// The mean cosine between rows of different groups; `nil` with one group only.
  public let anisotropy: Double?
  /// Float32 [hidden, at most 10]: the first principal components.
  let components: Tensor?
  /// The share of the activations' variance that they hold.
  let componentShare: Double

  /// How many principal components geometry looks at.
  static let topComponents = 10

  /// - Parameters:
  ///   - stream: float32 [rows, hidden].
  ///   - null: of `NullDirections.covariance`.
  init(layer: Int, stream: Tensor, target: AuditTarget, null: NullDirections, options: RecordingAudit.Options) throws {
    self.layer = layer
    let labels = target.labels
    guard Set(labels).count == 2, try stream.sum().isFinite().all(), try stream.isFinite().all() else {
      (nullAUROCs, probeScores, anisotropy, components, componentShare) = ([:], nil, nil, nil, 0)
      return
    }
    let centred = try stream - stream.mean(0)  // [rows, hidden]
    let cross = try stream.matmul(centred.transposed(0, 1))  // [rows, rows]
    // The rows of X^c X^cT without a second product: subtracting the mean row of X is subtracting that of the products.
    let gram = try cross - cross.mean(0)  // [rows, rows]
    nullAUROCs = try Self.nullAUROCs(stream, centred, cross, gram, null, labels, options.scores)
    anisotropy = try Self.anisotropy(stream, groups: target.groups)
    let principal = try PrincipalComponents(
      centred: centred, gram: gram, count: GroupedProbe.components, seed: options.seed)
    probeScores =
      options.trainsProbe
      ? try GroupedProbe.heldOutScores(principal.scores, labels: labels, groups: target.groups, seed: options.seed)
      : nil
    let kept = 0..<min(Self.topComponents, principal.directions.size(1))
    components = try principal.directions.narrowed(1, kept).copy()
    let held = try principal.scores.narrowed(1, kept)
    componentShare =
      principal.totalSquares > 0 ? try (held * held).sum().scalar() / principal.totalSquares : 0
  }

  private static func nullAUROCs(
    _ stream: Tensor, _ centred: Tensor, _ cross: Tensor, _ gram: Tensor, _ null: NullDirections, _ labels: [Int],
    _ kinds: [ScoreKind]
  ) throws -> [ScoreKind: [Double]] {
    var areas: [ScoreKind: [Double]] = [:]
    for kind in kinds {
      switch kind {
      case .cosine: areas[kind] = try null.aurocs(products: cross, norms: stream.norm(-1), labels: labels)
      case .centredCosine: areas[kind] = try null.aurocs(products: gram, norms: centred.norm(-1), labels: labels)
      case .projection: areas[kind] = try null.aurocs(products: gram, norms: nil, labels: labels)
      }
    }
    return areas
  }

  /// The mean of u_i . u_j over pairs of rows of different groups, u the unit rows: from sums of units, without the pairs.
  private static func anisotropy(_ stream: Tensor, groups: [String]) throws -> Double? {
    let units = try (stream / stream.norm(-1, keep: true)).converted(to: .float64)
    guard try units.isFinite().all() else { return nil }
    let names = Array(Set(groups)).sorted()
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset) })
    let places = try Tensor(groups.map { index[$0] ?? 0 })
    let sums = try Tensor.zeros([names.count, units.size(1)], dtype: .float64).adding(0, places, units)
    let whole = try sums.sum(0)
    let sizes = Dictionary(grouping: groups, by: { $0 }).values.map { Double($0.count) }
    let pairs = Double(groups.count) * Double(groups.count) - sizes.reduce(0) { $0 + $1 * $1 }
    guard pairs > 0 else { return nil }
    return try ((whole * whole).sum().scalar() - (sums * sums).sum().scalar()) / pairs
  }
}
