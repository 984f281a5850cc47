import Foundations
import LanguageModels
import Statistics
import Torch

/// Two vectors, layer by layer: cosine, what chance gives, what noise leaves possible, and the verdict.
public struct VectorComparison: Sendable {
  public struct Layer: Sendable {
    public var layer: Int
    public var evidence: SimilarityEvidence
    /// Principal angles of the pairs' subspaces, where they were asked for and both vectors' pairs are known.
    public var angles: PrincipalAngles?
  }

  public let nameA: String
  public let nameB: String
  public let layers: [Layer]
  /// Questions that both vectors' pairs have in common; nil where either's are not known.
  public let sharedGroups: Int?

  public struct Options: Sendable {
    /// Nil is every layer that both vectors have.
    public var layers: [Int]?
    /// The activations that random directions should vary like, by layer: [rows, hidden]; nil uses the differences.
    public var activations: (@Sendable (Int) throws -> Tensor?)?
    /// Dimensions of the pairs' subspaces; 0 for none.
    public var subspace = 0
    public var replicates = 1_000
    public var seed: UInt64 = 0

    public init() {}
  }

  /// Refuses vectors of different widths, or of no common layer.
  public init(_ a: ComparedVector, _ b: ComparedVector, options: Options = Options()) throws {
    let common = try Self.commonLayers(a, b, wanted: options.layers)
    (nameA, nameB) = (a.name, b.name)
    sharedGroups = a.groups.isEmpty || b.groups.isEmpty ? nil : a.groups.intersection(b.groups).count
    let bootstrap = try Self.bootstrap(a, b, options)
    layers = try common.map { layer in
      Layer(
        layer: layer, evidence: try Self.evidence(a, b, layer, bootstrap, options),
        angles: try Self.angles(a, b, layer, options))
    }
  }

  static func commonLayers(_ a: ComparedVector, _ b: ComparedVector, wanted: [Int]?) throws -> [Int] {
    let (widthA, widthB) = (a.vectors.hiddenSize, b.vectors.hiddenSize)
    guard widthA == widthB else {
      throw TelltaleError(
        .badInput,
        "\(a.name) has width \(widthA) and \(b.name) has \(widthB), between which there is no cosine; give recordings of "
          + "the same prompts for each, and only their activations are compared", remedy: .giveRecording)
    }
    for layer in wanted ?? [] { for vector in [a, b] { _ = try vector.vectors.vector(layer) } }
    let common = wanted ?? a.vectors.sortedLayers.filter { b.vectors.layers[$0] != nil }
    guard !common.isEmpty else {
      throw TelltaleError(.badInput, "\(a.name) and \(b.name) have no layer in common; extract them at the same layers")
    }
    return common
  }

  private static func bootstrap(_ a: ComparedVector, _ b: ComparedVector, _ options: Options) throws -> CosineBootstrap?
  {
    guard let first = a.pairs, let second = b.pairs else { return nil }
    return try CosineBootstrap(
      ResamplingUnits([first, second], seed: options.seed), replicates: options.replicates, seed: options.seed)
  }

  private static func evidence(
    _ a: ComparedVector, _ b: ComparedVector, _ layer: Int, _ bootstrap: CosineBootstrap?, _ options: Options
  ) throws -> SimilarityEvidence {
    let (first, second) = (try a.vectors.unit(layer), try b.vectors.unit(layer))
    let cosine = zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    var evidence = SimilarityEvidence(cosine: max(-1, min(1, cosine)), dimension: first.count)
    evidence.reliabilityA = try a.reliability(layer: layer)
    evidence.reliabilityB = try b.reliability(layer: layer)
    let (rowsA, rowsB) = (try a.pairs?.rows(layer: layer), try b.pairs?.rows(layer: layer))
    evidence.effectiveDimension = try dimension(layer, rowsA, rowsB, options)
    guard let bootstrap, let rowsA, let rowsB else { return evidence }
    let resampled = try bootstrap.compare(rowsA, rowsB)
    evidence.cosineWithoutSharedNoise = resampled.estimate.cosine
    evidence.cosineInterval = resampled.cosineInterval
    evidence.reliabilityA = resampled.estimate.reliabilityA
    evidence.reliabilityB = resampled.estimate.reliabilityB
    evidence.disattenuatedInterval = resampled.disattenuatedInterval
    return evidence
  }

  /// Of the activations given, else of the pairs' differences about their mean.
  private static func dimension(_ layer: Int, _ a: Tensor?, _ b: Tensor?, _ options: Options) throws -> Double? {
    if let rows = try options.activations?(layer) { return try ActivationDimension.of(rows) }
    let rows = [a, b].compactMap { $0 }
    guard !rows.isEmpty else { return nil }
    let centred = try Tensor.concatenated(rows.map { try $0 - $0.mean(0, keep: true) })
    // Pairs that differ by rounding only vary in no direction worth a count.
    let whole = try Tensor.concatenated(rows).norm().scalar()
    return try centred.norm().scalar() > 1e-5 * whole ? ActivationDimension.of(centred) : nil
  }

  private static func angles(
    _ a: ComparedVector, _ b: ComparedVector, _ layer: Int, _ options: Options
  ) throws -> PrincipalAngles? {
    guard options.subspace > 0, let first = a.pairs, let second = b.pairs,
      let left = try PrincipalAngles.subspace(first, layer: layer, count: options.subspace),
      let right = try PrincipalAngles.subspace(second, layer: layer, count: options.subspace)
    else { return nil }
    return try PrincipalAngles(left, right)
  }
}

extension ComparedVector {
  /// From the pairs, else what the vector's file states; nil where neither is known.
  func reliability(layer: Int) throws -> Double? {
    guard let pairs, let rows = try pairs.rows(layer: layer), rows.size(0) > 1 else {
      return vectors.provenance.reliability[layer]
    }
    let own = ResamplingUnits([pairs], seed: 0)
    return try CosineBootstrap(ResamplingUnits(doubling: own), replicates: 1, seed: 0)
      .compare(rows, rows).estimate.reliabilityA
  }

  /// The mean of half of the groups, and of the other half, with their pairs; nil without pairs of at least two groups
  /// (or two pairs of one).
  public func halves(seed: UInt64) throws -> (ComparedVector, ComparedVector)? {
    guard let pairs, pairs.differences.size(0) > 1 else { return nil }
    let units = ResamplingUnits([pairs], seed: seed)
    let unitOfPair = units.units[0]
    let parts = [0, 1].map { side in unitOfPair.indices.filter { unitOfPair[$0] % 2 == side } }
    let halves = try zip(parts, ["first half", "second half"]).map { try part($0, pairs, name: "\(name), \($1)") }
    return (halves[0], halves[1])
  }

  private func part(_ rows: [Int], _ pairs: PairDifferences, name: String) throws -> ComparedVector {
    let own = PairDifferences(
      differences: try pairs.differences.selected(0, rows), layers: pairs.layers,
      groups: pairs.groups.map { groups in rows.map { groups[$0] } })
    var half = SteeringVectors(layers: [:], provenance: vectors.provenance)
    for layer in pairs.layers where vectors.layers[layer] != nil {
      half.layers[layer] = try own.rows(layer: layer)?.mean(0).floats()
    }
    half.provenance.pairs = rows.count
    half.provenance.groups = own.groups.map { Set($0).count }
    half.provenance.reliability = [:]
    return try ComparedVector(name: name, vectors: half, pairs: own)
  }
}
