import LanguageModels
import Statistics
import Torch

/// The audit of vectors on a recording: everything that the activations themselves can say for and against.
///
/// Made once per target set and read position; then `judge` takes one vector after the other. Layers are taken one at a
/// time, so that what is in memory beside the recording is a few matrices of [rows, rows] and [rows, hidden].
public struct RecordingAudit: Sendable {
  public struct Options: Sendable {
    /// Null directions of each kind, 19 at least to judge by.
    public var draws = 1_000
    /// The kinds of score that nulls are computed for.
    public var scores: [ScoreKind] = [.cosine]
    /// Permutations of the labels, per audit.
    public var permutations = 2_000
    public var trainsProbe = true
    public var seed: UInt64 = 0

    public init() {}
  }

  public let target: AuditTarget
  public let options: Options
  /// By layer.
  public private(set) var profiles: [Int: LayerProfile] = [:]

  /// - Parameter layers: those that vectors will be judged at; `nil` is all of the recording.
  public init(
    _ recording: Recording, at position: ReadPosition, layers: [Int]? = nil, options: Options = Options()
  ) throws {
    guard (1...100_000).contains(options.draws) else {
      throw SteeringError(.badInput, "\(options.draws) null directions were asked for; ask for 1 to 100000")
    }
    target = try AuditTarget(recording, at: position)
    self.options = options
    let null = try NullDirections.covariance(rows: target.rows.count, draws: options.draws, seed: options.seed)
    let layers = layers ?? recording.layers
    let made = try LayerPool.map(layers.count, bytes: Self.bytesOfLayer(target, options)) { [target] index in
      try LayerProfile(
        layer: layers[index], stream: target.stream(layer: layers[index]), target: target, null: null, options: options)
    }
    for profile in made { profiles[profile.layer] = profile }
  }

  /// About what a layer in work holds: activations, the same centred and in float64, products of rows, scores of draws.
  private static func bytesOfLayer(_ target: AuditTarget, _ options: Options) -> Int {
    4 * target.rows.count * (4 * target.width + 3 * target.rows.count + 3 * options.draws)
  }

  /// AUROC of the probe at a layer; `nil` where there is none.
  public func probeAUROC(layer: Int) -> Double? {
    profiles[layer]?.probeScores.flatMap { Measures.auroc(scores: $0, labels: target.labels) }
  }

  /// Where an AUROC stands among those of directions with the activations' covariance, 0...1.
  public func nullPercentile(of auroc: Double?, layer: Int, score: ScoreKind) -> Double? {
    guard let auroc, let nulls = profiles[layer]?.nullAUROCs[score] else { return nil }
    return Measures.nullPercentile(of: auroc, among: nulls)
  }

  /// Scores a vector at all its layers that the recording holds.
  public func judge(_ subject: AuditedVector) throws -> JudgedVector {
    let layers = subject.vectors.sortedLayers.filter(target.layers.contains)
    guard !layers.isEmpty else {
      let held = target.layers.map(String.init).joined(separator: ", ")
      throw SteeringError(.badInput, "the vector has no layer of the recording, which holds layers \(held)")
    }
    let null = try subject.origin?.directions(draws: options.draws, seed: options.seed)
    guard target.width == subject.vectors.hiddenSize else {
      throw SteeringError(
        .badInput,
        "the vector has width \(subject.vectors.hiddenSize) where the recording's residual stream has "
          + "\(target.width); use a vector of a model of the same width")
    }
    let judged = try LayerPool.map(layers.count, bytes: Self.bytesOfLayer(target, options)) { index in
      try judge(subject, layers[index], target.stream(layer: layers[index]), null)
    }
    return JudgedVector(audit: self, subject: subject, layers: judged)
  }

  private func judge(
    _ subject: AuditedVector, _ layer: Int, _ stream: Tensor, _ null: NullDirections?
  ) throws -> JudgedVector.Layer {
    var scores: [ScoreKind: ScoredRows] = [:]
    let vector = try subject.vectors.vector(layer)
    let wide = try stream.converted(to: .float64)
    for kind in ScoreKind.allCases where kind != .centredCosine || subject.vectors.means[layer] != nil {
      scores[kind] = try target.scored(
        by: kind.scores(wide, vector: vector, mean: subject.vectors.means[layer]))
    }
    var areas: [Double] = []
    if let null, let basis = try subject.origin?.basis(layer: layer), basis.size(1) == stream.size(1),
      Set(target.labels).count == 2
    {
      let products = try stream.matmul(basis.transposed(0, 1))  // [rows, m]
      areas = try null.aurocs(products: products, norms: stream.norm(-1), labels: target.labels)
    }
    return JudgedVector.Layer(layer: layer, scores: scores, originNullAUROCs: areas, originName: null?.name)
  }
}
