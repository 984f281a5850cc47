import Foundations
import LanguageModels
import Statistics
import Torch

/// The audit of vectors on a recording: everything that the activations themselves can say for and against.
///
/// Made once per target set and read position; then `judge` takes one vector after the other. Layers are taken one at a
/// time, and of more than `AuditTarget.mostRows` rows a block at a time; null directions, probe and geometry, which compare
/// rows with rows, then are of a random sample. So what is in memory in addition to the rows' texts is a few matrices of
/// [8192, 8192] and [8192, hidden], however long the recording.
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
  /// The rows of `target` that null directions, probe and geometry are computed of: all of them, unless there are many.
  public let sample: AuditTarget
  public let options: Options
  /// By layer.
  public private(set) var profiles: [Int: LayerProfile] = [:]

  public init(
    _ recording: Recording, at position: ReadPosition, layers: [Int]? = nil, options: Options = Options()
  ) throws {
    try self.init(AuditTarget(recording, at: position), layers: layers, options: options)
  }

  /// - Parameter layers: those that vectors will be judged at; `nil` is all of the recording.
  public init(_ target: AuditTarget, layers: [Int]? = nil, options: Options = Options()) throws {
    guard (1...100_000).contains(options.draws) else {
      throw TelltaleError(.badInput, "\(options.draws) null directions were asked for; ask for 1 to 100000")
    }
    (self.target, self.options) = (target, options)
    sample = target.drawn(seed: options.seed)
    let null = try NullDirections.covariance(rows: sample.rows.count, draws: options.draws, seed: options.seed)
    let layers = layers ?? target.layers
    let made = try LayerPool.map(layers.count, bytes: Self.bytesOfLayer(sample, options)) { [sample] index in
      try LayerProfile(
        layer: layers[index], stream: sample.stream(layer: layers[index]), target: sample, null: null, options: options)
    }
    for profile in made { profiles[profile.layer] = profile }
  }

  private static func bytesOfLayer(_ target: AuditTarget, _ options: Options) -> Int {
    bytesOfLayer(rows: target.rows.count, width: target.width, draws: options.draws)
  }

  /// About what a layer in work holds: activations, the same centred and in float64, products of rows, scores of draws. Of
  /// many rows, those of the sample.
  package static func bytesOfLayer(rows: Int, width: Int, draws: Int = Options().draws) -> Int {
    let rows = min(rows, AuditTarget.mostRows)
    return 4 * rows * (4 * width + 3 * rows + 3 * draws)
  }

  /// About what analysing a recording holds: layers side by side.
  package static func bytes(rows: Int, width: Int, layers: Int) -> Int {
    let layer = bytesOfLayer(rows: rows, width: width)
    return LayerPool.workers(layers, bytes: layer) * layer
  }

  /// AUROC of the probe at a layer; `nil` where there is none.
  public func probeAUROC(layer: Int) -> Double? {
    profiles[layer]?.probeScores.flatMap { Measures.auroc(scores: $0, labels: sample.labels) }
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
      throw TelltaleError(.badInput, "the vector has no layer of the recording, which holds layers \(held)")
    }
    let null = try subject.origin?.directions(draws: options.draws, seed: options.seed)
    guard target.width == subject.vectors.hiddenSize else {
      throw TelltaleError(
        .badInput,
        "the vector has width \(subject.vectors.hiddenSize) where the recording's residual stream has "
          + "\(target.width); use a vector of a model of the same width")
    }
    let judged = try LayerPool.map(layers.count, bytes: Self.bytesOfLayer(sample, options)) { index in
      try judge(subject, layers[index], null)
    }
    return JudgedVector(audit: self, subject: subject, layers: judged)
  }

  private func judge(_ subject: AuditedVector, _ layer: Int, _ null: NullDirections?) throws -> JudgedVector.Layer {
    let vector = try subject.vectors.vector(layer)
    let mean = subject.vectors.means[layer]
    let kinds = ScoreKind.allCases.filter { $0 != .centredCosine || mean != nil }
    var scores: [ScoreKind: [Double]] = [:]
    try target.eachBlock(layer: layer) { _, block in
      let wide = try block.converted(to: .float64)
      for kind in kinds { scores[kind, default: []] += try kind.scores(wide, vector: vector, mean: mean) }
    }
    return JudgedVector.Layer(
      layer: layer, scores: try scores.mapValues { try target.scored(by: $0) },
      originNullAUROCs: try nullAUROCs(subject, layer, null), originName: null?.name)
  }

  /// Of null vectors of the same making, on the sample; empty where there are none.
  private func nullAUROCs(_ subject: AuditedVector, _ layer: Int, _ null: NullDirections?) throws -> [Double] {
    guard let null, let basis = try subject.origin?.basis(layer: layer), basis.size(1) == sample.width,
      Set(sample.labels).count == 2
    else { return [] }
    let stream = try sample.stream(layer: layer)
    let products = try stream.matmul(basis.transposed(0, 1))  // [rows, m]
    return try null.aurocs(products: products, norms: stream.norm(-1), labels: sample.labels)
  }
}
