import LanguageModels
import Statistics
import Torch

/// A vector scored on a target at every layer, ready for the verdict on all layers or on some.
public struct JudgedVector: Sendable {
  public struct Layer: Sendable {
    public let layer: Int
    public let scores: [ScoreKind: ScoredRows]
    /// AUROCs of the cosines with null vectors of the same making; empty where its making is not known.
    public let originNullAUROCs: [Double]
    let originName: String?

    func auroc(_ kind: ScoreKind) -> Double? {
      scores[kind].flatMap { Measures.auroc(scores: $0.scores, labels: $0.labels) }
    }
  }

  let audit: RecordingAudit
  let subject: AuditedVector
  public let layers: [Layer]

  /// The audit of the cosine at some layers, the best of which is judged.
  ///
  /// Null draw d stands for one vector with a direction at every layer, and its best layer is compared with the best
  /// layer of the vector in question, so that nulls are searched as hard as it was.
  ///
  /// - Parameters:
  ///   - chosen: `nil` is every layer.
  ///   - comparisons: how many further choices (positions, scores, vectors) each layer was chosen from.
  public func verdict(layers chosen: Set<Int>? = nil, comparisons: Int = 1) throws -> Audit? {
    let judged = layers.filter { chosen?.contains($0.layer) ?? true }
    let scored = judged.compactMap { layer in layer.scores[.cosine].map { (layer, rows: $0) } }
    guard !scored.isEmpty else { return nil }
    let candidates = scored.map { AuditCandidate(name: "layer \($0.layer)", rows: $1) }
    let best = Audit.bestCandidate(candidates).map { scored[$0].0 }
    let leakage = Leakage.finding(audit.target.rows, questions: subject.madeOf, prompts: subject.prompts)
    return try Audit(
      candidates: candidates, baselines: audit.target.rowBaselines() + (best.map(trainedBaselines) ?? []),
      nulls: nulls(judged), geometry: (best.map(geometry) ?? []) + sampled(best), comparisons: comparisons,
      permutations: audit.options.permutations, seed: audit.options.seed, further: leakage.map { [$0] } ?? [])
  }

  private func nulls(_ judged: [Layer]) -> [AuditNull] {
    let covariance = judged.compactMap { audit.profiles[$0.layer]?.nullAUROCs[.cosine] }
    let origin = judged.map(\.originNullAUROCs)
    let name = judged.first?.originName ?? ""
    return [
      AuditNull(
        name: "directions drawn from the activations' covariance", aurocs: Self.best(covariance, of: judged.count)),
      AuditNull(name: name, aurocs: Self.best(origin, of: judged.count)),
    ].filter { !$0.aurocs.isEmpty }
  }

  /// Of every draw the layer whose AUROC is farthest from 0.5; empty unless every layer has all draws.
  private static func best(_ areas: [[Double]], of layers: Int) -> [Double] {
    guard let draws = areas.first?.count, areas.count == layers, areas.allSatisfy({ $0.count == draws }) else {
      return []
    }
    return (0..<draws).map { draw in
      areas.reduce(0.5) { abs($1[draw] - 0.5) > abs($0 - 0.5) ? $1[draw] : $0 }
    }
  }

  private func trainedBaselines(_ best: Layer) throws -> [AuditBaseline] {
    var baselines: [AuditBaseline] = []
    // Scores of a sample cannot stand beside those of all rows; its area is among the numbers of `sampled`.
    if !isSampled, let scores = audit.profiles[best.layer]?.probeScores {
      baselines.append(
        AuditBaseline(name: "logistic probe, cross-validated by question", scores: scores, isTrivial: false))
    }
    if let direction = try subject.training?.classMeanDifference(layer: best.layer),
      let scored = try audit.target.cosines(direction, layer: best.layer)
    {
      let name = "class-mean direction of the training set"
      baselines.append(AuditBaseline(name: name, scores: scored.scores, isTrivial: false))
    }
    return baselines
  }

  private var isSampled: Bool { audit.sample.rows.count < audit.target.rows.count }

  /// What was computed of a sample of the rows, where it was.
  private func sampled(_ best: Layer?) -> [AuditGeometry] {
    guard isSampled else { return [] }
    let (count, all) = (audit.sample.rows.count, audit.target.rows.count)
    let note = AuditGeometry(
      name: "rows drawn", value: Double(count),
      sentence: "Null directions, probe and principal components are of \(count) of the \(all) rows, drawn at random.")
    guard let area = best.flatMap({ audit.probeAUROC(layer: $0.layer) }) else { return [note] }
    let probe = AuditGeometry(
      name: "logistic probe", value: area,
      sentence: "A logistic probe, cross-validated by question on those rows, has an AUROC of \(fixed(area)).")
    return [note, probe]
  }

  private func geometry(_ best: Layer) throws -> [AuditGeometry] {
    try VectorGeometry(layer: best.layer, vector: subject.vectors.vector(best.layer)).numbers(
      letters: subject.letters, profile: audit.profiles[best.layer], auroc: best.auroc(.cosine),
      centredAUROC: best.auroc(.centredCosine))
  }
}
