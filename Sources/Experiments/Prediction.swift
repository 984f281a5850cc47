import Foundation
import Statistics
import Steering
import Torch

/// One row of the predictivity table and the rows it was computed from.
public struct PredictionResult: Sendable {
  public var row: PredictivityRow
  public var scored: ScoredRows
  /// The model it was measured on.
  public var model: String
  /// Whether this is the layer at which the model's truth was planted.
  public var isPlantedLayer: Bool
  /// Tokens of each row's prompt, a baseline.
  public var promptTokens: [Double]
}

/// Scores vectors against recordings: every layer, position and kind of score that an experiment asks for.
struct Prediction {
  private let settings: Experiment.PredictionSettings
  private let model: String
  private let seed: UInt64
  private let planted: PlantedDirections?

  init(_ settings: Experiment.PredictionSettings, model: String, seed: UInt64, planted: PlantedDirections?) {
    (self.settings, self.model, self.seed, self.planted) = (settings, model, seed, planted)
  }

  /// - Parameters:
  ///   - vectors: by name.
  ///   - recordings: by data set.
  func results(
    _ vectors: [String: SteeringVectors], _ recordings: [String: Recording]
  ) throws -> [PredictionResult] {
    var results: [PredictionResult] = []
    for name in settings.vectors ?? vectors.keys.sorted() {
      guard let vector = vectors[name] else { continue }
      for target in settings.targets {
        guard let recording = recordings[target] else { continue }
        for position in settings.positions {
          results += try self.results(name, vector, target, recording, position)
        }
      }
    }
    return results
  }

  private func results(
    _ name: String, _ vectors: SteeringVectors, _ target: String, _ recording: Recording, _ position: ReadPosition
  ) throws -> [PredictionResult] {
    let labelled = recording.rows.indices.filter {
      recording.rows[$0].label != nil && (position == .prompt || recording.rows[$0].continuationToken != nil)
    }
    guard !labelled.isEmpty else {
      throw ExperimentError(
        .failed,
        "no answer of \(model) to \(target) could be given a label, so nothing can be predicted; "
          + "try recording.label: forced-choice")
    }
    let part = try recording.selecting(labelled)
    var results: [PredictionResult] = []
    for layer in vectors.sortedLayers {
      let stream = try part.stream(position, layer: layer)
      for kind in settings.scores {
        let scores = try kind.scores(stream, vector: vectors.vector(layer), mean: vectors.means[layer])
        let scored = try Self.rows(part.rows, scores)
        var row = PredictivityRow(
          vector: "\(model)/\(name)", targetSet: "\(model)/\(target)", position: position.rawValue, layer: layer,
          score: kind.rawValue, predictivity: Predictivity(scored, seed: seed))
        row.logitBaselineAUROC = Self.logitBaseline(part.rows)
        results.append(
          PredictionResult(
            row: row, scored: scored, model: model, isPlantedLayer: planted?.layer == layer,
            promptTokens: part.rows.map { Double($0.promptTokens) }))
      }
    }
    return results
  }

  private static func rows(_ rows: [RecordedRow], _ scores: [Double]) throws -> ScoredRows {
    let letters = rows.compactMap(\.letter)
    let sides = rows.compactMap(\.userSide)
    return try ScoredRows(
      scores: scores, labels: rows.map { $0.label ?? 0 }, groups: rows.map(\.group),
      letters: letters.count == rows.count ? letters : nil, sources: rows.map(\.source),
      userSides: sides.count == rows.count ? sides : nil)
  }

  private static func logitBaseline(_ rows: [RecordedRow]) -> Double? {
    let margins = rows.compactMap(\.logitDifference)
    guard margins.count == rows.count else { return nil }
    return Measures.auroc(scores: margins, labels: rows.map { $0.label ?? 0 })
  }

  // MARK: Audits

  /// One audit for every vector, target and position, over all layers by cosine; and one at the planted layer alone where
  /// there is one.
  static func audits(_ results: [PredictionResult], seed: UInt64) -> [AuditResult] {
    let cosines = results.filter { $0.row.score == ScoreKind.cosine.rawValue }
    let keys = cosines.map { [$0.row.vector ?? "", $0.row.targetSet ?? "", $0.row.position ?? ""] }
    var audits: [AuditResult] = []
    var seen: Set<[String]> = []
    for key in keys where seen.insert(key).inserted {
      let layers = zip(keys, cosines).filter { $0.0 == key }.map(\.1)
      audits += [audit(key, layers, "all", seed), audit(key, layers.filter(\.isPlantedLayer), "planted", seed)]
        .compactMap { $0 }
    }
    return audits
  }

  private static func audit(
    _ key: [String], _ layers: [PredictionResult], _ which: String, _ seed: UInt64
  ) -> AuditResult? {
    guard let first = layers.first else { return nil }
    let candidates = layers.map { AuditCandidate(name: "layer \($0.row.layer ?? 0)", rows: $0.scored) }
    let length = AuditBaseline(name: "prompt length", scores: first.promptTokens, isTrivial: true)
    guard let audit = try? Audit(candidates: candidates, baselines: [length], seed: seed) else { return nil }
    let name = which == "planted" ? "\(first.row.layer ?? 0)" : which
    return AuditResult(vector: key[0], targetSet: key[1], position: key[2], layers: name, audit: audit)
  }
}

/// The verdict on one vector, target and position: rows of `results/audit.csv`.
public struct AuditResult: Sendable {
  public var vector: String
  public var targetSet: String
  public var position: String
  /// `all`, or the one layer that was judged.
  public var layers: String
  public var audit: Audit

  static func csv(_ results: [AuditResult]) -> String {
    let rows = results.flatMap { result in
      result.audit.findings.map { finding in
        [
          result.vector, result.targetSet, result.position, result.layers, result.audit.verdict.rawValue,
          finding.severity.rawValue, finding.name, finding.number.map { "\($0)" } ?? "", finding.sentence,
        ]
      }
    }
    return CSVWriter.text(
      header: ["vector", "target_set", "position", "layers", "verdict", "severity", "finding", "number", "sentence"],
      rows: rows)
  }
}
